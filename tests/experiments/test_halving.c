/* test_halving.c - which trials of a search go on and which one is chosen, judged on planted
 * evaluations. An epoch of the small task is one step. */
#include "tests/kit/store_kit.h"
#include "tests/kit/study_kit.h"
#include "tests/kit/suite.h"
#include "experiments/study/study_store.h"
#include "experiments/study/tune.h"
#include "results/query/query.h"
#include "results/store/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void load(struct study *s, const char *base, const char *body)
{
    ck_assert_msg(study_kit_load(s, base, body, NULL, 0, PROFILE_QUICK) == 0, "%s", fail_text());
}

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

/* Scores 0.5, 0.6 and 0.8 of three trials, one of four diverged: of two trials drawn at random the
 * best is at or below the i-th worst with (i/4)^2. */
static double stairs(double lr, long epoch, long seed)
{
    (void)epoch, (void)seed;
    return lr > 3 ? INFINITY : lr > 2 ? 0.8 : lr > 1 ? 0.6 : 0.5;
}

START_TEST(the_expected_best_of_k_trials)
{
    struct study s;
    struct store *store = kit_store();
    struct tune_stage stage;
    char want[32];

    sweep(&s, &stage, store, "epochs: 2",
          "seeds: 1\nsearch: {lr: {grid: [0.5, 1.5, 2.5, 3.5]}, extend: 0}\n", stairs, false);
    static const char *const params[] = { "study", "t", NULL };
    struct rows r;
    ck_assert_msg(query_named(store, &r, "budget", params) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_rows, 1);
    snprintf(want, sizeof want, "%.2f", 100 * (0.5 + 0.5 + 0.6 + 0.8) / 4);
    ck_assert_str_eq(rows_get(&r, 0, "k = 1"), want);
    snprintf(want, sizeof want, "%.2f", 100 * (0.5 * 4 + 0.6 * 5 + 0.8 * 7) / 16);
    ck_assert_str_eq(rows_get(&r, 0, "k = 2"), want);
    ck_assert_str_eq(rows_get(&r, 0, "best lr"), "2.5");
    ck_assert_str_eq(rows_get(&r, 0, "diverged"), "1");
    ck_assert_str_eq(rows_get(&r, 0, "trials"), "4");
    rows_free(&r);
    study_free(&s);
    store_close(store);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, study_kit_setup, study_kit_teardown);
    tcase_add_loop_test(tc, halving_finds_the_top, 0, 2);
    tcase_add_test(tc, without_halving_all_are_trained);
    tcase_add_test(tc, diverged_trials_lose);
    tcase_add_test(tc, an_arm_may_be_hopeless);
    tcase_add_loop_test(tc, edges_are_left_or_flagged, 0, (int)ARRAY_LEN(edges));
    tcase_add_test(tc, extensions_are_halved);
    tcase_add_test(tc, a_failure_blocks_its_arm);
    tcase_add_test(tc, a_new_choice_replaces_the_old_one);
    tcase_add_test(tc, the_expected_best_of_k_trials);
}

const struct suite suite_halving = { "halving", fill };
