/* test_microbatch.c - micro-batches cost about the same, by a cost that follows from the model's
 * shapes. That each holds its examples is tested in test_data.c. */
#include "core/data/microbatch.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

static double cost_of(const struct batch *b, double pair)
{
    double sum = 0;

    for (int s = 0; s < b->n_seq; s++) {
        double len = b->off[s + 1] - b->off[s];
        sum += len + pair * len * len;
    }
    return sum;
}

/* Micro-batches cost about the same, whatever attention costs. The most expensive comes first, so
 * that threads that take them in this order finish together. */
START_TEST(microbatches_are_balanced)
{
    static const double pair[] = { 0, 1.0 / 64, 1 };
    struct tiny t;
    struct microbatch mb[64] = { 0 };
    int idx[64], longest = 0;
    double cost[64];

    tiny_init(&t, 64, true, "lora", 1);
    const struct dataset *set = &t.set[SPLIT_TRAIN];
    for (int i = 0; i < 64; i++)
        idx[i] = i;
    int n_mb = microbatch_split(mb, 64, 128, pair[_i], set, idx, 64, 0);
    ck_assert_int_gt(n_mb, 8);
    for (int m = 0; m < n_mb; m++) {
        cost[m] = cost_of(&mb[m].b, pair[_i]);
        longest = mb[m].b.max_len > longest ? mb[m].b.max_len : longest;
        ck_assert(m == 0 || cost[m] <= cost[m - 1] + 0.01);
        ck_assert(mb[m].b.target[0] == (real)set->target[mb[m].example[0]]);
        microbatch_free(&mb[m]);
    }
    /* by at most the longest example, which went into an empty micro-batch */
    ck_assert_double_le(cost[0] - cost[n_mb - 1], longest + pair[_i] * longest * longest);
    ck_assert_double_le(cost[0], (_i == 2 ? 1.5 : 1.2) * cost[n_mb - 1]);
    tiny_free(&t);
}
END_TEST

START_TEST(pair_cost_follows_from_the_shapes)
{
    struct dims k = { .n_layers = 6, .d_model = 384, .n_heads = 12, .d_head = 32, .d_ffn = 1536 };

    ck_assert_double_eq_tol(microbatch_pair_cost(&k), 2.0 / (4 * 384), 1e-12);
    k.n_layers = 12; /* all layers are alike */
    ck_assert_double_eq_tol(microbatch_pair_cost(&k), 2.0 / (4 * 384), 1e-12);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, microbatches_are_balanced, 0, 3);
    tcase_add_test(tc, pair_cost_follows_from_the_shapes);
}

const struct suite suite_microbatch = { "microbatch", fill };
