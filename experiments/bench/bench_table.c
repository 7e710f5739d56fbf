/* bench_table.c - the table of a measurement: filled, stored, and printed. */
#include "experiments/bench/bench_table.h"
#include "experiments/run/provenance.h"
#include "experiments/study/study_flags.h"
#include "results/store/measurement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLS = 48, FEW_POINTS = 4, MANY_COLS = 10, DIGITS = 4 };

void bench_table_init(struct bench_table *t, const char *kind, int n_what, const char *const *cols)
{
    *t = (struct bench_table){ .kind = kind, .n_what = n_what, .started = now_wall() };
    rows_init(&t->rows, cols);
}

/* Without digits that another measurement would change. */
static double significant(const char *col, double x)
{
    size_t n = strlen(col);

    if (n > 4 && strcmp(col + n - 4, "_pct") == 0)
        return round(100 * x) / 100;
    return fabs(x) >= 1000 ? round(x) : x;
}

void bench_table_add(struct bench_table *t, const char *const *what, const double *x)
{
    const char *cells[MOST_COLS];
    char text[MOST_COLS][40];

    CHECK(t->rows.n_cols <= MOST_COLS, "%d columns", t->rows.n_cols);
    for (int i = 0; i < t->rows.n_cols; i++)
        cells[i] =
            i < t->n_what
                ? what[i]
                : rows_number(text[i], significant(t->rows.col[i], x[i - t->n_what]), DIGITS);
    rows_add(&t->rows, cells);
}

/* --- printed */

static const char *rows_at(const struct rows *r, int row, int col)
{
    return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)col];
}

/* A few points with many numbers: a line for each number, a column for each point. */
static int print_transposed(const struct rows *r, int format)
{
    const char *cols[FEW_POINTS + 2] = { r->col[0] }, *line[FEW_POINTS + 1];
    struct rows out;

    for (int k = 0; k < r->n_rows; k++)
        cols[k + 1] = rows_at(r, k, 0) ? rows_at(r, k, 0) : "";
    rows_init(&out, cols);
    for (int i = 1; i < r->n_cols; i++) {
        bool some = false;
        line[0] = r->col[i];
        for (int k = 0; k < r->n_rows; k++) {
            line[k + 1] = rows_at(r, k, i);
            some |= line[k + 1] != NULL;
        }
        if (some)
            rows_add(&out, line);
    }
    return rows_print_free(&out, format);
}

static bool is_shown(const struct bench_table *t, const char *col)
{
    for (const char *const *s = t->show; s && *s; s++)
        if (strcmp(*s, col) == 0)
            return true;
    return !t->show;
}

/* Only the columns that people read. */
static int print_shown(const struct bench_table *t, int format)
{
    const struct rows *r = &t->rows;
    const char *cols[MOST_COLS + 1] = { 0 }, *line[MOST_COLS];
    struct rows out;
    int n = 0;

    for (int i = 0; i < r->n_cols; i++)
        if (is_shown(t, r->col[i]))
            cols[n++] = r->col[i];
    rows_init(&out, cols);
    for (int k = 0; k < r->n_rows; k++) {
        n = 0;
        for (int i = 0; i < r->n_cols; i++)
            if (is_shown(t, r->col[i]))
                line[n++] = rows_at(r, k, i);
        rows_add(&out, line);
    }
    return rows_print_free(&out, format);
}

static int table_print(const struct bench_table *t, int format)
{
    const struct rows *r = &t->rows;

    if (format == ROWS_TABLE && t->show)
        return print_shown(t, format);
    if (format == ROWS_TABLE && r->n_rows <= FEW_POINTS && r->n_cols >= MANY_COLS)
        return print_transposed(r, format);
    return rows_print(stdout, r, (enum rows_format)format);
}

/* --- stored */

static char *settings_json(const struct bench_cfg *c, const struct settings *v)
{
    json_t *j = json_pack("{s:i, s:f}", "threads", (int)c->threads, "seconds", c->seconds);
    const struct {
        const char *name;
        long value;
    } more[] = { { "tokens", c->tokens },
                 { "sequences", c->sequences },
                 { "jobs", c->jobs },
                 { "runs", c->runs } };

    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (more[i].value > 0)
            json_object_set_new(j, more[i].name, json_integer(more[i].value));
    for (int i = 0; v && i < v->n; i++)
        json_object_set_new(j, v->s[i].key, json_string(v->s[i].value));
    char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(j);
    return text;
}

static int table_store(const struct bench_table *t, const struct bench_cfg *c,
                       const struct settings *v)
{
    char *settings = settings_json(c, v), *env = provenance_json((int)c->threads);
    struct measurement spec = { .kind = t->kind,
                                .settings = settings,
                                .env = env,
                                .started = t->started,
                                .wall_s = now_wall() - t->started,
                                .n_what = t->n_what };
    struct store *s = NULL;
    int64_t id = 0;
    int rc = study_flags_store(&s, c->home, STORE_WRITE);

    if (rc == 0)
        rc = measurement_put(s, &spec, &t->rows, &id);
    if (rc == 0) {
        char *path = home_path(c->home, "lowrank.db");
        note("stored as measurement %ld in '%s'; 'lowrank query bench' lists them", (long)id, path);
        free(path);
    }
    store_close(s);
    free(settings);
    free(env);
    return rc;
}

int bench_table_end(struct bench_table *t, const struct bench_cfg *c, const struct settings *v)
{
    int rc = c->no_store ? 0 : table_store(t, c, v);

    if (rc == 0)
        rc = table_print(t, c->format);
    rows_free(&t->rows);
    return rc;
}
