/* test_store.c - leases, attempts, stored numbers and statistics. */
#include "results/store/measurement.h"
#include "results/store/analyses.h"
#include "results/store/metrics.h"
#include "tests/kit/suite.h"
#include "tests/kit/store_kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct kit_study small = { "rank", "accuracy", 2, 1, 2, 3 };

static double by_rank(int rank, int lr, int seed)
{
    return 0.8 + 0.01 * rank + 0.001 * seed + 0 * lr;
}

static long count(struct store *s, const char *sql)
{
    return atol(kit_text(s, sql));
}

static struct attempt_end ended(enum run_state state)
{
    return (struct attempt_end){ .state = state };
}

/* Take the costliest run of the study, which must be there. */
static struct lease must_take(struct store *s, double ttl)
{
    struct lease c;

    ck_assert_msg(lease_take(s, "rank", NULL, ttl, &c) == 1, "%s", fail_text());
    return c;
}

START_TEST(the_costliest_run_is_taken_first)
{
    struct store *s = kit_store();
    struct sweep_counts n;

    kit_plan(s, &small);
    ck_assert_int_eq(store_state(s, "no such key"), STATE_NEW);
    struct lease c = must_take(s, 60);
    ck_assert_ptr_nonnull(strstr(c.config, "\"rank\":2"));
    ck_assert_int_eq(store_state(s, c.key), STATE_RUNNING);
    ck_assert_int_eq(lease_renew(s, &c, 60, 5), 1);
    ck_assert_int_eq(store_counts(s, "rank", &n), 0);
    ck_assert(n.total == 4 && n.running == 1 && n.queued == 3);
    lease_free(&c);
    ck_assert_int_eq(kit_finish_all(s, "rank", by_rank), 3);
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 0);
    store_close(s);
}
END_TEST

START_TEST(a_named_run_can_be_taken)
{
    struct store *s = kit_store();
    struct lease a, b;

    kit_plan(s, &small);
    a = must_take(s, 60);
    char *key = xstrdup(kit_text(s, "SELECT run_key FROM run WHERE rank = 1 AND seed = 2"));
    ck_assert_int_eq(lease_take(s, "rank", key, 60, &b), 1);
    ck_assert_str_eq(b.key, key);
    lease_free(&b);
    ck_assert_int_eq(lease_take(s, "rank", a.key, 60, &b), 0);
    ck_assert_ptr_null(b.config);
    lease_free(&a);
    free(key);
    store_close(s);
}
END_TEST

/* A failing run is tried three times; an interrupted attempt does not count. */
START_TEST(attempts_are_counted)
{
    struct store *s = kit_store();
    struct kit_study one = { "rank", "accuracy", 1, 1, 1, 3 };
    struct attempt_end failed = ended(STATE_FAILED), stopped = ended(STATE_QUEUED);

    failed.error = "cannot open 'x'";
    kit_plan(s, &one);
    for (int i = 0; i < 5; i++) {
        struct lease c = must_take(s, 60);
        const struct attempt_end *e = i % 2 == 0 ? &failed : &stopped;
        ck_assert_int_eq(lease_finish(s, &c, e, true), 1);
        ck_assert_int_eq(store_state(s, c.key), i < 4 ? STATE_QUEUED : STATE_FAILED);
        ck_assert_int_eq(lease_finish(s, &c, e, true), 0); /* it is no longer ours */
        lease_free(&c);
    }
    ck_assert_int_eq(count(s, "SELECT count(*) FROM attempt WHERE outcome = 'interrupted'"), 2);
    ck_assert_str_eq(kit_text(s, "SELECT error FROM runs"), "cannot open 'x'");
    ck_assert_int_eq(store_requeue(s, "other", false), 0);
    ck_assert_int_eq(store_requeue(s, "rank", false), 1);
    struct lease c = must_take(s, 60);
    ck_assert_int_eq(lease_finish(s, &c, &failed, false), 1);
    ck_assert_int_eq(store_state(s, c.key), STATE_FAILED);
    lease_free(&c);
    store_close(s);
}
END_TEST

/* After its lease ran out and another worker took the run, the first may neither write nor
 * finish. */
START_TEST(a_lost_lease_writes_nothing)
{
    struct store *s = kit_store();
    struct kit_study one = { "rank", "accuracy", 1, 1, 1, 3 };
    struct attempt_end done = ended(STATE_DONE);

    kit_plan(s, &one);
    struct lease old = must_take(s, -1), new = must_take(s, 60);
    ck_assert_int_eq(new.attempt, old.attempt + 1);
    ck_assert_int_eq(lease_renew(s, &old, 60, 5), 0);
    ck_assert_int_eq(metrics_add(s, &old, 5, "last", "accuracy", 0.1), 0);
    ck_assert_int_eq(metrics_add_prediction(s, &old, "dev", 1, 0, 1), 0);
    ck_assert_int_eq(lease_finish(s, &old, &done, true), 0);
    ck_assert_int_eq(metrics_add(s, &new, 5, "last", "accuracy", 0.9), 0);
    ck_assert_int_eq(lease_finish(s, &new, &done, true), 1);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(value) FROM final"), "0.9");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(outcome) FROM attempt"), "lost,done");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM prediction"), 0);
    lease_free(&old);
    lease_free(&new);
    store_close(s);
}
END_TEST

/* The run of a child process that died is free at once; after three deaths it is given up. */
START_TEST(the_runs_of_a_dead_process_are_free)
{
    struct store *s = kit_store();
    struct kit_study one = { "rank", "accuracy", 1, 1, 1, 3 };
    struct lease c;

    kit_plan(s, &one);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (store_reopen_after_fork(s) != 0 || lease_take(s, "rank", NULL, 3600, &c) != 1)
                _exit(1);
            _exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(count(s, "SELECT attempts FROM run"), i + 1);
    }
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 0);
    ck_assert_str_eq(kit_text(s, "SELECT state FROM run"), "failed");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM attempt WHERE outcome = 'lost'"), 3);
    store_close(s);
}
END_TEST

START_TEST(a_parent_reports_the_death_of_its_worker)
{
    struct store *s = kit_store();
    char sql[256];

    kit_plan(s, &small);
    struct lease c = must_take(s, 60);
    ck_assert_int_eq(lease_lost(s, (int)getpid() + 1, 9, "killed"), 0);
    ck_assert_int_eq(store_state(s, c.key), STATE_RUNNING);
    ck_assert_int_eq(lease_lost(s, (int)getpid(), 9, "killed by signal 9"), 0);
    ck_assert_int_eq(store_state(s, c.key), STATE_QUEUED);
    snprintf(sql, sizeof sql, "SELECT outcome || signal || error FROM attempt WHERE run_id = %ld",
             (long)c.run_id);
    ck_assert_str_eq(kit_text(s, sql), "lost9killed by signal 9");
    lease_free(&c);
    store_close(s);
}
END_TEST

#define OLD_OWNER(rest) "substr(owner, 1, instr(owner, '/') - 1) || " rest
#define OTHER_NS "substr(owner, 1, instr(owner, '/')) || '17/5' || "
#define SAME_NS "substr(owner, 1, instr(owner, '/') + 10) || "
/* Owners as another machine or another boot would have written them. */
static const struct {
    const char *owner;  /* an SQL expression */
    double lease, boot; /* added to now */
    int state;
} owners[] = {
    { "'elsewhere:1:00000000-0000'", 60, -60, STATE_RUNNING },
    { "'elsewhere:1:00000000-0000'", -60, 60, STATE_QUEUED },
    { "replace(owner, substr(owner, -36), '00000000-0000')", 60, 60,
      STATE_QUEUED },                       /* this machine was rebooted */
    { "owner", -86400, 60, STATE_RUNNING }, /* its clock was set forward by a day */
    { "owner", 86400, -60, STATE_QUEUED },  /* and back */
    { "'elsewhere' || substr(owner, instr(owner, ':'))", -86400, 60,
      STATE_RUNNING },                       /* a container, same kernel */
    { "'no colon'", 60, 60, STATE_RUNNING }, /* of whom nothing is known: its lease counts */
    { "'no colon'", -60, 60, STATE_QUEUED },
    /* as older versions wrote it, of a process that lives and of one that cannot exist */
    { OLD_OWNER("substr(owner, instr(owner, ':'))"), 60, 60, STATE_RUNNING },
    { OLD_OWNER("substr(owner, instr(owner, ':'))"), 60, -60, STATE_QUEUED },
    { OLD_OWNER("':99999999' || substr(owner, -37)"), 60, 60, STATE_QUEUED },
    /* a PID of another namespace that is not taken here */
    { OTHER_NS "':99999999' || substr(owner, -37)", 60, 60, STATE_RUNNING },
    { OTHER_NS "':99999999' || substr(owner, -37)", 60, -60, STATE_QUEUED },
    /* the PID is taken by a process that started at another time */
    { SAME_NS "'/7' || substr(owner, instr(owner, ':'))", 60, 60, STATE_QUEUED },
    { SAME_NS "'/-' || substr(owner, instr(owner, ':'))", 60, 60, STATE_RUNNING },
};

/* A worker that was killed and for whose status nobody has asked. */
START_TEST(a_zombie_holds_no_run)
{
    struct store *s = kit_store();
    struct lease c;
    siginfo_t info;

    kit_plan(s, &small);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(store_reopen_after_fork(s) != 0 || lease_take(s, "rank", NULL, 600, &c) != 1);
    }
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(info.si_status, 0);
    ck_assert_int_eq(kill(pid, 0), 0);
    ck_assert_int_eq(count(s, "SELECT sum(owner_stale(owner, lease, lease_boot)) FROM run"
                              " WHERE state = 'running'"),
                     1);
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 1);
    ck_assert_int_eq(c.attempt, 2);
    lease_free(&c);
    waitpid(pid, NULL, 0);
    store_close(s);
}
END_TEST

START_TEST(leases_survive_clocks_and_reboots)
{
    struct store *s = kit_store();
    char sql[512];

    kit_plan(s, &small);
    struct lease c = must_take(s, 0);
    snprintf(sql, sizeof sql,
             "UPDATE run SET owner = %s, lease = lease + %g, lease_boot = lease_boot + %g"
             " WHERE state = 'running'",
             owners[_i].owner, owners[_i].lease, owners[_i].boot);
    kit_sql(kit_path("t.db"), sql);
    ck_assert_int_eq(store_state(s, c.key), owners[_i].state);
    lease_free(&c);
    store_close(s);
}
END_TEST

static const double odd[] = { NAN, INFINITY, -INFINITY, 4.9e-324, 1e308, -0.0, 0.1, 1.0 / 3 };

/* What is written is read back, through SQLite, the view and the text of a query. */
START_TEST(odd_values_survive)
{
    struct store *s = kit_store();
    double x = odd[_i];

    kit_plan(s, &small);
    struct lease c = must_take(s, 60);
    ck_assert_int_eq(metrics_add(s, &c, 1, "dev", "pearson", x), 0);
    ck_assert_int_eq(metrics_add(s, &c, 1, "last", "pearson", x), 0);
    struct attempt_end e = ended(STATE_DONE);
    ck_assert_int_eq(lease_finish(s, &c, &e, true), 1);
    const char *text = kit_text(s, "SELECT coalesce(value, nonfinite) FROM curves");
    double back = strcmp(text, "nan") == 0 ? NAN : strtod(text, NULL);
    ck_assert(isnan(x) ? isnan(back) : back == x);
    ck_assert_int_eq(count(s, "SELECT n FROM cells"), isfinite(x));
    ck_assert_int_eq(count(s, "SELECT n_nan FROM cells"), !isfinite(x));
    lease_free(&c);
    store_close(s);
}
END_TEST

/* Attempt 1 does steps 1..6 and dies; attempt 2 resumes from step 4 and does 5..8 with other
 * values. */
START_TEST(curves_join_attempts)
{
    struct store *s = kit_store();

    kit_plan(s, &small);
    struct lease c = must_take(s, -1);
    for (int i = 1; i <= 6; i++)
        metrics_add(s, &c, i, "train", "loss", i);
    metrics_add(s, &c, 6, "train", "lr", 1);
    ck_assert_int_eq(metrics_flush(s), 0);
    struct lease d = must_take(s, 60);
    ck_assert_int_eq(d.run_id, c.run_id);
    for (int i = 5; i <= 8; i++)
        metrics_add(s, &d, i, "train", "loss", 10 * i);
    struct attempt_end e = { .state = STATE_DONE, .resumed_step = 4, .last_step = 8 };
    ck_assert_int_eq(lease_finish(s, &d, &e, true), 1);
    ck_assert_str_eq(
        kit_text(s, "SELECT group_concat(CAST(value AS INTEGER)) FROM (SELECT value FROM curves"
                    " WHERE metric = 'loss' ORDER BY step)"),
        "1,2,3,4,50,60,70,80");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM curves WHERE metric = 'lr'"), 0);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM metric"), 11);
    lease_free(&c);
    lease_free(&d);
    store_close(s);
}
END_TEST

START_TEST(provenance_is_kept)
{
    struct store *s = kit_store();
    static const char env[] =
        "{\"git\":{\"commit\":\"abc\",\"dirty\":true},\"host\":{\"name\":\"h\"}}";
    char sha[65];

    memset(sha, 'a', 64);
    sha[64] = 0;
    kit_plan(s, &small);
    for (int i = 0; i < 2; i++) {
        struct lease c = must_take(s, 60);
        ck_assert_int_eq(lease_environment(s, &c, env), 0);
        ck_assert_int_eq(lease_input(s, &c, "train", "/data/train.tsv", sha, 123), 0);
        lease_free(&c);
    }
    ck_assert_int_eq(count(s, "SELECT count(*) FROM env"), 1);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM run_input JOIN artifact USING(sha256)"), 2);
    ck_assert_str_eq(kit_text(s, "SELECT git_commit || git_dirty || host FROM provenance"),
                     "abc1h");
    store_close(s);
}
END_TEST

/* A number replaces the one with the same keys, the view adds the facts of both runs, and what is
 * undefined is NULL. */
START_TEST(analyses_replace_their_keys)
{
    struct store *s = kit_store();
    struct analysis_row r[] = { { 1, 0, 0, "q", 0, 0, "factor", 2.5 },
                                { 1, 2, 3, "v", 4, 8, "phi", 0.25 },
                                { 0, 0, -1, "", 0, 0, "none", NAN } };
    const struct analysis_set usual = { "rank", "amplify", "" };
    const struct analysis_set other = { "rank", "amplify", "top=5" };
    const struct analysis_set kind = { "rank", "weights", "" };

    ck_assert_int_eq(kit_plan(s, &kit_small), 0);
    ck_assert_int_eq(analyses_put(s, &usual, r, 3), 0);
    r[0].value = 3.5;
    ck_assert_int_eq(analyses_put(s, &usual, r, 1), 0);
    ck_assert_str_eq(kit_text(s, "SELECT DISTINCT newest FROM analysis"), "");
    ck_assert_int_eq(analyses_put(s, &other, r, 1), 0); /* kept apart, as is */
    ck_assert_int_eq(analyses_put(s, &kind, r, 1), 0);  /* another kind */
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(kind || settings || newest) FROM (SELECT"
                                 " DISTINCT kind, settings, newest FROM analysis ORDER BY 1, 2)"),
                     "amplifytop=5,amplifytop=5top=5,weights");
    ck_assert_str_eq(
        kit_text(s, "SELECT group_concat(coalesce(value, 'none')) FROM"
                    " (SELECT value FROM analysis WHERE kind = 'amplify' AND settings = '')"),
        "3.5,none,0.25");
    ck_assert_str_eq(kit_text(s, "SELECT x.layer || x.proj || x.i || x.j"
                                 " || (x.seed = a.seed AND x.rank = a.rank)"
                                 " || (x.seed_b = b.seed AND x.seed <> x.seed_b)"
                                 " FROM analyses x, run a, run b"
                                 " WHERE x.name = 'phi' AND a.run_id = 1 AND b.run_id = 2"),
                     "4v4811");
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM analyses WHERE model IS NULL"), "1");
    store_close(s);
}
END_TEST

/* The text and the numbers of a table come back; equal environments are stored once. */
START_TEST(measurements_are_kept)
{
    struct store *s = kit_store();
    static char *cols[] = { "model", "shape", "ms_median", "ratio", "remark" };
    static char *cells[] = { "tiny", "8 x 16", "1.5", "0.75", "fast",
                             "tiny", "9 x 16", "2.5", NULL,   "7" };
    struct rows r = { .n_cols = 5, .n_rows = 2, .col = cols, .cell = cells };
    struct measurement b = { .kind = "step",
                             .settings = "{\"rank\":\"8\"}",
                             .env = "{\"threads\":2,\"git\":{\"commit\":\"abc\"}}",
                             .started = 1000,
                             .wall_s = 2,
                             .n_what = 2 };
    int64_t id = 0;

    ck_assert_int_eq(measurement_put(s, &b, &r, &id), 0);
    ck_assert_int_eq(measurement_put(s, &b, &r, &id), 0);
    ck_assert_int_eq((int)id, 2);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM env"), 1);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(label || '/' || name || '=' || value, ';')"
                                 " FROM (SELECT * FROM benches WHERE bench_id = 2"
                                 " ORDER BY ordinal, place)"),
                     "tiny 8 x 16/ms_median=1.5;tiny 8 x 16/ratio=0.75;"
                     "tiny 9 x 16/ms_median=2.5;tiny 9 x 16/remark=7.0");
    ck_assert_str_eq(kit_text(s, "SELECT DISTINCT git_commit || threads || started FROM benches"),
                     "abc21970-01-01 00:16:40");
    b.settings = "no json";
    ck_assert_int_eq(measurement_put(s, &b, &r, &id), -1);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM bench"), 2);
    store_close(s);
}
END_TEST

/* --- statistics */

/* Rank 1: lr 1 is worse; rank 2: lr 2 is better but diverges with seed 3; rank 4: all diverge. */
static double planted(int rank, int lr, int seed)
{
    if (rank == 4 || (rank == 2 && lr == 2 && seed == 3))
        return INFINITY;
    return 0.5 + 0.1 * lr + 0.01 * seed * seed; /* seeds 1..4: 0.01, 0.04, 0.09, 0.16 */
}

START_TEST(statistics_are_right)
{
    struct store *s = kit_store();
    struct kit_study k = { "rank", "accuracy", 3, 2, 4, 3 };

    kit_plan(s, &k);
    ck_assert_int_eq(kit_finish_all(s, "rank", planted), 24);
    const char *db = kit_path("t.db");
    /* values 0.61 0.64 0.69 0.76: mean 0.675, sd 0.0655743852..., t(3) = 3.182446 */
#define CELL " FROM cells WHERE rank = 1 AND lr = 0.001 AND which = 'best'"
    ck_assert_double_eq_tol(kit_one(db, "SELECT mean" CELL), 0.675, 1e-12);
    ck_assert_double_eq_tol(kit_one(db, "SELECT sd" CELL), 0.06557438524302, 1e-12);
    ck_assert_double_eq_tol(kit_one(db, "SELECT median" CELL), 0.665, 1e-12);
    ck_assert_double_eq_tol(kit_one(db, "SELECT half" CELL), 3.182446 * 0.06557438524302 / 2, 1e-9);
    ck_assert_double_eq_tol(kit_one(db, "SELECT min + max" CELL), 0.61 + 0.76, 1e-12);
    ck_assert_double_eq(kit_one(db, "SELECT n FROM cells WHERE rank = 2 AND lr = 0.002"), 3);
    ck_assert_double_eq_tol(
        kit_one(db, "SELECT median FROM cells WHERE rank = 2 AND lr = 0.002 AND which = 'best'"),
        0.74, 1e-12);
    ck_assert_double_eq(kit_one(db, "SELECT n_diverged FROM cells WHERE rank = 2 AND lr = 0.002"),
                        1);
    ck_assert_double_eq(
        kit_one(db, "SELECT count(*) FROM cells WHERE rank = 4 AND n = 0 AND n_diverged = 4"), 2);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM study_trials"), 6);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM study_cells"), 3);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(trial || n || '/' || n_diverged, ' ') FROM "
                                 "(SELECT * FROM study_cells ORDER BY rank)"),
                     "{\"lr\":0.002}4/0 {\"lr\":0.001}4/0 {\"lr\":0.001}0/4");
    ck_assert_str_eq(kit_text(s, "SELECT shown FROM study_cells WHERE rank = 1"),
                     "77.5 ± 10.4 (4)");
    ck_assert_str_eq(kit_text(s, "SELECT shown FROM study_cells WHERE rank = 4"), "4 diverged (0)");
    store_close(s);
}
END_TEST

/* A study of the last value of a metric that should be small: the smallest trial wins. */
START_TEST(the_goal_of_the_metric_decides)
{
    struct store *s = kit_store();
    struct kit_study k = { "rank", "last mse", 1, 2, 1, 3 };

    kit_plan(s, &k);
    for (int i = 0; i < 2; i++) {
        struct lease c = must_take(s, 60);
        struct attempt_end e = ended(STATE_DONE);
        metrics_add(s, &c, 1, "last", "mse", 2 - i);
        ck_assert_int_eq(lease_finish(s, &c, &e, true), 1);
        lease_free(&c);
    }
    ck_assert_str_eq(kit_text(s, "SELECT trial || which || shown FROM study_cells"),
                     "{\"lr\":0.002}last1.0000 (1)");
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, the_costliest_run_is_taken_first);
    tcase_add_test(tc, a_named_run_can_be_taken);
    tcase_add_test(tc, attempts_are_counted);
    tcase_add_test(tc, a_lost_lease_writes_nothing);
    tcase_add_test(tc, the_runs_of_a_dead_process_are_free);
    tcase_add_test(tc, a_parent_reports_the_death_of_its_worker);
    tcase_add_test(tc, a_zombie_holds_no_run);
    tcase_add_loop_test(tc, leases_survive_clocks_and_reboots, 0, ARRAY_LEN(owners));
    tcase_add_loop_test(tc, odd_values_survive, 0, ARRAY_LEN(odd));
    tcase_add_test(tc, curves_join_attempts);
    tcase_add_test(tc, provenance_is_kept);
    tcase_add_test(tc, analyses_replace_their_keys);
    tcase_add_test(tc, measurements_are_kept);
    tcase_add_test(tc, statistics_are_right);
    tcase_add_test(tc, the_goal_of_the_metric_decides);
}

const struct suite suite_store = { "store", fill };
