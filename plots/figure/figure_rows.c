/* figure_rows.c - the rows of the figures of any study. */
#include "core/base/text.h"
#include "plots/figure/figure_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_label(struct text *t, const struct pivot *p, const char *key, int i)
{
    const char *value = pivot_get(p, i, key);
    bool rank = strcmp(key, "rank") == 0;

    if (!*value)
        text_join(t, ", ", "no %s", key);
    else if (pivot_numeric(p, key))
        text_join(t, ", ", "%s = %s", rank ? "r" : key, value);
    else
        text_join(t, ", ", "%s", value);
}

char *figure_label(const struct pivot *p, const struct pivot_keys *k, int i)
{
    struct text t = { 0 };

    for (int c = 0; c < k->n; c++)
        add_label(&t, p, k->key[c], i);
    return t.n ? text_take(&t) : xstrdup("");
}

/* The cells in the order of their panels, series and x, each by the levels of its key. */
struct order {
    int *level[2 * PIVOT_KEYS + 1]; /* [key][cell] */
    int n;
};

static void order_by(struct order *o, const struct pivot *p, const char *key)
{
    const char **level;
    int n = pivot_levels(&level, p, key);
    int *of = o->level[o->n++] = xalloc((size_t)p->n, sizeof *of);

    for (int i = 0; i < p->n; i++)
        for (of[i] = 0; of[i] < n && strcmp(level[of[i]], pivot_get(p, i, key)) != 0;)
            of[i]++;
    free(level);
}

static int compare(const void *a, const void *b, void *arg)
{
    const struct order *o = arg;
    int d = 0;

    for (int k = 0; k < o->n && d == 0; k++)
        d = o->level[k][*(const int *)a] - o->level[k][*(const int *)b];
    return d;
}

static int *ordered(const struct figure_plan *plan)
{
    struct order o = { 0 };
    const struct pivot *p = plan->p;
    int *at = xalloc((size_t)p->n + 1, sizeof *at);

    for (int i = 0; i < plan->panel.n; i++)
        order_by(&o, p, plan->panel.key[i]);
    for (int i = 0; i < plan->series.n; i++)
        order_by(&o, p, plan->series.key[i]);
    if (pivot_is_key(p, plan->x))
        order_by(&o, p, plan->x);
    for (int i = 0; i < p->n; i++)
        at[i] = i;
    qsort_r(at, (size_t)p->n, sizeof *at, compare, &o);
    for (int i = 0; i < o.n; i++)
        free(o.level[i]);
    return at;
}

static double scaled(const struct pivot_number *x, double value)
{
    return x->percent ? 100 * value : value;
}

/* A number, or "" for none, in one of several buffers. */
static const char *number(double x)
{
    static char buf[8][40];
    static int next;

    next = (next + 1) % 8;
    return rows_number(buf[next], x, 12);
}

/* Where cells without a value of KEY stand on an axis of numbers: a step before the first. */
static double place_of_none(const struct pivot *p, const char *key, bool log)
{
    const char **level;
    int n = pivot_levels(&level, p, key), from = 0;

    while (from < n && !*level[from])
        from++;
    double a = from < n ? strtod(level[from], NULL) : 0;
    double b = from + 1 < n ? strtod(level[from + 1], NULL) : log ? 2 * a : a + 1;
    free(level);
    return log ? a * a / b : 2 * a - b;
}

/* The place of a cell on an axis with categories: that of its value among all. */
static double place(const struct pivot *p, const char *key, int i)
{
    const char **level;
    int n, k = 0;

    n = pivot_levels(&level, p, key);
    while (k < n && strcmp(level[k], pivot_get(p, i, key)) != 0)
        k++;
    free(level);
    return k + 1;
}

/* The same on the x axis of lines, which may have numbers. */
static double place_on_x(const struct figure_plan *plan, int i)
{
    const char *value = pivot_get(plan->p, i, plan->x);

    return plan->names ? place(plan->p, plan->x, i)
           : *value    ? strtod(value, NULL)
                       : place_of_none(plan->p, plan->x, *plan->log);
}

static void tick_rows(struct rows *r, const struct pivot *p, const char *key, bool names, bool log,
                      const char *column)
{
    const char *const cols[] = { "label", column, NULL };
    const char **level;
    int n = pivot_levels(&level, p, key), every = n > 14 ? (n + 11) / 12 : 1;

    rows_init(r, cols);
    for (int i = 0; i < n; i += names && n <= 40 ? 1 : every) {
        const char *label = *level[i] ? level[i] : "none";
        rows_add(r, (const char *[]){ label, names       ? number(i + 1)
                                             : *level[i] ? level[i]
                                                         : number(place_of_none(p, key, log)) });
    }
    r->numeric[0] = 0;
    free(level);
}

/* The index of each cell's first run, -1 for none: the runs of a cell stand together. */
static int *first_runs(const struct pivot *p)
{
    int *first = xalloc((size_t)p->n + 1, sizeof *first);

    for (int i = 0; i < p->n; i++)
        first[i] = -1;
    for (int c = p->n_runs - 1; c >= 0; c--)
        first[p->run[c].cell] = c;
    return first;
}

static void line_rows(struct figure *f, const struct figure_plan *plan)
{
    static const char *const cell_cols[] = {
        "panel", "series", "x", "lo", "hi", "n", "mean", NULL
    };
    static const char *const seed_cols[] = { "panel", "series", "x", "seed", "value", NULL };
    const struct pivot *p = plan->p;
    int *at = ordered(plan), *first = first_runs(p);

    rows_init(&f->rows[0], cell_cols);
    rows_init(&f->rows[1], seed_cols);
    for (int k = 0; k < p->n; k++) {
        int i = at[k];
        const struct pivot_number *y = &p->number[i];
        bool mean = y->is_mean;
        char *panel = figure_label(p, &plan->panel, i), *series = figure_label(p, &plan->series, i);
        char x[40];
        rows_number(x, place_on_x(plan, i), 12);
        if (y->n == 0) {
            free(panel);
            free(series);
            continue;
        }
        rows_add(&f->rows[0], (const char *[]){ panel, series, x,
                                                number(mean ? scaled(y, y->mean - y->half) : NAN),
                                                number(mean ? scaled(y, y->mean + y->half) : NAN),
                                                number(y->n), number(scaled(y, y->shown)) });
        for (int c = first[i]; c >= 0 && c < p->n_runs && p->run[c].cell == i; c++)
            rows_add(&f->rows[1],
                     (const char *[]){ panel, series, x, number((double)p->run[c].seed),
                                       number(scaled(y, p->run[c].value)) });
        free(panel);
        free(series);
    }
    tick_rows(&f->rows[2], p, plan->x, plan->names, *plan->log, "x");
    free(first);
    free(at);
}

/* Is cell I the best of the cells of its panel that share its x? */
static bool is_best(const struct figure_plan *plan, int i)
{
    const struct pivot *p = plan->p;
    bool less = rows_get(&p->r, i, "goal") && strcmp(rows_get(&p->r, i, "goal"), "min") == 0;
    char *panel = figure_label(p, &plan->panel, i);
    bool best = true;

    for (int k = 0; k < p->n && best; k++) {
        char *other = figure_label(p, &plan->panel, k);
        if (k != i && p->number[k].n && strcmp(other, panel) == 0 &&
            strcmp(pivot_get(p, k, plan->x), pivot_get(p, i, plan->x)) == 0)
            best = less ? p->number[k].shown >= p->number[i].shown
                        : p->number[k].shown <= p->number[i].shown;
        free(other);
    }
    free(panel);
    return best;
}

static void heat_rows(struct figure *f, const struct figure_plan *plan)
{
    static const char *const cols[] = { "panel", "x", "y", "best", "n", "mean", NULL };
    const struct pivot *p = plan->p;
    int *at = ordered(plan);

    rows_init(&f->rows[0], cols);
    for (int k = 0; k < p->n; k++) {
        int i = at[k];
        char *panel = figure_label(p, &plan->panel, i);
        if (p->number[i].n)
            rows_add(&f->rows[0],
                     (const char *[]){ panel, number(place(p, plan->x, i)),
                                       number(place(p, plan->y, i)), is_best(plan, i) ? "1" : "0",
                                       number(p->number[i].n),
                                       number(scaled(&p->number[i], p->number[i].shown)) });
        free(panel);
    }
    tick_rows(&f->rows[1], p, plan->x, true, false, "x");
    tick_rows(&f->rows[2], p, plan->y, true, false, "y");
    free(at);
}

static double x_of(const struct figure_plan *plan, int i)
{
    if (plan->of_x)
        return scaled(&plan->of_x->number[i], plan->of_x->number[i].shown);
    return strtod(pivot_get(plan->p, i, plan->x), NULL);
}

/* Is a cell as small and better, or smaller and as good? */
static bool is_beaten(const struct figure_plan *plan, int i)
{
    const struct pivot *p = plan->p;
    bool less = rows_get(&p->r, i, "goal") && strcmp(rows_get(&p->r, i, "goal"), "min") == 0;

    for (int k = 0; k < p->n; k++) {
        double gain = p->number[k].shown - p->number[i].shown, x = x_of(plan, k) - x_of(plan, i);
        if (less)
            gain = -gain;
        if (k != i && p->number[k].n && x <= 0 && gain >= 0 && (x < 0 || gain > 0))
            return true;
    }
    return false;
}

static int by_x(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (x[0] > y[0]) - (x[0] < y[0]);
}

static void scatter_rows(struct figure *f, const struct figure_plan *plan)
{
    static const char *const cols[] = { "series", "x", "lo", "hi", "n", "mean", NULL };
    static const char *const front_cols[] = { "x", "mean", NULL };
    const struct pivot *p = plan->p;
    double *front = xalloc((size_t)p->n * 2 + 1, sizeof *front);
    int *at = ordered(plan), n = 0;

    rows_init(&f->rows[0], cols);
    rows_init(&f->rows[1], front_cols);
    for (int k = 0; k < p->n; k++) {
        const struct pivot_number *y = &p->number[at[k]];
        double x = x_of(plan, at[k]);
        if (y->n == 0 || isnan(x) || (*plan->log && x <= 0))
            continue;
        char *series = figure_label(p, &plan->series, at[k]);
        rows_add(&f->rows[0],
                 (const char *[]){ series, number(x), number(scaled(y, y->mean - y->half)),
                                   number(scaled(y, y->mean + y->half)), number(y->n),
                                   number(scaled(y, y->shown)) });
        free(series);
        if (!is_beaten(plan, at[k])) {
            front[2 * n] = x;
            front[2 * n++ + 1] = scaled(y, y->shown);
        }
    }
    qsort(front, (size_t)n, 2 * sizeof *front, by_x);
    for (int i = 0; i < n; i++)
        rows_add(&f->rows[1], (const char *[]){ number(front[2 * i]), number(front[2 * i + 1]) });
    free(front);
    free(at);
}

static void curve_rows(struct figure *f, const struct figure_plan *plan, const struct rows *c)
{
    static const char *const cols[] = { "panel", "series", "x", "lo", "hi", "n", "mean", NULL };
    static const char *const from[] = { "lo", "hi", "n", "mean" };
    const char *share = rows_get(c, 0, "percent");
    double scale = share && *share == '1' ? 100 : 1;
    const struct pivot *p = plan->p;
    int *at = ordered(plan);

    rows_init(&f->rows[0], cols);
    for (int k = 0; k < p->n; k++) {
        char *panel = figure_label(p, &plan->panel, at[k]);
        char *series = figure_label(p, &plan->series, at[k]);
        for (int i = 0; i < c->n_rows; i++) {
            const char *cell[7] = { panel, series, rows_get(c, i, plan->x) };
            if (strcmp(rows_get(c, i, "cell_id"), rows_get(&p->r, at[k], "cell_id")) != 0)
                continue;
            for (int v = 0; v < 4; v++) {
                double x = strtod(rows_get(c, i, from[v]), NULL);
                cell[3 + v] = number(v == 2 ? x : scale * x);
            }
            rows_add(&f->rows[0], cell);
        }
        free(panel);
        free(series);
    }
    free(at);
}

void figure_rows(struct figure *f, const struct figure_plan *plan, const struct rows *curves)
{
    f->rows = xalloc((size_t)f->t.n_data, sizeof *f->rows);
    switch (plan->kind) {
    case FIGURE_LINES: line_rows(f, plan); break;
    case FIGURE_HEAT: heat_rows(f, plan); break;
    case FIGURE_SCATTER: scatter_rows(f, plan); break;
    case FIGURE_CURVES: curve_rows(f, plan, curves); break;
    }
}
