/* fuzz_store.c - a database file with any damage. The input is a list of patches for a database
 * with four runs (offset of three bytes, length, bytes); the first byte says whether the file is
 * cut short, whether only the patch itself is the file, and whether it is opened for writing or
 * verified. Opening it is refused with one line of status 4, or its runs, counts and named queries
 * can be listed, and every state is a known one. Where SQLite's integrity_check finds something,
 * verify has a finding, too. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "results/query/query.h"
#include "results/store/verify.h"
#include "tests/kit/store_kit.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { ALONE = 1, CUT = 2, WRITE = 4, VERIFY = 8 };

static struct fuzz_bytes whole; /* of the undamaged database */

static void read_whole(void)
{
    struct file f;

    if (whole.data)
        return;
    CHECK(file_map(&f, kit_filled("whole.db")) == 0, "%s", fail_text());
    uint8_t *copy = xalloc(f.size, 1);
    memcpy(copy, f.data, f.size);
    whole = (struct fuzz_bytes){ copy, f.size };
    file_unmap(&f);
}

/* The damaged file; returns its path. */
static const char *damage(struct fuzz_bytes b, int bits)
{
    if (bits & ALONE)
        return fuzz_put("x.db", b);
    size_t size = whole.size;
    uint8_t *copy = xalloc(size, 1);
    memcpy(copy, whole.data, size);
    while (b.size > 0) {
        size_t at = (size_t)fuzz_byte(&b);
        at = at << 8 | (size_t)fuzz_byte(&b);
        at = (at << 8 | (size_t)fuzz_byte(&b)) % size;
        for (int n = fuzz_byte(&b) % 16 + 1; n > 0 && b.size > 0; n--, at = (at + 1) % size)
            copy[at] = (uint8_t)fuzz_byte(&b);
        if (bits & CUT)
            size = at + 1;
    }
    const char *path = fuzz_put("x.db", (struct fuzz_bytes){ copy, size });
    free(copy);
    return path;
}

static void list_runs(struct store *s)
{
    struct sweep_counts c;
    struct rows r;

    store_counts(s, NULL, &c);
    if (query_rows(s, &r, "SELECT run_key, state FROM run LIMIT 20", NULL) != 0)
        return;
    for (int i = 0; i < r.n_rows; i++) {
        const char *key = rows_get(&r, i, "run_key");
        int state = key ? store_state(s, key) : 0;
        CHECK(state >= -1 && state <= STATE_EXCLUDED, "state %d", state);
    }
    rows_free(&r);
}

static void list_query(struct store *s, int which)
{
    const char *const *names = query_names();
    struct rows r;
    int n = 0;

    while (names[n])
        n++;
    if (query_named(s, &r, names[which % n], NULL) == 0)
        rows_free(&r);
}

/* What SQLite says of the file when it may write to it. */
static bool sqlite_finds_nothing(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;

    sqlite3_finalize(st);
    sqlite3_close(db);
    return ok;
}

static void collect_damage(const char *path)
{
    static const char *const cols[] = { "what", "finding", NULL };
    struct store *s;
    struct rows found;

    if (verify_open(&s, path) != 0) {
        fuzz_refused(FUZZ_STORE);
        return;
    }
    rows_init(&found, cols);
    verify_all(s, &found);
    CHECK(found.n_rows > 0 || sqlite_finds_nothing(path), "'%s' is intact for verify", path);
    rows_free(&found);
    store_close(s);
}

static void use(const char *path, int which, enum store_mode mode)
{
    struct store *s;

    if (store_open(&s, path, mode) != 0) {
        fuzz_refused(FUZZ_STORE | FUZZ_MEMORY);
        return;
    }
    list_runs(s);
    list_query(s, which);
    if (mode == STORE_WRITE)
        store_requeue(s, NULL, true);
    store_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);

    read_whole();
    fuzz_clear();
    int bits = fuzz_byte(&b), which = fuzz_byte(&b);
    const char *path = damage(b, bits);
    if (bits & VERIFY)
        collect_damage(path);
    else
        use(path, which, bits & WRITE ? STORE_WRITE : STORE_READ);
    fuzz_end();
    return 0;
}
