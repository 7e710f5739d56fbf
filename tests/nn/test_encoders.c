/* test_encoders.c - RoBERTa and MPNet: counts of the paper, checkpoints as people have them, and
 * what their configurations may not say. */
#include "core/format/safetensors.h"
#include "core/os/file.h"
#include "experiments/estimate/count.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <stdlib.h>
#include <string.h>

static const char *const archs[] = { "roberta", "mpnet" };

/* LoRA with r = 8 on q and v, and full fine-tuning, of 12 layers of 768 (Hu et al. 2021, Table 2).
 * The head's dense and output layer are not counted. */
START_TEST(counts_of_the_paper)
{
    static const long table[] = { 50265 + 514 + 1 + 2, 30527 + 514 + 2 }; /* rows of 768 */
    struct dims d = { .n_layers = 12,
                      .d_model = 768,
                      .n_heads = 12,
                      .d_head = 64,
                      .d_ffn = 3072,
                      .max_pos = 512,
                      .pos_offset = 2,
                      .pad_id = 1 };
    static const char *const methods[] = { "lora", "ft", "bitfit" };
    const long block = 7087872, biases = 12 * (5 * 768 + 3072) + (2 * 12 + 1) * 768;
    long want[] = { 294912, 768 * table[_i] + 12 * block, biases };

    strcpy(d.arch, archs[_i]);
    d.vocab = _i ? 30527 : 50265;
    d.n_types = _i ? 0 : 1;
    d.rel_buckets = _i ? 32 : 0;
    want[1] += d.rel_buckets * 12L;
    for (size_t k = 0; k < ARRAY_LEN(methods); k++) {
        const struct adapt *a = adapt_find(methods[k]);
        void *cfg = tiny_cfg(a, NULL, NULL);
        struct base_model b;
        struct model m;
        ck_assert_int_eq(count_outline(&b, &m, &d, false, a, cfg), 0);
        ck_assert_int_eq((long)(m.n_train - m.n_train_head), want[k]);
        ck_assert_int_eq(adapt_count(a, cfg, &d), want[k]);
        ck_assert_int_eq((long)m.n_train_head, 768 * 768 + 768 + 768 + 1);
        tiny_cfg_free(a, cfg);
        model_free(&m);
        base_model_free(&b);
    }
}
END_TEST

/* --- checkpoints: names with and without the prefix, old names of LayerNorm, buffers, the heads of
 * other tasks, and a pooler that classifiers do not use */

static char *renamed(const char *name, const char *prefix, bool drop_prefix, bool old)
{
    bool trunk = strncmp(name, prefix, strlen(prefix)) == 0;
    char *s = xstrdup(trunk && drop_prefix ? name + strlen(prefix) : name);
    size_t n = strlen(s);
    static const char *const names[][2] = { { "LayerNorm.weight", "LayerNorm.gamma" },
                                            { "LayerNorm.bias", "LayerNorm.beta" } };

    for (size_t i = 0; old && i < ARRAY_LEN(names); i++)
        if (n > strlen(names[i][0]) && strcmp(s + n - strlen(names[i][0]), names[i][0]) == 0)
            strcpy(s + n - strlen(names[i][0]), names[i][1]);
    return s;
}

/* The golden model of ARCH in DIR under other names, with tensors that nothing reads, or without
 * the tensor whose name ends with DROP. */
static void write_other(const char *dir, const char *arch, bool drop_prefix, bool old,
                        const char *drop)
{
    static const real some[4] = { 1, 2, 3, 4 };
    const char *more[] = { "embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias",
                           "lm_head.dense.weight", "lm_head.bias" };
    char *from = xprintf("tests/golden/encoders/%s", arch),
         *to = path_join(dir, "model.safetensors");
    struct base_model b;
    struct st_out out[80];
    int n = 0;

    ck_assert_msg(base_model_load(&b, from) == 0, "%s", fail_text());
    for (int i = 0; i < b.weights.n; i++) {
        const struct st_tensor *t = &b.weights.t[i];
        size_t k = drop ? strlen(drop) : 0, length = strlen(t->name);
        if (k && length >= k && strcmp(t->name + length - k, drop) == 0)
            continue;
        real *x = xalloc(t->count, sizeof *x);
        ck_assert_int_eq(st_reals(x, t, t->count), 0);
        out[n] = (struct st_out){
            renamed(t->name, b.arch->prefix, drop_prefix, old), x, t->n_dims, { 0 }
        };
        memcpy(out[n++].shape, t->shape, sizeof t->shape);
    }
    int own = n;
    for (size_t i = 0; i < ARRAY_LEN(more); i++, n++)
        out[n] = (struct st_out){
            xprintf("%s%s", drop_prefix || i > 2 ? "" : b.arch->prefix, more[i]), some, 1, { 4 }
        };
    ck_assert_msg(st_write(to, out, n, false) == 0, "%s", fail_text());
    ck_assert_int_eq(file_copy_there(from, dir, "config.json"), 0);
    for (int i = 0; i < n; i++) {
        free((char *)(uintptr_t)out[i].name);
        if (i < own)
            free((real *)(uintptr_t)out[i].data);
    }
    base_model_free(&b);
    free(to);
    free(from);
}

static void check_same_values(const struct base_model *a, const struct base_model *b)
{
    ck_assert_int_eq(a->n_params, b->n_params);
    for (int i = 0; i < a->n_params; i++)
        ck_assert_mem_eq(a->params[i].value, b->params[i].value,
                         param_size(&a->params[i]) * sizeof(real));
    for (int r = ROLE_HEAD_W; r <= ROLE_DENSE_B; r++)
        ck_assert(base_model_head(a, (enum role)r) && base_model_head(b, (enum role)r));
}

START_TEST(other_names_are_read)
{
    const char *arch = archs[_i / 4];
    char dir[64], *golden = xprintf("tests/golden/encoders/%s", arch);
    struct base_model a, b;

    temp_dir(dir);
    write_other(dir, arch, _i & 1, _i & 2, NULL);
    ck_assert_msg(base_model_load(&b, dir) == 0, "%s", fail_text());
    ck_assert_msg(base_model_load(&a, golden) == 0, "%s", fail_text());
    check_same_values(&a, &b);
    base_model_free(&a);
    base_model_free(&b);
    temp_remove(dir);
    free(golden);
}
END_TEST

static const struct {
    const char *arch, *drop;
} missing[] = {
    { "roberta", "embeddings.position_embeddings.weight" },
    { "mpnet", "encoder.relative_attention_bias.weight" },
    { "mpnet", "encoder.layer.2.attention.LayerNorm.bias" },
};

START_TEST(missing_tensors_are_named)
{
    struct base_model b;
    char dir[64];

    temp_dir(dir);
    write_other(dir, missing[_i].arch, false, false, missing[_i].drop);
    ck_assert_int_eq(base_model_load(&b, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), missing[_i].drop) != NULL, "%s", fail_text());
    temp_remove(dir);
}
END_TEST

/* --- config.json */

#define SIZES                                                                                      \
    "\"num_hidden_layers\":2,\"hidden_size\":12,\"num_attention_heads\":2,"                        \
    "\"intermediate_size\":16,\"vocab_size\":20"

static const struct {
    const char *json, *says;
} configs[] = {
    { "{\"model_type\":\"roberta\"," SIZES ",\"max_position_embeddings\":2}",
      "max_position_embeddings is 2; it must be more than pad_token_id + 1, which is 2" },
    { "{\"model_type\":\"mpnet\"," SIZES
      ",\"max_position_embeddings\":40,\"relative_attention_num_buckets\":16}",
      "relative_attention_num_buckets is 16; it must be 32" },
    { "{\"model_type\":\"roberta\"," SIZES
      ",\"max_position_embeddings\":40,\"position_embedding_type\":\"relative_key\"}",
      "position_embedding_type is \"relative_key\"" },
    { "{\"architectures\":[\"RobertaForMaskedLM\"]," SIZES ",\"max_position_embeddings\":40}",
      NULL },
};

START_TEST(configurations)
{
    char dir[64];
    struct dims d;

    temp_dir(dir);
    temp_file(dir, "config.json", configs[_i].json);
    int rc = dims_load(&d, dir);
    ck_assert_int_eq(rc, configs[_i].says ? -1 : 0);
    if (configs[_i].says)
        ck_assert_msg(strstr(fail_text(), configs[_i].says) != NULL, "%s", fail_text());
    else
        ck_assert(strcmp(d.arch, "roberta") == 0 && d.max_pos == 38 && d.pos_offset == 2 &&
                  d.n_types == 2);
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, counts_of_the_paper, 0, 2);
    tcase_add_loop_test(tc, other_names_are_read, 0, 8);
    tcase_add_loop_test(tc, missing_tensors_are_named, 0, (int)ARRAY_LEN(missing));
    tcase_add_loop_test(tc, configurations, 0, (int)ARRAY_LEN(configs));
}

const struct suite suite_encoders = { "encoders", fill };
