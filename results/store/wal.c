/* wal.c - the log beside the database. */
#include "results/store/wal.h"
#include "core/os/file.h"
#include "results/store/db.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_KEY "database_id"
enum { NAME_HEX = 32, LOOKS = 5, PAGES_SEARCHED = 256 };

/* Is the index there, but not the log? SQLite removes the index first and the log after it, and
 * makes the log first, but these are two looks at the folder. */
static bool log_is_missing(const char *wal, const char *shm)
{
    const struct timespec t = { 0, 5 * 1000 * 1000 };

    for (int i = 0; i < LOOKS; i++) {
        if (!file_exists(shm) || file_exists(wal))
            return false;
        nanosleep(&t, NULL);
    }
    return true;
}

int wal_guard(const char *path)
{
    char *wal = xprintf("%s-wal", path), *shm = xprintf("%s-shm", path);
    struct stat st;
    int rc = 0;

    if (stat(wal, &st) == 0 && !S_ISREG(st.st_mode))
        rc = fail(FAIL_STORE, "'%s' is not a regular file; move it away", wal);
    else if (log_is_missing(wal, shm))
        rc = fail(FAIL_STORE,
                  "'%s' is missing, and with it the newest changes: put it back, or remove '%s' to "
                  "go on without them, and see what 'lowrank verify' says",
                  wal, shm);
    free(shm);
    free(wal);
    return rc;
}

bool wal_is_empty(const char *path)
{
    char *wal = xprintf("%s-wal", path);
    struct stat st;
    bool empty = stat(wal, &st) != 0 || st.st_size == 0;

    free(wal);
    return empty;
}

/* The name in the database with its log played back; "": it has none. False: cannot tell. */
static bool name_by_query(struct store *s, char name[NAME_HEX + 1])
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE key = '" NAME_KEY "'", -1, &st,
                                NULL);

    *name = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && sqlite3_column_text(st, 0))
        snprintf(name, NAME_HEX + 1, "%s", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_ERROR; /* no table "meta" */
}

/* The name in the file itself; "": not there. Read through SQLite's own descriptor, because closing
 * another one would drop its locks. In a record, the value follows the key. */
static void name_in_file(struct store *s, char name[NAME_HEX + 1])
{
    enum { PAGE = 4096 };
    sqlite3_file *f = NULL;
    unsigned char *page = xalloc(PAGE, 1), *at;

    *name = 0;
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    for (int i = 0; f && f->pMethods && i < PAGES_SEARCHED && !*name; i++) {
        if (f->pMethods->xRead(f, page, PAGE, (sqlite3_int64)i * PAGE) != SQLITE_OK)
            break;
        at = memmem(page, PAGE, NAME_KEY, strlen(NAME_KEY));
        at = at ? at + strlen(NAME_KEY) : NULL;
        if (at && at + NAME_HEX <= page + PAGE &&
            strspn((const char *)at, "0123456789abcdef") >= NAME_HEX)
            snprintf(name, NAME_HEX + 1, "%.*s", NAME_HEX, (const char *)at);
    }
    free(page);
}

int wal_check(struct store *s)
{
    char played[NAME_HEX + 1], own[NAME_HEX + 1];

    if (wal_is_empty(s->path) || !name_by_query(s, played))
        return 0;
    name_in_file(s, own);
    if (!*own || strcmp(own, played) == 0)
        return 0;
    /* Another process may have given the name between the two looks. */
    if (!name_by_query(s, played) || strcmp(own, played) == 0)
        return 0;
    return fail(FAIL_STORE,
                "'%s-wal' is the log of another database; move it away, with '%s-shm', and see "
                "what 'lowrank verify' says",
                s->path, s->path);
}

static int new_name(char name[NAME_HEX + 1])
{
    unsigned char raw[NAME_HEX / 2];

    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return fail(FAIL_STORE, "the system has no random numbers");
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(name + 2 * i, 3, "%02x", raw[i]);
    return 0;
}

int wal_name_database(struct store *s)
{
    char name[NAME_HEX + 1];

    if (!name_by_query(s, name))
        return db_fail(s);
    if (!*name) {
        if (new_name(name) != 0 || db_begin(s) != 0)
            return -1;
        bool ok = db_exec(s,
                          "INSERT INTO meta VALUES('" NAME_KEY "', ?), ('commits', '0')"
                          " ON CONFLICT DO NOTHING",
                          "t", name) >= 0;
        if (db_end(s, ok) != 0)
            return -1;
    }
    s->is_named = true;
    return 0;
}

int wal_mark(struct store *s)
{
    if (!s->is_named)
        return 0;
    return db_exec(s,
                   "UPDATE meta SET value = CAST(value AS INTEGER) + 1"
                   " WHERE key = 'commits'",
                   "") < 0
               ? -1
               : 0;
}
