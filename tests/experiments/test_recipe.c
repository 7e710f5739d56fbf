/* test_recipe.c - what a recipe may contain, how mistakes are reported, and that run keys do not
 * change by accident. */
#include "tests/kit/suite.h"
#include "core/opt/yaml.h"
#include "core/os/cpu.h"
#include "experiments/recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

/* Parse TEXT as the file "r.yaml", without models or tasks. */
static int parse(struct recipe *r, const char *text)
{
    struct settings v = { 0 };
    struct yaml *y = yaml_parse("r.yaml", text);
    int rc = y ? settings_yaml(&v, yaml_root(y)) : -1;

    *r = (struct recipe){ 0 };
    if (rc == 0)
        rc = recipe_parse(r, &v);
    settings_free(&v);
    yaml_free(y);
    return rc;
}

static const struct {
    const char *text, *parts[3];
} faults[] = {
    { "rank: 4\nlearning_rate: 1e-3\n",
      { "r.yaml:2:1:", "unknown key 'learning_rate'", "did you mean 'lr'?" } },
    { "rnak: 4\n", { "r.yaml:1:1:", "did you mean 'rank'?" } },
    { "zzz: 4\n", { "r.yaml:1:1:", "unknown key 'zzz'" } },
    { "lr: fast\n", { "r.yaml:1:5:", "'lr' must be a number", "'fast'" } },
    { "lr: 1e-4abc\n", { "r.yaml:1:5:", "'1e-4abc'" } },
    { "lr: nan\n", { "r.yaml:1:5:", "'nan'" } },
    { "lr: inf\n", { "r.yaml:1:5:", "'inf'" } },
    { "lr: -0\n", { "r.yaml:1:5:", "'-0'" } },
    { "lr: -0.0\n", { "r.yaml:1:5:", "'-0.0'" } },
    { "lr: 1e400\n", { "r.yaml:1:5:", "'1e400'" } },
    { "lr:\n", { "r.yaml:1:", "'lr' must be a number" } },
    { "epochs: 2.5\n", { "r.yaml:1:9:", "whole number" } },
    { "rank: 0\n", { "r.yaml:1:7:", "'rank'", "from 1" } },
    { "rank: -3\n", { "r.yaml:1:7:", "'-3'" } },
    { "seed: 18446744073709551617\n", { "r.yaml:1:7:", "'seed'" } },
    { "batch: 0\n", { "r.yaml:1:8:", "'batch'" } },
    { "epochs: 0\n", { "r.yaml:1:9:", "'epochs'" } },
    { "hidden_dropout: 1.0\n", { "r.yaml:1:17:", "'hidden_dropout'" } },
    { "targets: [q, x]\n", { "r.yaml:1:10:", "'targets' must be made of", "'x'" } },
    { "targets: []\n", { "r.yaml:1:10:", "empty list" } },
    { "targets: [q, q]\n", { "r.yaml:1:10:", "twice" } },
    { "targets: [[q]]\n", { "r.yaml:1:11:", "list of words" } },
    { "lr: {a: 1}\n", { "r.yaml:1:5:", "not a mapping" } },
    { "targets: {q: 1}\n", { "r.yaml:1:10:", "not a mapping" } },
    { "rank_pattern: {q: }\n", { "r.yaml:1:", "'rank_pattern' must have a number for 'q'" } },
    { "rank_pattern: {q: [1]}\n", { "r.yaml:1:", "'rank_pattern' must have a number for 'q'" } },
    { "rank_pattern: {}\n", { "r.yaml:1:15:", "not a mapping" } },
    { "rank_pattern: ''\n", { "r.yaml:1:15:", "'rank_pattern' must be words" } },
    { "method: vera\nrank_pattern: v:2\n",
      { "r.yaml:2:15:", "'rank_pattern' is 'v:2', but 'vera' has one rank for all matrices" } },
    { "method: adapter-p\nrank_pattern: v:2\n", { "r.yaml:2:15:", "'adapter-p' has one rank" } },
    { "lr: 1\nrank: 2\nlr: 3\n", { "r.yaml:3:1:", "duplicate key 'lr'" } },
    { "method: lroa\n", { "r.yaml:1:9:", "unknown method 'lroa'", "did you mean 'lora'?" } },
    { "method: xyzzyx\n", { "r.yaml:1:9:", "it must be one of", "lora" } },
    { "method: lora+\n", { "r.yaml:1:9:", "'lora+'", "name of a method is missing" } },
    { "method: +lora\n", { "r.yaml:1:9:", "'+lora'", "name of a method is missing" } },
    { "model: ''\n", { "r.yaml:1:8:", "'model' is empty" } },
    { "schedule: liner\n", { "r.yaml:1:11:", "did you mean 'linear'?" } },
    { "precision: fp16\n", { "r.yaml:1:12:", "'precision' must be one of" } },
    { "lr: *a\n", { "r.yaml:1:5:", "aliases" } },
    { "\tlr: 1\n", { "r.yaml:1:1:", "tabs" } },
    { "- lr\n", { "r.yaml:1:1:", "mapping" } },
    { "lr: [1\n", { "r.yaml:" } },
};

START_TEST(mistake_is_reported)
{
    struct recipe r;
    int rc = parse(&r, faults[_i].text);

    ck_assert_msg(rc == -1, "accepted: %s", faults[_i].text);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    for (int k = 0; k < 3 && faults[_i].parts[k]; k++)
        ck_assert_msg(strstr(fail_text(), faults[_i].parts[k]), "'%s' is not in: %s",
                      faults[_i].parts[k], fail_text());
}
END_TEST

START_TEST(values_are_typed)
{
    struct recipe r;

    ck_assert_msg(
        parse(&r, "\xEF\xBB\xBFlr: 1e-4\r\nmax-len: 64\r\ntargets: [v, q]\r\nseed: 9\r\n") == 0,
        "%s", fail_text());
    ck_assert_double_eq(r.train.lr, 1e-4);
    ck_assert_int_eq(r.train.max_len, 64);
    ck_assert_int_eq(r.run.seed, 9);
    ck_assert_str_eq(((struct lora_cfg *)r.method_cfg)->targets, "q,v");
    recipe_free(&r);
}
END_TEST

/* A mapping, a list, and one string are the same pattern. */
START_TEST(patterns_are_values)
{
    static const char *const texts[] = { "rank_pattern: {v: 16, 3.q: 2}\n",
                                         "rank_pattern: [v:16, 3.q:2]\n",
                                         "rank-pattern: v:16, 3.q:2\n" };
    struct recipe r;

    ck_assert_msg(parse(&r, texts[_i]) == 0, "%s", fail_text());
    ck_assert_str_eq(((struct lora_cfg *)r.method_cfg)->rank_pattern, "v:16,3.q:2");
    recipe_keys(&r, json_object());
    ck_assert_str_eq(json_string_value(json_object_get(r.config, "rank_pattern")), "v:16,3.q:2");
    ck_assert_ptr_null(json_object_get(r.config, "alpha_pattern"));
    ck_assert_ptr_null(json_object_get(r.config, "adapt_layers"));
    recipe_free(&r);
}
END_TEST

/* A key of another method is ignored, so that methods can be an axis. */
START_TEST(keys_of_other_methods_are_ignored)
{
    struct recipe r;

    ck_assert_int_eq(parse(&r, "method: ft\nrank: 4\ntargets: [q]\n"), 0);
    ck_assert_str_eq(r.method->name, "ft");
    ck_assert_ptr_null(recipe_opt(&r, "rank", NULL));
    recipe_free(&r);
}
END_TEST

static const struct {
    const char *word, *parts;
} words[] = {
    { "rank", "'rank' is not key=value" },
    { "=4", "is not key=value" },
    { "rnk=4", "did you mean 'rank'?" },
    { "learning_rate=4", "did you mean 'lr'?" },
    { "max_len=32", "'max_len' is given twice: '64' and '32'" },
};

START_TEST(word_is_checked)
{
    struct settings v = { 0 };

    /* Words override settings from files, but not each other. */
    settings_set(&v, "rank", "2", (struct location){ LOCATION_FILE, "file.yaml", 1, 1 });
    ck_assert_int_eq(settings_word(&v, "max-len=64"), 0);
    ck_assert_int_eq(settings_word(&v, "rank=4"), 0);
    ck_assert_int_eq(settings_word(&v, words[_i].word), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), words[_i].parts), "%s", fail_text());
    settings_free(&v);
}
END_TEST

START_TEST(blame_names_the_setting)
{
    struct settings v = { 0 };

    settings_set(&v, "rank", "2", location_command_line);
    settings_set(&v, "lr", "1", (struct location){ LOCATION_FILE, "f.yaml", 3, 5 });
    fail_setting("batch,lr", "too large");
    ck_assert_int_eq(settings_blame(&v), -1);
    ck_assert_str_eq(fail_text(), "f.yaml:3:5: too large");
    fail_setting("rank", "'rank' and 'lr'"); /* the key counts, not the text */
    settings_blame(&v);
    ck_assert_str_eq(fail_text(), "'rank' and 'lr'");
    fail(FAIL_INPUT, "'lr'");
    ck_assert_str_eq(fail_keys(), "");
    fail_about("lr");
    settings_blame(&v);
    ck_assert_str_eq(fail_text(), "f.yaml:3:5: 'lr'");
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    settings_free(&v);
}
END_TEST

START_TEST(later_settings_win)
{
    struct settings v = { 0 };

    settings_set(&v, "max-len", "64", location_named("a"));
    settings_set(&v, "max_len", "32", location_named("b"));
    ck_assert_int_eq(v.n, 1);
    ck_assert_str_eq(settings_get(&v, "max-len")->value, "32");
    ck_assert_str_eq(v.s[0].key, "max_len");
    settings_free(&v);
}
END_TEST

/* --- keys */

static char acc[] = "accuracy", name[] = "toy", test_file[] = "test.tsv";
static const struct task toy = { .name = name,
                                 .n_labels = 3,
                                 .metrics = { acc },
                                 .n_metrics = 1,
                                 .max_len = 128,
                                 .file = { [SPLIT_TEST] = test_file } };
static const struct dims small = { .n_layers = 2,
                                   .d_model = 32,
                                   .n_heads = 4,
                                   .d_head = 8,
                                   .d_ffn = 64,
                                   .vocab = 96,
                                   .max_pos = 40,
                                   .n_types = 2,
                                   .hidden_dropout = 0.1,
                                   .attn_dropout = 0.1,
                                   .classifier_dropout = 0.1,
                                   .pooling = POOL_MEAN };

static void resolve(struct recipe *r, const char *text, const char *weights)
{
    ck_assert_msg(parse(r, text) == 0, "%s", fail_text());
    ck_assert_msg(recipe_autos(r, &small, &toy) == 0, "%s", fail_text());
    recipe_keys(r, json_pack("{s:s, s:s}", "weights", weights, "train", "bb"));
}

/* A change of one of these makes every stored result look as if it had never been computed, so
 * there has to be a reason for it. */
static const struct {
    const char *text, *key;
} golden[] = {
    { "rank: 8\n", "fd1ea39460a967bf" },
    { "rank: 8\nlr: 1e-4\ntargets: [q, k, v, o]\nseed: 3\n", "f53a9c6e1a2f74d3" },
    { "method: ft\nlr: 5e-5\nepochs: 2\n", "e243465cf13f15cb" },
    { "method: head\nsteps: 100\n", "1636101c516c6fb1" },
    { "method: bitfit\npooling: cls\nschedule: cosine\n", "b241883fa2e702db" },
};

START_TEST(key_has_not_changed)
{
#ifndef REAL_IS_DOUBLE
    struct recipe r;

    char *text = xprintf("precision: f32\n%s", golden[_i].text); /* auto depends on the CPU */
    resolve(&r, text, "aa");
    free(text);
    r.key[16] = 0;
    ck_assert_str_eq(r.key, golden[_i].key);
    recipe_free(&r);
#else
    skip("the recorded keys are those of single precision");
#endif
}
END_TEST

/* Pairs of recipes: do they have the same key, and the same cell? */
static const struct {
    const char *a, *b;
    bool same_key, same_cell;
} pairs[] = {
    { "lr: 1e-3\n", "lr: 0.001\n", true, true },
    { "targets: [q, v]\n", "targets: 'v, q'\n", true, true },
    { "rank: 8\n", "{}\n", true, true },
    { "pooling: mean\n", "pooling: auto\n", true, true },
    { "max_len: 40\n", "{}\n", true, true },
    { "best_by: accuracy\n", "{}\n", true, true },
    { "recompute: true\n", "{}\n", true, true }, /* does not change results */
    { "recompute: 2\n", "recompute: false\n", true, true },
    { "hidden_dropout: 0.1\n", "{}\n", true, true },
    { "model: x\ntask: y\n", "{}\n", true, true },
    { "steps: 10\nepochs: 3\n", "steps: 10\nepochs: 5\n", true, true },
    { "batch_tokens: 0\n", "{}\n", true, true },
    { "batch_tokens: 900\nbatch: 8\n", "batch_tokens: 900\n", true, true },
    { "batch_tokens: 900\n", "batch_tokens: 800\n", false, false },
    { "batch_tokens: 900\n", "{}\n", false, false },
    { "method: ft\nrank: 4\n", "method: ft\nrank: 8\n", true, true },
    { "rank_pattern: none\nalpha_pattern: none\nadapt_layers: all\n", "{}\n", true, true },
    { "rank_pattern: {v: 4}\n", "{}\n", false, false },
    { "alpha_pattern: {v: 4}\n", "{}\n", false, false },
    { "adapt_layers: '1'\n", "{}\n", false, false },
    { "seed: 1\n", "seed: 2\n", false, true },
    { "rank: 4\n", "rank: 8\n", false, false },
    { "lr: 1e-3\n", "lr: 1.0000001e-3\n", false, false },
    { "method: ft\n", "method: head\n", false, false },
    { "pooling: cls\n", "pooling: auto\n", false, false },
    { "data_seed: 4\n", "{}\n", true, true }, /* nothing is drawn */
    { "data_seed: 4\ntrain_n: 9\n", "train_n: 9\n", false, false },
    { "data_seed: 4\nselect: 0.1\n", "select: 0.1\n", false, false },
    { "seed: 1\ntrain_n: 9\n", "seed: 2\ntrain_n: 9\n", false, true },
    { "select: dev\n", "{}\n", true, true },
    { "select: 0.10\n", "select: .1\n", true, true },
    { "select: 0.1\n", "{}\n", false, false },
    { "select: 0.1\n", "select: 0.2\n", false, false },
    { "report: dev\n", "{}\n", true, true },
    { "report: test\n", "{}\n", false, false },
    { "report_curve: true\n", "{}\n", true, true }, /* dev is scored anyway */
    { "report: test\nreport_curve: true\n", "report: test\n", false, false },
    { "patience: 0\n", "{}\n", true, true },
    { "patience: 2\n", "{}\n", false, false },
};

START_TEST(keys_are_equal_when_runs_are)
{
    struct recipe a, b;

    resolve(&a, pairs[_i].a, "aa");
    resolve(&b, pairs[_i].b, "aa");
    ck_assert_int_eq(strcmp(a.key, b.key) == 0, pairs[_i].same_key);
    ck_assert_int_eq(strcmp(a.cell, b.cell) == 0, pairs[_i].same_cell);
    recipe_free(&a);
    recipe_free(&b);
}
END_TEST

START_TEST(key_has_the_inputs)
{
    struct recipe a, b;

    resolve(&a, "rank: 8\n", "aa");
    resolve(&b, "rank: 8\n", "ab");
    ck_assert_str_ne(a.key, b.key);
    ck_assert_str_ne(a.cell, b.cell);
    recipe_free(&a);
    recipe_free(&b);
}
END_TEST

START_TEST(config_has_every_default)
{
    struct recipe r;

    resolve(&r, "lr: 1e-4\n", "aa");
    ck_assert_str_eq(json_string_value(json_object_get(r.config, "pooling")), "mean");
    ck_assert_int_eq(json_integer_value(json_object_get(r.config, "max_len")), 40);
    ck_assert_double_eq(json_real_value(json_object_get(r.config, "attn_dropout")), 0.1);
    ck_assert_str_eq(json_string_value(json_object_get(r.config, "best_by")), "accuracy");
    ck_assert_int_eq(json_integer_value(json_object_get(r.config, "rank")), 8);
    ck_assert_str_eq(json_string_value(json_object_get(r.config, "model")), "minilm");
    ck_assert_str_eq(json_string_value(json_object_get(r.config, "precision")),
                     sizeof(real) == sizeof(double) ? "f64"
                     : cpu_info()->bf16_fast        ? "bf16"
                                                    : "f32");
    recipe_free(&r);
}
END_TEST

START_TEST(max_len_above_the_positions_is_refused)
{
    struct recipe r;

    ck_assert_int_eq(parse(&r, "max_len: 64\n"), 0);
    ck_assert_int_eq(recipe_autos(&r, &small, &toy), -1);
    ck_assert_msg(strstr(fail_text(), "40 positions"), "%s", fail_text());
    recipe_free(&r);
}
END_TEST

static const struct {
    const char *text, *says;
} bad_select[] = {
    { "select: test\n", "'select' must be dev or a share of the training examples" },
    { "select: 0\n", "between 0 and 1, such as 0.1, not '0'" },
    { "select: 1\n", "not '1'" },
    { "select: -0.1\n", "not '-0.1'" },
    { "select: 10%\n", "not '10%'" },
    { "select: nan\n", "not 'nan'" },
    { "report: test\n", "'report' is test, but task 'toy' has no test split" },
};

START_TEST(a_split_that_cannot_select_is_refused)
{
    struct task without = toy;
    struct recipe r;

    without.file[SPLIT_TEST] = NULL;
    ck_assert_int_eq(parse(&r, bad_select[_i].text), 0);
    ck_assert_int_eq(recipe_autos(&r, &small, &without), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), bad_select[_i].says), "%s", fail_text());
    recipe_free(&r);
}
END_TEST

/* A task that says nothing of a length takes all positions of the model. */
START_TEST(max_len_is_the_positions)
{
    struct task without = toy;
    struct recipe r;

    without.max_len = 0;
    ck_assert_int_eq(parse(&r, "method: lora\n"), 0);
    ck_assert_msg(recipe_autos(&r, &small, &without) == 0, "%s", fail_text());
    ck_assert_int_eq(r.train.max_len, 40);
    recipe_free(&r);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, mistake_is_reported, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, values_are_typed);
    tcase_add_test(tc, keys_of_other_methods_are_ignored);
    tcase_add_loop_test(tc, word_is_checked, 0, (int)ARRAY_LEN(words));
    tcase_add_test(tc, blame_names_the_setting);
    tcase_add_test(tc, later_settings_win);
    tcase_add_loop_test(tc, patterns_are_values, 0, 3);
    tcase_add_loop_test(tc, key_has_not_changed, 0, (int)ARRAY_LEN(golden));
    tcase_add_loop_test(tc, keys_are_equal_when_runs_are, 0, (int)ARRAY_LEN(pairs));
    tcase_add_test(tc, key_has_the_inputs);
    tcase_add_test(tc, config_has_every_default);
    tcase_add_test(tc, max_len_is_the_positions);
    tcase_add_loop_test(tc, a_split_that_cannot_select_is_refused, 0, (int)ARRAY_LEN(bad_select));
    tcase_add_test(tc, max_len_above_the_positions_is_refused);
}

const struct suite suite_recipe = { "recipe", fill };
