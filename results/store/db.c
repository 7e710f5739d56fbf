/* db.c - connection, cached statements, transactions, errors as one line. */
#include "results/store/db.h"
#include "core/base/text.h"
#include "results/store/owner.h"
#include "results/store/wal.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

int db_busy_ms(void)
{
    const char *text = getenv("LOWRANK_BUSY_MS");
    bool number = text && *text && strlen(text) < 9 && strspn(text, "0123456789") == strlen(text);

    return number ? atoi(text) : BUSY_MS;
}

int db_damaged(const struct store *s)
{
    return fail(FAIL_STORE, "'%s' is damaged%s; save what is left with: sqlite3 '%s' .recover",
                s->path, s->verifying ? "" : " ('lowrank verify' lists the damage)", s->path);
}

int db_fail(struct store *s)
{
    const char *path = s->path;
    const char *text = s->db ? sqlite3_errmsg(s->db) : "out of memory";
    int os = s->db ? sqlite3_system_errno(s->db) : 0;

    switch (s->db ? sqlite3_errcode(s->db) : SQLITE_NOMEM) {
    case SQLITE_NOTADB:
        return fail(FAIL_STORE,
                    "'%s' is not a database; if it was one, save what is left with: "
                    "sqlite3 '%s' .recover",
                    path, path);
    case SQLITE_CORRUPT: return db_damaged(s);
    case SQLITE_FULL: return fail(FAIL_STORE, "disk full while writing '%s'", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return fail(FAIL_STORE, "'%s' has been locked by another process for more than %g s", path,
                    db_busy_ms() / 1000.0);
    case SQLITE_READONLY:
        return fail(FAIL_STORE, "cannot write '%s': the file or its folder is read-only", path);
    case SQLITE_CANTOPEN:
        return fail(FAIL_STORE, "cannot open '%s': %s", path, os ? strerror(os) : text);
    case SQLITE_IOERR:
        return fail(FAIL_STORE, "cannot read or write '%s': %s", path, os ? strerror(os) : text);
    case SQLITE_NOMEM: return fail(FAIL_MEMORY, "not enough memory for '%s'", path);
    case SQLITE_INTERRUPT: return fail(FAIL_STOPPED, "stopped while reading '%s'", path);
    default: return fail(FAIL_STORE, "'%s': %s", path, text);
    }
}

static int bind_all(sqlite3_stmt *st, const char *fmt, va_list ap)
{
    int rc = SQLITE_OK;

    for (int i = 1; *fmt && rc == SQLITE_OK; fmt++, i++) {
        if (*fmt == 'i') {
            rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
        } else if (*fmt == 'd') {
            double x = va_arg(ap, double);
            rc = isnan(x) ? sqlite3_bind_null(st, i) : sqlite3_bind_double(st, i, x);
        } else {
            CHECK(*fmt == 't', "format '%s'", fmt);
            rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        }
    }
    return rc;
}

static sqlite3_stmt *prepared(struct store *s, const char *sql)
{
    int i = 0;

    while (i < DB_STATEMENTS && s->cache[i].sql && s->cache[i].sql != sql)
        i++;
    CHECK(i < DB_STATEMENTS, "more than %d statements", DB_STATEMENTS);
    if (!s->cache[i].sql) {
        if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->cache[i].st, NULL)) {
            db_fail(s);
            return NULL;
        }
        s->cache[i].sql = sql;
    }
    sqlite3_reset(s->cache[i].st);
    sqlite3_clear_bindings(s->cache[i].st);
    return s->cache[i].st;
}

static sqlite3_stmt *stmt_of_list(struct store *s, const char *sql, const char *fmt, va_list ap)
{
    sqlite3_stmt *st = prepared(s, sql);

    if (st && bind_all(st, fmt, ap) != SQLITE_OK) {
        db_fail(s);
        return NULL;
    }
    return st;
}

sqlite3_stmt *db_stmt(struct store *s, const char *sql, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    sqlite3_stmt *st = stmt_of_list(s, sql, fmt, ap);
    va_end(ap);
    return st;
}

int db_step(struct store *s, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        db_fail(s);
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : -1;
}

long db_exec(struct store *s, const char *sql, const char *fmt, ...)
{
    va_list ap;
    int more;

    va_start(ap, fmt);
    sqlite3_stmt *st = stmt_of_list(s, sql, fmt, ap);
    va_end(ap);
    if (!st)
        return -1;
    while ((more = db_step(s, st)) == 1)
        ;
    return more < 0 ? -1 : sqlite3_changes(s->db);
}

int db_number(struct store *s, int64_t *x, const char *sql, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    sqlite3_stmt *st = stmt_of_list(s, sql, fmt, ap);
    va_end(ap);
    int more = st ? db_step(s, st) : -1;
    if (more == 1) {
        *x = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return more;
}

int db_script(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s);
}

int db_begin(struct store *s)
{
    CHECK(!s->in_transaction, "'%s'", s->path);
    CHECK(s->mode == STORE_WRITE, "'%s' was opened for reading", s->path);
    if (db_exec(s, "BEGIN IMMEDIATE", "") < 0)
        return -1;
    s->in_transaction = true;
    return 0;
}

int db_end(struct store *s, bool ok)
{
    CHECK(s->in_transaction, "'%s'", s->path);
    s->in_transaction = false;
    if (ok && wal_mark(s) == 0 && db_exec(s, "COMMIT", "") >= 0)
        return 0;
    /* Some errors have rolled back already; the first error is the one to report. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* "file:PATH?immutable=1", with the bytes escaped that have a meaning in a URI. */
static char *immutable_uri(const char *path)
{
    struct text uri = { 0 };

    text_add(&uri, "file:");
    for (; *path; path++)
        text_add(&uri, strchr("%?#", *path) ? "%%%02X" : "%c", (unsigned char)*path);
    text_add(&uri, "?immutable=1");
    return text_take(&uri);
}

static sqlite3_mem_methods library;

static void *must_alloc(int n)
{
    void *p = library.xMalloc(n);

    if (!p)
        alloc_failed((size_t)n, 1);
    return p;
}

static void *must_realloc(void *old, int n)
{
    void *p = library.xRealloc(old, n);

    if (!p)
        alloc_failed((size_t)n, 1);
    return p;
}

/* SQLite reports a lack of memory as a value that is NULL, or of another type, in too many places.
 * Before its first use. */
static void install_memory(void)
{
    if (library.xMalloc || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &library) != SQLITE_OK)
        return;
    sqlite3_mem_methods own = library;
    own.xMalloc = must_alloc;
    own.xRealloc = must_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &own);
}

int db_connect(struct store *s, bool immutable)
{
    install_memory();
    int flags =
        s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    char *name =
        immutable ? immutable_uri(s->path) : xprintf("%s%s", *s->path == '/' ? "" : "./", s->path);
    int rc = sqlite3_open_v2(name, &s->db, flags | (immutable ? SQLITE_OPEN_URI : 0), NULL);

    free(name);
    if (rc != SQLITE_OK)
        return db_fail(s);
    sqlite3_busy_timeout(s->db, db_busy_ms());
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Until the log is known to be this database's own, closing must not write it into the file. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (s->mode == STORE_WRITE && sqlite3_db_readonly(s->db, "main") == 1)
        return fail(FAIL_STORE, "cannot write '%s': the file or its folder is read-only", s->path);
    return owner_register(s);
}

void db_disconnect(struct store *s)
{
    for (int i = 0; i < DB_STATEMENTS; i++) {
        sqlite3_finalize(s->cache[i].st);
        s->cache[i].st = NULL;
        s->cache[i].sql = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

const char *store_fixed(char buf[STORE_FIXED], double x, int digits)
{
    return sqlite3_snprintf(STORE_FIXED, buf, "%.*f", digits, x);
}
