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
    " ('queued', 'running', 'done', 'diverged', 'failed', 'cancelled')",
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

/* PRAGMA integrity_check: one row "ok", or one row for each fault. A file so damaged that it cannot
 * be read to its end is a finding too. */
static void collect_integrity(struct store *s, struct rows *found)
{
    sqlite3_stmt *st = db_stmt(s, "PRAGMA integrity_check(100)", "");
    int more = st ? db_step(s, st) : -1;

    for (; more == 1; more = db_step(s, st))
        if (strcmp(column(st, 0), "ok") != 0)
            rows_add(found, (const char *const[]){ "integrity_check", column(st, 0) });
    if (more < 0)
        rows_add(found, (const char *const[]){ "integrity_check", fail_text() });
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
    collect_integrity(s, found);
    collect_foreign_keys(s, found);
    for (size_t i = 0; i < ARRAY_LEN(quick_sql) + ARRAY_LEN(slow_sql); i++) {
        const char *sql =
            i < ARRAY_LEN(quick_sql) ? quick_sql[i] : slow_sql[i - ARRAY_LEN(quick_sql)];
        if (collect(s, sql, found) != 0)
            rows_add(found, (const char *const[]){ "database", fail_text() });
    }
    return stop_check();
}
