/* test_search.c - study files that tune: the values of trials, rungs, mistakes, and budgets. */
#include "tests/kit/study_kit.h"
#include "tests/kit/suite.h"
#include "experiments/study/tune.h"

#include <stdlib.h>
#include <string.h>

static void load(struct study *s, const char *base, const char *body)
{
    ck_assert_msg(study_kit_load(s, base, body, NULL, 0, PROFILE_QUICK) == 0, "%s", fail_text());
}

static const struct {
    const char *body, *values; /* of all trials: "lr alpha; ..." */
} values[] = {
    { "search: {lr: {log: [1e-3, 8e-3]}, trials: 4}\n", "0.001; 0.002; 0.004; 0.008" },
    { "search: {lr: {log: [1e-4, 1e-1]}, trials: 4}\n", "0.0001; 0.001; 0.01; 0.1" },
    { "search: {classifier_dropout: {linear: [0, 0.2]}, trials: 3}\n", "0; 0.1; 0.2" },
    { "search: {rank: {log: [1, 16]}, trials: 3}\n", "1; 4; 16" },
    { "search: {lr: {grid: [1e-2, 1e-3]}}\n", "1e-2; 1e-3" },
    { "search: {alpha: {grid: [1, 2]}, lr: {grid: [1e-3, 1e-2, 1e-1]}}\n",
      "1 1e-3; 1 1e-2; 1 1e-1; 2 1e-3; 2 1e-2; 2 1e-1" },
    /* the R2 sequence with 0.5: frac(0.5 + i (0.7548776662, 0.5698402910)), in [1e-4, 1] */
    { "search: {lr: {log: [1e-4, 1]}, classifier_dropout: {linear: [0, 0.5]}, trials: 3}\n",
      "0.00105 0.0349; 0.000109 0.32; 0.114 0.105" },
};

START_TEST(trials_have_these_values)
{
    struct study s;
    char *got = NULL;
    size_t size;
    FILE *f = open_memstream(&got, &size);

    load(&s, "", values[_i].body);
    const struct axes *v = &arms_search(&s)->axes;
    for (int t = 0; t < v->a[0].n; t++)
        for (int k = 0; k < v->n; k++)
            fprintf(f, "%s%s", k ? " " : t ? "; " : "", v->a[k].value[t]);
    fclose(f);
    ck_assert_str_eq(got, values[_i].values);
    ck_assert_int_eq(s.arms->n, 1);
    ck_assert_int_eq(s.n_runs, 2 * v->a[0].n);
    free(got);
    study_free(&s);
}
END_TEST

static const struct {
    int n, halving;
    long epochs;
    const char *rungs; /* "trials:epochs ..." */
} rungs[] = {
    { 16, 2, 8, "16:1 8:2 4:4 2:8" },
    { 16, 2, 5, "16:1 8:2 4:3 2:5" },
    { 16, 2, 20, "16:2 8:5 4:10 2:20" },
    { 8, 2, 2, "8:1 4:2" },
    { 3, 2, 2, "3:1 2:2" },
    { 3, 3, 2, "3:1 1:2" },
    { 2, 2, 3, "2:1 1:3" },
    { 8, 0, 3, "8:3" },
    { 8, 2, 1, "8:1" },
    { 16, 4, 8, "16:2 4:8" },
};

START_TEST(rungs_are_these)
{
    struct search s = { .halving = rungs[_i].halving };
    struct search_rung r[MOST_RUNGS];
    char text[128] = "";
    int n = search_rungs(r, &s, rungs[_i].n, rungs[_i].epochs);

    for (int k = 0; k < n; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d:%ld", k ? " " : "", r[k].n,
                 r[k].epochs);
    ck_assert_str_eq(text, rungs[_i].rungs);
}
END_TEST

static const struct {
    const char *body, *parts[2];
} faults[] = {
    { "search: [lr]\n", { "s.yaml:3:9:", "must be a mapping" } },
    { "search: {trials: 3}\n", { "s.yaml:3:9:", "names no key" } },
    { "search: {lr: {log: [1e-3, 1e-1]}}\n", { "s.yaml:3:9:", "needs 'trials'" } },
    { "search: {lr: [1e-3, 1e-1], trials: 3}\n", { "s.yaml:3:14:", "{log: [LOW, HIGH]}" } },
    { "search: {lr: {log: [1e-1, 1e-3]}, trials: 3}\n", { "s.yaml:3:20:", "lower bound" } },
    { "search: {lr: {log: [0, 1e-3]}, trials: 3}\n", { "s.yaml:3:20:", "above 0" } },
    { "search: {lr: {log: [x, 1]}, trials: 3}\n", { "s.yaml:3:21:", "'lr' must be a number" } },
    { "search: {lr: {log: [1e-3]}, trials: 3}\n", { "s.yaml:3:20:", "two bounds" } },
    { "search: {targets: {log: [1, 2]}, trials: 3}\n", { "s.yaml:3:25:", "no number" } },
    { "search: {lr: {grid: [1e-3, 0.001]}}\n", { "s.yaml:3:28:", "must differ" } },
    { "search: {lr: {grid: [1e-3]}}\n", { "s.yaml:3:21:", "at least two values" } },
    { "search: {lr: {grid: [1e-3, 1e-2]}, trials: 3}\n", { "s.yaml:3:44:", "the grid has 2" } },
    { "search: {lrr: {grid: [1, 2]}}\n", { "s.yaml:3:10:", "did you mean 'lr'?" } },
    { "search: {lr: {grid: [1, 2]}, trails: 2}\n", { "s.yaml:3:30:", "did you mean 'trials'?" } },
    { "search: {lr: {grid: [1, 2]}, seeds: 1}\n", { "s.yaml:3:37:", "at least two tuning seeds" } },
    { "search: {lr: {grid: [1, 2]}, seeds: [3, 3]}\n", { "s.yaml:3:37:", "named twice" } },
    { "search: {lr: {grid: [1, 2]}, halving: 1}\n", { "s.yaml:3:39:", "true, false, or" } },
    { "search: {lr: {grid: [1, 2]}, extend: x}\n", { "s.yaml:3:38:", "'extend' must be" } },
    { "search: {epochs: {grid: [1, 2]}}\n", { "s.yaml:3:10:", "cannot be searched" } },
    { "axes: {lr: [1, 2]}\nsearch: {lr: {grid: [1, 2]}}\n", { "s.yaml:", "two places" } },
    { "nuisance: {lr: [1, 2]}\nsearch: {alpha: {grid: [1, 2]}}\n", { "s.yaml:", "not both" } },
    { "search: {lr: {grid: [1, 2]}}\nwhen: [{if: {method: lora}, set: {lr: 1}}]\n",
      { "s.yaml:4:", "'lr' is varied" } },
};

START_TEST(mistake_is_reported)
{
    struct study s;

    ck_assert_msg(study_kit_load(&s, "", faults[_i].body, NULL, 0, PROFILE_QUICK) == -1,
                  "accepted: %s", faults[_i].body);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    for (int k = 0; k < 2; k++)
        ck_assert_msg(strstr(fail_text(), faults[_i].parts[k]), "'%s' is not in: %s",
                      faults[_i].parts[k], fail_text());
}
END_TEST

/* A word for a searched key ends the search for it; that of the last one ends the search. */
START_TEST(words_end_the_search)
{
    struct study s;
    struct settings w = { 0 };

    ck_assert_int_eq(settings_word(&w, "lr=0.5"), 0);
    ck_assert_int_eq(study_kit_load(&s, "",
                                    "seeds: 3\n"
                                    "search: {lr: {grid: [1, 2]}, alpha: {grid: [1, 2, 4]}}\n",
                                    &w, 0, PROFILE_QUICK),
                     0);
    ck_assert_int_eq(arms_search(&s)->axes.n, 1);
    ck_assert_int_eq(s.arms->arm[0].n_trials, 3);
    study_free(&s);
    ck_assert_int_eq(settings_word(&w, "alpha=2"), 0);
    ck_assert_int_eq(study_kit_load(&s, "",
                                    "seeds: 3\n"
                                    "search: {lr: {grid: [1, 2]}, alpha: {grid: [1, 2, 4]}}\n",
                                    &w, 0, PROFILE_QUICK),
                     0);
    ck_assert_ptr_null(s.arms);
    ck_assert_int_eq(s.n_runs, 3);
    study_free(&s);
    settings_free(&w);
}
END_TEST

/* Every arm has the same number of trials and tuning seeds; a method without the searched key is
 * tried once. */
START_TEST(arms_have_equal_budgets)
{
    struct study s;

    load(&s, "",
         "seeds: 3\naxes: {method: [lora, ft], rank: [1, 2]}\n"
         "search: {lr: {log: [1e-3, 1e-1]}, trials: 5, seeds: [7, 8, 9]}\n");
    ck_assert_int_eq(s.arms->n, 3);
    ck_assert_int_eq(s.n_runs, 3 * 5 * 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(s.arms->arm[i].n_trials, 5);
    for (int i = 0; i < s.n_runs; i++)
        ck_assert(s.runs[i].tunes && !s.runs[i].reports);
    study_free(&s);
    load(&s, "", "seeds: [3, 1, 3]\nsearch: {lr: {grid: [1, 2]}}\n");
    ck_assert_int_eq(s.arms->grid.n_seeds, 2);
    study_free(&s);
    load(&s, "", "axes: {method: [lora, ft]}\nsearch: {alpha: {grid: [1, 2, 4]}}\n");
    ck_assert_int_eq(s.arms->arm[0].n_trials, 3);
    ck_assert_int_eq(s.arms->arm[1].n_trials, 1);
    study_free(&s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, study_kit_setup, study_kit_teardown);
    tcase_add_loop_test(tc, trials_have_these_values, 0, (int)ARRAY_LEN(values));
    tcase_add_loop_test(tc, rungs_are_these, 0, (int)ARRAY_LEN(rungs));
    tcase_add_loop_test(tc, mistake_is_reported, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, words_end_the_search);
    tcase_add_test(tc, arms_have_equal_budgets);
}

const struct suite suite_search = { "search", fill };
