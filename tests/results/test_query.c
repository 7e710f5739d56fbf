/* test_query.c - what a query may not do, every named query, and the commands that print them. */
#include "tests/kit/suite.h"
#include "results/pivot/study_table.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"

#include "core/metric/metric.h"
#include "core/os/file.h"
#include "core/score/score.h"
#include "experiments/assets/task_texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct kit_study study = { "rank", "accuracy", 3, 2, 3, 3 };

static double by_rank(int rank, int lr, int seed)
{
    return rank == 4 && seed == 3 && lr == 2 ? INFINITY
                                             : 0.8 + 0.01 * rank + 0.02 * lr + 0.001 * seed;
}

/* The database "lowrank.db" in the temporary folder, with one finished study. */
static const char *filled(void)
{
    const char *path = kit_path("lowrank.db");
    struct store *s;

    ck_assert_msg(store_open(&s, path, STORE_WRITE) == 0, "%s", fail_text());
    kit_plan(s, &study);
    kit_finish_all(s, "rank", by_rank);
    store_close(s);
    return path;
}

static struct store *reader(void)
{
    struct store *s;

    ck_assert_msg(store_open(&s, filled(), STORE_READ) == 0, "%s", fail_text());
    return s;
}

/* The store knows of every metric what its definition says. */
START_TEST(metrics_have_a_direction)
{
    struct store *s = reader();

    for (const struct metric *const *m = metric_table; *m; m++) {
        char *sql = xprintf("SELECT goal FROM metric_name WHERE name = '%s'", (*m)->name);
        ck_assert_str_eq(kit_text(s, sql), (*m)->goal == GOAL_MAX ? "max" : "min");
        free(sql);
    }
    for (const struct score_kind *const *k = score_kind_table; *k; k++) {
        char *sql = xprintf("SELECT goal FROM metric_name WHERE name = '%s'",
                            task_texts_metric((*k)->name));
        const char *goal = kit_text(s, sql);
        ck_assert_msg(goal && strcmp(goal, (*k)->goal == GOAL_MAX ? "max" : "min") == 0, "%s", sql);
        ck_assert_msg(strlen(task_texts_metric((*k)->name)) < 24, "%s", sql);
        free(sql);
    }
    ck_assert_str_eq(kit_text(s, "SELECT sum(percent) FROM metric_name WHERE name IN"
                                 " ('token_loss', 'perplexity', 'token_accuracy')"),
                     "1");
    store_close(s);
}
END_TEST

static const struct {
    const char *sql, *says;
} refused[] = {
    { "DELETE FROM run", "a query may only read" },
    { "INSERT INTO meta VALUES('a', 'b')", "a query may only read" },
    { "UPDATE run SET state = 'done' RETURNING run_id", "a query may only read" },
    { "DROP TABLE run", "a query may only read" },
    { "CREATE TEMP TABLE x(y)", "a query may only read" },
    { "ATTACH '/tmp/x.db' AS x", "a query may only read" },
    { "VACUUM INTO '/tmp/lowrank-vacuum-into.db'", "a query may only read" },
    { "PRAGMA journal_mode = DELETE", "a query may only read" },
    { "PRAGMA user_version = 9", "a query may only read" },
    { "PRAGMA query_only = 0", "a query may only read" },
    { "BEGIN", "a query may only read" },
    { "SELECT load_extension('x')", "not authorized to use function: load_extension" },
    { "SELECT 1; DELETE FROM run", "one statement at a time" },
    { "SELECT 1; SELECT 2", "one statement at a time" },
    { "", "the query is empty" },
    { "-- nothing", "the query is empty" },
    { "SELECT absent", "no such column: absent" },
    { "SELEC 1", "near \"SELEC\": syntax error" },
    { "SELECT :a", "the query has no parameter 'x'; it has a" },
    { "SELECT 1", "the query has no parameter 'x'; it has none" },
    { "SELECT json_extract('{', '$')", "the query has no parameter 'x'; it has none" },
    { "SELECT :x FROM run LIMIT :x", "datatype mismatch" },
    { "SELECT json_extract('{', '$'), :x", "malformed JSON" },
};

START_TEST(a_query_only_reads)
{
    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        struct store *s;
        struct rows r;
        const char *params[] = { "x", "text", NULL };
        ck_assert_int_eq(store_open(&s, filled(), (enum store_mode)mode), 0);
        bool own = strstr(refused[_i].says, "parameter") || strstr(refused[_i].sql, ":x");
        ck_assert_int_eq(query_rows(s, &r, refused[_i].sql, own ? params : NULL), -1);
        ck_assert_int_eq(fail_code(), FAIL_USAGE);
        ck_assert_msg(strstr(fail_text(), refused[_i].says), "%s", fail_text());
        ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM run"), "18");
        store_close(s);
    }
    ck_assert(!file_exists("/tmp/lowrank-vacuum-into.db"));
}
END_TEST

static const struct {
    const char *sql, *value, *result;
} params[] = {
    { "SELECT count(*) FROM runs WHERE rank = :x", "2", "6" },
    { "SELECT count(*) FROM runs WHERE lr = :x", "2e-3", "9" },
    { "SELECT count(*) FROM runs WHERE task = :x", "t", "18" },
    { "SELECT count(*) FROM runs WHERE task = :x", "'; DROP TABLE run; --", "0" },
    { "SELECT :x", "%s\n\xF0\x9F\x98\x80", "%s\n\xF0\x9F\x98\x80" },
    { "SELECT :x + 1", "41", "42" },
    { "SELECT typeof(:x)", "007", "text" },
    { "SELECT :x IS NULL", NULL, "1" },
    { "SELECT count(*) FROM (SELECT 1 FROM run LIMIT :x)", "5", "5" },
    { "SELECT count(*) FROM json_each('[1,2]') WHERE :x = 1", "1", "2" },
    { "SELECT count(*) > 0 FROM pragma_table_info('run') WHERE :x = 1", "1", "1" },
    { "SELECT x'00ff' WHERE :x = 1", "1", "00ff" },
};

START_TEST(parameters_are_values)
{
    struct store *s = reader();
    struct rows r;
    const char *list[] = { "x", params[_i].value, NULL };

    ck_assert_msg(query_rows(s, &r, params[_i].sql, list) == 0, "%s", fail_text());
    ck_assert_str_eq(r.cell[0], params[_i].result);
    rows_free(&r);
    store_close(s);
}
END_TEST

START_TEST(rows_know_their_types)
{
    struct store *s = reader();
    struct rows r;

    ck_assert_int_eq(
        query_rows(s, &r,
                   "SELECT 1 AS a, 0.1 AS b, NULL AS c, 'x' AS d UNION ALL SELECT 2, NULL, 8.0, 3",
                   NULL),
        0);
    ck_assert(r.n_cols == 4 && r.n_rows == 2);
    ck_assert(r.numeric[0] && r.numeric[1] && r.numeric[2] && !r.numeric[3]);
    ck_assert_str_eq(rows_get(&r, 0, "b"), "0.1");
    ck_assert_str_eq(rows_get(&r, 1, "c"), "8");
    ck_assert_ptr_null(rows_get(&r, 1, "b"));
    ck_assert_ptr_null(rows_get(&r, 0, "no such"));
    ck_assert_ptr_null(rows_get(&r, 2, "a"));
    rows_free(&r);
    store_close(s);
}
END_TEST

/* Every named query begins with a line that says what it shows, and runs on a filled and on an
 * empty database. */
START_TEST(named_queries_run)
{
    struct store *s = reader(), *empty = kit_store();
    int n = 0;

    for (const char *const *q = query_names(); *q; q++, n++) {
        struct rows r;
        const char *sql = query_find(*q);
        ck_assert_msg(strncmp(sql, "-- ", 3) == 0, "%s", *q);
        ck_assert_msg(query_rows(s, &r, sql, NULL) == 0, "%s: %s", *q, fail_text());
        rows_free(&r);
        ck_assert_msg(query_rows(empty, &r, sql, NULL) == 0, "%s: %s", *q, fail_text());
        ck_assert_msg(r.n_rows == 0 || strcmp(*q, "paper") == 0 || strncmp(*q, "beside_", 7) == 0,
                      "%s has rows without runs", *q);
        rows_free(&r);
    }
    ck_assert_int_gt(n, 15);
    ck_assert_ptr_null(query_find("nothing"));
    store_close(s);
    store_close(empty);
}
END_TEST

START_TEST(tables_show_the_papers_numbers)
{
    struct store *s = reader();
    struct study_table t;

    ck_assert_int_eq(study_table(&t, s, NULL, "rank", (const char *[]){ NULL }, true), 0);
    ck_assert_int_eq(t.r.n_rows, 3);
    ck_assert_str_eq(rows_get(&t.r, 0, "q,v"), "85.2 ± 0.2 (3)");
    ck_assert_str_eq(rows_get(&t.r, 2, "q,v"), "86.2 ± 0.2 (3)");
    ck_assert_ptr_null(rows_get(&t.r, 0, "q"));
    ck_assert_str_eq(rows_get(&t.r, 1, "paper: WikiSQL"), "69.6 / 73.3 / 73.7");
    ck_assert_str_eq(rows_get(&t.r, 2, "paper: MNLI"), "91.1 / 91.3 / 91.7");
    study_table_free(&t);
    store_close(s);
}
END_TEST

/* --- commands of the program that LOWRANK names */

static const struct {
    const char *line; /* @R stands for the key of a run, @C for that of a cell */
    int rc;
    const char *says; /* in stdout or stderr */
} commands[] = {
    { "status", 0, "rank" },
    { "status rank --format json", 0, "\"studies\": [" },
    { "status rnk", 2, "unknown study 'rnk'; did you mean 'rank'?" },
    { "status", 0, "loss is not finite at step 3" },
    { "show @R", 0, "attempts" },
    { "show @C", 0, "statistics" },
    { "show @C --format latex", 0, "\\toprule" },
    { "show 0g11", 2, "'0g11' must be at least 4 hex digits" },
    { "show ffffffffffff", 2, "unknown run or cell 'ffffffffffff'" },
    { "query runs --format csv state=diverged", 0, "run,state,model" },
    { "query --list -v", 0, "fig_methods_seeds" },
    { "query --list", 0, "trials" },
    { "table rnak", 2, "unknown table or study 'rnak'; did you mean 'rank'?" },
    { "query rnak", 2, "unknown query 'rnak'" },
    { "query runs nothing", 2, "'nothing' must be name=value" },
    { "query runs what=1", 2, "the query has no parameter 'what'" },
    { "query", 2, "which query?" },
    { "table rank", 0, "85.2 ± 0.2 (3)" },
    { "table rank --format md", 0, "| 85.2 ± 0.2 (3) |" },
    { "table targets", 1, "no runs yet for table 'targets': lowrank sweep targets" },
    { "table rank study=other", 2, "unknown study 'other'" },
    { "table --list", 0, "trials" },
    { "query study study=rnk", 2, "unknown study 'rnk'; did you mean 'rank'?" },
    { "table rank --home /nowhere", 4, "no results yet; run 'lowrank sweep" },
    { "table rank --format xml", 2, "xml" },
    { "table --help", 0, "usage: lowrank table" },
    { "query runs --wide | head -n 1", 0, "state" },
};

static char *with_keys(const char *line, struct store *s)
{
    const char *run = strstr(line, "@R"), *cell = strstr(line, "@C");
    const char *at = run ? run : cell;

    if (!at)
        return xstrdup(line);
    return xprintf("%.*s%.16s%s", (int)(at - line), line,
                   kit_text(s, run ? "SELECT run_key FROM run WHERE state = 'done' LIMIT 1"
                                   : "SELECT cell_key FROM run LIMIT 1"),
                   at + 2);
}

START_TEST(commands_answer)
{
    const char *program = getenv("LOWRANK");
    static char out[65536];

    if (!program) {
        skip("query: LOWRANK does not name the program");
        return;
    }
    struct store *s = reader();
    char *line = with_keys(commands[_i].line, s);
    char *shell =
        xprintf("set -o pipefail; LOWRANK_HOME=%s %s %s 2>&1", kit_path("."), program, line);
    char *argv[] = { "bash", "-c", shell, NULL };
    int rc = spawn_wait(argv, out, sizeof out, 60);

    ck_assert_msg(rc == commands[_i].rc, "%s: exit %d\n%s", line, rc, out);
    ck_assert_msg(strstr(out, commands[_i].says), "%s:\n%s", line, out);
    free(shell);
    free(line);
    store_close(s);
}
END_TEST

/* All runs are done, but the metric is not defined. */
START_TEST(a_table_without_numbers_says_so)
{
    const char *program = getenv("LOWRANK");
    static char out[4096];

    if (!program) {
        skip("query: LOWRANK does not name the program");
        return;
    }
    kit_sql(kit_filled("lowrank.db"), "UPDATE result SET value = NULL, nonfinite = 'nan'");
    static const char *const line[][2] = {
        { "table rank", "study 'rank': none of its 4 finished runs gave a number" },
        { "table study", "'study': none of its 4 finished runs gave a number" },
        { "table rank study=rank", "study 'rank': none of its 4 finished runs gave a number" },
        { "table targets", "no runs yet for table 'targets': lowrank sweep targets" },
        { "table rank task=other", "no cell of study 'rank' with a number fits" },
    };
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        char *shell = xprintf("LOWRANK_HOME=%s %s %s 2>&1", kit_path("."), program, line[i][0]);
        char *argv[] = { "sh", "-c", shell, NULL };
        ck_assert_int_eq(spawn_wait(argv, out, sizeof out, 60), 1);
        ck_assert_msg(strstr(out, line[i][1]), "%s: %s", line[i][0], out);
        free(shell);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, metrics_have_a_direction);
    tcase_add_loop_test(tc, a_query_only_reads, 0, ARRAY_LEN(refused));
    tcase_add_loop_test(tc, parameters_are_values, 0, ARRAY_LEN(params));
    tcase_add_test(tc, rows_know_their_types);
    tcase_add_test(tc, named_queries_run);
    tcase_add_test(tc, tables_show_the_papers_numbers);
    tcase_add_test(tc, a_table_without_numbers_says_so);
    tcase_add_loop_test(tc, commands_answer, 0, ARRAY_LEN(commands));
}

const struct suite suite_query = { "query", fill };
