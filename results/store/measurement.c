/* bench.c - measurements of speed in the store. */
#include "results/store/measurement.h"
#include "core/base/file.h"
#include "results/store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const char *s, double *x)
{
    char *end;

    *x = strtod(s, &end);
    return end != s && !*end && isfinite(*x);
}

static int insert_point(struct store *s, int64_t id, int row, const struct rows *r, int n_what)
{
    for (int i = 0; i < r->n_cols; i++) {
        const char *text = r->cell[(size_t)row * (size_t)r->n_cols + (size_t)i];
        double x = NAN;
        bool number = text && i >= n_what && is_number(text, &x);
        if (!text || (!number && i >= n_what))
            continue;
        if (db_exec(s,
                    "INSERT INTO bench_value(bench_id, ordinal, name, place, text, value)"
                    " VALUES(?,?,?,?,?,?)",
                    "iititd", id, (int64_t)row, r->col[i], (int64_t)i, number ? NULL : text, x) < 0)
            return -1;
    }
    return 0;
}

static int insert(struct store *s, const struct bench_spec *b, const struct rows *r, int64_t *id)
{
    char sha[65];

    sha256_hex(sha, b->env, strlen(b->env));
    if (db_exec(s, "INSERT INTO env(sha256, doc) VALUES(?,?) ON CONFLICT(sha256) DO NOTHING", "tt",
                sha, b->env) < 0 ||
        db_exec(s,
                "INSERT INTO bench(kind, settings, env_id, started, wall_s)"
                " SELECT ?, ?, env_id, ?, ? FROM env WHERE sha256 = ?",
                "ttddt", b->kind, b->settings, b->started, b->wall_s, sha) < 0 ||
        db_number(s, id, "SELECT last_insert_rowid()", "") != 1)
        return -1;
    for (int i = 0; i < r->n_rows; i++)
        if (insert_point(s, *id, i, r, b->n_what) != 0)
            return -1;
    return 0;
}

int store_bench(struct store *s, const struct bench_spec *b, const struct rows *r, int64_t *id)
{
    if (db_begin(s) != 0)
        return -1;
    return db_end(s, insert(s, b, r, id) == 0);
}
