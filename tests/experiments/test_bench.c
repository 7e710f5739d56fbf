/* test_bench.c - random weights, the operations that a measurement counts as needed, and the
 * order in which models are timed. */
#include "experiments/bench/bench_model.h"
#include "experiments/bench/bench_needed.h"
#include "experiments/bench/bench_turns.h"
#include "experiments/bench/bench_words.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct settings tiny_settings(void)
{
    struct settings v = { 0 };

    settings_set(&v, "model", "tiny", location_named("test"));
    return v;
}

static struct dims tiny_dims(void)
{
    struct settings v = tiny_settings();
    struct dims d;

    ck_assert_int_eq(bench_model_dims(&d, NULL, &v), 0);
    settings_free(&v);
    return d;
}

START_TEST(random_weights_are_repeatable)
{
    struct dims d = tiny_dims();
    struct base_model a, b, c;

    ck_assert_int_eq(base_model_random(&a, &d, 1), 0);
    ck_assert_int_eq(base_model_random(&b, &d, 1), 0);
    ck_assert_int_eq(base_model_random(&c, &d, 2), 0);
    ck_assert_str_eq(a.weights_sha256, b.weights_sha256);
    ck_assert_str_ne(a.weights_sha256, c.weights_sha256);
    for (int i = 0; i < a.n_params; i++) {
        const struct param *p = &a.params[i];
        size_t n = (size_t)p->rows * (size_t)p->cols, bytes = n * sizeof *p->value;
        double sum = 0, squares = 0, mean, sd;
        bool gain = strstr(p->name, "LayerNorm.weight") != NULL;
        ck_assert_int_eq(memcmp(p->value, b.params[i].value, bytes), 0);
        ck_assert(gain == (memcmp(p->value, c.params[i].value, bytes) == 0));
        for (size_t k = 0; k < n; k++) {
            sum += (double)p->value[k];
            squares += (double)p->value[k] * (double)p->value[k];
        }
        mean = sum / (double)n;
        sd = sqrt(squares / (double)n);
        /* Five standard errors of the mean and of the standard deviation. */
        ck_assert_double_le(fabs(mean - gain), gain ? 0 : 5 * 0.02 / sqrt((double)n));
        if (!gain)
            ck_assert_double_le(fabs(sd - 0.02), 5 * 0.02 / sqrt(2.0 * (double)n));
    }
    base_model_free(&a);
    base_model_free(&b);
    base_model_free(&c);
    strcpy(d.arch, "none");
    ck_assert_int_eq(base_model_random(&a, &d, 1), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
}
END_TEST

/* Two layers, d = 64, f = 128; 3 sequences of 16 tokens; LoRA with r = 4 on q and v. */
static void check_needed(const char *pooling, double forward, double step)
{
    char rank[] = "rank=4", pool[32], *words[] = { rank, pool };
    struct settings v = tiny_settings();
    struct bench_model b;

    snprintf(pool, sizeof pool, "pooling=%s", pooling);
    ck_assert_int_eq(bench_words(&v, "model", 2, words), 0);
    ck_assert_int_eq(bench_model_init(&b, NULL, &v, 3, 16, NULL), 0);
    struct bench_load l = bench_needed_load(&b.set);
    ck_assert(l.sequences == 3 && l.tokens == 48 && l.squares == 3 * 256);
    ck_assert_double_eq(bench_needed(&b.m, &l, false), forward);
    ck_assert_double_eq(bench_needed(&b.m, &l, true), step);
    bench_model_free(&b);
    settings_free(&v);
}

START_TEST(needed_operations_by_hand)
{
    double block = 4 * 64 * 64 + 2 * 64 * 128, kv = 2 * 64 * 64;
    double adapters = 2 * 2 * 2 * 4 * 64, attention = 3 * 256 * 64;
    double all = 48 * 2 * block, firsts = 48 * block + 48 * kv + 3 * (block - kv);

    check_needed("mean", 2 * all + 2 * 48 * adapters + 8 * attention,
                 4 * all + 6 * 48 * adapters + 24 * attention);
    check_needed("cls", 2 * firsts + 2 * 48 * adapters + 8 * attention,
                 4 * firsts + 6 * 48 * adapters + 24 * attention);
}
END_TEST

/* Four sides that are the same model: every turn times each of them once, each of them is about
 * equally often at every place, the same number of orders gives the same orders, and another
 * number gives others. */
START_TEST(turns_are_in_random_orders)
{
    enum { N = 4 };
    struct bench_side *s = xalloc(N, sizeof *s), *again = xalloc(N, sizeof *again);
    struct settings v = tiny_settings();
    struct bench_model b;
    struct workspace ws;
    struct microbatch mb = { 0 };
    int idx[] = { 0, 1 }, at[N][N] = { { 0 } };

    ck_assert_int_eq(bench_model_init(&b, NULL, &v, 2, 4, NULL), 0);
    ck_assert_int_eq(workspace_init(&ws, &b.m, false), 0);
    microbatch_fill(&mb, &b.set, idx, 2, 0);
    for (int i = 0; i < N; i++)
        s[i] = again[i] = (struct bench_side){ .m = &b.m, .ws = &ws };
    int turns = bench_turns(s, N, &mb.b, 10, 1);
    ck_assert_int_eq(turns, BENCH_MOST_TURNS);
    for (int k = 0; k < turns; k++) {
        int seen = 0;
        for (int i = 0; i < N; i++) {
            seen |= 1 << s[i].place[k];
            at[i][s[i].place[k]]++;
            ck_assert_double_gt(s[i].ms[k], 0);
        }
        ck_assert_int_eq(seen, (1 << N) - 1);
    }
    for (int i = 0; i < N; i++) /* 100 are expected, with a standard deviation of 8.7 */
        for (int j = 0; j < N; j++)
            ck_assert_int_le(abs(at[i][j] - turns / N), 35);
    ck_assert_int_ge(turns = bench_turns(again, N, &mb.b, 0, 1), 3);
    for (int i = 0; i < N; i++)
        ck_assert_mem_eq(s[i].place, again[i].place, (size_t)turns * sizeof *s[i].place);
    ck_assert_int_eq(bench_turns(again, N, &mb.b, 10, 2), BENCH_MOST_TURNS);
    ck_assert_mem_ne(s[0].place, again[0].place, sizeof s[0].place);
    microbatch_free(&mb);
    workspace_free(&ws);
    bench_model_free(&b);
    settings_free(&v);
    free(again);
    free(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, random_weights_are_repeatable);
    tcase_add_test(tc, needed_operations_by_hand);
    tcase_add_test(tc, turns_are_in_random_orders);
}

const struct suite suite_bench = { "bench", fill };
