/* test_migrate.c - an older database becomes one of this version: a copy stays, nothing is lost, and a
 * migration that fails leaves the file as it was. */
#include "tests/suite.h"
#include "tests/store_kit.h"
#include "results/db.h"

#include <string.h>

static const struct embedded next[] = {
    { "schema/001_init.sql", "SELECT no_such_function()" },
    { "schema/003_more.sql", "ALTER TABLE run ADD COLUMN more TEXT;" },
    { NULL, NULL },
};
static const struct embedded broken[] = {
    { "schema/003_more.sql", "ALTER TABLE run ADD COLUMN more TEXT; SELECT * FROM nothing;" },
    { NULL, NULL },
};

START_TEST(a_migration_keeps_a_copy)
{
    const char *path = kit_filled("old.db"), *copy = kit_path("old.db.v2.bak");
    verbosity = -1;
    struct store *s;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(migrate_schema(s, broken), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "schema 3: "));
    ck_assert_str_eq(
        kit_text(s, "SELECT count(*) FROM pragma_table_info('run') WHERE name = 'more'"), "0");
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_str_eq(kit_text(s, "SELECT count(more IS NULL) FROM run"), "4");
    store_close(s);
    ck_assert_double_eq(kit_one(copy, "SELECT count(*) FROM run"), 4);
    ck_assert_double_eq(kit_one(copy, "SELECT user_version FROM pragma_user_version"), 2);
    kit_refused(path, STORE_READ, "schema 3; this one knows 2");
}
END_TEST

/* A database of schema 1 with runs, values and their machine in it: read only after a migration,
 * which keeps all of them and a copy, and then takes measurements. */
START_TEST(schema_1_becomes_2)
{
    const char *path = kit_filled("one.db"), *copy = kit_path("one.db.v1.bak");
    static const char back[] = "DROP VIEW benches; DROP TABLE bench_value; DROP TABLE bench;"
                               " INSERT INTO env(sha256, doc) VALUES(printf('%064d', 1), '{}');"
                               " UPDATE attempt SET env_id = 1; UPDATE result SET value = 0.75;"
                               " PRAGMA user_version = 1";
    static const char *const count[] = { "SELECT count(*) FROM run", "SELECT count(*) FROM attempt",
                                         "SELECT sum(value) FROM result",
                                         "SELECT sum(env_id) FROM attempt" };
    double before[ARRAY_LEN(count)];
    struct store *s;

    verbosity = -1;
    kit_sql(path, back);
    for (size_t i = 0; i < ARRAY_LEN(count); i++) {
        before[i] = kit_one(path, count[i]);
        ck_assert(before[i] > 0);
    }
    kit_refused(path, STORE_READ, "older lowrank (schema 1; this one reads 2)");
    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    for (size_t i = 0; i < ARRAY_LEN(count); i++) {
        ck_assert_double_eq(kit_one(path, count[i]), before[i]);
        ck_assert_double_eq(kit_one(copy, count[i]), before[i]);
    }
    ck_assert_double_eq(kit_one(copy, "SELECT user_version FROM pragma_user_version"), 1);
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM benches"), "0");
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_migration_keeps_a_copy);
    tcase_add_test(tc, schema_1_becomes_2);
}

const struct suite suite_migrate = { "migrate", fill };
