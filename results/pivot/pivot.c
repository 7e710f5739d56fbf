/* pivot.c - reading the cells of a study and the numbers of their runs. */
#include "results/pivot/pivot.h"
#include "core/opt/suggest.h"
#include "results/query/query.h"
#include "results/query/recorded.h"
#include "results/stats/stats.h"
#include "results/stats/stats_strata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const pivot_stats[] = { "mean", "median", "best-epoch", "iqm", NULL };
static const char *const facts[] = { "parameters",   "train_s",     "wall_s",
                                     "tokens_per_s", "peak_rss_mb", "best_step" };
static const char *const kinds[] = { "best",        "last",        "test",  "test_best",
                                     "select_best", "select_last", "chosen" };

static double number_at(const struct rows *r, int row, const char *col)
{
    const char *s = rows_get(r, row, col);

    return s ? strtod(s, NULL) : NAN;
}

static int query_of(struct rows *r, struct store *s, const char *name, const struct scope *o,
                    const char *const *params)
{
    char *sql = scope_sql(o, query_find(name));
    int rc = query_rows(s, r, sql, params);

    free(sql);
    return rc != 0 && o->where ? fail_context("where='%s'", o->where) : rc;
}

/* "last loss": the metric and its kind. */
struct wanted {
    const char *metric, *which, *fact; /* WHICH is one of kinds */
    char kind[16];
};

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static int unknown_value(struct store *s, const char *name)
{
    struct rows r;
    const char *names[64 + ARRAY_LEN(facts) + 1] = { 0 };
    int n = 0;

    if (query_rows(s, &r, "SELECT name FROM metric_name ORDER BY metric_id LIMIT 64", NULL) != 0)
        return -1;
    for (; n < r.n_rows; n++)
        names[n] = rows_get(&r, n, "name");
    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        names[n++] = facts[i];
    suggest_fail(FAIL_USAGE, "value", name, names, NULL);
    rows_free(&r);
    return -1;
}

static int read_wanted(struct wanted *w, struct rows *metric, struct store *s,
                       const struct pivot_ask *a)
{
    *w = (struct wanted){ .metric = a->value };
    const char *space = a->value ? strchr(a->value, ' ') : NULL;

    if (a->stat == PIVOT_BEST_EPOCH)
        w->which = kinds[0];
    if (space && (size_t)(space - a->value) < sizeof w->kind) {
        snprintf(w->kind, sizeof w->kind, "%.*s", (int)(space - a->value), a->value);
        if (!is_one_of(w->kind, kinds, ARRAY_LEN(kinds)))
            return unknown_value(s, a->value);
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            if (strcmp(w->kind, kinds[i]) == 0)
                w->which = kinds[i];
        w->metric = space + 1;
    }
    if (!w->metric)
        return 0;
    if (is_one_of(w->metric, facts, ARRAY_LEN(facts))) {
        w->fact = w->metric;
        w->metric = NULL;
        return 0;
    }
    const char *const params[] = { "name", w->metric, NULL };
    if (query_rows(s, metric, "SELECT name, percent FROM metric_name WHERE name = :name", params) !=
        0)
        return -1;
    return metric->n_rows ? 0 : unknown_value(s, a->value);
}

/* The numbers that the query of the cells has. */
static void take_numbers(struct pivot *p, const struct pivot_ask *a)
{
    for (int i = 0; i < p->n; i++) {
        struct pivot_number *x = &p->number[i];
        const char *percent = rows_get(&p->r, i, "percent");
        *x = (struct pivot_number){ .n = (int)number_at(&p->r, i, "n"),
                                    .n_diverged = (int)number_at(&p->r, i, "n_diverged"),
                                    .mean = number_at(&p->r, i, "mean"),
                                    .sd = number_at(&p->r, i, "sd"),
                                    .half = number_at(&p->r, i, "half"),
                                    .median = number_at(&p->r, i, "median"),
                                    .min = number_at(&p->r, i, "min"),
                                    .max = number_at(&p->r, i, "max"),
                                    .percent = percent && *percent == '1',
                                    .metric = rows_get(&p->r, i, "metric") };
        x->shown = a->stat == PIVOT_MEDIAN ? x->median : x->mean;
        x->is_mean = a->stat == PIVOT_MEAN || a->stat == PIVOT_BEST_EPOCH;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The statistics of the numbers x[n] of one cell. */
static void summarize(struct pivot_number *out, double *x, int n, enum pivot_stat stat)
{
    struct stats_mean m = stats_mean(x, n);

    qsort(x, (size_t)n, sizeof *x, ascending);
    out->n = n;
    out->mean = m.mean;
    out->sd = m.sd;
    out->half = m.half;
    out->median = n ? (x[(n - 1) / 2] + x[n / 2]) / 2 : NAN;
    out->min = n ? x[0] : NAN;
    out->max = n ? x[n - 1] : NAN;
    out->shown = stat == PIVOT_MEDIAN ? out->median : out->mean;
    if (stat == PIVOT_IQM && n)
        out->shown = stats_iqm(&(struct stats_strata){ .n_tasks = 1, .n = &n, .x = x });
}

static int index_of_cell(const struct pivot *p, const char *id, int from)
{
    for (int i = 0; i < p->n; i++) {
        int k = (from + i) % p->n;
        if (strcmp(rows_get(&p->r, k, "cell_id"), id) == 0)
            return k;
    }
    return -1;
}

static void take_runs(struct pivot *p, const struct rows *v)
{
    int at = 0;

    p->run = xalloc((size_t)v->n_rows + 1, sizeof *p->run);
    for (int i = 0; i < v->n_rows; i++) {
        const char *id = rows_get(v, i, "cell_id"), *seed = rows_get(v, i, "seed");
        int cell = index_of_cell(p, id, at);
        double x = number_at(v, i, "value");
        if (cell < 0)
            continue;
        at = cell;
        if (isfinite(x))
            p->run[p->n_runs++] = (struct pivot_run){ cell, seed ? strtol(seed, NULL, 10) : 0, x };
    }
}

/* The runs of a cell stand together. */
static void summarize_runs(struct pivot *p, enum pivot_stat stat)
{
    double *x = xalloc((size_t)p->n_runs + 1, sizeof *x);

    for (int i = 0; i < p->n; i++)
        summarize(&p->number[i], x, 0, stat);
    for (int i = 0, end; i < p->n_runs; i = end) {
        for (end = i; end < p->n_runs && p->run[end].cell == p->run[i].cell; end++)
            x[end - i] = p->run[end].value;
        summarize(&p->number[p->run[i].cell], x, end - i, stat);
    }
    free(x);
}

/* What was asked for in place of the study's own number. */
static void name_numbers(struct pivot *p, const struct wanted *w, const struct rows *metric)
{
    const char *percent = rows_get(metric, 0, "percent"), *name = w->fact ? w->fact : w->metric;

    p->which = w->fact ? "" : w->which ? w->which : rows_get(&p->r, 0, "which");
    if (name)
        p->metric = xstrdup(name);
    for (int i = 0; i < p->n && name; i++) {
        p->number[i].metric = p->metric;
        p->number[i].percent = percent && *percent == '1';
    }
}

static int read_numbers(struct pivot *p, struct store *s, const struct scope *o,
                        const struct pivot_ask *a, bool runs)
{
    struct wanted w;
    struct rows metric = { 0 }, v = { 0 };
    int rc = read_wanted(&w, &metric, s, a);
    bool own = !a->value && a->stat != PIVOT_IQM && a->stat != PIVOT_BEST_EPOCH;

    take_numbers(p, a);
    if (rc == 0)
        name_numbers(p, &w, &metric);
    if (rc == 0 && (runs || !own)) {
        const char *params[] = { "study", o->study, "metric", w.metric, "which",
                                 w.which, "fact",   w.fact,   NULL };
        rc = query_of(&v, s, "pivot_values", o, params);
        if (rc == 0)
            take_runs(p, &v);
        if (rc == 0 && !own)
            summarize_runs(p, a->stat);
    }
    rows_free(&v);
    rows_free(&metric);
    return rc;
}

/* The lines of TEXT that are keys of the cells, cut in place. */
static void take_keys(struct pivot_keys *k, const struct pivot *p, char *text)
{
    for (char *save = NULL, *w = strtok_r(text, "\n", &save); w; w = strtok_r(NULL, "\n", &save))
        if (pivot_is_key(p, w))
            pivot_add(k, w);
}

static void read_keys(struct pivot *p)
{
    const char *axes = rows_get(&p->study, 0, "axes"),
               *trial = rows_get(&p->study, 0, "trial_keys");

    p->words[0] = xstrdup(axes ? axes : "");
    p->words[1] = xstrdup(trial ? trial : "");
    take_keys(&p->axes, p, p->words[0]);
    take_keys(&p->trial, p, p->words[1]);
    pivot_find_varied(p);
}

static int nothing(struct store *s, const struct scope *o)
{
    static const char sql[] =
        "SELECT count(*) AS done FROM study t JOIN sweep_run p USING(plan_id)"
        " JOIN run r USING(run_id) WHERE t.study = :study AND r.state = 'done'";
    const char *const params[] = { "study", o->study, NULL };
    struct rows r;

    if (query_rows(s, &r, sql, params) != 0)
        return -1;
    long done = strtol(rows_get(&r, 0, "done"), NULL, 10);
    rows_free(&r);
    if (done == 0)
        return fail(FAIL_RUN,
                    "study '%s' has no finished runs yet; 'lowrank status' shows how far it is",
                    o->study);
    if (o->n || o->where)
        return fail(FAIL_RUN, "no cell of study '%s' with a number fits these conditions",
                    o->study);
    return fail(FAIL_RUN,
                "nothing to show of study '%s': none of its %ld finished runs gave a number; "
                "'lowrank query curves' has what they recorded",
                o->study, done);
}

int pivot_read(struct pivot *p, struct store *s, const struct scope *o, const struct pivot_ask *a,
               bool runs)
{
    const char *const params[] = { "study", o->study, NULL };

    *p = (struct pivot){ 0 };
    if (recorded_check_study(s, o->study) != 0 ||
        query_named(s, &p->study, "pivot_study", params) != 0 ||
        query_of(&p->r, s, "pivot_cells", o, params) != 0)
        return -1;
    p->n = p->r.n_rows;
    if (p->n == 0)
        return nothing(s, o);
    p->number = xalloc((size_t)p->n, sizeof *p->number);
    read_keys(p);
    return read_numbers(p, s, o, a, runs);
}

void pivot_free(struct pivot *p)
{
    rows_free(&p->r);
    rows_free(&p->study);
    free(p->number);
    free(p->run);
    free(p->metric);
    free(p->words[0]);
    free(p->words[1]);
    *p = (struct pivot){ 0 };
}
