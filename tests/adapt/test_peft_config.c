/* test_peft_config.c - adapter_config.json: the golden one with one key changed. */
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
    { "rank_pattern", "{\"query\":4}", "rank_pattern is set" },
    { "alpha_pattern", "{\"query\":4}", "alpha_pattern is set" },
    { "bias", "\"all\"", "bias is 'all'" },
    { "lora_bias", "true", "lora_bias is set" },
    { "fan_in_fan_out", "true", "fan_in_fan_out is set" },
    { "layers_to_transform", "[0]", "layers_to_transform is set" },
    { "layers_to_transform", "1", "layers_to_transform is set" },
    { "layer_replication", "[[0,1]]", "layer_replication is set" },
    { "exclude_modules", "[\"key\"]", "exclude_modules is set" },
    { "init_lora_weights", "\"pissa\"", "'pissa' changes the base model" },
    { "modules_to_save", "[\"pooler\"]", "modules_to_save has 'pooler'" },
    { "modules_to_save", "\"classifier\"", "modules_to_save must be a list" },
    { "r", "0", "r must be a whole number" },
    { "r", "2.0", "r must be a whole number" },
    { "lora_alpha", "\"6\"", "lora_alpha must be a number" },
    { "lora_dropout", "1", "lora_dropout must be a number" },
    { "target_modules", "\"all-linear\"", "all-linear" },
    { "target_modules", "null", "target_modules must be" },
    { "target_modules", "[]", "target_modules must be" },
    { "target_modules", "[\"query\",3]", "not a name" },
    { "target_modules", "[\"query\",\"w_q\"]", "'w_q' matches no matrix" },
    { "target_modules", "[\"dense\"]", "'dense' also adapts 'bert.pooler.dense'" },
    { "target_modules", "[\"classifier\"]", "also adapts 'classifier'" },
    { "target_modules", "[\"LayerNorm\"]", "also adapts 'bert.embeddings.LayerNorm'" },
    { "target_modules", "[\"1.attention.self.query\"]", "adapts 'q' in 1 of 2 layers" },
    { "target_modules", "\"(\"", "is not a regular expression" },
    { "target_modules", "\"query\"", "'query' matches no matrix" }, /* the whole name must match */
    { "target_modules", "\"(.*.*.*.*.*.*.*.*)*x\"", "matches no matrix" },
};

START_TEST(configs)
{
    struct lora_cfg cfg;
    int n_labels;
    char *from = path_join(golden, files[0]);

    json_t *j = json_read(from);
    ck_assert_ptr_nonnull(j);
    ck_assert_int_eq(json_object_set_new(j, changes[_i].key,
                                         json_loads(changes[_i].value, JSON_DECODE_ANY, NULL)),
                     0);
    char *text = json_dumps(j, 0);
    temp_file(dir, files[0], text);
    copy_weights();
    free(text);
    json_decref(j);
    int rc = peft_read_config(&cfg, &n_labels, dir, &base.dims);
    if (changes[_i].says) {
        ck_assert_msg(rc == -1, "accepted: %s", changes[_i].value);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), changes[_i].says), "says \"%s\"", fail_text());
        ck_assert_ptr_null(cfg.targets);
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_str_eq(cfg.targets, "q,k,v,o");
        free(cfg.targets);
    }
    free(from);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, configs, 0, ARRAY_LEN(changes));
}

const struct suite suite_peft_config = { "peft_config", fill };
