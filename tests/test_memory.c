/* test_memory.c - what is packed for which method, and what a run takes against what was said. */
#include "core/adapt/adapt.h"
#include "tests/suite.h"
#include "tests/tiny.h"

#include <stdlib.h>
#include <string.h>

/* Per layer: q k v, o, up, down. "-" not packed, "f" for forward only, "b" for both directions. */
static const struct {
    const char *method, *key, *value, *packs;
} row[] = {
    { "ft", NULL, NULL, "---- ---- ----" },
    { "head", NULL, NULL, "ffff ffff ffff" },
    { "bitfit", NULL, NULL, "bbbb bbbb bbbb" },
    { "lora", "targets", "q,v", "fbbb bbbb bbbb" }, /* nothing below reads the first dx */
    { "lora", "targets", "down", "ffff bbbb bbbb" },
    { "lora", "targets", "o", "ffbb bbbb bbbb" },
    { "topk", "top_layers", "1", "ffff ffff ----" },
    { "topk", "top_layers", "2", "ffff ---- ----" },
};

static struct base base;
static struct model m;
static void *cfg;

static void model(int i)
{
    const struct adapt *a = adapt_find(row[i].method);
    struct head h = tiny_head(POOL_CLS, false, 0.2);

    cfg = tiny_cfg(a, row[i].key, row[i].value);
    ck_assert_msg(model_init(&m, &base, &h, a, cfg, 4, false) == 0, "%s", fail_text());
}

static void unmodel(void)
{
    opt_free(m.adapt->opts, cfg);
    free(cfg);
    model_free(&m);
}

static void setup(void)
{
    ck_assert_msg(base_load(&base, tiny_write()) == 0, "%s", fail_text());
}

static void teardown(void)
{
    base_free(&base);
    tiny_remove();
}

START_TEST(packed_is_what_is_multiplied)
{
    unsigned char need[3 * N_GROUP] = { 0 };

    model(_i);
    model_packs(&m, need);
    for (int i = 0; i < 3 * N_GROUP; i++) {
        char want = row[_i].packs[i / N_GROUP * (N_GROUP + 1) + i % N_GROUP];
        ck_assert_int_eq("-fb"[need[i]], want);
        ck_assert_int_eq(base.packed[2 * i] != NULL, want == 'f');
        ck_assert_int_eq(base.packed[2 * i + 1] != NULL, want == 'b');
    }
    unmodel();
}
END_TEST

/* One base for all methods in turn, and everything packed before: the same numbers as alone. */
START_TEST(packs_are_shared)
{
    real alone[ARRAY_LEN(row)][TINY_SEQS * 3];
    struct tiny_batch t;
    struct lane l;

    tiny_batch(&t, &base.dims);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < (int)ARRAY_LEN(row); i++) {
            if (round == 0) {
                teardown();
                setup();
            }
            model(i);
            ck_assert_int_eq(lane_init(&l, &m, true), 0);
            tiny_grad(&m, &l, &t.b);
            if (round == 0)
                memcpy(alone[i], l.logits.x, sizeof alone[i]);
            ck_assert_mem_eq(alone[i], l.logits.x, sizeof alone[i]);
            lane_free(&l);
            unmodel();
        }
        ck_assert_int_eq(round == 1 ? base_pack(&base, NULL, PRECISION_F32) : 0, 0);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, packed_is_what_is_multiplied, 0, (int)ARRAY_LEN(row));
    tcase_add_test(tc, packs_are_shared);
}

const struct suite suite_memory = { "memory", fill };
