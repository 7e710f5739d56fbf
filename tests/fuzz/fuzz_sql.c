/* fuzz_sql.c - query_rows on any SQL (first part; each other part is the value of a parameter :a,
 * :b, ...) on a database with four runs. Whatever the statement is, afterwards the file has the
 * same bytes, its folder has the same files, and the connection answers as before. The statement is
 * refused with one line, or its result can be printed as JSON that parses. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "results/query/query.h"
#include "results/store/db.h"
#include "tests/kit/store_kit.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* A statement may run forever or build a huge string: a user can stop the one, and has asked for
 * the other. Here the first is stopped and the second refused. */
enum { MOST_US = 50000, MOST_BYTES = 20000, MOST_OPS = 5000 };

static struct store *store;
static unsigned char *bytes; /* of the database, at the beginning */
static size_t n_bytes;
static int n_files;
static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
    sqlite3_interrupt(store->db);
}

static int count_files(void)
{
    char *dir = xstrdup(store->path);
    struct dirent **entry;

    *strrchr(dir, '/') = 0;
    int n = scandir(dir, &entry, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
    free(dir);
    return n;
}

static void open_store(void)
{
    struct file f;

    if (store)
        return;
    CHECK(store_open(&store, kit_filled("sql.db"), STORE_READ) == 0, "%s", fail_text());
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, MOST_BYTES);
    sqlite3_limit(store->db, SQLITE_LIMIT_VDBE_OP, MOST_OPS);
    CHECK(file_map(&f, store->path) == 0, "%s", fail_text());
    n_bytes = f.size;
    bytes = xalloc(n_bytes, 1);
    memcpy(bytes, f.data, n_bytes);
    file_unmap(&f);
    n_files = count_files();
    signal(SIGVTALRM, interrupt);
}

static void check_store(void)
{
    struct file f;
    struct rows r;

    CHECK(file_map(&f, store->path) == 0, "%s", fail_text());
    CHECK(f.size == n_bytes && memcmp(f.data, bytes, n_bytes) == 0, "the database has changed");
    file_unmap(&f);
    CHECK(count_files() == n_files, "%d files, not %d", count_files(), n_files);
    CHECK(query_rows(store, &r, "SELECT count(*) AS n FROM run WHERE state = 'done'", NULL) == 0,
          "%s", fail_text());
    CHECK(strcmp(rows_get(&r, 0, "n"), "4") == 0, "%s runs", rows_get(&r, 0, "n"));
    rows_free(&r);
    CHECK(sqlite3_get_autocommit(store->db), "a transaction is open");
}

static void print(const struct rows *r)
{
    char *out = NULL;
    size_t size;
    json_error_t e;
    FILE *to = open_memstream(&out, &size);

    CHECK(rows_print(to, r, ROWS_JSON) == 0, "%s", fail_text());
    fclose(to);
    json_t *j = json_loads(out, 0, &e);
    CHECK(j, "%s: %s", e.text, out);
    CHECK(json_array_size(j) == (size_t)r->n_rows, "%zu objects", json_array_size(j));
    json_decref(j);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct itimerval limit = { .it_value.tv_usec = MOST_US }, none;
    const char *params[9] = { 0 };
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct rows r;

    open_store();
    char *sql = fuzz_string(fuzz_part(&b)), *value[4];
    int n = 0;
    for (; b.size > 0 && n < 4; n++) {
        params[2 * n] = &"a\0b\0c\0d"[2 * n];
        params[2 * n + 1] = value[n] = fuzz_string(fuzz_part(&b));
    }
    interrupted = 0;
    setitimer(ITIMER_VIRTUAL, &limit, NULL);
    int rc = query_rows(store, &r, sql, params);
    setitimer(ITIMER_VIRTUAL, &none, NULL);
    if (rc == 0) {
        print(&r);
        rows_free(&r);
    } else if (!interrupted) {
        fuzz_refused(FUZZ_USAGE | FUZZ_STORE);
    }
    check_store();
    while (n > 0)
        free(value[--n]);
    free(sql);
    fuzz_end();
    return 0;
}
