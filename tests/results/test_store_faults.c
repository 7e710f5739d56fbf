/* test_store_faults.c - whatever is wrong with the file, its folder or its disk ends in one clear
 * FAIL_STORE line, and nothing is lost or damaged. */
#include "tests/kit/suite.h"
#include "results/query/query.h"
#include "results/store/analyses.h"
#include "results/store/guard.h"
#include "results/store/metrics.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/temp.h"
#include "results/store/db.h"

#include "core/os/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };
static void put_file(const char *path, const void *data, size_t n)
{
    ck_assert_int_eq(file_write(path, data, n, FAIL_STORE), 0);
}

START_TEST(an_absent_database_has_no_results_yet)
{
    kit_refused(kit_path("absent.db"), STORE_READ, "no results yet; run 'lowrank sweep");
    put_file(kit_path("empty.db"), "", 0);
    kit_refused(kit_path("empty.db"), STORE_READ, "no results yet");
    struct store *s;
    ck_assert_int_eq(store_open(&s, kit_path("empty.db"), STORE_WRITE), 0);
    store_close(s);
    ck_assert_int_eq(store_open(&s, kit_path("a/b/new.db"), STORE_WRITE), 0);
    store_close(s);
}
END_TEST

START_TEST(other_files_are_left_alone)
{
    const char *text = kit_path("text.db"), *other = kit_path("other.db");

    put_file(text, "hello", 5);
    kit_refused(text, STORE_READ, "text.db' is not a database");
    kit_refused(text, STORE_WRITE, "text.db' is not a database");
    put_file(text,
             "SQLite format 3\0and then no database at all, but something longer than a header",
             80);
    kit_refused(text, STORE_WRITE, "text.db' is not a database");
    kit_refused("/tmp", STORE_WRITE, "'/tmp' is not a regular file");
    kit_sql(other, "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    kit_refused(other, STORE_WRITE, "other.db' is the database of another program");
    kit_refused(other, STORE_READ, "other.db' is the database of another program");
    ck_assert_double_eq(kit_one(other, "SELECT count(*) FROM sqlite_schema"), 1);
    kit_sql(other, "PRAGMA application_id = 77");
    kit_refused(other, STORE_WRITE, "other program");
}
END_TEST

START_TEST(a_newer_database_is_refused)
{
    const char *path = kit_filled("newer.db");

    kit_sql(path, "PRAGMA user_version = 99");
    kit_refused(path, STORE_WRITE, "made by a newer lowrank (its schema is 99, this program knows");
    kit_refused(path, STORE_READ, "made by a newer lowrank (its schema is 99, this program knows");
}
END_TEST

static long plays_nfs(const char *path)
{
    (void)path;
    return 0x6969;
}

START_TEST(a_network_file_system_is_refused)
{
    const char *path = kit_filled("nfs.db");

    guard_fs_magic = plays_nfs;
    kit_refused(path, STORE_WRITE, "nfs.db' is on NFS");
    kit_refused(path, STORE_READ, "nfs.db' is on NFS");
    kit_refused(kit_path("new.db"), STORE_WRITE, "new.db' is on NFS");
    setenv("LOWRANK_ANY_FS", "1", 1);
    struct store *s;
    ck_assert_int_eq(store_open(&s, path, STORE_READ), 0);
    store_close(s);
}
END_TEST

/* Another process holds the write lock longer than we wait; nothing is lost after it lets go. */
START_TEST(a_lock_is_waited_for)
{
    struct store *s;
    sqlite3 *other;
    struct lease c;
    const char *path = kit_path("locked.db");

    setenv("LOWRANK_BUSY_MS", "100", 1);
    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    kit_plan(s, &kit_small);
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 1);
    ck_assert_int_eq(metrics_add(s, &c, 1, "dev", "accuracy", 0.5), 0);
    sqlite3_open(path, &other);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
    ck_assert_int_eq(metrics_flush(s), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_ptr_nonnull(
        strstr(fail_text(), "locked.db' has been locked by another process for more than 0.1 s"));
    ck_assert_int_eq(lease_renew(s, &c, 60, 1), -1);
    struct sweep_counts n;
    ck_assert_int_eq(store_counts(s, "rank", &n), 0); /* readers do not wait */
    sqlite3_exec(other, "ROLLBACK", 0, 0, 0);
    ck_assert_int_eq(metrics_flush(s), 0);
    ck_assert_str_eq(kit_text(s, "SELECT value FROM curves"), "0.5");
    sqlite3_close(other);
    lease_free(&c);
    store_close(s);
}
END_TEST

/* The database cannot grow, so SQLite reports a full disk. What was written stays, and with more
 * room the work goes on. */
START_TEST(a_full_disk_loses_nothing)
{
    struct store *s;
    struct lease c;
    const char *path = kit_path("full.db");

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    kit_plan(s, &kit_small);
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 1);
    sqlite3_exec(s->db, "PRAGMA max_page_count = 1", 0, 0, 0);
    for (int i = 0; i < 4000; i++)
        ck_assert_int_eq(metrics_add_prediction(s, &c, "dev", i, 0, 1), 0);
    ck_assert_int_eq(metrics_flush(s), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_ptr_nonnull(strstr(fail_text(), "disk full while writing"));
    struct attempt_end e = { .state = STATE_DONE };
    ck_assert_int_eq(lease_finish(s, &c, &e, true), -1);
    ck_assert_int_eq(store_state(s, c.key), STATE_RUNNING);
    sqlite3_exec(s->db, "PRAGMA max_page_count = 100000", 0, 0, 0);
    ck_assert_int_eq(lease_finish(s, &c, &e, true), 1);
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM prediction"), "4000");
    lease_free(&c);
    store_close(s);
    ck_assert_double_eq(kit_one(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                        1);
}
END_TEST

/* The system refuses to write; a limit on the file size simulates that. */
START_TEST(a_failing_write_is_reported)
{
    struct store *s;
    struct rlimit limit = { 1 << 20, 1 << 20 };

    signal(SIGXFSZ, SIG_IGN);
    s = kit_store();
    kit_plan(s, &kit_small);
    struct lease c;
    ck_assert_int_eq(lease_take(s, "rank", NULL, 60, &c), 1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int rc = 0;
    for (int i = 0; i < 80000 && rc == 0; i++)
        rc = metrics_add_prediction(s, &c, "dev", i, 0, 1);
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_ptr_nonnull(strstr(fail_text(), "t.db'"));
    ck_assert_int_eq(store_state(s, c.key), STATE_RUNNING);
    lease_free(&c);
    verbosity = -1; /* closing tries once more, and warns */
    store_close(s);
}
END_TEST

static const struct {
    double at; /* a fraction of the file */
    size_t n;
    int kind; /* 0 noise, 1 zeros, 2 cut here */
} damage[] = {
    { 0.02, 3000, 0 }, { 0.5, 4096, 0 }, { 0.5, 60000, 0 }, { 0.3, 60000, 1 },
    { 0.5, 0, 2 },     { 0.9, 0, 2 },    { 0.01, 0, 2 },
};

static void spoil(const char *path, int i)
{
    struct stat st;
    int fd = open(path, O_RDWR);

    ck_assert(fd >= 0 && fstat(fd, &st) == 0);
    off_t at = (off_t)(damage[i].at * (double)st.st_size) & ~(off_t)4095;
    if (at < 200)
        at = 200;
    if (damage[i].kind == 2)
        ck_assert_int_eq(ftruncate(fd, at), 0);
    unsigned x = 1;
    for (size_t k = 0; k < damage[i].n; k++) {
        unsigned char byte =
            damage[i].kind ? 0 : (unsigned char)((x = x * 1103515245 + 12345) >> 16);
        ck_assert_int_eq(pwrite(fd, &byte, 1, at + (off_t)k), 1);
    }
    close(fd);
}

/* With damage anywhere, every call works or reports the damage; none crashes or reports something
 * else. */
START_TEST(damage_is_reported)
{
    const char *path = kit_filled("damaged.db");
    struct store *s;
    struct rows r;
    int bad = 0;

    spoil(path, _i);
    if (store_open(&s, path, STORE_WRITE) == 0) {
        static const char *const sql[] = {
            "SELECT * FROM run",
            "SELECT * FROM paper",
            "SELECT * FROM runs",
            "SELECT * FROM study_cells",
            "SELECT * FROM curves",
            "SELECT * FROM attempt",
            "SELECT * FROM result",
            "SELECT * FROM phi",
            "SELECT * FROM prediction",
            "SELECT * FROM metric",
            "SELECT * FROM metric_name",
            "SELECT * FROM env",
            "SELECT * FROM run_input",
            "SELECT * FROM artifact",
            "SELECT * FROM sweep",
            "SELECT * FROM plan",
            "SELECT * FROM sweep_run",
            "SELECT * FROM t95",
            "SELECT * FROM meta",
            "SELECT run_key FROM run ORDER BY run_key",
            "SELECT name FROM metric_name ORDER BY name",
            "SELECT state, cost, run_id FROM run ORDER BY 1, 2 DESC, 3",
            "SELECT sha256 FROM env ORDER BY 1",
            "SELECT cell_key, state FROM run ORDER BY 1, 2",
            "SELECT name FROM sweep ORDER BY 1",
            "SELECT run_id FROM attempt WHERE outcome IS NULL ORDER BY 1",
            "SELECT run_id FROM sweep_run ORDER BY 1",
            "SELECT sweep_id, base FROM plan ORDER BY 1, 2",
        };
        for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
            bad += query_rows(s, &r, sql[i], NULL) != 0;
            rows_free(&r);
        }
        struct kit_study more = { "more", "accuracy", 3, 2, 5, 9 };
        bad += kit_plan(s, &more) != 0;
        store_close(s);
    } else {
        bad++;
    }
    ck_assert_int_gt(bad, 0);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_msg(strstr(fail_text(), "damaged.db' is damaged") ||
                      strstr(fail_text(), "is not a database"),
                  "%s", fail_text());
}
END_TEST

/* A read-only file, a read-only folder, and one with changes in the log. For root nothing is
 * read-only, so a child process becomes another user. */
static void become_nobody(void)
{
    if (geteuid() == 0)
        ck_assert(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

static const char *foreign_folder(char dir[64])
{
    temp_dir(dir);
    ck_assert_int_eq(chmod(dir, 0755), 0);
    return dir;
}

/* As nobody, writing is refused, and reading works or is refused with TEXT. */
static int try_read_only(const char *path, const char *text)
{
    struct store *s;

    become_nobody();
    if (store_open(&s, path, STORE_WRITE) == 0 || fail_code() != FAIL_STORE ||
        !strstr(fail_text(), path))
        return 1;
    if (store_open(&s, path, STORE_READ) != 0)
        return text && strstr(fail_text(), text) ? 0 : (fprintf(stderr, "%s\n", fail_text()), 2);
    int n = atoi(kit_text(s, "SELECT count(*) FROM run"));
    store_close(s);
    return n == 4 && !text ? 0 : 3;
}

static int in_child(const char *path, const char *text)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(try_read_only(path, text));
    waitpid(pid, &status, 0);
    return status;
}

START_TEST(a_read_only_folder_can_be_read)
{
    char dir[64];
    char *path = path_join(foreign_folder(dir), "lowrank.db");
    struct store *s;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    kit_plan(s, &kit_small);
    store_close(s);
    chmod(path, 0444);
    chmod(dir, 0555);
    ck_assert_int_eq(in_child(path, NULL), 0);
    chmod(dir, 0755);
    ck_assert_int_eq(in_child(path, NULL), 0); /* only the file is read-only */
    free(path);
    temp_remove(dir);
}
END_TEST

START_TEST(a_log_in_a_read_only_folder_is_not_ignored)
{
    char dir[64];
    char *path = path_join(foreign_folder(dir), "lowrank.db");
    int status;
    pid_t pid = fork();

    if (pid == 0) { /* leaves its log behind, as a power cut does */
        struct store *s;
        _exit(store_open(&s, path, STORE_WRITE) != 0 || kit_plan(s, &kit_small) != 0);
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    char *shm = path_join(dir, "lowrank.db-shm");
    unlink(shm);
    chmod(dir, 0555);
    ck_assert_int_eq(in_child(path, "its folder cannot be written"), 0);
    free(shm);
    free(path);
    temp_remove(dir);
}
END_TEST

/* N processes open the same new file at the same moment; one creates it, and all work. */
START_TEST(many_processes_may_create_it)
{
    enum { N = 12 };
    const char *path = kit_path("race.db");
    int gate[2], bad = 0;
    pid_t pid[N];

    ck_assert_int_eq(pipe(gate), 0);
    for (int i = 0; i < N; i++)
        if ((pid[i] = fork()) == 0) {
            char byte;
            struct store *s;
            close(gate[1]);
            ck_assert_int_eq(read(gate[0], &byte, 1), 0); /* until the parent closes its end */
            int rc = store_open(&s, path, STORE_WRITE) != 0 || kit_plan(s, &kit_small) != 0;
            if (rc)
                fprintf(stderr, "%s\n", fail_text());
            _exit(rc);
        }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < N; i++) {
        int status;
        waitpid(pid[i], &status, 0);
        bad += status != 0;
    }
    ck_assert_int_eq(bad, 0);
    ck_assert_double_eq(kit_one(path, "SELECT count(*) FROM run"), 4);
    ck_assert_double_eq(kit_one(path, "SELECT count(*) > 1000 FROM paper"), 1);
}
END_TEST

/* --- two connections of one process */

static const struct analysis_set first_set = { "rank", "amplify", "" },
                                 second_set = { "rank", "weights", "" };
static const struct analysis_row factor = { 1, 0, 0, "q", 0, 0, "factor", 2.5 };

/* Open and close the database, then hold it open from the moment it says so until it is told to
 * stop. */
static int other_process(const char *path, int from, int to)
{
    struct store *s;
    char c = 0;

    if (read(from, &c, 1) != 1 || store_open(&s, path, STORE_WRITE) != 0)
        return 1;
    store_close(s);
    if (store_open(&s, path, STORE_WRITE) != 0 || analyses_put(s, &second_set, &factor, 1) != 0 ||
        write(to, "x", 1) != 1 || read(from, &c, 1) != 1)
        return 1;
    store_close(s);
    return 0;
}

/* A process that opens the store a second time keeps the locks of its first connection: otherwise
 * another process would believe that it is the last one and remove a log that is still in use. */
START_TEST(a_second_connection_keeps_the_locks)
{
    const char *path = kit_filled("twice.db");
    int to[2], from[2], status;
    struct store *s, *second;
    char c;

    ck_assert(pipe(to) == 0 && pipe(from) == 0);
    pid_t other = fork(); /* before anything is open here */
    if (other == 0)
        _exit(other_process(path, to[0], from[1]));
    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(store_open(&second, path, STORE_READ), 0);
    store_close(second);
    ck_assert(write(to[1], "x", 1) == 1 && read(from[0], &c, 1) == 1);
    ck_assert_int_eq(analyses_put(s, &first_set, &factor, 1), 0);
    store_close(s);
    ck_assert_int_eq(write(to[1], "x", 1), 1);
    waitpid(other, &status, 0);
    ck_assert_int_eq(status, 0);
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        close(from[i]);
    }
    ck_assert_double_eq(
        kit_one(path, "SELECT count(*) FROM analysed JOIN analysis_value USING (set_id)"), 2);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_second_connection_keeps_the_locks);
    tcase_add_test(tc, an_absent_database_has_no_results_yet);
    tcase_add_test(tc, other_files_are_left_alone);
    tcase_add_test(tc, a_newer_database_is_refused);
    tcase_add_test(tc, a_network_file_system_is_refused);
    tcase_add_test(tc, a_lock_is_waited_for);
    tcase_add_test(tc, a_full_disk_loses_nothing);
    tcase_add_test(tc, a_failing_write_is_reported);
    tcase_add_loop_test(tc, damage_is_reported, 0, ARRAY_LEN(damage));
    tcase_add_test(tc, a_read_only_folder_can_be_read);
    tcase_add_test(tc, a_log_in_a_read_only_folder_is_not_ignored);
    tcase_add_test(tc, many_processes_may_create_it);
}

const struct suite suite_store_faults = { "store_faults", fill };
