/* pivot_table.c - cells arranged as a table. */
#include "results/pivot/pivot_table.h"
#include "core/base/text.h"
#include "results/stats/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 8 };

/* --- which key goes where */

static int count_levels(const struct pivot *p, const char *key)
{
    const char **level;
    int n = pivot_levels(&level, p, key);

    free(level);
    return n;
}

/* The key whose values head the columns, or -1. */
static int column_key(const struct pivot *p, const struct pivot_keys *k)
{
    static const char *const good[] = { "targets", "task", "method" };

    for (size_t g = 0; g < ARRAY_LEN(good); g++)
        for (int i = 0; i < k->n; i++)
            if (strcmp(k->key[i], good[g]) == 0 && count_levels(p, good[g]) <= MOST_COLUMNS)
                return i;
    for (int i = k->n - 1; i >= 0; i--)
        if (strcmp(k->key[i], "model") != 0 && count_levels(p, k->key[i]) <= MOST_COLUMNS)
            return i;
    return -1;
}

void pivot_arrange(struct pivot_layout *l, const struct pivot *p)
{
    struct pivot_keys keep = l->rows, all;
    bool open = l->rows.n == 0 && l->cols.n == 0;

    for (int i = 0; i < l->cols.n; i++)
        pivot_add(&keep, l->cols.key[i]);
    pivot_chosen(&all, p, &keep);
    int col = open && all.n > 1 ? column_key(p, &all) : -1;
    for (int i = 0; i < all.n; i++)
        if (i == col)
            pivot_add(&l->cols, all.key[i]);
        else if (!pivot_has(&l->cols, all.key[i]))
            pivot_add(&l->rows, all.key[i]);
    for (int i = 0; i < p->trial.n; i++)
        if (pivot_has(&p->varied, p->trial.key[i]) && !pivot_has(&all, p->trial.key[i]))
            pivot_add(&l->also, p->trial.key[i]);
}

/* --- the values of some keys of every cell, numbered in the order of their levels */

struct places {
    int *at;   /* [p->n] the place of each cell */
    int *cell; /* [n] a cell at each place */
    int n;
};

static int place_of_level(const char **level, int n, const char *s)
{
    int i = 0;

    while (i < n && strcmp(level[i], s) != 0)
        i++;
    return i;
}

static int by_first(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (x[0] > y[0]) - (x[0] < y[0]);
}

/* The keys' levels as the digits of one number order the cells; equal numbers share a place. */
static struct places find_places(const struct pivot *p, const struct pivot_keys *k)
{
    struct places out = { .at = xalloc((size_t)p->n, sizeof(int)),
                          .cell = xalloc((size_t)p->n, sizeof(int)) };
    double *x = xalloc((size_t)p->n * 2, sizeof *x);

    for (int i = 0; i < p->n; i++)
        x[2 * i] = 0, x[2 * i + 1] = i;
    for (int c = 0; c < k->n; c++) {
        const char **level;
        int n = pivot_levels(&level, p, k->key[c]);
        for (int i = 0; i < p->n; i++)
            x[2 * i] = x[2 * i] * n + place_of_level(level, n, pivot_get(p, i, k->key[c]));
        free(level);
    }
    qsort(x, (size_t)p->n, 2 * sizeof *x, by_first);
    for (int i = 0; i < p->n; i++) {
        if (i == 0 || x[2 * i] > x[2 * i - 2])
            out.cell[out.n++] = (int)x[2 * i + 1];
        out.at[(int)x[2 * i + 1]] = out.n - 1;
    }
    free(x);
    return out;
}

static void places_free(struct places *x)
{
    free(x->at);
    free(x->cell);
}

/* --- rows for people */

/* "q,v", and with several keys "q,v lr=0.002". */
static char *heading(const struct pivot *p, const struct pivot_keys *k, int cell)
{
    struct text t = { 0 };

    for (int i = 0; i < k->n; i++) {
        const char *s = pivot_get(p, cell, k->key[i]);
        if (i == 0 && *s)
            text_add(&t, pivot_numeric(p, k->key[i]) ? "%s=%s" : "%.0s%s", k->key[i], s);
        else
            text_join(&t, " ", "%s=%s", k->key[i], *s ? s : "none");
    }
    return text_take(&t);
}

/* The distinct values of KEY at row ROW. */
static char *also_text(const struct pivot *p, const struct places *rows, int row, const char *key)
{
    struct text t = { 0 };
    int n = 0;

    for (int i = 0; i < p->n && n < 4; i++) {
        const char *s = pivot_get(p, i, key);
        bool old = rows->at[i] != row || !*s;
        for (int k = 0; k < i && !old; k++)
            old = rows->at[k] == row && strcmp(pivot_get(p, k, key), s) == 0;
        if (!old)
            text_join(&t, " / ", n++ < 3 ? "%s" : "...", s);
    }
    return t.n ? text_take(&t) : xstrdup("");
}

/* The row of L->BESIDE for a cell, or -1. */
static int beside_row(const struct pivot *p, const struct rows *b, int cell)
{
    for (int i = 0; b && i < b->n_rows; i++) {
        bool equal = true;
        for (int c = 0; c < b->n_cols && equal; c++)
            if (!strchr(b->col[c], ' ')) {
                const char *s = rows_get(b, i, b->col[c]);
                equal = strcmp(s ? s : "", pivot_get(p, cell, b->col[c])) == 0;
            }
        if (equal)
            return i;
    }
    return -1;
}

/* The average over all N_COLS columns of one row, of each seed that has all of them. */
static char *average_text(const struct pivot *p, const struct places *rows,
                          const struct places *cols, int row)
{
    double *x = xalloc((size_t)p->n_runs + 1, sizeof *x);
    int n = 0, cells = 0;
    bool percent = true, median = false;
    double medians = 0;

    for (int i = 0; i < p->n; i++)
        if (rows->at[i] == row) {
            cells += p->number[i].n > 0;
            percent &= p->number[i].percent;
            median |= !p->number[i].is_mean;
            medians += p->number[i].shown;
        }
    for (int i = 0; i < p->n_runs && cells == cols->n; i++) {
        double sum = 0;
        int have = 0;
        for (int k = 0;
             rows->at[p->run[i].cell] == row && cols->at[p->run[i].cell] == 0 && k < p->n_runs; k++)
            if (rows->at[p->run[k].cell] == row && p->run[k].seed == p->run[i].seed) {
                sum += p->run[k].value;
                have++;
            }
        if (have == cols->n)
            x[n++] = sum / have;
    }
    struct stats_mean m = stats_mean(x, n);
    struct pivot_number a = {
        .n = n, .shown = m.mean, .mean = m.mean, .half = m.half, .percent = true, .is_mean = !median
    };
    if (median)
        a.shown = medians / cells;
    free(x);
    return percent && n ? pivot_text(&a) : xstrdup("");
}

struct line {
    const char **cell;
    char **owned;
    int n, n_owned;
};

static void line_add(struct line *l, char *owned, const char *text)
{
    l->cell[l->n++] = owned ? owned : text;
    if (owned)
        l->owned[l->n_owned++] = owned;
}

static void line_put(struct line *l, struct rows *r)
{
    rows_add(r, l->cell);
    for (int i = 0; i < l->n_owned; i++)
        free(l->owned[i]);
    l->n = l->n_owned = 0;
}

static void add_beside(struct line *l, const struct pivot *p, const struct rows *b, int cell)
{
    int at = cell < 0 ? -1 : beside_row(p, b, cell);

    for (int c = 0; b && c < b->n_cols; c++)
        if (strchr(b->col[c], ' '))
            line_add(l, NULL, cell < 0 ? b->col[c] : at < 0 ? NULL : rows_get(b, at, b->col[c]));
}

/* One row of cells under the columns COLS. */
static void add_cells(struct line *l, const struct pivot *p, const struct places *rows,
                      const struct places *cols, int row)
{
    char **text = xalloc((size_t)cols->n, sizeof *text);

    for (int i = 0; i < p->n; i++)
        if (rows->at[i] == row) {
            free(text[cols->at[i]]);
            text[cols->at[i]] = pivot_text(&p->number[i]);
        }
    for (int c = 0; c < cols->n; c++)
        line_add(l, text[c], NULL);
    free(text);
}

static void add_header(struct line *l, const struct pivot *p, const struct pivot_layout *y,
                       const struct places *cols)
{
    for (int i = 0; i < y->rows.n; i++)
        line_add(l, NULL, y->rows.key[i]);
    for (int i = 0; i < y->also.n; i++)
        line_add(l, NULL, y->also.key[i]);
    if (!y->cols.n)
        line_add(l, NULL, "metric");
    for (int c = 0; y->cols.n && c < cols->n; c++)
        line_add(l, heading(p, &y->cols, cols->cell[c]), NULL);
    if (!y->cols.n)
        line_add(l, NULL, "value");
    if (y->average)
        line_add(l, NULL, "average");
    add_beside(l, p, y->beside, -1);
    line_add(l, NULL, NULL);
}

void pivot_table(struct rows *r, const struct pivot *p, const struct pivot_layout *y)
{
    struct places rows = find_places(p, &y->rows), cols = find_places(p, &y->cols);
    size_t room = (size_t)(2 * PIVOT_KEYS + cols.n + 8 + (y->beside ? y->beside->n_cols : 0));
    struct line l = { .cell = xalloc(room, sizeof *l.cell),
                      .owned = xalloc(room, sizeof *l.owned) };

    add_header(&l, p, y, &cols);
    rows_init(r, l.cell);
    for (int i = 0; i < l.n_owned; i++)
        free(l.owned[i]);
    l.n = l.n_owned = 0;
    for (int row = 0; row < rows.n; row++) {
        int cell = rows.cell[row];
        for (int i = 0; i < y->rows.n; i++)
            line_add(&l, NULL, pivot_get(p, cell, y->rows.key[i]));
        for (int i = 0; i < y->also.n; i++)
            line_add(&l, also_text(p, &rows, row, y->also.key[i]), NULL);
        if (!y->cols.n)
            line_add(&l, NULL, p->number[cell].metric);
        add_cells(&l, p, &rows, &cols, row);
        if (y->average)
            line_add(&l, average_text(p, &rows, &cols, row), NULL);
        add_beside(&l, p, y->beside, cell);
        line_put(&l, r);
    }
    free(l.cell);
    free(l.owned);
    places_free(&rows);
    places_free(&cols);
}

/* --- rows for programs */

static struct pivot_keys long_keys(const struct pivot *p, const struct pivot_layout *y)
{
    struct pivot_keys k = { 0 };
    const struct pivot_keys *const from[] = { &y->rows, &y->cols, &y->also, &p->varied };

    pivot_add(&k, "model");
    pivot_add(&k, "task");
    pivot_add(&k, "method");
    for (size_t f = 0; f < ARRAY_LEN(from); f++)
        for (int i = 0; i < from[f]->n; i++)
            pivot_add(&k, from[f]->key[i]);
    return k;
}

void pivot_long(struct rows *r, const struct pivot *p, const struct pivot_layout *y)
{
    static const char *const stats[] = {
        "metric", "which", "n",      "n_diverged", "shown", "mean",
        "sd",     "half",  "median", "min",        "max",   "cell"
    };
    struct pivot_keys k = long_keys(p, y);
    struct line l = { 0 };
    size_t room = (size_t)(PIVOT_KEYS + 16 + (y->beside ? y->beside->n_cols : 0));
    char buf[16][40];

    l.cell = xalloc(room, sizeof *l.cell);
    for (int i = 0; i < k.n; i++)
        line_add(&l, NULL, k.key[i]);
    for (size_t i = 0; i < ARRAY_LEN(stats); i++)
        line_add(&l, NULL, stats[i]);
    add_beside(&l, p, y->beside, -1);
    line_add(&l, NULL, NULL);
    rows_init(r, l.cell);
    for (int c = 0; c < p->n; c++) {
        const struct pivot_number *x = &p->number[c];
        const double v[] = { x->n,    x->n_diverged, x->shown, x->mean, x->sd,
                             x->half, x->median,     x->min,   x->max };
        l.n = 0;
        for (int i = 0; i < k.n; i++)
            line_add(&l, NULL, pivot_get(p, c, k.key[i]));
        line_add(&l, NULL, x->metric);
        line_add(&l, NULL, p->which);
        for (size_t i = 0; i < ARRAY_LEN(v); i++)
            line_add(&l, NULL, rows_number(buf[i], v[i], 15));
        line_add(&l, NULL, rows_get(&p->r, c, "cell"));
        add_beside(&l, p, y->beside, c);
        rows_add(r, l.cell);
    }
    free(l.cell);
}
