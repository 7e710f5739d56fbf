/* db.h - inside the store: the connection, its prepared statements and its transactions. Only
 * results/store and results/query/query.c include it. One thread uses a store at a time. */
#ifndef DB_H
#define DB_H

#include "results/store/store.h"

#include <sqlite3.h>

enum { DB_STATEMENTS = 96, MAX_ATTEMPTS = 3, APPLICATION_ID = 0x4C6F5241 /* "LoRA" */ };

struct metric_buffer;
struct store {
    sqlite3 *db;
    char *path;
    enum store_mode mode;
    struct {
        const char *sql; /* its address is the key */
        sqlite3_stmt *st;
    } cache[DB_STATEMENTS];
    struct metric_buffer *points; /* metrics.c */
    bool in_transaction;
    bool is_named;   /* every transaction counts itself, see wal.h */
    bool is_checked; /* its pages, by store_open */
    bool verifying;  /* damage is looked for, not worked around */
};

/* db_fail - record the error of the last SQLite call on S as one FAIL_STORE line that names the
 * file; returns -1. db_damaged - the line for a damaged file. db_busy_ms - how long to wait for a
 * lock, in milliseconds (LOWRANK_BUSY_MS). */
int db_fail(struct store *s);
int db_damaged(const struct store *s);
int db_busy_ms(void);

/* db_stmt - SQL, a string constant that is found again by its address, prepared, reset and bound.
 * FMT has one letter for each parameter, in order: i int64_t, d double (NaN: NULL), t const char *
 * (NULL: NULL). Errors: NULL after fail. */
sqlite3_stmt *db_stmt(struct store *s, const char *sql, const char *fmt, ...);
/* db_exec - the same, run to its end. Returns the number of changed rows, or -1. */
long db_exec(struct store *s, const char *sql, const char *fmt, ...);
/* db_step - the next row of ST: 1; at the end, where ST is reset: 0; after an error (reset): -1. */
int db_step(struct store *s, sqlite3_stmt *st);
/* db_number - the first number of a query's first row into *x: 1; no row: 0; error: -1. */
int db_number(struct store *s, int64_t *x, const char *sql, const char *fmt, ...);
/* db_script - several statements without parameters. */
int db_script(struct store *s, const char *sql);

/* db_begin - BEGIN IMMEDIATE: waits for other writers, then never meets a lock. db_end - commits
 * when OK and rolls back otherwise; returns 0, or -1 when not OK or when the commit failed. */
int db_begin(struct store *s);
int db_end(struct store *s, bool ok);

/* db_connect - open s->path; with IMMUTABLE without locks, for a file that cannot change. */
int db_connect(struct store *s, bool immutable);
void db_disconnect(struct store *s);

/* SQL condition: "run r is in the newest plan of the study named ?1, reported or tuning, or ?1 is
 * NULL". */
#define IN_SWEEP                                                                                   \
    "(?1 IS NULL OR EXISTS (SELECT 1 FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id"     \
    " WHERE w.name = ?1 AND sr.run_id = r.run_id)"                                                 \
    " OR EXISTS (SELECT 1 FROM sweep w JOIN tuning t ON t.plan_id = w.plan_id"                     \
    " WHERE w.name = ?1 AND t.run_id = r.run_id))"
#endif
