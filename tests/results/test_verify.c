/* test_verify.c - values that cannot be in the database are found, and no command crashes on
 * them. */
#include "results/store/verify.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>

/* How to damage a database that is valid for SQLite, and what the line says. The schema's promises
 * are taken out of it, as a flipped bit in the file ignores them too. */
static const struct {
    const char *sql, *want;
} damage[] = {
    { "UPDATE run SET state = 'dome' WHERE run_id = 2", "has the state 'dome', which does not" },
    { "UPDATE run SET state = NULL WHERE run_id = 2", "has no state" },
    { "UPDATE run SET state = '' WHERE run_id = 2", "has the state '', which does not exist" },
    { "UPDATE run SET run_key = NULL WHERE run_id = 2", "run number 2 has no key" },
    { "UPDATE run SET cell_key = NULL WHERE run_id = 2", "run number 2 has no key of its cell" },
    { "UPDATE run SET config = NULL WHERE run_id = 2", "run number 2 has no configuration" },
    { "UPDATE sweep SET name = NULL", "study number 1 has no name" },
    { "UPDATE sweep SET spec = NULL", "study number 1 has no description" },
    { "UPDATE plan SET base = NULL", "plan number 1 has no settings" },
    { "UPDATE attempt SET outcome = 'dome'", "has the outcome 'dome', which does not exist" },
    { "UPDATE attempt SET owner = NULL", "has no owner" },
    { "UPDATE metric_name SET name = NULL WHERE metric_id = 1", "metric number 1 has no name" },
};

static const char *damaged(int i)
{
    const char *path = kit_filled("v.db");
    char sql[2048];

    snprintf(sql, sizeof sql,
             "PRAGMA ignore_check_constraints = 1; PRAGMA writable_schema = 1;"
             "CREATE TABLE temp.was AS SELECT name, sql FROM sqlite_schema WHERE type = 'table';"
             "UPDATE sqlite_schema SET sql = replace(sql, 'TEXT NOT NULL', 'TEXT')"
             " WHERE name IN ('run', 'sweep', 'plan', 'attempt', 'metric_name');"
             "PRAGMA writable_schema = RESET; %s; PRAGMA writable_schema = 1;"
             "UPDATE sqlite_schema AS s SET sql = (SELECT w.sql FROM temp.was w"
             " WHERE w.name = s.name) WHERE type = 'table'; PRAGMA writable_schema = RESET;",
             damage[i].sql);
    kit_sql(path, sql);
    return path;
}

START_TEST(damage_is_refused_and_listed)
{
    const char *path = damaged(_i);
    struct store *s = NULL;
    struct rows found;
    const char *const cols[] = { "what", "finding", NULL };
    bool listed = false;

    kit_refused(path, STORE_READ, damage[_i].want);
    kit_refused(path, STORE_WRITE, damage[_i].want);
    ck_assert_int_eq(verify_open(&s, path), 0);
    rows_init(&found, cols);
    ck_assert_int_eq(verify_all(s, &found), 0);
    for (int i = 0; i < found.n_rows; i++) {
        char line[512];
        snprintf(line, sizeof line, "%s %s", rows_get(&found, i, "what"),
                 rows_get(&found, i, "finding"));
        listed |= strstr(line, damage[_i].want) != NULL;
    }
    ck_assert_msg(listed, "'%s' is not listed", damage[_i].want);
    rows_free(&found);
    store_close(s);
}
END_TEST

/* A CHECK constraint that no query of ours repeats: SQLite itself must see it. */
START_TEST(constraints_are_checked)
{
    const char *const cols[] = { "what", "finding", NULL };
    const char *path = kit_filled("v.db");
    struct store *s = NULL;
    struct rows found;

    kit_sql(path, "PRAGMA ignore_check_constraints = 1; UPDATE run SET run_key = 'short'"
                  " WHERE run_id = 2");
    ck_assert_int_eq(verify_open(&s, path), 0);
    rows_init(&found, cols);
    ck_assert_int_eq(verify_all(s, &found), 0);
    ck_assert_int_eq(found.n_rows, 1);
    ck_assert_str_eq(rows_get(&found, 0, "finding"), "CHECK constraint failed in run");
    rows_free(&found);
    store_close(s);
}
END_TEST

START_TEST(an_intact_database_has_no_findings)
{
    const char *const cols[] = { "what", "finding", NULL };
    struct store *s = NULL;
    struct rows found;

    ck_assert_int_eq(verify_open(&s, kit_filled("v.db")), 0);
    rows_init(&found, cols);
    ck_assert_int_eq(verify_all(s, &found), 0);
    ck_assert_int_eq(found.n_rows, 0);
    rows_free(&found);
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, damage_is_refused_and_listed, 0, (int)ARRAY_LEN(damage));
    tcase_add_test(tc, constraints_are_checked);
    tcase_add_test(tc, an_intact_database_has_no_findings);
}

const struct suite suite_verify = { "verify", fill };
