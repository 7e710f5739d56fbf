/* test_migrate.c - an older database is migrated: a copy is kept, nothing is lost, and a
 * migration that fails leaves the file as it was. */
#include "tests/kit/suite.h"
#include "results/store/migrate.h"
#include "tests/kit/store_kit.h"
#include "results/store/db.h"

#include <stdlib.h>
#include <string.h>

static const struct embedded next[] = {
    { "schema/001_init.sql", "SELECT no_such_function()" },
    { "schema/999_more.sql", "ALTER TABLE run ADD COLUMN more TEXT;" },
    { NULL, NULL },
};
static const struct embedded broken[] = {
    { "schema/999_more.sql", "ALTER TABLE run ADD COLUMN more TEXT; SELECT * FROM nothing;" },
    { NULL, NULL },
};

START_TEST(a_migration_keeps_a_copy)
{
    const char *path = kit_filled("old.db");
    int newest = migrate_newest(embedded_files);
    char *name = xprintf("old.db.v%d.bak", newest),
         *refused = xprintf("schema is 999, this program knows %d", newest);
    const char *copy = kit_path(name);
    verbosity = -1;
    struct store *s;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(migrate_schema(s, broken), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "schema 999: "));
    ck_assert_str_eq(
        kit_text(s, "SELECT count(*) FROM pragma_table_info('run') WHERE name = 'more'"), "0");
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_int_eq(migrate_schema(s, next), 0);
    ck_assert_str_eq(kit_text(s, "SELECT count(more IS NULL) FROM run"), "4");
    store_close(s);
    ck_assert_double_eq(kit_one(copy, "SELECT count(*) FROM run"), 4);
    ck_assert_double_eq(kit_one(copy, "SELECT user_version FROM pragma_user_version"), newest);
    kit_refused(path, STORE_READ, refused);
    free(refused);
    free(name);
}
END_TEST

/* SQL that takes a new database back to schema 5, whose views stand-ins replace. */
static const char to_5[] =
    "DROP VIEW study_scores; DROP VIEW generations; DROP TABLE generated; DROP TABLE generation;"
    "DROP TRIGGER run_has_cell; DROP VIEW cell_recipe; DROP VIEW cells; DROP VIEW final;"
    " CREATE VIEW cells AS SELECT 1; CREATE VIEW final AS SELECT 1;"
    " DELETE FROM meta WHERE key = 'cells_to';"
    "DROP VIEW phi; DROP VIEW analyses; DROP VIEW analysis; CREATE VIEW analysis AS SELECT 1;"
    " CREATE VIEW analyses AS SELECT 1; CREATE VIEW phi AS SELECT 1; DROP VIEW excluded; DROP VIEW "
    "notes; DROP VIEW tags; DROP TABLE exclusion; DROP TABLE note;"
    " DROP TABLE tag;"
    "DROP VIEW study_tuning; DROP VIEW stopped_run; DROP TABLE tuning; DROP VIEW optimism; DROP "
    "VIEW selection; DROP VIEW "
    "evaluations; DROP TABLE "
    "evaluation_prediction; DROP TABLE evaluation_value; DROP TABLE evaluation;"
    " DROP VIEW runs; DROP VIEW study_cells; DROP VIEW study_trials; DROP VIEW study_values;"
    " DROP INDEX run_brief; ALTER TABLE sweep DROP COLUMN archived; DROP TABLE cell;"
    " ALTER TABLE run DROP COLUMN cell_id; ALTER TABLE run DROP COLUMN apart;"
    " CREATE VIEW runs AS SELECT 1; CREATE VIEW study_values AS SELECT 1;"
    " CREATE VIEW study_trials AS SELECT 1; CREATE VIEW study_cells AS SELECT 1;"
    " PRAGMA user_version = 5";
/* SQL that takes that back to schema 4, with numbers of analyses as they were stored
 * then, to schema 2, and to schema 1. */
static const char to_4[] =
    "DROP TABLE look; DELETE FROM meta WHERE key = 'looks_from'; DROP VIEW phi; DROP VIEW "
    "cell_differs; DROP VIEW analyses; DROP VIEW analysis; DROP TABLE "
    "analysis_value;"
    " DROP TABLE analysed; CREATE TABLE analysis(study, kind, run_a, run_b, layer, proj, i, j, "
    "name, value);"
    " CREATE VIEW analyses AS SELECT * FROM analysis;"
    " CREATE TABLE phi(study, kind, run_a, run_b, layer, proj, i, j, phi); PRAGMA user_version = 4;"
    " INSERT INTO analysis(study, kind, run_a, run_b, layer, proj, i, j, name, value)"
    " VALUES('methods', 'cka', 1, 0, 0, '', 0, 0, 'cka', 0.5),"
    " ('methods methods=lora,ft task=toy', 'cka', 1, 0, 0, '', 0, 0, 'cka', 0.5),"
    " ('methods task=toy n=300', 'cka', 1, 0, 0, '', 0, 0, 'cka', 0.25),"
    " ('choice seed=2 batches=4', 'gradient', 0, 0, 0, 'q', 0, 0, 'norm', 2),"
    " ('minilm rank=32', 'latency', 0, 0, -1, 'base', 1, 8, 'ms', 3);"
    " INSERT INTO phi(study, kind, run_a, run_b, layer, proj, i, j, phi)"
    " VALUES('rank', 'rank', 1, 2, 0, 'q', 1, 1, 0.75), ('rank seed=2', 'seed', 3, 4, 0, 'q', 1, "
    "1, 1)";
static const char to_2[] =
    "DROP VIEW analyses; DROP TABLE analysis; DELETE FROM phi; PRAGMA user_version = 2";
static const char to_1[] = "DROP VIEW benches; DROP TABLE bench_value; DROP TABLE bench;"
                           " PRAGMA user_version = 1";
static const struct {
    const char *older, *copy, *refused;
    int version;
} olders[] = {
    { "one.db", "one.db.v1.bak", "older lowrank (its schema is 1, this program reads ", 1 },
    { "two.db", "two.db.v2.bak", "older lowrank (its schema is 2, this program reads ", 2 },
};

/* A database of an older schema with runs, values and environments can be read only after a
 * migration, which keeps all of them and a copy. */
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
    kit_sql(path, to_5);
    kit_sql(path, to_4);
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

/* Options that only select runs are dropped from the settings of analyses; those that change the
 * numbers stay. */
START_TEST(analyses_get_their_studies)
{
    const char *path = kit_filled("four.db");
    struct store *s;

    verbosity = -1;
    kit_sql(path, to_5);
    kit_sql(path, to_4);
    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_str_eq(
        kit_text(s,
                 "SELECT group_concat(study || '/' || kind || '/' || settings || '/' || name || '='"
                 " || value, ' ') FROM (SELECT * FROM analysed JOIN analysis_value USING (set_id)"
                 " ORDER BY study, kind, settings, name)"),
        "choice/matrices/seed=2 batches=4/norm=2.0 methods/features//cka=0.5"
        " methods/features/n=300/cka=0.25 minilm/latency/rank=32/ms=3.0"
        " rank/subspace//phi_rank=0.75 rank/subspace//phi_seed=1.0");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(kind || run_a || phi) FROM phi"),
                     "rank10.75,seed31.0");
    /* stored from 0 in every schema, shown from 1 */
    ck_assert_str_eq(kit_text(s, "SELECT max(layer) || min(layer) FROM analysis_value"), "0-1");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(layer) FROM phi"), "1,1");
    ck_assert_str_eq(
        kit_text(s, "SELECT group_concat(layer) FROM analysis WHERE kind = 'subspace'"), "1,1");
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM analysis WHERE study = 'methods'"),
                     "0"); /* its run is in no plan of the study */
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_migration_keeps_a_copy);
    tcase_add_test(tc, analyses_get_their_studies);
    tcase_add_loop_test(tc, an_older_schema_becomes_the_newest, 0, (int)ARRAY_LEN(olders));
}

const struct suite suite_migrate = { "migrate", fill };
