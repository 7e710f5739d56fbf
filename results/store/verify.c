/* verify.c - what is wrong with a database. */
#include "results/store/verify.h"
#include "core/base/text.h"
#include "results/store/db.h"

#include <stdlib.h>
#include <string.h>

/* Each statement gives "what" and "finding" of rows that cannot be. typeof: SQLite takes it for
 * granted that a NOT NULL column is not NULL and leaves "IS NULL" out. */
static const char *const quick_sql[] = {
    "SELECT 'run ' || coalesce(substr(run_key, 1, 8), 'number ' || run_id),"
    " iif(typeof(state) = 'text', 'has the state ''' || state || ''', which does not exist',"
    " 'has no state') FROM run NOT INDEXED WHERE typeof(state) <> 'text' OR state NOT IN"
    " ('queued', 'running', 'done', 'diverged', 'failed', 'excluded')",
    "SELECT 'run number ' || run_id, 'has no ' || iif(typeof(run_key) <> 'text', 'key',"
    " iif(typeof(cell_key) <> 'text', 'key of its cell', 'configuration')) FROM run NOT INDEXED"
    " WHERE typeof(run_key) <> 'text' OR typeof(cell_key) <> 'text' OR typeof(config) <> 'text'",
    "SELECT 'study number ' || sweep_id, 'has no ' || iif(typeof(name) <> 'text', 'name',"
    " 'description') FROM sweep NOT INDEXED"
    " WHERE typeof(name) <> 'text' OR typeof(spec) <> 'text'",
    "SELECT 'plan number ' || plan_id, 'has no settings' FROM plan NOT INDEXED"
    " WHERE typeof(base) <> 'text'",
    "SELECT 'attempt ' || attempt || ' of run number ' || run_id,"
    " iif(typeof(owner) <> 'text', 'has no owner',"
    " 'has the outcome ''' || outcome || ''', which does not exist') FROM attempt"
    " WHERE typeof(owner) <> 'text' OR (outcome IS NOT NULL AND outcome NOT IN"
    " ('done', 'diverged', 'failed', 'interrupted', 'lost'))",
    "SELECT 'metric number ' || metric_id, 'has no ' || iif(typeof(name) <> 'text', 'name', 'goal')"
    " FROM metric_name NOT INDEXED WHERE typeof(name) <> 'text' OR typeof(goal) <> 'text'",
};
static const char *const slow_sql[] = {
    "SELECT 'run ' || substr(run_key, 1, 8), 'its configuration is not JSON' FROM run NOT INDEXED"
    " WHERE NOT json_valid(config)",
    "SELECT 'study ' || name, 'its description is not JSON' FROM sweep NOT INDEXED"
    " WHERE NOT json_valid(spec)",
    "SELECT 'environment number ' || env_id, 'its document is not JSON' FROM env NOT INDEXED"
    " WHERE NOT json_valid(doc)",
    "SELECT 'run ' || substr(r.run_key, 1, 8), 'is done, but has no attempt that ended as done'"
    " FROM run r WHERE r.state = 'done' AND NOT EXISTS (SELECT 1 FROM attempt a"
    " WHERE a.run_id = r.run_id AND a.outcome = 'done')",
    "SELECT 'study ' || name, 'its newest plan does not exist' FROM sweep w"
    " WHERE plan_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM plan p WHERE p.plan_id = w.plan_id)",
};

static const char *column(sqlite3_stmt *st, int i)
{
    const char *text = (const char *)sqlite3_column_text(st, i);

    return text ? text : "-";
}

/* Adds the rows of a statement; with FOUND NULL fails at the first one. */
static int collect(struct store *s, const char *sql, struct rows *found)
{
    sqlite3_stmt *st = db_stmt(s, sql, "");
    int more = st ? db_step(s, st) : -1;

    for (; more == 1; more = db_step(s, st)) {
        if (found) {
            rows_add(found, (const char *const[]){ column(st, 0), column(st, 1) });
            continue;
        }
        fail(FAIL_STORE, "'%s' is damaged: %s %s; 'lowrank verify' lists all damage", s->path,
             column(st, 0), column(st, 1));
        sqlite3_reset(st);
        return -1;
    }
    return more;
}

static void add_integrity(struct rows *found, const char *text)
{
    rows_add(found, (const char *const[]){ "integrity_check", text });
}

/* PRAGMA integrity_check: one row "ok", or one row for each fault. A file so damaged that it cannot
 * be read to its end is a finding too. */
static void collect_integrity(sqlite3 *db, struct rows *found)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(100)", -1, &st, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (strcmp(column(st, 0), "ok") != 0)
            add_integrity(found, column(st, 0));
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        add_integrity(found, sqlite3_errmsg(db));
    sqlite3_finalize(st);
}

/* SQLite does not read the CHECK constraints of a file that is open for reading only. Nothing may
 * write to a damaged file, so what is checked is a copy, in a temporary file that ends with its
 * connection. */
static void collect_copy_integrity(struct store *s, struct rows *found)
{
    sqlite3 *copy = NULL;
    int rc = sqlite3_open("", &copy);
    sqlite3_backup *b = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", s->db, "main") : NULL;

    if (b) {
        sqlite3_backup_step(b, -1);
        rc = sqlite3_backup_finish(b);
    }
    if (b && rc == SQLITE_OK) {
        collect_integrity(copy, found);
    } else {
        char *text = xprintf("constraints were not checked, because the database cannot be copied "
                             "to a temporary file: %s",
                             sqlite3_errmsg(copy));
        collect_integrity(s->db, found);
        add_integrity(found, text);
        free(text);
    }
    sqlite3_close(copy);
}

static void collect_foreign_keys(struct store *s, struct rows *found)
{
    sqlite3_stmt *st = db_stmt(s, "PRAGMA foreign_key_check", "");
    int more = st ? db_step(s, st) : -1;

    for (; more == 1; more = db_step(s, st)) {
        char *text = xprintf("row %s refers to a row of '%s' that does not exist", column(st, 1),
                             column(st, 2)),
             *what = xprintf("table %s", column(st, 0));
        rows_add(found, (const char *const[]){ what, text });
        free(what);
        free(text);
    }
    if (more < 0)
        rows_add(found, (const char *const[]){ "foreign_key_check", fail_text() });
}

int verify_quick(struct store *s)
{
    for (size_t i = 0; i < ARRAY_LEN(quick_sql); i++)
        if (collect(s, quick_sql[i], NULL) != 0)
            return -1;
    return 0;
}

int verify_all(struct store *s, struct rows *found)
{
    collect_copy_integrity(s, found);
    collect_foreign_keys(s, found);
    for (size_t i = 0; i < ARRAY_LEN(quick_sql) + ARRAY_LEN(slow_sql); i++) {
        const char *sql =
            i < ARRAY_LEN(quick_sql) ? quick_sql[i] : slow_sql[i - ARRAY_LEN(quick_sql)];
        if (collect(s, sql, found) != 0)
            rows_add(found, (const char *const[]){ "database", fail_text() });
    }
    return stop_check();
}
