/* test_migrate.c - an older database becomes one of this version: a copy stays, nothing is lost, and a
 * migration that fails leaves the file as it was. */
#include "tests/suite.h"
#include "tests/store_kit.h"
#include "results/db.h"

#include <string.h>

static const struct embedded next[] = {
    { "schema/001_init.sql", "SELECT no_such_function()" },
    { "schema/005_more.sql", "ALTER TABLE run ADD COLUMN more TEXT;" },
    { NULL, NULL },
};
static const struct embedded broken[] = {
    { "schema/005_more.sql", "ALTER TABLE run ADD COLUMN more TEXT; SELECT * FROM nothing;" },
    { NULL, NULL },
};

START_TEST(a_migration_keeps_a_copy)
{
    const char *path = kit_filled("old.db"), *copy = kit_path("old.db.v4.bak");
    verbosity = -1;
    struct store *s;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(migrate_schema(s, broken), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "schema 5: "));
    ck_assert_str_eq(
        kit_text(s, "SELECT count(*) FROM pragma_table_info('run') WHERE name = 'more'"), "0");
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_str_eq(kit_text(s, "SELECT count(more IS NULL) FROM run"), "4");
    store_close(s);
    ck_assert_double_eq(kit_one(copy, "SELECT count(*) FROM run"), 4);
    ck_assert_double_eq(kit_one(copy, "SELECT user_version FROM pragma_user_version"), 4);
    kit_refused(path, STORE_READ, "schema 5; this one knows 4");
}
END_TEST

/* What takes a newest database back to schema 2 and to schema 1. */
static const char to_2[] = "DROP VIEW analyses; DROP TABLE analysis; PRAGMA user_version = 2";
static const char to_1[] = "DROP VIEW benches; DROP TABLE bench_value; DROP TABLE bench;"
                           " PRAGMA user_version = 1";
static const struct {
    const char *older, *copy, *refused;
    int version;
} olders[] = {
    { "one.db", "one.db.v1.bak", "older lowrank (schema 1; this one reads 4)", 1 },
    { "two.db", "two.db.v2.bak", "older lowrank (schema 2; this one reads 4)", 2 },
};

/* A database of an older schema with runs, values and their machine in it: read only after a
 * migration, which keeps all of them and a copy, and then takes what is new. */
START_TEST(an_older_schema_becomes_the_newest)
{
    const char *path = kit_filled(olders[_i].older), *copy = kit_path(olders[_i].copy);
    static const char machine[] = "INSERT INTO env(sha256, doc) VALUES(printf('%064d', 1), '{}');"
                                  " UPDATE attempt SET env_id = 1; UPDATE result SET value = 0.75";
    static const char *const count[] = { "SELECT count(*) FROM run", "SELECT count(*) FROM attempt",
                                         "SELECT sum(value) FROM result",
                                         "SELECT sum(env_id) FROM attempt" };
    double before[ARRAY_LEN(count)];
    struct store *s;

    verbosity = -1;
    kit_sql(path, machine);
    kit_sql(path, to_2);
    if (olders[_i].version == 1)
        kit_sql(path, to_1);
    for (size_t i = 0; i < ARRAY_LEN(count); i++) {
        before[i] = kit_one(path, count[i]);
        ck_assert(before[i] > 0);
    }
    kit_refused(path, STORE_READ, olders[_i].refused);
    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    for (size_t i = 0; i < ARRAY_LEN(count); i++) {
        ck_assert_double_eq(kit_one(path, count[i]), before[i]);
        ck_assert_double_eq(kit_one(copy, count[i]), before[i]);
    }
    ck_assert_double_eq(kit_one(copy, "SELECT user_version FROM pragma_user_version"),
                        olders[_i].version);
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM benches"), "0");
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM analyses"), "0");
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_migration_keeps_a_copy);
    tcase_add_loop_test(tc, an_older_schema_becomes_the_newest, 0, (int)ARRAY_LEN(olders));
}

const struct suite suite_migrate = { "migrate", fill };
