/* migrate.c - bringing a database to this program's schema, and the paper's numbers into it.
 *
 * Every step reads the version again inside its own IMMEDIATE transaction, so that many processes
 * may create or migrate one file at the same time. */
#include "results/store/migrate.h"
#include "core/os/file.h"
#include "results/store/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The version of "schema/NNN_NAME.sql", 0 for any other file. */
static int version_of(const char *name)
{
    return strncmp(name, "schema/", 7) == 0 ? atoi(name + 7) : 0;
}

int migrate_newest(const struct embedded *files)
{
    int newest = 0;

    for (; files->name; files++)
        if (version_of(files->name) > newest)
            newest = version_of(files->name);
    return newest;
}

static int user_version(struct store *s)
{
    int64_t version = 0;

    return db_number(s, &version, "PRAGMA user_version", "") < 0 ? -1 : (int)version;
}

static int copy_pages(struct store *s, const char *to)
{
    sqlite3 *copy = NULL;
    int rc = sqlite3_open(to, &copy);
    sqlite3_backup *b = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", s->db, "main") : NULL;

    if (b) {
        while ((rc = sqlite3_backup_step(b, -1)) == SQLITE_BUSY || rc == SQLITE_LOCKED)
            sqlite3_sleep(20);
        sqlite3_backup_finish(b);
    }
    int ok = b && rc == SQLITE_DONE;
    int bad = ok ? 0 : fail(FAIL_STORE, "cannot write '%s': %s", to, sqlite3_errmsg(copy));
    sqlite3_close(copy);
    return bad;
}

/* Write the copy "NAME.vN.bak", whole or not at all. */
static int keep_copy(struct store *s, int version)
{
    char *to = xprintf("%s.v%d.bak", s->path, version);
    char *part = xprintf("%s.%ld.tmp", to, (long)getpid());
    int rc = 0;

    struct stat st;
    bool there = stat(to, &st) == 0;
    if (!there && errno != ENOENT) {
        rc =
            fail(FAIL_STORE, "cannot keep a copy of the database as '%s': %s", to, strerror(errno));
    } else if (!there) {
        rc = copy_pages(s, part);
        if (rc == 0 && rename(part, to) != 0)
            rc = fail(FAIL_STORE, "cannot write '%s'", to);
        if (rc == 0)
            note("a copy of the older database was kept as '%s'", to);
        else
            unlink(part);
    }
    free(part);
    free(to);
    return rc;
}

static int apply_files(struct store *s, const struct embedded *files, int from)
{
    for (const struct embedded *f = files; f->name; f++) {
        int version = version_of(f->name);
        char pragma[96];
        if (version <= from)
            continue;
        snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d; PRAGMA application_id=%d;",
                 version, APPLICATION_ID);
        if (db_script(s, f->text) != 0 || db_script(s, pragma) != 0)
            return fail_context("schema %d", version);
    }
    return 0;
}

int migrate_schema(struct store *s, const struct embedded *files)
{
    int version = user_version(s);

    if (version < 0)
        return -1;
    if (version == migrate_newest(files))
        return 0;
    if (version > 0 && keep_copy(s, version) != 0)
        return -1;
    if (db_begin(s) != 0)
        return -1;
    version = user_version(s); /* another process may have been faster */
    /* Changing the text of a constraint needs more than SQLite otherwise allows. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    int rc = db_end(s, version >= 0 && apply_files(s, files, version) == 0);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return rc;
}

/* Cut LINE at its tabs into FIELD[0..n); missing fields are "". */
static void cut_fields(char *line, char **field, int n)
{
    static char empty[] = "";

    for (int i = 0; i < n; i++) {
        field[i] = line ? line : empty;
        line = line ? strchr(line, '\t') : NULL;
        if (line)
            *line++ = 0;
    }
}

static int insert_paper(struct store *s, const char *text)
{
    char *copy = xstrdup(text), *save = NULL, *f[6];
    int rc = 0, n_line = 0;

    for (char *line = strtok_r(copy, "\n", &save); line && rc == 0;
         line = strtok_r(NULL, "\n", &save)) {
        if (n_line++ == 0)
            continue; /* the names of the columns */
        cut_fields(line, f, 6);
        if (db_exec(s,
                    "INSERT OR REPLACE INTO paper(tab, row, col, value, spread, note)"
                    " VALUES(?,?,?,?,nullif(?,''),nullif(?,''))",
                    "tttttt", f[0], f[1], f[2], f[3], f[4], f[5]) < 0)
            rc = -1;
    }
    free(copy);
    return rc;
}

int migrate_paper(struct store *s, const struct embedded *files)
{
    char sha[65];
    int64_t same = 0;

    while (files->name && strcmp(files->name, "paper.tsv") != 0)
        files++;
    if (!files->name)
        return 0;
    sha256_hex(sha, files->text, strlen(files->text));
    if (db_number(s, &same, "SELECT value = ? FROM meta WHERE key = 'paper_sha256'", "t", sha) < 0)
        return -1;
    if (same)
        return 0;
    if (db_begin(s) != 0)
        return -1;
    bool ok = db_exec(s, "DELETE FROM paper", "") >= 0 && insert_paper(s, files->text) == 0 &&
              db_exec(s, "INSERT OR REPLACE INTO meta VALUES('paper_sha256', ?)", "t", sha) >= 0;
    return db_end(s, ok);
}
