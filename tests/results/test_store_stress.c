/* test_store_stress.c - many processes on one database, some of them killed at any moment, while
 * others read it and run VACUUM: every run is done exactly once, and nothing is lost, duplicated
 * or damaged. LOWRANK_STRESS=1 makes the test long (tests/store_stress.sh). */
#include "tests/kit/suite.h"
#include "results/store/metrics.h"
#include "tests/kit/store_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORKERS = 8, POINTS = 20 };
static const char study[] = "rank";

static void nap(double ms)
{
    struct timespec t = { 0, (long)(ms * 1e6) };

    nanosleep(&t, NULL);
}

static void complain(const char *what)
{
    fprintf(stderr, "%ld: %s: %s\n", (long)getpid(), what, fail_text());
    _exit(1);
}

static void do_run(struct store *s, const struct lease *c)
{
    struct attempt_end e = { .state = STATE_DONE, .last_step = POINTS };

    for (int i = 0; i < POINTS; i++) {
        if (metrics_add(s, c, i, "train", "loss", i) != 0)
            complain("point");
        if (i == POINTS / 2 && metrics_flush(s) != 0)
            complain("flush");
        nap(1); /* time to be killed in */
    }
    if (metrics_add(s, c, POINTS, "best", "accuracy", 0.5) != 0 ||
        lease_renew(s, c, 30, POINTS) < 0 || lease_finish(s, c, &e, true) < 0)
        complain("finish");
}

/* Work until every run is done. */
static void worker_main(struct store *s)
{
    struct sweep_counts n;
    struct lease c;
    int got;

    if (store_reopen_after_fork(s) != 0)
        complain("reopen");
    do {
        while ((got = lease_take(s, study, NULL, 30, &c)) == 1) {
            do_run(s, &c);
            lease_free(&c);
        }
        if (got < 0 || store_counts(s, study, &n) != 0)
            complain("lease");
        nap(5);
    } while (n.done + n.failed < n.total);
    store_close(s);
    _exit(0);
}

/* Read again and again, with a VACUUM now and then. */
static void reader_main(const char *path)
{
    for (int i = 0;; i++) {
        struct store *s;
        struct sweep_counts n;
        if (store_open(&s, path, STORE_READ) != 0 || store_counts(s, study, &n) != 0)
            complain("reader");
        store_close(s);
        if (i % 20 == 19)
            kit_sql(path, "VACUUM");
        nap(5);
    }
}

struct crew {
    struct store *s;
    pid_t pid[MAX_WORKERS];
    int n, killed, finished;
};

static void hire(struct crew *c)
{
    for (int i = 0; i < c->n; i++)
        if (!c->pid[i] && (c->pid[i] = fork()) == 0)
            worker_main(c->s);
}

/* Collect the workers that ended. Of the killed ones some are reported to the store; the runs of
 * the others are found free because their owner is dead. */
static void reap(struct crew *c)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < c->n; i++)
            if (c->pid[i] == pid) {
                c->pid[i] = 0;
                ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "a worker failed");
                c->finished += WIFEXITED(status);
                if (WIFSIGNALED(status) && c->killed % 4 == 0)
                    ck_assert_int_eq(lease_lost(c->s, (int)pid, SIGKILL, "killed"), 0);
            }
}

static void kill_some(struct crew *c, int kills)
{
    unsigned seed = 1;

    hire(c);
    while (c->finished == 0) {
        nap(1 + rand_r(&seed) % 8);
        int i = rand_r(&seed) % c->n;
        if (c->killed < kills && c->pid[i] > 0) {
            kill(c->pid[i], SIGKILL);
            c->killed++;
        }
        reap(c);
        if (c->finished == 0)
            hire(c);
    }
    while (c->finished < c->n) {
        int none = 1;
        nap(2);
        reap(c);
        for (int i = 0; i < c->n; i++)
            none &= !c->pid[i];
        if (none)
            return;
    }
}

START_TEST(kills_lose_nothing)
{
    bool long_test = getenv("LOWRANK_STRESS") != NULL;
    struct kit_study k = { study, "accuracy", 5, 4, long_test ? 25 : 4, 3 };
    struct crew c = { .s = kit_store(), .n = long_test ? MAX_WORKERS : 4 };
    const char *db = kit_path("t.db");
    int n = k.ranks * k.lrs * k.seeds;

    ck_assert_int_eq(kit_plan(c.s, &k), 0);
    pid_t reader = fork();
    if (reader == 0)
        reader_main(db);
    for (int round = 0; round < 5; round++) {
        c.finished = 0;
        kill_some(&c, long_test ? 60 : 12);
        if (store_requeue(c.s, study, false) == 0) /* a run may be killed three times */
            break;
    }
    ck_assert_int_eq(waitpid(reader, NULL, WNOHANG), 0); /* the reader met no error */
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM run WHERE state = 'done'"), n);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM attempt WHERE outcome = 'done'"), n);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM attempt WHERE outcome IS NULL"), 0);
    ck_assert_double_eq(
        kit_one(db, "SELECT count(*) FROM (SELECT 1 FROM run r JOIN metric m ON m.run_id = r.run_id"
                    " AND m.attempt = r.attempts GROUP BY r.run_id HAVING count(*) = 20)"),
        n);
    ck_assert_double_eq(
        kit_one(db, "SELECT count(*) FROM run r WHERE attempts <> (SELECT count(*) FROM attempt a"
                    " WHERE a.run_id = r.run_id)"),
        0);
    ck_assert_double_eq(kit_one(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                        1);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    if (long_test)
        printf("%d runs, %d kills, %g attempts lost\n", n, c.killed,
               kit_one(db, "SELECT count(*) FROM attempt WHERE outcome = 'lost'"));
    store_close(c.s);
}
END_TEST

/* The parent dies and leaves a worker behind, while others open and close the database. SQLite
 * would delete the worker's log if the worker relied on the locks of its parent. */
START_TEST(an_orphan_keeps_its_locks)
{
    enum { ROUNDS = 60 };
    const char *db = kit_path("t.db");
    struct kit_study k = { study, "accuracy", 5, 4, 3, 3 };
    int status, done[2];

    store_close(kit_store());
    ck_assert_int_eq(pipe(done), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct store *s = kit_store();
        if (kit_plan(s, &k) != 0)
            complain("plan");
        if (fork() == 0) {
            close(done[0]);
            worker_main(s); /* ends when all is done, which closes the pipe */
        }
        raise(SIGKILL);
    }
    close(done[1]);
    waitpid(parent, &status, 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct store *s;
        ck_assert_msg(store_open(&s, db, STORE_WRITE) == 0, "%s", fail_text());
        store_close(s);
    }
    char byte;
    ck_assert_int_eq(read(done[0], &byte, 1), 0);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM run WHERE state = 'done'"), 60);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM metric"), 60 * POINTS);
    ck_assert_double_eq(kit_one(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                        1);
}
END_TEST

static void fill(TCase *tc)
{
    if (getenv("LOWRANK_STRESS"))
        tcase_set_timeout(tc, 600);
    tcase_add_test(tc, kills_lose_nothing);
    tcase_add_test(tc, an_orphan_keeps_its_locks);
}

const struct suite suite_store_stress = { "store_stress", fill };
