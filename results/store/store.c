/* store.c - opening and closing the result database; studies and their planned runs. */
#include "results/store/store.h"
#include "core/base/text.h"
#include "results/store/cells.h"
#include "results/store/db.h"
#include "results/store/guard.h"
#include "results/store/metrics.h"
#include "results/store/migrate.h"
#include "results/store/tuning.h"
#include "results/store/verify.h"
#include "results/store/wal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const state_names[] = { "new",      "queued", "running",  "done",
                                    "diverged", "failed", "excluded", NULL };

/* Is this file ours? *fresh: it is an empty database, which may become ours. */
static int identify(struct store *s, bool *fresh)
{
    int64_t id = 0, version = 0, n_tables = 0;
    int newest = migrate_newest(embedded_files);

    /* In this order: another process may create the database meanwhile, in one transaction, and
     * when its tables are seen, its application_id is seen too. */
    if (db_number(s, &n_tables, "SELECT count(*) FROM sqlite_schema", "") < 0 ||
        db_number(s, &version, "PRAGMA user_version", "") < 0 ||
        db_number(s, &id, "PRAGMA application_id", "") < 0)
        return -1;
    *fresh = id == 0 && version == 0 && n_tables == 0;
    if (*fresh && s->mode == STORE_READ)
        return guard_no_results(s->path);
    if (*fresh)
        return 0;
    if (id != APPLICATION_ID)
        return fail(FAIL_STORE, "'%s' is the database of another program", s->path);
    if (version > newest)
        return fail(FAIL_STORE,
                    "'%s' was made by a newer lowrank (its schema is %d, this program knows %d)",
                    s->path, (int)version, newest);
    if (version <= 0)
        return fail(FAIL_STORE,
                    "'%s' is damaged: its schema has the version %d, which no lowrank has written; "
                    "save what is left with: sqlite3 '%s' .recover",
                    s->path, (int)version, s->path);
    if (version < newest && s->mode == STORE_READ)
        return fail(FAIL_STORE,
                    "'%s' was made by an older lowrank (its schema is %d, this program reads %d); "
                    "the next 'lowrank sweep' migrates it and keeps a copy",
                    s->path, (int)version, newest);
    return 0;
}

/* A small database is looked through to its last page, in less than 0.1 s; one that will be written
 * may take a second. Of a larger one only the schema is. */
enum { SMALL_READ = 2 << 20, SMALL_WRITE = 32 << 20 };

static int check_pages(struct store *s)
{
    int64_t pages = 0, page = 0;
    struct stat file;

    if (s->is_checked)
        return 0;
    if (db_number(s, &pages, "PRAGMA page_count", "") < 0 ||
        db_number(s, &page, "PRAGMA page_size", "") < 0)
        return -1;
    if (wal_is_empty(s->path) && stat(s->path, &file) == 0 && file.st_size % page != 0)
        return db_damaged(s);
    bool small = pages * page <= (s->mode == STORE_WRITE ? SMALL_WRITE : SMALL_READ);
    sqlite3_stmt *st = small && !s->verifying
                           ? db_stmt(s, "PRAGMA quick_check(1)", "")
                           : db_stmt(s, "PRAGMA quick_check('sqlite_schema')", "");
    int more = st ? db_step(s, st) : -1;
    if (more != 1)
        return more;
    s->is_checked = strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
    sqlite3_reset(st);
    if (s->is_checked)
        return 0;
    return !s->verifying && verify_quick(s) != 0 ? -1 : db_damaged(s); /* it may know the row */
}

/* Changing to WAL needs exclusive access for a moment, and SQLite does not always wait for that. */
static int set_wal(struct store *s)
{
    double until = now_mono() + db_busy_ms() / 1000.0;
    int rc;

    for (;;) {
        rc = sqlite3_exec(s->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if ((rc != SQLITE_BUSY && rc != SQLITE_LOCKED) || now_mono() > until)
            return rc == SQLITE_OK ? 0 : db_fail(s);
        usleep(10000);
    }
}

static int prepare_write(struct store *s)
{
    bool fresh;

    if (identify(s, &fresh) != 0 || (!fresh && check_pages(s) != 0) || set_wal(s) != 0 ||
        db_script(s, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;") != 0)
        return -1;
    if (migrate_schema(s, embedded_files) != 0 || migrate_paper(s, embedded_files) != 0 ||
        cells_add_keys(s) != 0 || wal_name_database(s) != 0)
        return -1;
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return 0;
}

/* In a folder that cannot be written a WAL database can be opened only without locks, and only if
 * there is no log beside it. */
static int prepare_read(struct store *s)
{
    bool fresh;
    int rc = identify(s, &fresh);
    int code = rc == 0 ? SQLITE_OK : sqlite3_errcode(s->db);

    if (rc != 0 && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY)) {
        db_disconnect(s);
        if (guard_immutable(s->path) != 0 || db_connect(s, true) != 0)
            return -1;
        rc = identify(s, &fresh);
    }
    if (rc != 0)
        return -1;
    return check_pages(s) != 0 ? -1 : db_script(s, "PRAGMA query_only=ON");
}

static int store_connect(struct store *s)
{
    if (db_connect(s, false) != 0 || wal_check(s) != 0)
        return -1;
    return s->mode == STORE_WRITE ? prepare_write(s) : prepare_read(s);
}

static int open_store(struct store **out, const char *path, enum store_mode mode, bool check)
{
    struct store *s;

    *out = NULL;
    if (guard_path(path, mode) != 0 || wal_guard(path) != 0)
        return -1;
    s = xalloc(1, sizeof *s);
    s->path = xstrdup(path);
    s->mode = mode;
    s->verifying = !check;
    if (store_connect(s) != 0 || (check && verify_quick(s) != 0)) {
        store_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

int store_open(struct store **out, const char *path, enum store_mode mode)
{
    return open_store(out, path, mode, true);
}

int verify_open(struct store **out, const char *path)
{
    return open_store(out, path, STORE_READ, false);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->db && s->points && metrics_flush(s) != 0)
        warn("%s", fail_text());
    metrics_free(s);
    db_disconnect(s);
    free(s->path);
    free(s);
}

/* SQLite's locks belong to a process. The inherited connection holds none in the child, so it is
 * closed without the checkpoint that the last user of a file makes. Left open it would make SQLite
 * believe that the child has the locks of its parent. */
int store_reopen_after_fork(struct store *s)
{
    CHECK(!s->in_transaction, "'%s'", s->path);
    metrics_clear(s); /* the parent writes them */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    db_disconnect(s);
    return store_connect(s);
}

/* --- planning */

/* "key=value" lines that all N runs of a new plan share, without the keys that the study varies:
 * they tell two plans of one study apart. */
static const char base_sql[] =
    "WITH wanted(run_key) AS (SELECT value FROM json_each(?1)),"
    " varied(key) AS (SELECT 'seed'"
    " UNION SELECT k.key FROM json_each(?2) g, json_each(g.value) k"
    "   WHERE g.type = 'object' AND g.key IN ('axes', 'zip', 'nuisance', 'search')"
    " UNION SELECT 'rank' WHERE json_type(?2, '$.budget') IS NOT NULL)," /* it is solved for */
    " kv AS (SELECT j.key, coalesce(j.value, 'null') AS value"
    "   FROM wanted w JOIN run r ON r.run_key = w.run_key, json_each(r.config) j"
    "   WHERE j.key NOT IN (SELECT key FROM varied))"
    " SELECT coalesce(group_concat(key || '=' || value, char(10)), '') FROM"
    " (SELECT key, min(value) AS value FROM kv GROUP BY key"
    "   HAVING count(*) = ?3 AND count(DISTINCT value) = 1 ORDER BY key)";

static char *keys_json(const struct run_spec *r, int n)
{
    struct text t = { 0 };

    text_add(&t, "[");
    for (int i = 0; i < n; i++)
        text_add(&t, "%s\"%.64s\"", i ? "," : "", r[i].key);
    text_add(&t, "]");
    return text_take(&t);
}

static int put_plan(struct store *s, int64_t *id, int64_t sweep, const struct sweep_spec *w,
                    const struct run_spec *r, int n)
{
    char *keys = keys_json(r, n), *base = NULL;
    sqlite3_stmt *st = db_stmt(s, base_sql, "tti", keys, w->spec, (int64_t)n);
    int rc = -1;

    if (st && db_step(s, st) == 1) {
        base = xstrdup(w->one_plan ? "" : (const char *)sqlite3_column_text(st, 0));
        sqlite3_reset(st);
        rc = db_number(s, id,
                       "INSERT INTO plan(sweep_id, base, planned) VALUES(?,?,?)"
                       " ON CONFLICT(sweep_id, base) DO UPDATE SET planned = excluded.planned"
                       " RETURNING plan_id",
                       "itd", sweep, base, now_wall()) == 1
                 ? 0
                 : -1;
    }
    if (rc == 0 &&
        db_exec(s, "UPDATE sweep SET plan_id = ? WHERE sweep_id = ?", "ii", *id, sweep) < 0)
        rc = -1;
    free(keys);
    free(base);
    return rc;
}

static int insert_run(struct store *s, const struct run_spec *r)
{
    if (db_exec(s,
                "INSERT INTO run(run_key, cell_key, config, cost, created) VALUES(?,?,?,?,?)"
                " ON CONFLICT(run_key) DO UPDATE SET cost = excluded.cost"
                " WHERE state = 'queued' AND cost <> excluded.cost",
                "tttdd", r->key, r->cell, r->config, r->cost, now_wall()) < 0)
        return -1;
    return 0;
}

/* Without a file (ONE_PLAN) runs stand in the order in which they came. */
static int link_runs(struct store *s, int64_t plan, const struct run_spec *r, int n, bool one_plan)
{
    for (int i = 0; i < n; i++)
        if (!r[i].only_tunes &&
            db_exec(
                s,
                "INSERT INTO sweep_run(plan_id, run_id, point, trial, ordinal)"
                " SELECT ?1, run_id, ?2, ?3, iif(?4 < 0, run_id, ?4) FROM run WHERE run_key = ?5"
                " ON CONFLICT(plan_id, run_id) DO UPDATE SET point = excluded.point,"
                " trial = excluded.trial, ordinal = excluded.ordinal",
                "ittit", plan, r[i].point, r[i].trial ? r[i].trial : "{}",
                one_plan ? -1 : (int64_t)i, r[i].key) < 0)
            return -1;
    return 0;
}

/* When the study's file now gives a combination of its axes other values than before ("when", a
 * budget), the runs that it had there are no longer its own. */
#define UNLINK_REPLACED(table)                                                                     \
    "WITH axis(key) AS (SELECT k.key FROM json_each(?1) g, json_each(g.value) k"                   \
    "   WHERE g.type = 'object' AND g.key IN ('axes', 'zip')),"                                    \
    " linked AS MATERIALIZED (SELECT sr.run_id, sr.point, r.run_key, (SELECT"                      \
    "   group_concat(a.key || '=' || coalesce(json_extract(r.config, '$.' || a.key), ''),"         \
    "   char(10)) FROM axis a) AS place"                                                           \
    "   FROM (SELECT run_id, point FROM sweep_run WHERE plan_id = ?2"                              \
    "   UNION SELECT run_id, point FROM tuning WHERE plan_id = ?2) sr JOIN run r USING(run_id)),"  \
    " now AS MATERIALIZED (SELECT DISTINCT point, place FROM linked"                               \
    "   WHERE run_key IN (SELECT value FROM json_each(?3)))"                                       \
    " DELETE FROM " table " WHERE plan_id = ?2 AND run_id IN (SELECT run_id FROM linked"           \
    "   WHERE place IN (SELECT place FROM now) AND point NOT IN (SELECT point FROM now))"

static int unlink_replaced(struct store *s, int64_t plan, const struct sweep_spec *w,
                           const struct run_spec *r, int n)
{
    static const char reported[] = UNLINK_REPLACED("sweep_run");
    static const char tunes[] = UNLINK_REPLACED("tuning");
    char *keys = keys_json(r, n);
    int rc = db_exec(s, reported, "tit", w->spec, plan, keys) < 0 ||
                     db_exec(s, tunes, "tit", w->spec, plan, keys) < 0
                 ? -1
                 : 0;

    free(keys);
    return rc;
}

static int put_study(struct store *s, const struct sweep_spec *w, const struct run_spec *r, int n)
{
    int64_t sweep, id;

    if (db_number(s, &sweep,
                  "INSERT INTO sweep(name, spec, created) VALUES(?,?,?)"
                  " ON CONFLICT(name) DO UPDATE SET spec = excluded.spec, archived = NULL"
                  " RETURNING sweep_id",
                  "ttd", w->name, w->spec, now_wall()) != 1)
        return -1;
    for (int i = 0; i < n; i++)
        if (insert_run(s, &r[i]) != 0)
            return -1;
    if (put_plan(s, &id, sweep, w, r, n) != 0 || cells_add_keys(s) != 0)
        return -1;
    return link_runs(s, id, r, n, w->one_plan) == 0 && tuning_put(s, id, r, n) == 0
               ? unlink_replaced(s, id, w, r, n)
               : -1;
}

int store_plan(struct store *s, const struct sweep_spec *w, const struct run_spec *r, int n)
{
    if (db_begin(s) != 0)
        return -1;
    return db_end(s, put_study(s, w, r, n) == 0);
}

int store_state(struct store *s, const char *key)
{
    sqlite3_stmt *st =
        db_stmt(s,
                "SELECT iif(state = 'running' AND owner_stale(owner, lease, lease_boot),"
                " 'queued', state) FROM run WHERE run_key = ?",
                "t", key);
    int more = st ? db_step(s, st) : -1, state = STATE_NEW;

    if (more != 1)
        return more;
    const char *name = (const char *)sqlite3_column_text(st, 0);
    while (state_names[state] && (!name || strcmp(state_names[state], name) != 0))
        state++;
    if (!state_names[state])
        state = fail(FAIL_STORE,
                     "'%s' is damaged: run %.8s has the state '%s', which does not exist;"
                     " 'lowrank verify' lists all damage",
                     s->path, key, name ? name : "NULL");
    sqlite3_reset(st);
    return state;
}

long store_requeue(struct store *s, const char *sweep, bool diverged)
{
    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s,
                     "UPDATE run AS r SET state = 'queued', spent = 0, owner = NULL, lease = NULL,"
                     " lease_boot = NULL"
                     " WHERE (r.state = 'failed' OR (?2 AND r.state = 'diverged')) AND " IN_SWEEP,
                     "ti", sweep, (int64_t)diverged);
    return db_end(s, n >= 0) == 0 ? n : -1;
}

long store_requeue_run(struct store *s, const char *key)
{
    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s,
                     "UPDATE run SET state = 'queued', spent = 0, owner = NULL, lease = NULL,"
                     " lease_boot = NULL WHERE state = 'failed' AND run_key = ?",
                     "t", key);
    return db_end(s, n >= 0) == 0 ? n : -1;
}

int store_counts(struct store *s, const char *sweep, struct sweep_counts *c)
{
    static const char sql[] =
        "SELECT count(*), sum(state = 'done'), sum(state = 'diverged'), sum(state = 'failed'),"
        " sum(state = 'running' AND NOT stale), sum(state = 'queued' OR stale)"
        " FROM (SELECT state, iif(state = 'running', owner_stale(owner, lease, lease_boot), 0)"
        " AS stale FROM run r WHERE " IN_SWEEP
        " AND (state <> 'queued' OR run_id NOT IN (SELECT run_id FROM stopped_run)))";
    sqlite3_stmt *st = db_stmt(s, sql, "t", sweep);
    long *out[] = { &c->total, &c->done, &c->diverged, &c->failed, &c->running, &c->queued };

    if (!st || db_step(s, st) != 1)
        return -1;
    for (int i = 0; i < 6; i++)
        *out[i] = (long)sqlite3_column_int64(st, i);
    sqlite3_reset(st);
    return 0;
}
