/* test_deberta.c - configurations of DeBERTa that the conformance suite does not have: gradients
 * with dropout against finite differences, micro-batches, activation checkpointing, and what
 * config.json may not say. Agreement with transformers: suite parity. */
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <stdlib.h>
#include <string.h>

#define SIZES                                                                                      \
    "\"num_hidden_layers\":3,\"hidden_size\":60,\"num_attention_heads\":5,"                        \
    "\"intermediate_size\":100,\"vocab_size\":113,\"max_position_embeddings\":33,"                 \
    "\"initializer_range\":0.2"
#define DEBERTA "{\"model_type\":\"deberta-v2\"," SIZES ",\"relative_attention\":true"

static const char *const configs[] = {
    DEBERTA ",\"share_att_key\":true,\"pos_att_type\":\"p2c|c2p\",\"position_buckets\":8,"
            "\"norm_rel_ebd\":\"layer_norm\",\"conv_kernel_size\":5,\"conv_act\":\"tanh\","
            "\"position_biased_input\":false}",
    DEBERTA ",\"share_att_key\":false,\"pos_att_type\":[\"p2c\",\"c2p\"],\"type_vocab_size\":2}",
    DEBERTA ",\"share_att_key\":false,\"pos_att_type\":\"P2C\",\"max_relative_positions\":6,"
            "\"position_biased_input\":false,"
            "\"norm_rel_ebd\":\"layer_norm\"}",
    DEBERTA ",\"share_att_key\":true,\"pos_att_type\":null}",
};
static const struct {
    const char *method, *key, *value;
    enum pooling pooling;
} row[] = {
    { "ft", NULL, NULL, POOL_CLS },
    { "lora", "lora_dropout", "0.3", POOL_MEAN },
    { "bitfit", NULL, NULL, POOL_CLS },
    { "topk", "top_layers", "1", POOL_CLS },
};
enum { N_ROWS = ARRAY_LEN(row), N_CASES = ARRAY_LEN(configs) * N_ROWS };

static struct {
    char dir[64];
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    void *cfg;
} f;

static void build(int i)
{
    struct head h = tiny_head(row[i % N_ROWS].pooling, false, 0.2);
    const struct adapt *a = adapt_find(row[i % N_ROWS].method);

    temp_dir(f.dir);
    tiny_checkpoint(f.dir, configs[i / N_ROWS], 11, 0.2, 0.1);
    ck_assert_msg(base_model_load(&f.base, f.dir) == 0, "%s", fail_text());
    f.cfg = tiny_cfg(a, row[i % N_ROWS].key, row[i % N_ROWS].value);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    tiny_fill_b(&f.m);
    tiny_batch(&f.t, &f.base.dims);
}

static void unbuild(void)
{
    tiny_cfg_free(f.m.adapt, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    temp_remove(f.dir);
}

START_TEST(gradients_match_differences)
{
    build(_i);
    tiny_check_gradients(&f.m, &f.t.b);
    unbuild();
}
END_TEST

START_TEST(micro_batches_add_up)
{
    build(_i);
    ck_assert_double_le(tiny_add_up(&f.m, &f.t), sizeof(real) == 8 ? 1e-11 : 1e-4);
    unbuild();
}
END_TEST

START_TEST(recomputed_blocks_agree)
{
    build(_i);
    tiny_check_recompute(&f.m, &f.t.b);
    unbuild();
}
END_TEST

/* A checkpoint without a pooler gets one that trains, unless pooling is mean. */
START_TEST(without_a_pooler)
{
    struct base_model b;
    struct model m;

    build(0);
    ck_assert_int_eq(base_model_outline(&b, &f.base.dims, false), 0);
    for (int mean = 0; mean < 2; mean++) {
        struct head h = tiny_head(mean ? POOL_MEAN : POOL_CLS, false, 0);
        ck_assert_int_eq(model_outline(&m, &b, &h, adapt_find("head"), NULL), 0);
        ck_assert_uint_eq(m.n_train, 3 * 60 + 3 + (mean ? 0 : 60 * 60 + 60));
        model_free(&m);
    }
    base_model_free(&b);
    unbuild();
}
END_TEST

static const struct {
    const char *json, *says;
} refused[] = {
    { DEBERTA ",\"pos_att_type\":\"p2p|c2p\"}", "pos_att_type is \"p2p|c2p\"; it must be of" },
    { DEBERTA ",\"pos_att_type\":[\"c2p\",3]}", "pos_att_type is [\"c2p\",3]" },
    { DEBERTA ",\"norm_rel_ebd\":\"batch\"}", "norm_rel_ebd is \"batch\"" },
    { DEBERTA ",\"position_buckets\":1}", "position_buckets is 1" },
    { DEBERTA ",\"position_buckets\":64}", "position_buckets is 64" },
    { DEBERTA ",\"position_buckets\":2.5}", "position_buckets is 2.5" },
    { DEBERTA ",\"conv_kernel_size\":4}", "conv_kernel_size is 4; it must be odd" },
    { DEBERTA ",\"conv_groups\":2}", "conv_groups is 2; it must be 1" },
    { DEBERTA ",\"conv_kernel_size\":3,\"conv_act\":\"glu\"}", "conv_act is \"glu\"" },
    { DEBERTA ",\"pooler_dropout\":0.5}", "pooler_dropout is 0.5; it must be 0" },
    { DEBERTA ",\"pooler_hidden_size\":48}", "pooler_hidden_size is 48; it must be 60" },
    { DEBERTA ",\"attention_head_size\":64}", "attention_head_size is 64; it must be 12" },
    { DEBERTA ",\"embedding_size\":30}", "embedding_size is 30; it must be 60" },
    { DEBERTA ",\"share_att_key\":1}", "share_att_key is 1; it must be true or false" },
    { DEBERTA ",\"cls_dropout\":1}", "cls_dropout is 1" },
};

START_TEST(configurations)
{
    char dir[64];
    struct dims d;

    temp_dir(dir);
    temp_file(dir, "config.json", refused[_i].json);
    ck_assert_int_eq(dims_load(&d, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), refused[_i].says) != NULL, "%s", fail_text());
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, N_CASES);
    tcase_add_loop_test(tc, micro_batches_add_up, 0, N_CASES);
    tcase_add_loop_test(tc, recomputed_blocks_agree, 0, N_CASES);
    tcase_add_test(tc, without_a_pooler);
    tcase_add_loop_test(tc, configurations, 0, (int)ARRAY_LEN(refused));
}

const struct suite suite_deberta = { "deberta", fill };
