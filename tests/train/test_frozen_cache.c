/* test_frozen_cache.c - the output of the frozen layers is cached and read again, and results stay
 * the same bits. */
#include "core/train/train.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"
#include "tests/kit/tiny_run.h"

#include <stdlib.h>
#include <string.h>

static struct tiny t;
static struct log first, second;

static int run(struct log *l)
{
    memset(l, 0, sizeof *l);
    return tiny_run(&t, l);
}

static const struct {
    const char *method, *key, *value;
    enum pooling pooling;
    int lowest; /* of two layers */
} frozen[] = {
    { "head", NULL, NULL, POOL_MEAN, 2 },
    { "head", NULL, NULL, POOL_CLS, 2 },
    { "topk", "top_layers", "1", POOL_MEAN, 1 },
    { "topk", "top_layers", "1", POOL_CLS, 1 },
};
static const size_t plenty = (size_t)1 << 30;

/* The model of row I, without dropout below the classifier. */
static void build_frozen(int i, int threads)
{
    const struct adapt *a = adapt_find(frozen[i].method);
    void *cfg = tiny_cfg(a, frozen[i].key, frozen[i].value);

    tiny_again(&t, threads);
    struct head h = t.model.head;
    h.pooling = frozen[i].pooling;
    h.hidden_dropout = h.attn_dropout = 0;
    model_free(&t.model);
    ck_assert_msg(model_init(&t.model, &t.base, &h, a, cfg, 3, false) == 0, "%s", fail_text());
    opt_free(a->opts, cfg);
    free(cfg);
    ck_assert_int_eq(t.model.lowest, frozen[i].lowest);
    t.best = xgrow(t.best, t.model.n_train, sizeof *t.best);
    t.job.best_theta = t.best;
}

static bool begin_frozen(int i)
{
    tiny_init(&t, 70, false, "head", 1);
    build_frozen(i, 1);
    if (model_frozen_is_fixed(&t.model))
        return true;
    skip("frozen-prefix cache: rows depend on their neighbors in this build or on this CPU");
    tiny_free(&t);
    return false;
}

/* The same bits with the cache, without it, with room for the training split only, with other
 * numbers of threads, stopped and resumed. */
START_TEST(cache_changes_no_bit)
{
    char path[100];

    if (!begin_frozen(_i))
        return;
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    ck_assert_int_eq(run(&first), 0);
    real *theta = tiny_keep(t.model.theta, t.model.n_train);
    size_t train_only = frozen_cache_bytes(&t.model, &t.set[SPLIT_TRAIN]);
    const size_t budget[] = { plenty, train_only, train_only - 1, plenty };
    for (size_t k = 0; k < ARRAY_LEN(budget); k++) {
        build_frozen(_i, 1 + (int)k % 2);
        t.job.cache_bytes = budget[k];
        t.job.ckpt_path = k == 3 ? path : NULL;
        memset(&second, 0, sizeof second);
        second.stop_at = k == 3 ? 7 : 0; /* in the second epoch */
        ck_assert_int_eq(tiny_run(&t, &second), 0);
        int before = second.n;
        if (k == 3) {
            ck_assert_int_eq(t.result.end, RUN_STOPPED);
            build_frozen(_i, 1);
            ck_assert_int_eq(run(&second), 0);
        }
        ck_assert_int_eq(t.result.end, RUN_DONE);
        ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train));
        ck_assert(log_same(&first, k == 3 ? before : 0, &second));
    }
    free(theta);
    tiny_free(&t);
}
END_TEST

/* A second pass reads what the first one wrote: the loss and the gradient show it. */
START_TEST(second_pass_reads_the_cache)
{
    struct microbatch mb = { 0 };
    struct mat dlogits;
    struct workspace ws;
    struct frozen_cache c;
    int all[70];
    double norm[3], loss[3];

    if (!begin_frozen(_i))
        return;
    for (int i = 0; i < 70; i++)
        all[i] = i;
    frozen_cache_init(&c, &t.model, &t.job.data, plenty);
    const struct frozen_cache_split *s = &c.split[SPLIT_TRAIN];
    ck_assert_ptr_nonnull(s->data);
    microbatch_fill(&mb, &t.set[SPLIT_TRAIN], all, 20, 0);
    ck_assert_int_eq(workspace_init(&ws, &t.model, true), 0);
    for (int pass = 0; pass < 3; pass++) {
        memset(ws.grad, 0, t.model.n_train * sizeof *ws.grad);
        if (pass == 2)
            s->row[4][2] += 1;
        ck_assert_int_eq(frozen_cache_fwd(s, &t.model, &ws, &mb), 0);
        ck_assert(ws.frozen_known == (pass > 0));
        loss[pass] = model_loss(&t.model, &ws, &mb.b, 1, &dlogits);
        model_bwd(&t.model, &ws, &mb.b, dlogits);
        norm[pass] = vec_norm(ws.grad, t.model.n_train);
        for (int i = 0; i < 70; i++)
            ck_assert(s->known[i] == (i < 20));
    }
    ck_assert(loss[0] == loss[1] && norm[0] == norm[1]);
    ck_assert(loss[1] != loss[2] && norm[1] != norm[2]);
    workspace_free(&ws);
    microbatch_free(&mb);
    frozen_cache_free(&c);
    tiny_free(&t);
}
END_TEST

START_TEST(no_cache_where_bits_could_change)
{
    struct frozen_cache c;

    if (!begin_frozen(2))
        return;
    for (int i = 0; i < 4; i++) {
        build_frozen(2, 1);
        t.model.head.hidden_dropout = i == 0 ? 0.1 : 0;
        t.model.head.attn_dropout = i == 1 ? 0.1 : 0;
        t.model.lowest = i == 2 ? 0 : i == 3 ? -1 : t.model.lowest;
        frozen_cache_init(&c, &t.model, &t.job.data, plenty);
        for (int s = 0; s < N_SPLITS; s++)
            ck_assert_ptr_null(c.split[s].data);
        frozen_cache_free(&c);
    }
    tiny_free(&t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, cache_changes_no_bit, 0, (int)ARRAY_LEN(frozen));
    tcase_add_loop_test(tc, second_pass_reads_the_cache, 0, (int)ARRAY_LEN(frozen));
    tcase_add_test(tc, no_cache_where_bits_could_change);
}

const struct suite suite_frozen_cache = { "frozen_cache", fill };
