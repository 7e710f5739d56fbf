/* test_peft_config.c - adapter_config.json: the golden one with one key changed, and one with
 * patterns that was written here. */
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/peft/peft.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>

static const char *const files[] = { "adapter_config.json", "adapter_model.safetensors" };
static const char golden[] = "tests/golden/bert/adapter";
static char dir[64];
static struct base_model base;

static void setup(void)
{
    temp_dir(dir);
    ck_assert_msg(base_model_load(&base, "tests/golden/bert") == 0, "%s", fail_text());
}

static void teardown(void)
{
    temp_remove(dir);
    base_model_free(&base);
}

static void copy_weights(void)
{
    char *from = path_join(golden, files[1]), *to = path_join(dir, files[1]);
    struct file f;

    ck_assert_int_eq(file_map(&f, from), 0);
    ck_assert_int_eq(file_write(to, f.data, f.size, FAIL_STORE), 0);
    file_unmap(&f);
    free(to);
    free(from);
}

static const struct {
    const char *key, *value, *says; /* says NULL: accepted */
} changes[] = {
    { "from_the_future", "{\"a\":1}", NULL },
    { "use_dora", "null", NULL },
    { "use_dora", "true", NULL }, /* for peft_method */
    { "layers_to_transform", "[]", NULL },
    { "modules_to_save", "[\"classifier\",\"score\"]", NULL },
    { "modules_to_save", "null", NULL },
    { "init_lora_weights", "\"gaussian\"", NULL },
    { "init_lora_weights", "false", NULL },
    { "target_modules", "\".*(query|key|value|attention.output.dense)\"", NULL },
    { "target_modules",
      "[\"attention.self.query\",\"key\",\"self.value\",\"attention.output.dense\"]", NULL },
    { "target_modules",
      "[\"bert.encoder.layer.0.attention.self.query\",\"1.attention.self.query\",\"key\",\"value\","
      "\"attention.output.dense\"]",
      NULL },
    { "peft_type", "\"IA3\"", "peft_type is 'IA3'" },
    { "peft_type", "null", "peft_type is missing; it must be 'LORA'" },
    { "use_qalora", "true", "use_qalora is set" },
    { "bias", "\"all\"", "bias is 'all'" },
    { "lora_bias", "true", "lora_bias is set" },
    { "fan_in_fan_out", "true", "fan_in_fan_out is set" },
    { "layer_replication", "[[0,1]]", "layer_replication is set" },
    { "init_lora_weights", "\"pissa\"", "'pissa' changes the base model" },
    { "modules_to_save", "[\"key\"]", "modules_to_save has 'key'" },
    { "rank_pattern", "{\"query\":0}", "rank_pattern of 'query' must be a whole number" },
    { "rank_pattern", "{\"query\":2.5}", "rank_pattern of 'query' must be a whole number" },
    { "rank_pattern", "[4]", "rank_pattern must be an object" },
    { "rank_pattern", "{\"(\":4}", "is not a regular expression" },
    { "alpha_pattern", "{\"query\":\"4\"}", "alpha_pattern of 'query' must be a number" },
    { "layers_to_transform", "[0,\"1\"]", "layers_to_transform has an entry" },
    { "layers_to_transform", "\"1\"", "layers_to_transform must be" },
    { "layers_to_transform", "2", "adapts no matrix" },
    { "layers_pattern", "\"(\"", NULL }, /* not used without layers_to_transform */
    { "exclude_modules", "3", "exclude_modules must be" },
    { "exclude_modules", "\"(\"", "exclude_modules '(' is not a regular expression" },
    { "exclude_modules", "\".*\"", "adapts no matrix" },
    { "modules_to_save", "\"classifier\"", "modules_to_save must be a list" },
    { "r", "0", "r must be a whole number" },
    { "r", "2.0", "r must be a whole number" },
    { "lora_alpha", "\"6\"", "lora_alpha must be a number" },
    { "lora_dropout", "1", "lora_dropout must be a number" },
    { "target_modules", /* modules_to_save has the first */
      "[\"classifier\",\"query\",\"key\",\"value\",\"attention.output.dense\"]", NULL },
    { "target_modules", "[\"LayerNorm\"]",
      "target_modules 'LayerNorm' includes 'bert.embeddings.LayerNorm', which no method adapts" },
    { "target_modules", "[\"dense\",\"word_embeddings\"]",
      "target_modules 'word_embeddings' includes 'bert.embeddings.word_embeddings'" },
    { "target_modules", "null", "target_modules must be" },
    { "target_modules", "[]", "target_modules must be" },
    { "target_modules", "[\"query\",3]", "not a name" },
    { "target_modules", "[\"query\",\"w_q\"]", "'w_q' matches no matrix" },
    { "target_modules", "\"(\"", "is not a regular expression" },
    { "target_modules", "\"query\"", "'query' matches no matrix" }, /* the whole name must match */
    { "target_modules", "\"(.*.*.*.*.*.*.*.*)*x\"", "matches no matrix" },
};

/* What other settings than the golden folder's are read as: rank 4, alpha 6, two layers. */
static const struct {
    const char *key, *value, *targets, *layers, *ranks, *alphas;
} read_as[] = {
    { "target_modules", "\"all-linear\"", "q,k,v,o,up,down", NULL, NULL, NULL },
    { "target_modules", "[\"dense\"]", "o,up,down", NULL, NULL, NULL },
    { "target_modules", "[\"1.attention.self.query\"]", "q", "1", NULL, NULL },
    { "target_modules", "[\"0.attention.self.query\",\"value\"]", "q,v", NULL, "1.q:0", NULL },
    { "layers_to_transform", "[0]", "q,k,v,o", "0", NULL, NULL },
    { "layers_to_transform", "1", "q,k,v,o", "1", NULL, NULL },
    { "layers_to_transform", "[1,0,7]", "q,k,v,o", NULL, NULL, NULL },
    { "exclude_modules", "[\"key\",\"self.value\"]", "q,o", NULL, NULL, NULL },
    { "exclude_modules", "\".*\\\\.0\\\\..*\"", "q,k,v,o", "1", NULL, NULL },
    { "rank_pattern", "{\"query\":5,\"0.attention.self.value\":2}", "q,k,v,o", NULL, "q:5,0.v:2",
      NULL },
    { "rank_pattern", "{\"uery\":5}", "q,k,v,o", NULL, NULL, NULL }, /* not after a dot */
    { "rank_pattern", "{\"query|key\":5,\"key\":7}", "q,k,v,o", NULL, "q:5,k:5", NULL },
    { "alpha_pattern", "{\"layer.1.*\":0.5}", "q,k,v,o", NULL, NULL,
      "1.q:0.5,1.k:0.5,1.v:0.5,1.o:0.5" },
};

static void check_text(const char *got, const char *want)
{
    ck_assert_int_eq(got != NULL, want != NULL);
    if (want)
        ck_assert_str_eq(got, want);
}

/* The golden configuration with KEY set to VALUE. */
static void write_changed(const char *key, const char *value)
{
    char *from = path_join(golden, files[0]);
    json_t *j = json_read(from);

    ck_assert_ptr_nonnull(j);
    ck_assert_int_eq(json_object_set_new(j, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
    char *text = json_dumps(j, 0);
    temp_file(dir, files[0], text);
    copy_weights();
    free(text);
    json_decref(j);
    free(from);
}

START_TEST(settings_are_read)
{
    struct lora_cfg cfg;
    int n_labels;

    write_changed(read_as[_i].key, read_as[_i].value);
    ck_assert_msg(peft_read_config(&cfg, &n_labels, dir, &base.dims) == 0, "%s", fail_text());
    check_text(cfg.targets, read_as[_i].targets);
    check_text(cfg.layers, read_as[_i].layers);
    check_text(cfg.rank_pattern, read_as[_i].ranks);
    check_text(cfg.alpha_pattern, read_as[_i].alphas);
    lora_cfg_free(&cfg);
}
END_TEST

START_TEST(configs)
{
    struct lora_cfg cfg;
    int n_labels;

    write_changed(changes[_i].key, changes[_i].value);
    int rc = peft_read_config(&cfg, &n_labels, dir, &base.dims);
    if (changes[_i].says) {
        ck_assert_msg(rc == -1, "accepted: %s", changes[_i].value);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), changes[_i].says), "says \"%s\"", fail_text());
        ck_assert_ptr_null(cfg.targets);
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_str_eq(cfg.targets, "q,k,v,o");
        lora_cfg_free(&cfg);
    }
}
END_TEST

/* Patterns are written as PEFT has them, by module, and read back. */
START_TEST(patterns_are_written)
{
    struct lora_cfg cfg = { .rank = 4,
                            .alpha = 6,
                            .targets = xstrdup("q,v"),
                            .rank_pattern = xstrdup("v:3,0.q:0"),
                            .alpha_pattern = xstrdup("1.v:2.5") },
                    back;
    const struct adapt *a = adapt_find(_i ? "rslora" : "lora");
    struct head h = { .n_labels = 3, .pooling = POOL_CLS, .pool_scale = 1 };
    struct model m, n;
    int n_labels;

    ck_assert_msg(model_init(&m, &base, &h, a, &cfg, 1, false) == 0, "%s", fail_text());
    for (size_t i = 0; i < m.n_train; i++)
        m.theta[i] = (real)(float)(0.25 + (double)i / 7);
    ck_assert_msg(peft_save(&m, &cfg, dir, "base", NULL) == 0, "%s", fail_text());
    char *path = path_join(dir, files[0]);
    json_t *j = json_read(path), *ranks = json_object_get(j, "rank_pattern");
    char *names = json_dumps(json_object_get(j, "target_modules"), JSON_COMPACT);
    ck_assert_str_eq(names, "[\"encoder.layer.0.attention.self.value\","
                            "\"encoder.layer.1.attention.self.query\","
                            "\"encoder.layer.1.attention.self.value\"]");
    ck_assert_int_eq(json_integer_value(json_object_get(j, "r")), 4);
    ck_assert_uint_eq(json_object_size(ranks), 2);
    ck_assert_int_eq(
        json_integer_value(json_object_get(ranks, "encoder.layer.0.attention.self.value")), 3);
    ck_assert_uint_eq(json_object_size(json_object_get(j, "alpha_pattern")), 1);
    free(names);
    json_decref(j);
    free(path);
    ck_assert_msg(peft_read_config(&back, &n_labels, dir, &base.dims) == 0, "%s", fail_text());
    ck_assert_str_eq(back.rank_pattern, "0.q:0,v:3");
    ck_assert_str_eq(back.alpha_pattern, "1.v:2.5");
    ck_assert_msg(model_init(&n, &base, &h, a, &back, 2, false) == 0, "%s", fail_text());
    ck_assert_msg(peft_load(&n, dir) == 0, "%s", fail_text());
    ck_assert_mem_eq(n.theta, m.theta, m.n_train * sizeof *m.theta);
    model_free(&n);
    model_free(&m);
    lora_cfg_free(&back);
    lora_cfg_free(&cfg);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, settings_are_read, 0, ARRAY_LEN(read_as));
    tcase_add_loop_test(tc, patterns_are_written, 0, 2);
    tcase_add_loop_test(tc, configs, 0, ARRAY_LEN(changes));
}

const struct suite suite_peft_config = { "peft_config", fill };
