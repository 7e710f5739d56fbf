/* query.c - one statement into a table of cells; the named queries. */
#include "results/query/query.h"
#include "core/opt/suggest.h"
#include "core/base/text.h"
#include "results/store/db.h"
#include "results/store/embed.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_OPS = 20000 };

/* sqlite3_stmt_readonly refuses what writes. This refuses what it takes for reading although it
 * changes the connection or reaches other files. Table functions such as json_each create tables
 * internally, so creating a table is not refused here. */
static int allow_reading(void *arg, int action, const char *a, const char *b, const char *db,
                         const char *trigger)
{
    static const char *const pragmas[] = { "table_info", "table_xinfo", "table_list",
                                           "index_list", "index_info",  "user_version" };
    (void)arg, (void)db, (void)trigger;
    switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: return SQLITE_DENY;
    case SQLITE_FUNCTION:
        return sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        for (size_t i = 0; i < ARRAY_LEN(pragmas); i++)
            if (sqlite3_stricmp(a, pragmas[i]) == 0 && (!b || *a == 't' || *a == 'i'))
                return SQLITE_OK;
        return SQLITE_DENY;
    default: return SQLITE_OK;
    }
}

static int poll_stop(void *arg)
{
    (void)arg;
    return stop_requested() != 0;
}

/* Does SQL consist of space and comments only? */
static bool only_space(struct store *s, const char *sql)
{
    sqlite3_stmt *st = NULL;
    bool empty = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK && !st;

    sqlite3_finalize(st);
    return empty;
}

static int prepare_reading(struct store *s, sqlite3_stmt **st, const char *sql)
{
    const char *tail = "";

    sqlite3_set_authorizer(s->db, allow_reading, NULL);
    int rc = sqlite3_prepare_v2(s->db, sql, -1, st, &tail);
    bool single = rc == SQLITE_OK && only_space(s, tail);
    char *text = xstrdup(sqlite3_errmsg(s->db));
    sqlite3_set_authorizer(s->db, NULL, NULL);
    if (rc == SQLITE_AUTH)
        rc = fail(FAIL_USAGE, "a query may only read (%s)", text);
    else if (rc == SQLITE_ERROR)
        rc = fail(FAIL_USAGE, "%s", text);
    else if (rc != SQLITE_OK)
        rc = db_fail(s);
    else if (!*st)
        rc = fail(FAIL_USAGE, "the query is empty");
    else if (!single)
        rc = fail(FAIL_USAGE, "one statement at a time");
    else if (!sqlite3_stmt_readonly(*st))
        rc = fail(FAIL_USAGE, "a query may only read");
    free(text);
    return rc;
}

static int unknown_param(sqlite3_stmt *st, const char *name)
{
    struct text known = { 0 };

    for (int i = 1; i <= sqlite3_bind_parameter_count(st); i++) {
        const char *p = sqlite3_bind_parameter_name(st, i);
        text_join(&known, ", ", "%s", p ? p + 1 : "?");
    }
    int rc = known.n ? fail(FAIL_USAGE, "the query has no parameter '%s'; it has %s", name, known.s)
                     : fail(FAIL_USAGE, "the query has no parameter '%s'; it has none", name);
    text_free(&known);
    return rc;
}

/* A whole number in its usual form is bound as an integer, so that expressions compare it as a
 * number; anything else is text, which SQLite converts where it meets a column of numbers. */
static int bind_value(sqlite3_stmt *st, int at, const char *value)
{
    char again[32];
    errno = 0;
    long long x = strtoll(value, NULL, 10);

    snprintf(again, sizeof again, "%lld", x);
    return errno == 0 && strcmp(again, value) == 0
               ? sqlite3_bind_int64(st, at, x)
               : sqlite3_bind_text(st, at, value, -1, SQLITE_TRANSIENT);
}

static int bind_params(struct store *s, sqlite3_stmt *st, const char *const *params)
{
    for (; params && params[0]; params += 2) {
        char *name = xprintf(":%s", params[0]);
        int at = sqlite3_bind_parameter_index(st, name);
        free(name);
        if (at == 0)
            return unknown_param(st, params[0]);
        if (params[1] && bind_value(st, at, params[1]) != SQLITE_OK)
            return db_fail(s);
    }
    return 0;
}

/* The shortest decimal text that reads back as the same number. */
static char *real_text(double x)
{
    char buf[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, sizeof buf, "%.*g", digits, x);
        if (strtod(buf, NULL) == x)
            break;
    }
    return xstrdup(buf);
}

static char *hex_text(sqlite3_stmt *st, int i)
{
    const unsigned char *p = sqlite3_column_blob(st, i);
    int n = sqlite3_column_bytes(st, i);
    char *text = xalloc((size_t)n * 2 + 1, 1);

    for (int k = 0; k < n; k++)
        sprintf(text + 2 * k, "%02x", p[k]);
    return text;
}

static char *cell_text(struct rows *r, sqlite3_stmt *st, int i)
{
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_NULL: return NULL;
    case SQLITE_FLOAT: return real_text(sqlite3_column_double(st, i));
    case SQLITE_INTEGER: return xstrdup((const char *)sqlite3_column_text(st, i));
    case SQLITE_BLOB: r->numeric[i] = 0; return hex_text(st, i);
    default: r->numeric[i] = 0; return xstrdup((const char *)sqlite3_column_text(st, i));
    }
}

static void read_columns(struct rows *r, sqlite3_stmt *st)
{
    r->n_cols = sqlite3_column_count(st);
    r->col = xalloc((size_t)r->n_cols, sizeof *r->col);
    r->numeric = xalloc((size_t)r->n_cols + 1, 1);
    for (int i = 0; i < r->n_cols; i++)
        r->col[i] = xstrdup(sqlite3_column_name(st, i));
    memset(r->numeric, 1, (size_t)r->n_cols);
}

static int read_rows(struct store *s, struct rows *r, sqlite3_stmt *st)
{
    size_t cap = 0, n_cols = (size_t)r->n_cols;
    int rc;

    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if ((size_t)r->n_rows == cap) {
            cap = cap ? 2 * cap : 64;
            r->cell = xgrow(r->cell, cap * n_cols, sizeof *r->cell);
        }
        for (int i = 0; i < r->n_cols; i++)
            r->cell[(size_t)r->n_rows * n_cols + (size_t)i] = cell_text(r, st, i);
        r->n_rows++;
    }
    if (rc == SQLITE_DONE)
        return 0;
    if (rc == SQLITE_ERROR || rc == SQLITE_MISMATCH) /* a function or LIMIT was given a bad value */
        return fail(FAIL_USAGE, "%s", sqlite3_errmsg(s->db));
    return db_fail(s);
}

int query_rows(struct store *s, struct rows *r, const char *sql, const char *const *params)
{
    sqlite3_stmt *st = NULL;

    memset(r, 0, sizeof *r);
    int rc = prepare_reading(s, &st, sql);
    if (rc == 0)
        rc = bind_params(s, st, params);
    if (rc == 0) {
        read_columns(r, st);
        sqlite3_progress_handler(s->db, POLL_OPS, poll_stop, NULL);
        rc = read_rows(s, r, st);
        sqlite3_progress_handler(s->db, 0, NULL, NULL);
    }
    sqlite3_finalize(st);
    if (rc != 0)
        rows_free(r);
    return rc;
}

/* --- named queries */

static const char folder[] = "queries/";

const char *query_find(const char *name)
{
    char *path = xprintf("%s%s.sql", folder, name);
    const char *text = NULL;

    for (const struct embedded *f = embedded_files; f->name && !text; f++)
        if (strcmp(f->name, path) == 0)
            text = f->text;
    free(path);
    return text;
}

char *query_with(const char *sql, const char *tables)
{
    const char *body = sql;

    while (*body == '-' || *body == '\n')
        body += strcspn(body, "\n") + 1;
    bool with = strncmp(body, "WITH ", 5) == 0;
    return xprintf("%.*sWITH %s%s\n%s", (int)(body - sql), sql, tables, with ? "," : "",
                   with ? body + 5 : body);
}

int query_named(struct store *s, struct rows *r, const char *name, const char *const *params)
{
    const char *sql = query_find(name);

    CHECK(sql, "there is no query '%s'", name);
    return query_rows(s, r, sql, params);
}

char *query_make(const char *name)
{
    static const char mark[] = "\n-- make: ";
    const char *text = query_find(name), *line = text ? strchr(text, '\n') : NULL;

    if (!line || strncmp(line, mark, sizeof mark - 1) != 0)
        return NULL;
    line += sizeof mark - 1;
    return xprintf("%.*s", (int)strcspn(line, "\n"), line);
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

const char *query_next_param(const char **at)
{
    for (const char *p = *at; (p = strchr(p, ':')) != NULL; p++)
        if (isalpha((unsigned char)p[1])) {
            *at = p + 1;
            while (in_name(**at))
                (*at)++;
            return p + 1;
        }
    return NULL;
}

bool query_takes(const char *sql, const char *param)
{
    size_t n = strlen(param);

    for (const char *p = strchr(sql, ':'); p; p = strchr(p + 1, ':'))
        if (strncmp(p + 1, param, n) == 0 && !isalnum((unsigned char)p[1 + n]) && p[1 + n] != '_')
            return true;
    return false;
}

const char *const *query_names(void)
{
    enum { MOST = 256 };
    static char name[MOST][40];
    static const char *list[MOST + 1];
    int n = 0;

    for (const struct embedded *f = embedded_files; f->name; f++) {
        if (strncmp(f->name, folder, sizeof folder - 1) != 0)
            continue;
        const char *base = f->name + sizeof folder - 1;
        CHECK(n < MOST, "more than %d queries", MOST);
        snprintf(name[n], sizeof name[n], "%.*s", (int)strcspn(base, "."), base);
        list[n] = name[n];
        n++;
    }
    list[n] = NULL;
    return list;
}

bool query_for_people(const char *name)
{
    static const char *const prefix[] = { "fig_",   "claim_",  "page_",  "cmd_",
                                          "pivot_", "beside_", "export_" };

    for (size_t i = 0; i < ARRAY_LEN(prefix); i++)
        if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
            return false;
    return true;
}

static void list(struct rows *r, bool tables)
{
    static const char *const cols[] = { "name", "shows", NULL };

    rows_init(r, cols);
    for (const char *const *name = query_names(); *name; name++) {
        const char *sql = query_find(*name);
        if (tables && !query_for_people(*name))
            continue;
        sql += strspn(sql, "- ");
        char *shows = xprintf("%.*s", (int)strcspn(sql, "\n"), sql);
        rows_add(r, (const char *const[]){ *name, shows });
        free(shows);
    }
}

void query_tables(struct rows *r)
{
    list(r, true);
}

int query_list(enum rows_format f, bool tables)
{
    struct rows r;

    list(&r, tables);
    return rows_print_free(&r, (int)f);
}

int query_unknown(const char *name, const char *command)
{
    char *lists = xprintf("'%s --list' lists them", command);
    int rc = suggest_fail(FAIL_USAGE, "query", name, query_names(), lists);

    free(lists);
    return rc;
}
