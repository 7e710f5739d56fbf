/* test_study.c - study files expanded to runs, with a small random model and a task of a few
 * lines. */
#include "tests/kit/study_kit.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "core/os/file.h"
#include "experiments/recipe/footprint.h"
#include "experiments/recipe/inputs.h"
#include "experiments/study/study.h"
#include "experiments/estimate/memory.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *base, *body;
    int runs, cells, shared;
} sizes[] = {
    { "", "", 5, 1, 0 },
    { "seed: 7", "", 1, 1, 0 },
    { "", "seeds: 2\n", 2, 1, 0 },
    { "", "seeds: [4, 9]\n", 2, 1, 0 },
    { "", "seeds: 2\naxes: {rank: [1, 2, 4], targets: [[q], [q, v]]}\n", 12, 6, 0 },
    { "", "seeds: 1\naxes: {rank: 2, targets: [[q], [q, v]]}\n", 2, 2, 0 },
    { "", "seeds: 1\nzip: {rank: [4, 2], alpha: [8, 4]}\n", 2, 2, 0 },
    { "", "seeds: 1\naxes: {targets: [q, v]}\nzip: {rank: [4, 2], alpha: [8, 4]}\n", 4, 4, 0 },
    { "", "seeds: 2\naxes: {rank: [1, 2]}\nnuisance: {lr: [1e-3, 1e-2, 1e-1]}\n", 12, 6, 0 },
    { "", "seeds: 2\naxes: {rank: [1, 2], method: [lora, ft]}\n", 6, 3, 2 },
    { "",
      "seeds: 1\naxes: {rank: [1, 2, 4], targets: [[q], [q, v]]}\nexclude: [{rank: [2, 4], "
      "targets: [q]}]\n",
      4, 4, 0 },
    { "",
      "seeds: 1\naxes: {rank: [1, 2, 4], targets: [[q], [q, v]]}\nonly: [{rank: 1}, {targets: [v, "
      "q]}]\n",
      4, 4, 0 },
    { "", "seeds: 1\naxes: {lr: [1e-3, 1e-2]}\nexclude: [{lr: 0.001}]\n", 1, 1, 0 },
    { "", "seeds: [1, 1]\n", 1, 1, 1 },
    { "", "seeds: 1\naxes: {method: [lora, [lora, bitfit]]}\n", 2, 2, 0 },
    { "", "seeds: 1\naxes: {method: [lora, [lora, bitfit]]}\nexclude: [{method: lora+bitfit}]\n", 1,
      1, 0 },
    { "method: lora", "seeds: 1\nwhen: [{if: {method: ft}, set: {lr: 1}}]\n", 1, 1, 0 },
    { "",
      "seeds: 1\naxes: {rank: [1, 2]}\nexclude: [{rank: 4}]\n"
      "full: {axes: {rank: [4]}, base: {alpha: 1}}\n",
      2, 2, 0 },
    { "rank: 4",
      "seeds: 1\nexclude: [{rank: 2}]\nwhen: [{if: {rank: 4}, set: {lr: 1}}]\n"
      "full: {axes: {rank: [1, 2]}}\n",
      1, 1, 0 },
    { "",
      "seeds: 1\naxes: {method: [lora, ft]}\nwhen: [{if: {method: ft}, set: {batch: 3}}]\n"
      "nuisance: {lr: [1e-3]}\nexclude: [{lr: 0.001, method: ft}]\n",
      1, 1, 0 },
    { "", "seeds: 2\nfull: {seeds: 5, axes: {rank: [1, 2]}}\n", 2, 1, 0 },
};

START_TEST(study_has_this_size)
{
    struct study s;

    ck_assert_msg(study_kit_load(&s, sizes[_i].base, sizes[_i].body, NULL, 0, PROFILE_QUICK) == 0,
                  "%s", fail_text());
    ck_assert_int_eq(s.n_runs, sizes[_i].runs);
    ck_assert_int_eq(s.n_cells, sizes[_i].cells);
    ck_assert_int_eq(s.n_shared, sizes[_i].shared);
    study_free(&s);
}
END_TEST

static const struct {
    const char *base, *body, *parts[2];
} faults[] = {
    { "", "axis: {rank: [1]}\n", { "s.yaml:3:1:", "did you mean 'axes'?" } },
    { "", "rank: 4\n", { "s.yaml:3:1:", "belongs under 'base'" } },
    { "", "axes: {rnak: [1]}\n", { "s.yaml:3:8:", "did you mean 'rank'?" } },
    { "", "axes: {rank: []}\n", { "s.yaml:3:", "empty list" } },
    { "", "axes: [rank]\n", { "s.yaml:3:7:", "mapping" } },
    { "", "axes: {rank: [1, x]}\n", { "s.yaml:3:18:", "'rank' must be a whole number" } },
    { "", "axes: {rank: [1, 17]}\n", { "s.yaml:3:18:", "16 x 16" } },
    { "targets: [q, z]", "", { "s.yaml:2:", "'targets' must be made of" } },
    { "rank: 64",
      "axes: {rank: [1]}\nseeds: x\n",
      { "s.yaml:4:8:", "'seeds' must be a whole number" } },
    { "", "seeds: 0\n", { "s.yaml:3:8:", "from 1" } },
    { "", "seeds: []\n", { "s.yaml:3:8:", "empty list" } },
    { "", "zip: {rank: [1, 2], alpha: [1]}\n", { "s.yaml:3:", "zip" } },
    { "", "axes: {rank: [1]}\nzip: {rank: [2]}\n", { "s.yaml:", "two places" } },
    { "", "axes: {seed: [1]}\n", { "s.yaml:", "'seeds' says" } },
    { "", "exclude: {rank: 1}\n", { "s.yaml:3:", "list of mappings" } },
    { "", "exclude: [{rank: one}]\n", { "s.yaml:3:18:", "'rank'" } },
    { "", "axes: {rank: [1]}\nonly: [{rank: 2}]\n", { "s.yaml", "no run" } },
    { "", "when: {lr: 1}\n", { "s.yaml:3:", "list of {if" } },
    { "", "when: [{if: {method: ft}, set: {lrr: 1}}]\n", { "s.yaml:3:", "did you mean 'lr'?" } },
    { "",
      "axes: {lr: [1, 2]}\nwhen: [{if: {method: ft}, set: {lr: 1}}]\n",
      { "s.yaml:4:", "'lr' is varied" } },
    { "", "axes: {rank: [1, 1]}\n", { "s.yaml:3:18:", "the values of 'rank' must differ" } },
    { "", "axes: {targets: [[q, v], 'v,q']}\n", { "s.yaml:3:26:", "must differ" } },
    { "",
      "nuisance: {lr: [1e-3, 0.001]}\n",
      { "s.yaml:3:23:", "'1e-3' and '0.001' are the same" } },
    { "", "axes: {method: [lora+bitfit, 'bitfit,lora']}\n", { "s.yaml:3:30:", "must differ" } },
    { "",
      "axes: {method: [lora, ft]}\nwhen: [{if: {method: ftt}, set: {lr: 1}}]\n",
      { "s.yaml:4:22:", "'method' as 'ftt'; did you mean 'ft'?" } },
    { "",
      "when: [{if: {method: ftt}, set: {lr: 1}}]\n",
      { "s.yaml:3:22:", "unknown method 'ftt'; did you mean 'ft'?" } },
    { "",
      "axes: {rank: [1, 2]}\nwhen: [{if: {rank: 3}, set: {lr: 1}}]\n",
      { "s.yaml:4:20:", "no run of this study has 'rank' as '3'; its values are: 1; 2" } },
    { "", "axes: {rank: [1, 2]}\nexclude: [{rank: [2, 7]}]\n", { "s.yaml:4:22:", "as '7'" } },
    { "", "zip: {rank: [1, 2]}\nonly: [{rank: 8}]\n", { "s.yaml:4:15:", "as '8'" } },
    { "",
      "axes: {rank: [1, 2]}\nexclude: [{rank: 3}]\nfull: {axes: {rank: [1, 4]}}\n",
      { "s.yaml:4:18:", "are: 1; 2; 4" } },
    { "",
      "axes: {rank: [1]}\nwhen: [{if: {rank: 1}, set: {seed: 7}}]\n",
      { "s.yaml:4:", "'seed' cannot be set; 'seeds' says" } },
    { "",
      "budget: {params: 640}\nwhen: [{if: {method: lora}, set: {rank: 7}}]\n",
      { "s.yaml:4:", "'rank' follows from 'budget'" } },
    { "", "full: [1]\n", { "s.yaml:3:", "mapping" } },
    { "", "full: {metric: f1}\n", { "s.yaml:3:", "'full' cannot have 'metric'" } },
    { "", "axes: {method: [lora, lora+bitfiz]}\n", { "s.yaml:3:", "'bitfiz'" } },
    { "", "axes: {method: [lora+lora]}\n", { "s.yaml:3:", "which names 'lora' twice" } },
    { "", "metric: acuracy\n", { "s.yaml:3:9:", "unknown metric" } },
    { "", "budget: 100\n", { "s.yaml:3:9:", "params" } },
    { "", "budget: {params: 9X}\n", { "s.yaml:3:18:", "36864, 0.3M or 18M, not '9X'" } },
    { "", "budget: {params: 63}\n", { "s.yaml:3:18:", "rank 1 trains" } },
    { "", "axes: {rank: [1]}\nbudget: {params: 640}\n", { "s.yaml:", "'budget'" } },
    { "method: ft", "budget: {params: 640}\n", { "s.yaml:3:18:", "does not have" } },
    { "max_len: 25", "", { "s.yaml:2:", "24 positions" } },
    { "best_by: f1", "", { "s.yaml:2:", "best_by" } },
    { "recompute: some", "", { "s.yaml:2:", "'recompute' must be false, true or a number" } },
    { "recompute: -1", "", { "s.yaml:2:", "not '-1'" } },
    { "recompute: 99", "", { "s.yaml:2:", "the model has 2 blocks" } },
    { "method: adalora, tinit: 0.9, tfinal: 0.9", "", { "s.yaml:2:", "must be below 1" } },
    { "",
      "seeds: 1000\naxes: {rank: [1, 2, 3, 4, 5], alpha: [1, 2, 3, 4, 5], lr: [1, 2, 3, 4, 5]}\n",
      { "125000 runs", "--yes-really" } },
    { "",
      "seeds: 1000000\naxes: {batch: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}\n",
      { "11000000 runs" } },
};

START_TEST(mistake_is_reported)
{
    struct study s;

    ck_assert_msg(study_kit_load(&s, faults[_i].base, faults[_i].body, NULL, 0, PROFILE_QUICK) ==
                      -1,
                  "accepted: %s%s", faults[_i].base, faults[_i].body);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    for (int k = 0; k < 2 && faults[_i].parts[k]; k++)
        ck_assert_msg(strstr(fail_text(), faults[_i].parts[k]), "'%s' is not in: %s",
                      faults[_i].parts[k], fail_text());
}
END_TEST

/* In the small model, LoRA of rank r trains 2 layers x (16 + 16) r = 64 r parameters for q, and 2 x
 * (16 + 32) r for up. */
static const struct {
    const char *targets, *text;
    long params, rank;
} budgets[] = {
    { "[q]", "64", 64, 1 },          { "[q]", "127", 127, 1 },
    { "[q]", "128", 128, 2 },        { "[q]", "512", 512, 8 },
    { "[q, v]", "512", 512, 4 },     { "[q, k, v, o]", "512", 512, 2 },
    { "[q, v]", "1M", 1000000, 16 }, { "[q, v]", "0.6k", 600, 4 },
    { "[up]", "192", 192, 2 },
};

START_TEST(budget_determines_the_rank)
{
    struct study s;
    char *base = xprintf("targets: %s", budgets[_i].targets);
    char *body = xprintf("seeds: 1\nbudget: {params: %s}\n", budgets[_i].text);

    ck_assert_msg(study_kit_load(&s, base, body, NULL, 0, PROFILE_QUICK) == 0, "%s", fail_text());
    ck_assert_int_eq(((struct lora_cfg *)s.runs[0].recipe.method_cfg)->rank, budgets[_i].rank);
    const struct footprint *g = s.runs[0].recipe.footprint;
    ck_assert_int_eq(g->formula, (long)(g->n_train - g->n_train_head));
    ck_assert_int_le(g->formula, budgets[_i].params);
    study_free(&s);
    free(base);
    free(body);
}
END_TEST

START_TEST(words_win)
{
    struct study s;
    struct settings w = { 0 };

    ck_assert_int_eq(settings_word(&w, "lr=0.5"), 0);
    ck_assert_int_eq(settings_word(&w, "rank=3"), 0);
    ck_assert_msg(study_kit_load(&s, "lr: 0.1", "seeds: 2\naxes: {rank: [1, 2], alpha: [1, 2]}\n",
                                 &w, 3, PROFILE_QUICK) == 0,
                  "%s", fail_text());
    ck_assert_int_eq(s.n_runs, 6); /* 2 alphas x seeds 1..3 */
    for (int i = 0; i < s.n_runs; i++) {
        ck_assert_double_eq(s.runs[i].recipe.train.lr, 0.5);
        ck_assert_int_eq(((struct lora_cfg *)s.runs[i].recipe.method_cfg)->rank, 3);
    }
    study_free(&s);
    settings_free(&w);
}
END_TEST

/* Words on the command line override settings by condition. */
START_TEST(conditions_set_keys)
{
    static const char body[] =
        "seeds: 1\naxes: {method: [lora, ft], rank: [1, 2]}\n"
        "when: [{if: {method: ft}, set: {lr: 0.5, batch: 7}}, {if: {rank: 2}, "
        "set: {alpha: 3}}]\n";
    struct study s;
    struct settings w = { 0 };

    ck_assert_int_eq(settings_word(&w, "batch=9"), 0);
    ck_assert_msg(study_kit_load(&s, "lr: 0.1", body, &w, 0, PROFILE_QUICK) == 0, "%s",
                  fail_text());
    ck_assert_int_eq(s.n_runs, 3);
    for (int i = 0; i < 3; i++) {
        const struct recipe *r = &s.runs[i].recipe;
        bool ft = r->method != &adapt_lora;
        ck_assert_double_eq(r->train.lr, ft ? 0.5 : 0.1);
        ck_assert_int_eq(r->train.batch, 9);
        if (!ft)
            ck_assert_double_eq(((struct lora_cfg *)r->method_cfg)->alpha, i == 1 ? 3 : 16);
    }
    study_free(&s);
    settings_free(&w);
}
END_TEST

/* A stream of random numbers may have a seed of its own; otherwise it uses the run's, and the key
 * does not mention it. */
START_TEST(streams_have_seeds)
{
    struct study s;

    ck_assert_msg(study_kit_load(&s, "",
                                 "seeds: [4]\naxes: {order_seed: [-1, 4, 9], init_seed: [-1, 2]}\n",
                                 NULL, 0, PROFILE_QUICK) == 0,
                  "%s", fail_text());
    ck_assert_int_eq(s.n_runs, 6);
    ck_assert_uint_eq(recipe_order_seed(&s.runs[0].recipe), 4);
    ck_assert_uint_eq(recipe_init_seed(&s.runs[0].recipe), 4);
    ck_assert_ptr_null(json_object_get(s.runs[0].recipe.config, "order_seed"));
    ck_assert_ptr_nonnull(json_object_get(s.runs[2].recipe.config, "order_seed"));
    ck_assert_uint_eq(recipe_order_seed(&s.runs[5].recipe), 9);
    ck_assert_uint_eq(recipe_init_seed(&s.runs[5].recipe), 2);
    study_free(&s);
}
END_TEST

START_TEST(longer_form)
{
    static const char body[] = "seeds: 2\naxes: {rank: [1, 2]}\n"
                               "full: {base: {lr: 0.5}, axes: {rank: [1, 2, 4]}, seeds: 3}\n";
    struct study s;

    ck_assert_msg(study_kit_load(&s, "lr: 0.1", body, NULL, 0, PROFILE_FULL) == 0, "%s",
                  fail_text());
    ck_assert_int_eq(s.n_runs, 9);
    ck_assert_double_eq(s.runs[8].recipe.train.lr, 0.5);
    study_free(&s);
    ck_assert_int_eq(study_kit_load(&s, "", "seeds: 2\n", NULL, 0, PROFILE_FULL), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "no longer form"));
}
END_TEST

START_TEST(trials_differ_in_nuisance_only)
{
    struct study s;

    ck_assert_int_eq(
        study_kit_load(&s, "", "seeds: 2\naxes: {rank: [1, 2]}\nnuisance: {lr: [1e-3, 1e-2]}\n",
                       NULL, 0, PROFILE_QUICK),
        0);
    for (int i = 1; i < s.n_runs; i++) {
        const struct plan_run *a = &s.runs[i - 1], *b = &s.runs[i];
        bool same_rank = i != 4;
        ck_assert_int_eq(strcmp(a->point, b->point) == 0, same_rank);
        ck_assert_int_eq(strcmp(a->recipe.cell, b->recipe.cell) == 0, i % 2 == 1);
    }
    ck_assert_str_eq(s.runs[0].trial, "{\"lr\":0.001}");
    ck_assert_str_eq(s.runs[2].trial, "{\"lr\":0.01}");
    study_free(&s);
}
END_TEST

/* The key depends on the content of files, not on their path. */
START_TEST(key_has_content_not_paths)
{
    struct study s;
    char key[65];
    char mv[] = "mv", *moved = path_join(study_kit.dir, "model2");

    ck_assert_int_eq(study_kit_load(&s, "seed: 1", "", NULL, 0, PROFILE_QUICK), 0);
    memcpy(key, s.runs[0].recipe.key, sizeof key);
    study_free(&s);
    char *argv[] = { mv, study_kit.model, moved, NULL };
    ck_assert_int_eq(spawn_wait(argv, NULL, 0, 20), 0);
    free(study_kit.model);
    study_kit.model = moved;
    ck_assert_msg(study_kit_load(&s, "seed: 1", "", NULL, 0, PROFILE_QUICK) == 0, "%s",
                  fail_text());
    ck_assert_str_eq(s.runs[0].recipe.key, key);
    study_free(&s);
}
END_TEST

START_TEST(changed_input_is_reported)
{
    struct study s;

    ck_assert_int_eq(study_kit_load(&s, "seed: 1", "", NULL, 0, PROFILE_QUICK), 0);
    ck_assert_int_eq(inputs_check(&s.runs[0].recipe), 0);
    temp_file(study_kit.dir, "data/toy/train.tsv", "text\tlabel\na a\tx\nb c\ty\n");
    ck_assert_int_eq(inputs_check(&s.runs[0].recipe), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), "changed since the plan"), "%s", fail_text());
    study_free(&s);
}
END_TEST

START_TEST(broken_cache_is_ignored)
{
    struct study s;

    char *cache = path_join(study_kit.dir, "cache");
    ck_assert_int_eq(make_dirs(cache), 0);
    free(cache);
    temp_file(study_kit.dir, "cache/sha256.json", "{\"half");
    ck_assert_msg(study_kit_load(&s, "seed: 1", "", NULL, 0, PROFILE_QUICK) == 0, "%s",
                  fail_text());
    study_free(&s);
}
END_TEST

/* A study without a valid name, from its file or from "study". */
START_TEST(invalid_name_is_refused)
{
    static const char *const names[] = { "a b", "a/b", "a.b", "a\\tb", "run" };
    struct study s;
    char *text = xprintf("study: \"%s\"\nseeds: 1\n", names[_i]),
         *path = path_join(study_kit.dir, "s.yaml");

    temp_file(study_kit.dir, "s.yaml", text);
    ck_assert_int_eq(study_load(&s, &study_kit.session, path, NULL, 0, PROFILE_QUICK, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), "'study' is '"), "%s", fail_text());
    free(path);
    free(text);
}
END_TEST

START_TEST(memory_is_checked)
{
    struct study s;
    bool pending[4] = { true, true, true, true };

    ck_assert_int_eq(study_kit_load(&s, "", "seeds: 4\n", NULL, 0, PROFILE_QUICK), 0);
    ck_assert_int_eq(memory_study(&s, NULL, 1), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_gt(s.runs[i].rss, 1000);
    ck_assert_int_eq(memory_check(&s, pending, 4), 0);
    for (int i = 0; i < 4; i++)
        s.runs[i].rss = i < 2 ? (size_t)1 << 60 : 1;
    ck_assert_int_eq(memory_check(&s, pending, 4), -1);
    ck_assert_int_eq(fail_code(), FAIL_MEMORY);
    ck_assert_msg(strstr(fail_text(), "one worker needs"), "%s", fail_text());
    study_free(&s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, study_kit_setup, study_kit_teardown);
    tcase_add_loop_test(tc, study_has_this_size, 0, (int)ARRAY_LEN(sizes));
    tcase_add_loop_test(tc, mistake_is_reported, 0, (int)ARRAY_LEN(faults));
    tcase_add_loop_test(tc, budget_determines_the_rank, 0, (int)ARRAY_LEN(budgets));
    tcase_add_test(tc, words_win);
    tcase_add_test(tc, conditions_set_keys);
    tcase_add_test(tc, streams_have_seeds);
    tcase_add_test(tc, longer_form);
    tcase_add_test(tc, trials_differ_in_nuisance_only);
    tcase_add_test(tc, key_has_content_not_paths);
    tcase_add_test(tc, changed_input_is_reported);
    tcase_add_test(tc, broken_cache_is_ignored);
    tcase_add_loop_test(tc, invalid_name_is_refused, 0, 5);
    tcase_add_test(tc, memory_is_checked);
}

const struct suite suite_study = { "study", fill };
