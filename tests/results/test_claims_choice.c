/* test_claims_choice.c - what a claim compares: settings that a side chooses, trials, averages over
 * tasks, tasks on which nothing was learned. */
#include "tests/kit/claims_kit.h"
#include "results/verdicts/claims_text.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- settings */

static const struct cell four[] = { { "\"method\":\"p\",\"rank\":8", 0.80, 0, 0 },
                                    { "\"method\":\"p\",\"rank\":1", 0.70, 0, 0 },
                                    { "\"method\":\"p\",\"rank\":4", 0.78, 0, 0 },
                                    { "\"method\":\"p\",\"rank\":2", 0.75, 0, 0 } };
#define BOTH_P "kind: better\nmargin: 0.002\nwith: {a: {method: p}, b: {method: p}, by: method, "

/* A queued seed has no attempt yet, so its run has no number of parameters to choose by. */
START_TEST(a_queued_seed_changes_no_choice)
{
    const char *lines = BOTH_P "pick_a: largest, pick_b: smallest}\n";
    struct store *s = planted("rank", "accuracy", four, 4, 3, 0);

    kit_sql(kit_path("t.db"),
            "INSERT INTO run(run_key, cell_key, config, created) SELECT hex(randomblob(32)),"
            " cell_key, json_set(config, '$.seed', 4), 0 FROM run WHERE seed = 1;"
            " INSERT INTO sweep_run SELECT p.plan_id, n.run_id, p.point, p.trial, p.ordinal"
            " FROM run n JOIN run o ON o.cell_key = n.cell_key AND o.seed = 1"
            " JOIN sweep_run p ON p.run_id = o.run_id WHERE n.seed = 4");
    struct claims c = judged(s, &lines, 1);
    ck_assert_int_eq(c.row[0].n_parts, 1);
    ck_assert_str_eq(c.row[0].part[0].label, "rank=8 against rank=1");
    ck_assert_int_eq(c.row[0].part[0].d.n, 3);
    ck_assert_int_eq(c.row[0].verdict, HOLDS);
    claims_free(&c);
    store_close(s);
    /* A setting that was never run could be the largest. */
    judge_one(planted("rank", "accuracy", four, 4, 3, 3), lines, UNDECIDED,
              "a setting to choose from has no finished run");
}
END_TEST

/* When the largest setting is also the best, the other side's best comes from the rest. */
START_TEST(extremes_are_chosen_first)
{
    const char *const all[] = {
        "kind: not_worse\nmargin: 0.01\nwith: {a: {method: p}, b: {method: p}, by: method, pick_a: "
        "largest, pick_b: best}\n",
        BOTH_P "pick_a: best, pick_b: largest}\n",
    };
    struct store *s = planted("rank", "accuracy", four, 4, 3, 0);
    struct claims c = judged(s, all, 2);

    ck_assert_str_eq(c.row[0].part[0].label, "rank=8 against rank=4 (best of 3)");
    ck_assert_str_eq(c.row[1].part[0].label, "rank=4 (best of 3) against rank=8");
    ck_assert(c.row[0].verdict == HOLDS && c.row[1].verdict == FAILS);
    /* The best of three: its p-value is multiplied by three. */
    const struct claim_part *p = &c.row[0].part[0];
    ck_assert_int_eq((int)p->tried, 3);
    ck_assert(p->p > 0 && p->p == 3 * stats_joint_p(&p->joint, p->d.mean, -0.01));
    claims_free(&c);
    store_close(s);
}
END_TEST

/* --- trials */

/* A trial is not chosen when one of its seeds diverged or is missing. */
START_TEST(a_trial_that_diverged_is_not_chosen)
{
    static const char *const harm[] = {
        "UPDATE run SET state = 'diverged' WHERE seed = 2 AND lr > 0.0035",
        "UPDATE run SET state = 'queued' WHERE seed = 2 AND lr > 0.0035",
    };
    struct cell cell[] = { { "\"rank\":1", 0.70, 1e-3, 0 },
                           { "\"rank\":1", 0.80, 2e-3, 0 },
                           { "\"rank\":1", 0.90, 4e-3, 0 },
                           { "\"rank\":64", 0.75, 0, 0 } };
    const char *lines = "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);

    kit_sql(kit_path("t.db"), harm[_i]);
    struct claims c = judged(s, &lines, 1);
    ck_assert_double_eq_tol(c.row[0].part[0].a.mean, 0.80, 3e-3);
    ck_assert_int_eq(c.row[0].part[0].n_lost, 0);
    ck_assert_int_eq(c.row[0].verdict, HOLDS);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* When the best rate is the smallest or largest tried, a better one may lie beyond it. */
START_TEST(an_optimum_at_the_edge)
{
    struct cell cell[] = { { "\"rank\":1", 0.70, 1e-3, 0 },  { "\"rank\":1", 0.75, 2e-3, 0 },
                           { "\"rank\":1", 0.80, 4e-3, 0 },  { "\"rank\":64", 0.80, 1e-3, 0 },
                           { "\"rank\":64", 0.90, 2e-3, 0 }, { "\"rank\":64", 0.80, 4e-3, 0 } };
    const char *lines = "kind: equal\nmargin: 0.01\nwith: {a: {rank: 1}, b: {rank: 64}}\n";

    judge_one(planted("rank", "accuracy", cell, 6, 3, 0), lines, UNDECIDED,
              "the best lr of rank=1 is the largest tried, 0.004");
    cell[2].mean = 0.70;
    judge_one(planted("rank", "accuracy", cell, 6, 3, 0), lines, FAILS, NULL);
    cell[3].mean = 0.95;
    judge_one(planted("rank", "accuracy", cell, 6, 3, 0), lines, UNDECIDED,
              "the best lr of rank=64 is the smallest tried, 0.001");
}
END_TEST

/* --- units */

/* Cells that differ in a key that neither the claim nor an axis names. */
START_TEST(a_seed_counts_once)
{
    struct cell cell[] = { { "\"rank\":1,\"epochs\":1", 0.85, 0, 0 },
                           { "\"rank\":1,\"epochs\":2", 0.86, 0, 0 },
                           { "\"rank\":64,\"epochs\":1", 0.80, 0, 0 } };
    const char *loose = "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    const char *tight =
        "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}, match: [epochs]}\n";

    judge_one(planted("rank", "accuracy", cell, 3, 3, 0), loose, UNDECIDED,
              "some of the seeds occur more than once (rank=1 against rank=64): the runs differ in "
              "a key");
    judge_one(planted("rank", "accuracy", cell, 3, 3, 0), tight, HOLDS, NULL);
}
END_TEST

/* --- tasks */

#define LORA(task) "\"method\":\"lora\",\"task\":\"" task "\""
#define OTHER(task) "\"method\":\"p\",\"task\":\"" task "\""
#define AVERAGE "average: true\nwith: {a: {method: lora}, b: {method: p}}\n"

/* Better on one task, a little worse on another: the average is what is tested. */
START_TEST(tasks_are_averaged)
{
    struct cell cell[] = { { LORA("t"), 0.85, 0, 850 },
                           { OTHER("t"), 0.75, 0, 750 },
                           { LORA("u"), 0.80, 0, 800 },
                           { OTHER("u"), 0.81, 0, 810 } };
    const char *lines = "kind: better\nmargin: 0.002\n" AVERAGE;
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(c.n_rows, 3);
    for (int i = 0; i < 2; i++) {
        ck_assert(c.row[i].verdict == DESCRIBED && isnan(c.row[i].p_holm) && !c.row[i].why);
        ck_assert_int_eq(c.row[i].part[0].d.n, 3);
    }
    const struct claim_row *row = &c.row[2];
    const struct claim_part *p = &row->part[0], *t = &c.row[0].part[0], *u = &c.row[1].part[0];
    ck_assert_str_eq(row->task, "average (t, u)");
    ck_assert_str_eq(row->metric, "last accuracy");
    ck_assert_double_eq_tol(p->d.mean, (t->d.mean + u->d.mean) / 2, 1e-15);
    ck_assert_double_eq_tol(p->a.mean, (t->a.mean + u->a.mean) / 2, 1e-15);
    ck_assert_double_eq_tol(p->unit[1].d, (t->unit[1].d + u->unit[1].d) / 2, 1e-15);
    ck_assert_int_eq((int)p->n_examples, 2 * EXAMPLES);
    /* the parts of examples add with the squared weights of the tasks */
    ck_assert_double_eq_tol(p->joint.examples, (t->crossed.examples + u->crossed.examples) / 4,
                            1e-18);
    ck_assert_double_eq_tol(p->joint.seeds, p->d.sd * p->d.sd / 3, 1e-18);
    ck_assert(row->verdict == HOLDS && row->n_tests == 1);
    ck_assert_int_eq(claims_verdict(&c, &c.claim[0]), HOLDS);
    claims_free(&c);
    /* A seed that one task lacks is missing from the average. */
    kit_sql(kit_path("t.db"), "UPDATE run SET state = 'queued' WHERE seed = 2 AND task = 'u'");
    judge_one(s, lines, UNDECIDED, "only 2 of 3 seeds");
}
END_TEST

/* Half of the labels are of either class: half of the answers are right without any learning. */
START_TEST(nothing_was_learned)
{
    struct cell cell[] = { { LORA("t"), 0.85, 0, 850 },
                           { OTHER("t"), 0.75, 0, 750 },
                           { LORA("u"), 0.40, 0, 400 },
                           { OTHER("u"), 0.499, 0, 500 } };
    const char *const all[] = {
        "@kind: better\nmargin: 0.002\n" AVERAGE,
        "kind: better\nmargin: 0.002\nwith: {a: {method: lora}, b: {method: p}}\n"
    };
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);
    struct claims c = judged(s, all, 2);

    ck_assert_int_eq(c.n_rows, 5);
    ck_assert(c.row[1].verdict == DESCRIBED && c.row[1].uninformative);
    ck_assert_ptr_nonnull(strstr(c.row[1].why, "uninformative: no side is above 50.0 (the share"));
    ck_assert_str_eq(c.row[2].task, "average (t)");
    ck_assert(c.row[2].verdict == HOLDS && c.row[2].part[0].n_examples == EXAMPLES);
    /* without an average it is undecided and does not count in the family */
    ck_assert(c.row[3].verdict == HOLDS && c.row[3].n_tests == 1);
    ck_assert(c.row[4].verdict == UNDECIDED && isnan(c.row[4].p_holm));
    ck_assert_ptr_nonnull(strstr(c.row[4].why, "uninformative"));
    claims_free(&c);
    store_close(s);
}
END_TEST

/* The floor of a correlation is 0; no task is left to average. */
START_TEST(no_correlation)
{
    struct cell cell[] = { { LORA("t"), 0.001, 0, 0 }, { OTHER("t"), -0.02, 0, 0 } };

    struct store *s = planted("rank", "pearson", cell, 2, 3, 0);
    const char *lines = "kind: better\nmargin: 0.002\n" AVERAGE;
    struct claims c = judged(s, &lines, 1);
    ck_assert_ptr_nonnull(strstr(c.row[0].why, "no side is above 0.0 (no correlation)"));
    ck_assert_str_eq(c.row[1].why, "every task is uninformative");
    claims_free(&c);
    store_close(s);
}
END_TEST

/* --- advice */

/* A difference of a few examples: more seeds do not help. An example is numbered by its line, so
 * the store knows about how many there are; nothing that does not exist is asked for. */
START_TEST(more_examples_where_there_are_more)
{
    struct cell cell[] = { { "\"rank\":1", 0, 0, 811 }, { "\"rank\":64", 0, 0, 800 } };
    const char *lines = "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    static const char more[] =
        "UPDATE prediction SET example = -example; UPDATE prediction SET example = -30 * example";
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    kit_sql(kit_path("t.db"), "UPDATE attempt SET wall_s = 600");
    judge_one(s, lines, UNDECIDED,
              "it cannot be decided with this task's 400 examples, whatever the number of seeds");
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    kit_sql(kit_path("t.db"), more);
    kit_sql(kit_path("t.db"), "UPDATE attempt SET wall_s = 600");
    judge_one(s, lines, UNDECIDED,
              "3 seeds with all of about 12000 examples would probably decide, without training: "
              "lowrank reevaluate rank split=dev adapter=last");
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    kit_sql(kit_path("t.db"), more);
    kit_sql(kit_path("t.db"), "UPDATE run SET config = json_set(config, '$.dev_n', 0)");
    judge_one(s, lines, UNDECIDED, "it cannot be decided with this task's 400 examples");
}
END_TEST

/* Whoever chooses settings with the seeds that are reported is told so. */
START_TEST(seeds_that_choose_are_counted)
{
    struct cell cell[] = { { "\"rank\":1", 0.8, 0.1, 0 }, { "\"rank\":64", 0.7, 0.1, 0 } };
    const char *lines = "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(c.row[0].part[0].n_tuned, 0);
    ck_assert_ptr_null(claims_tuned(&c.row[0]));
    claims_free(&c);
    kit_sql(kit_path("t.db"),
            "INSERT INTO tuning SELECT plan_id, run_id, point, trial, 0, 0, 1, 1, 'chosen',"
            " 'accuracy', 0.5, NULL FROM sweep_run JOIN run USING(run_id)"
            " WHERE seed < 3 AND rank = 64");
    c = judged(s, &lines, 1);
    ck_assert_int_eq(c.row[0].part[0].n_tuned, 2);
    char *says = claims_tuned(&c.row[0]);
    ck_assert_ptr_nonnull(strstr(says, "chosen with 2 of these seeds"));
    free(says);
    claims_free(&c);
    store_close(s);
    struct cell rates[] = { cell[0], cell[1], { "\"rank\":64", 0.6, 0.2, 0 } };
    s = planted("rank", "accuracy", rates, 3, 3, 0);
    c = judged(s, &lines, 1);
    ck_assert_int_eq(c.row[0].part[0].n_tuned, 3); /* the best of two by the same runs */
    claims_free(&c);
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_queued_seed_changes_no_choice);
    tcase_add_test(tc, extremes_are_chosen_first);
    tcase_add_loop_test(tc, a_trial_that_diverged_is_not_chosen, 0, 2);
    tcase_add_test(tc, an_optimum_at_the_edge);
    tcase_add_test(tc, a_seed_counts_once);
    tcase_add_test(tc, tasks_are_averaged);
    tcase_add_test(tc, nothing_was_learned);
    tcase_add_test(tc, no_correlation);
    tcase_add_test(tc, more_examples_where_there_are_more);
    tcase_add_test(tc, seeds_that_choose_are_counted);
}

const struct suite suite_claims_choice = { "claims_choice", fill };
