/* test_memory.c - which weights each method packs, and the memory of a workspace with activation
 * checkpointing. */
#include "core/adapt/adapt.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Per layer: qkv, o, up, down. "-": not packed, "f": forward only, "b": both directions. */
static const struct {
    const char *method, *key, *value, *packs;
} row[] = {
    { "ft", NULL, NULL, "---- ---- ----" },
    { "head", NULL, NULL, "ffff ffff ffff" },
    { "bitfit", NULL, NULL, "bbbb bbbb bbbb" },
    { "lora", "targets", "q,v", "fbbb bbbb bbbb" }, /* nothing below needs dx of layer 0 */
    { "lora", "targets", "down", "ffff bbbb bbbb" },
    { "lora", "targets", "o", "ffbb bbbb bbbb" },
    { "topk", "top_layers", "1", "ffff ffff ----" },
    { "topk", "top_layers", "2", "ffff ---- ----" },
};

static struct base_model base;
static struct model m;
static void *cfg;

static void build(int i, enum pooling pooling, int recompute)
{
    const struct adapt *a = adapt_find(row[i].method);
    struct head h = tiny_head(pooling, false, 0.2);

    h.recompute = recompute;
    cfg = tiny_cfg(a, row[i].key, row[i].value);
    ck_assert_msg(model_init(&m, &base, &h, a, cfg, 4, false) == 0, "%s", fail_text());
}

static void unbuild(void)
{
    opt_free(m.adapt->opts, cfg);
    free(cfg);
    model_free(&m);
}

static void setup(void)
{
    ck_assert_msg(base_model_load(&base, tiny_write()) == 0, "%s", fail_text());
}

static void teardown(void)
{
    base_model_free(&base);
    tiny_remove();
}

START_TEST(packed_is_what_is_multiplied)
{
    unsigned char need[3 * N_GROUP] = { 0 };

    build(_i, POOL_CLS, 0);
    model_packs(&m, need);
    for (int i = 0; i < 3 * N_GROUP; i++) {
        char want = row[_i].packs[i / N_GROUP * (N_GROUP + 1) + i % N_GROUP];
        ck_assert_int_eq("-fb"[need[i]], want);
        ck_assert_int_eq(base.packed[2 * i] != NULL, want == 'f');
        ck_assert_int_eq(base.packed[2 * i + 1] != NULL, want == 'b');
    }
    unbuild();
}
END_TEST

/* One base model for all methods in turn, also with everything packed before: the same results as
 * with a base model of its own. */
START_TEST(packs_are_shared)
{
    real alone[ARRAY_LEN(row)][TINY_SEQS * 3];
    struct tiny_batch t;
    struct workspace ws;

    tiny_batch(&t, &base.dims);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < (int)ARRAY_LEN(row); i++) {
            if (round == 0) {
                teardown();
                setup();
            }
            build(i, POOL_CLS, 0);
            ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
            tiny_grad(&m, &ws, &t.b);
            if (round == 0)
                memcpy(alone[i], ws.logits.x, sizeof alone[i]);
            ck_assert_mem_eq(alone[i], ws.logits.x, sizeof alone[i]);
            workspace_free(&ws);
            unbuild();
        }
        ck_assert_int_eq(round == 1 ? base_model_pack(&base, NULL, PRECISION_F32) : 0, 0);
    }
}
END_TEST

/* --- activation checkpointing */

/* The gradient and the loss of row I; returns the bytes that its workspace uses. */
static size_t gradient(int i, enum pooling pooling, int recompute, real **grad, double *loss)
{
    struct tiny_batch t;
    struct workspace ws;

    tiny_batch(&t, &base.dims);
    build(i, pooling, recompute);
    /* LoRA's B starts at 0, where the gradient of A vanishes */
    for (size_t k = 0; k < m.n_train; k++)
        m.theta[k] += (real)(0.05 * sin((double)k));
    ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
    for (int again = 0; again < 2; again++) /* the memory is reused, as in training */
        tiny_grad(&m, &ws, &t.b);
    *loss = model_loss(&m, &ws, &t.b, 1, NULL);
    size_t used = ws.mem.used;
    ck_assert_uint_eq(used, workspace_bytes(&m, &t.b, true, true));
    *grad = xalloc(m.n_train, sizeof **grad);
    memcpy(*grad, ws.grad, m.n_train * sizeof **grad);
    workspace_free(&ws);
    return used;
}

/* The same bits for any number of recomputed blocks; less memory as soon as two of them share
 * it. */
START_TEST(recomputed_blocks)
{
    const int r = _i % (int)ARRAY_LEN(row), n_blocks[] = { 1, 2, 3, 1 << 20 };
    const enum pooling pooling = _i < (int)ARRAY_LEN(row) ? POOL_CLS : POOL_MEAN;
    real *whole, *grad;
    double loss, loss_now;
    size_t bytes = gradient(r, pooling, 0, &whole, &loss), fewer = bytes;
    int low = m.lowest < 0 ? 0 : m.lowest;

    unbuild();
    for (size_t i = 0; i < ARRAY_LEN(n_blocks); i++) {
        size_t now = gradient(r, pooling, n_blocks[i], &grad, &loss_now);
        ck_assert(loss == loss_now);
        ck_assert_mem_eq(whole, grad, m.n_train * sizeof *grad);
        if (low + n_blocks[i] <= 3 && n_blocks[i] > 1)
            ck_assert_uint_lt(now, fewer);
        fewer = now < fewer ? now : fewer;
        free(grad);
        unbuild();
    }
    free(whole);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, packed_is_what_is_multiplied, 0, (int)ARRAY_LEN(row));
    tcase_add_test(tc, packs_are_shared);
    tcase_add_loop_test(tc, recomputed_blocks, 0, 2 * (int)ARRAY_LEN(row));
}

const struct suite suite_memory = { "memory", fill };
