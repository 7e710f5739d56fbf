/* test_search.c - studies that tune: the values of trials, rungs, and choices, judged on planted
 * evaluations. */
#include "tests/kit/store_kit.h"
#include "tests/kit/study_kit.h"
#include "tests/kit/suite.h"
#include "experiments/study/study_store.h"
#include "experiments/study/tune.h"
#include "results/store/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void load(struct study *s, const char *base, const char *body)
{
    ck_assert_msg(study_kit_load(s, base, body, NULL, 0, PROFILE_QUICK) == 0, "%s", fail_text());
}

/* --- study files */

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
    load(&s, "", "axes: {method: [lora, ft]}\nsearch: {alpha: {grid: [1, 2, 4]}}\n");
    ck_assert_int_eq(s.arms->arm[0].n_trials, 3);
    ck_assert_int_eq(s.arms->arm[1].n_trials, 1);
    study_free(&s);
}
END_TEST

/* --- planted evaluations: an epoch of the small task is one step */

typedef double (*curve)(double lr, long epoch, long seed); /* INFINITY: it diverges there */

/* What a worker would do with a run up to P->until. */
static void train_planted(struct store *store, const struct plan_run *p, curve f)
{
    const struct recipe *r = &p->recipe;
    long epochs = p->until ? p->until : r->train.epochs;
    struct attempt_end e = { .state = p->until ? STATE_QUEUED : STATE_DONE };
    struct lease l;
    double best = -1;

    ck_assert_int_eq(lease_take(store, "t", r->key, 60, &l), 1);
    for (e.last_step = 1; e.last_step <= epochs; e.last_step++) {
        double x = f(r->train.lr, e.last_step, r->run.seed);
        if (isinf(x)) {
            e.state = STATE_DIVERGED;
            break;
        }
        best = x > best ? x : best;
        ck_assert_int_eq(metrics_add(store, &l, e.last_step, "dev", "accuracy", x), 0);
    }
    e.last_step -= e.state != STATE_DIVERGED;
    if (e.state == STATE_DONE)
        ck_assert_int_eq(metrics_add(store, &l, e.last_step, "best", "accuracy", best), 0);
    ck_assert_int_eq(lease_finish(store, &l, &e, false), 1);
    lease_free(&l);
}

/* Sweep until nothing is wanted; with ONE the study is loaded and judged anew after each run.
 * Returns the epochs that were trained. */
static long sweep(struct study *s, struct tune_stage *stage, struct store *store, const char *base,
                  const char *body, curve f, bool one)
{
    long epochs = 0;

    for (int turn = 0;; turn++) {
        bool *wanted = NULL;
        int n = 0;
        ck_assert_int_lt(turn, 500);
        load(s, base, body);
        ck_assert_msg(tune_study(stage, &wanted, s, store) == 0, "%s", fail_text());
        ck_assert_int_eq(study_store_put(store, s), 0);
        for (int i = 0; i < s->n_runs && (!one || n == 0); i++) {
            if (!wanted[i])
                continue;
            const struct plan_run *p = &s->runs[i];
            train_planted(store, p, f);
            epochs += (p->until ? p->until : p->recipe.train.epochs) - p->since;
            n++;
        }
        free(wanted);
        if (n == 0)
            return epochs;
        study_free(s);
    }
}

/* A hill over log2(lr) with its top at 8e-3, on which all trials rise at the same pace. */
static double hill(double lr, long epoch, long seed)
{
    double x = log2(lr / 8e-3);

    return 0.9 - 0.02 * x * x - 0.3 / (double)epoch + 1e-4 * (double)(seed % 10);
}
static const char trials8[] = "seeds: 3\nsearch: {lr: {log: [1e-3, 0.128]}, trials: 8%s}\n";

/* The trial's text and outcome, "0.008 chosen@8", of all that have one of these outcomes. */
static const char *trials_of(struct store *store, const char *outcomes)
{
    char *sql = xprintf("SELECT group_concat(json_extract(trial, '$.lr') || '@' || trained, ' ')"
                        " FROM (SELECT * FROM study_tuning WHERE outcome IN (%s) ORDER BY lr)",
                        outcomes);
    const char *text = kit_text(store, sql);

    free(sql);
    return text;
}

START_TEST(halving_finds_the_top)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    char *body = xprintf(trials8, ", halving: true");

    long epochs = sweep(&s, &stage, store, "epochs: 8", body, hill, _i == 1);
    ck_assert_int_eq(stage.chosen, 1);
    ck_assert_int_eq(stage.rung, 0);
    ck_assert_str_eq(trials_of(store, "'chosen'"), "0.008@8");
    ck_assert_str_eq(trials_of(store, "'lost'"), "0.004@8");
    /* of 8 trials 4 go on, and of these 2; a tie of 0.004 and 0.016 goes to the smaller */
    ck_assert_str_eq(trials_of(store, "'stopped'"),
                     "0.001@2 0.002@4 0.016@4 0.032@2 0.064@2 0.128@2");
    /* two tuning seeds, and three that are reported */
    ck_assert_int_eq(epochs, 2 * (8 * 2 + 4 * 2 + 2 * 4) + 3 * 8);
    struct tune_cost c = tune_cost(&s, &s.arms->arm[0]);
    ck_assert_double_eq(c.full, 2 * 8 * 8);
    ck_assert_double_eq(c.rungs, 2 * (8 * 2 + 4 * 2 + 2 * 4));
    ck_assert_str_eq(kit_text(store, "SELECT lr || ' ' || n FROM study_cells"), "0.008 3");
    ck_assert_str_eq(kit_text(store, "SELECT printf('%.5f', score) || ' ' || n FROM study_tuning"
                                     " WHERE outcome = 'chosen'"),
                     "0.86265 2");
    study_free(&s);
    free(body);
    store_close(store);
}
END_TEST

START_TEST(without_halving_all_are_trained)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    char *body = xprintf(trials8, "");

    ck_assert_int_eq(sweep(&s, &stage, store, "epochs: 2", body, hill, false), 2 * 8 * 2 + 3 * 2);
    ck_assert_str_eq(trials_of(store, "'chosen'"), "0.008@2");
    ck_assert_str_eq(trials_of(store, "'stopped', 'open'"), "");
    study_free(&s);
    free(body);
    store_close(store);
}
END_TEST

/* A trial that diverges with one of its seeds loses, however good the other is. */
static double cliff(double lr, long epoch, long seed)
{
    return lr > 7e-3 && seed == 1002 && epoch == 2 ? INFINITY : hill(lr, epoch, seed);
}

START_TEST(diverged_trials_lose)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    char *body = xprintf(trials8, ", halving: true");

    sweep(&s, &stage, store, "epochs: 8", body, cliff, false);
    ck_assert_str_eq(trials_of(store, "'chosen'"), "0.004@8");
    ck_assert_str_eq(kit_text(store, "SELECT group_concat(shown, '; ') FROM (SELECT shown FROM"
                                     " study_tuning WHERE n_diverged ORDER BY lr LIMIT 1)"),
                     "75.0 (1), 1 diverged");
    study_free(&s);
    free(body);
    store_close(store);
}
END_TEST

static double never(double lr, long epoch, long seed)
{
    return lr > 0 && epoch > 0 && seed >= 0 ? INFINITY : 0;
}

START_TEST(an_arm_may_be_hopeless)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;

    sweep(&s, &stage, store, "epochs: 2", "search: {lr: {grid: [1, 2]}}\n", never, false);
    ck_assert_int_eq(stage.hopeless, 1);
    ck_assert_int_eq(stage.chosen, 0);
    ck_assert_str_eq(kit_text(store, "SELECT count(*) FROM sweep_run"), "0");
    study_free(&s);
    store_close(store);
}
END_TEST

/* The best rate is beyond the range: the arm goes there, as often as it may, and says so if it
 * still is at an edge. */
static const struct {
    const char *body, *chosen, *edge;
    long epochs;
} edges[] = {
    { "search: {lr: {log: [1e-3, 4e-3]}, trials: 3}\n", "0.008@4", "", 3 + 2 },
    { "search: {lr: {log: [1e-3, 2e-3]}, trials: 2, extend: 1}\n", "0.004@4", "lr: largest tried",
      2 + 1 },
    { "search: {lr: {log: [1e-3, 2e-3]}, trials: 2, extend: 0}\n", "0.002@4", "lr: largest tried",
      2 },
    { "search: {lr: {grid: [0.016, 0.032, 0.128]}}\n", "0.008@4", "", 3 + 2 },
    { "search: {lr: {log: [4e-3, 1.6e-2]}, trials: 3}\n", "0.008@4", "", 3 },
};

START_TEST(edges_are_left_or_flagged)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    char *body = xprintf("seeds: 1\n%s", edges[_i].body);

    long epochs = sweep(&s, &stage, store, "epochs: 4", body, hill, _i % 2);
    ck_assert_str_eq(trials_of(store, "'chosen'"), edges[_i].chosen);
    ck_assert_str_eq(kit_text(store, "SELECT edge FROM study_tuning WHERE outcome = 'chosen'"),
                     edges[_i].edge);
    ck_assert_int_eq(epochs, 4 * (2 * edges[_i].epochs + 1));
    study_free(&s);
    free(body);
    store_close(store);
}
END_TEST

/* A trial beyond an edge must beat the best one at each rung. */
START_TEST(extensions_are_halved)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;

    sweep(&s, &stage, store, "epochs: 4",
          "seeds: 1\nsearch: {lr: {grid: [8e-3, 1.6e-2]}, halving: true}\n", hill, false);
    ck_assert_str_eq(trials_of(store, "'chosen'"), "0.008@4");
    ck_assert_str_eq(trials_of(store, "'stopped'"), "0.004@2 0.016@2");
    ck_assert_str_eq(kit_text(store, "SELECT extension FROM study_tuning WHERE lr = 0.004"), "1");
    study_free(&s);
    store_close(store);
}
END_TEST

/* A run that failed holds up its arm alone. */
START_TEST(a_failure_blocks_its_arm)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    struct lease l;
    static const char body[] = "seeds: 1\naxes: {rank: [1, 2]}\n"
                               "search: {lr: {grid: [4e-3, 8e-3, 1.6e-2]}}\n";

    load(&s, "epochs: 2", body);
    ck_assert_int_eq(study_store_put(store, &s), 0);
    ck_assert_int_eq(lease_take(store, "t", s.runs[0].recipe.key, 60, &l), 1);
    ck_assert_int_eq(lease_finish(store, &l, &(struct attempt_end){ .state = STATE_FAILED }, false),
                     1);
    lease_free(&l);
    study_free(&s);
    sweep(&s, &stage, store, "epochs: 2", body, hill, false);
    ck_assert_int_eq(stage.chosen, 1);
    ck_assert_int_eq(stage.blocked, 1);
    ck_assert_int_eq(s.arms->arm[0].chosen, -1);
    study_free(&s);
    ck_assert_int_eq(store_requeue(store, "t", false), 1);
    sweep(&s, &stage, store, "epochs: 2", body, hill, false);
    ck_assert_int_eq(stage.chosen, 2);
    study_free(&s);
    store_close(store);
}
END_TEST

/* Another choice takes the place of the old one in what is reported; arms that a command does not
 * name keep theirs. */
START_TEST(a_new_choice_replaces_the_old_one)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    static const char own[] = "SELECT group_concat(rank || ':' || lr, ' ') FROM (SELECT rank, lr"
                              " FROM study_cells ORDER BY rank)";

    sweep(&s, &stage, store, "epochs: 2",
          "seeds: 2\naxes: {rank: [1, 2]}\nsearch: {lr: {grid: [1e-3, 2e-3]}, extend: 0}\n", hill,
          false);
    study_free(&s);
    ck_assert_str_eq(kit_text(store, own), "1:0.002 2:0.002");
    sweep(&s, &stage, store, "epochs: 2",
          "seeds: 2\naxes: {rank: [1]}\nsearch: {lr: {grid: [2e-3, 4e-3]}, extend: 0}\n", hill,
          false);
    study_free(&s);
    ck_assert_str_eq(kit_text(store, own), "1:0.004 2:0.002");
    ck_assert_str_eq(kit_text(store, "SELECT count(*) FROM study_tuning"), "4");
    store_close(store);
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
    tcase_add_loop_test(tc, halving_finds_the_top, 0, 2);
    tcase_add_test(tc, without_halving_all_are_trained);
    tcase_add_test(tc, diverged_trials_lose);
    tcase_add_test(tc, an_arm_may_be_hopeless);
    tcase_add_loop_test(tc, edges_are_left_or_flagged, 0, (int)ARRAY_LEN(edges));
    tcase_add_test(tc, extensions_are_halved);
    tcase_add_test(tc, a_failure_blocks_its_arm);
    tcase_add_test(tc, a_new_choice_replaces_the_old_one);
}

const struct suite suite_search = { "search", fill };
