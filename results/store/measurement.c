/* measurement.c - measurements of speed in the store. */
#include "results/store/measurement.h"
#include "results/store/db.h"
#include "results/store/environment.h"

#include <math.h>
#include <stdlib.h>

static bool is_finite_number(const char *s, double *x)
{
    char *end;

    *x = strtod(s, &end);
    return end != s && !*end && isfinite(*x);
}

static int insert_case(struct store *s, int64_t id, int row, const struct rows *r, int n_what)
{
    for (int i = 0; i < r->n_cols; i++) {
        const char *text = r->cell[(size_t)row * (size_t)r->n_cols + (size_t)i];
        double x = NAN;
        bool number = text && i >= n_what && is_finite_number(text, &x);
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

static int insert_measurement(struct store *s, const struct measurement *m, const struct rows *r,
                              int64_t *id)
{
    int64_t env;

    if (environment_put(s, &env, m->env) != 0 ||
        db_number(s, id,
                  "INSERT INTO bench(kind, settings, env_id, started, wall_s) VALUES(?,?,?,?,?)"
                  " RETURNING bench_id",
                  "ttidd", m->kind, m->settings, env, m->started, m->wall_s) != 1)
        return -1;
    for (int i = 0; i < r->n_rows; i++)
        if (insert_case(s, *id, i, r, m->n_what) != 0)
            return -1;
    return 0;
}

int measurement_put(struct store *s, const struct measurement *m, const struct rows *r, int64_t *id)
{
    if (db_begin(s) != 0)
        return -1;
    return db_end(s, insert_measurement(s, m, r, id) == 0);
}
