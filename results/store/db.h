/* db.h - inside the store: the connection, its statements and its transactions. Only files of
 * results/ that speak SQL include it. A store is used by one thread at a time. */
#ifndef DB_H
#define DB_H

#include "results/store/embed.h"
#include "results/store/store.h"

#include <sqlite3.h>

enum { DB_STATEMENTS = 48, MAX_ATTEMPTS = 3, APPLICATION_ID = 0x4C6F5241 /* "LoRA" */ };

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
};

/* db_fail - record what the last SQLite call on S met as one FAIL_STORE line that names the
 * file; -1. */
int db_fail(struct store *s);

/* db_stmt - SQL (a constant text: found again by its address) prepared, reset and bound. FMT has
 * a letter for each parameter, in order: i int64_t, d double (not a number: NULL), t const char
 * * (NULL: NULL). Errors: NULL after fail. */
sqlite3_stmt *db_stmt(struct store *s, const char *sql, const char *fmt, ...);
/* db_exec - the same, run to its end. Returns the number of changed rows or -1. */
long db_exec(struct store *s, const char *sql, const char *fmt, ...);
/* db_step - next row of ST: 1; 0 at the end (ST is reset); -1 (reset). */
int db_step(struct store *s, sqlite3_stmt *st);
/* db_number - the one number of a query, into *x. 1; 0 no row; -1. */
int db_number(struct store *s, int64_t *x, const char *sql, const char *fmt, ...);
/* db_script - several statements without parameters. */
int db_script(struct store *s, const char *sql);

/* db_begin - BEGIN IMMEDIATE: waits for other writers, then never meets a lock. db_end commits
 * when OK and rolls back otherwise; returns 0, or -1 when not OK or the commit failed. */
int db_begin(struct store *s);
int db_end(struct store *s, bool ok);

/* db_connect - open s->path; IMMUTABLE: without locks, for a file that cannot change. */
int db_connect(struct store *s, bool immutable);
void db_disconnect(struct store *s);

/* guard.c: is this path fit for the store? File-system magic by a pointer so that a test can
 * play a network. */
int guard_path(const char *path, enum store_mode mode);
int guard_immutable(
    const char *path); /* 0: no log beside PATH, it may be read without locks; else -1 */
extern long (*guard_fs_magic)(const char *path);

/* migrate.c: bring the schema to the newest of FILES ("schema/NNN_*.sql"), keeping a copy of an
 * older one; refresh the paper's numbers. migrate_newest: the newest version in FILES. */
int migrate_newest(const struct embedded *files);
int migrate_schema(struct store *s, const struct embedded *files);
int migrate_paper(struct store *s, const struct embedded *files);

/* owner.c: who holds a run. */
void owner_text(char out[96], long pid);
double owner_boot_clock(void); /* seconds since boot, sleep included: never jumps */
/* owner_stale - is a run held by OWNER, with these ends of its lease, free again? */
bool owner_stale(const char *owner, double lease, double lease_boot);
int owner_register(
    struct store *s); /* the same as SQL function owner_stale(owner, lease, lease_boot) */

/* metrics.c */
int metrics_flush(struct store *s); /* inside a transaction; the buffer stays until metrics_clear */
void metrics_clear(struct store *s);
void metrics_free(struct store *s);

/* claim.c: 1 if C still holds its run, 0 if not, -1. */
int lease_held(struct store *s, int64_t run_id, int attempt, const char *owner);
/* store.c: SQL condition "run_id is in the newest plan of the sweep named ?1, or ?1 is NULL". */
#define IN_SWEEP                                                                                   \
    "(?1 IS NULL OR EXISTS (SELECT 1 FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id"     \
    " WHERE w.name = ?1 AND sr.run_id = r.run_id))"
#endif
