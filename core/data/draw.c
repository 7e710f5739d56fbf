/* draw.c - random subsets, and stratified parts of the training data. */
#include "core/data/draw.h"
#include "core/base/rng.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { TENTHS = 10, HELD_OUT_SEED = 7 };

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* --- rows with the same texts */

/* The texts of a row as far as tokenizers may tell them apart: without white space, case and
 * accents, so that "Do n't" and "do  n't " are the same. The caller frees it. */
static char *folded_texts(const struct data_file *f, int row)
{
    const utf8proc_option_t fold = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                   UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
    const char *pair = data_file_cell(f, row, CELL_PAIR);
    char *both = xprintf("%s\x1f%s", data_file_cell(f, row, CELL_TEXT), pair ? pair : "");
    utf8proc_uint8_t *out = NULL;

    /* data_file_read has checked that it is UTF-8 */
    CHECK(utf8proc_map((const utf8proc_uint8_t *)both, 0, &out, fold) >= 0, "'%s'", both);
    utf8proc_uint8_t *to = out;
    for (const utf8proc_uint8_t *from = out; *from; from++)
        if (!isspace(*from))
            *to++ = *from;
    *to = 0;
    free(both);
    return (char *)out;
}

struct text_row {
    char *text;
    int row;
};

static int by_text(const void *a, const void *b)
{
    const struct text_row *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* ROW [N], sorted so that rows with the same texts are neighbors; group g is
 * row[from[g]..from[g + 1]). */
struct groups {
    int *row, *from, n;
};

static void groups_init(struct groups *g, const struct data_file *f, const int *row, int n)
{
    struct text_row *t = xalloc((size_t)n + 1, sizeof *t);

    *g = (struct groups){ .row = xalloc((size_t)n + 1, sizeof *g->row),
                          .from = xalloc((size_t)n + 1, sizeof *g->from) };
    for (int i = 0; i < n; i++)
        t[i] = (struct text_row){ folded_texts(f, row[i]), row[i] };
    qsort(t, (size_t)n, sizeof *t, by_text);
    for (int i = 0; i < n; i++) {
        g->row[i] = t[i].row;
        if (i == 0 || strcmp(t[i - 1].text, t[i].text) != 0)
            g->from[g->n++] = i;
    }
    g->from[g->n] = n;
    for (int i = 0; i < n; i++)
        free(t[i].text);
    free(t);
}

static void groups_free(struct groups *g)
{
    free(g->row);
    free(g->from);
}

/* --- strata */

struct target_row {
    double target;
    int row;
};

static int by_target(const void *a, const void *b)
{
    const struct target_row *x = a, *y = b;

    return x->target != y->target ? (x->target > y->target ? 1 : -1)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* STRATUM [rows of the file] of the rows ROW [N]; returns the number of strata. */
static int find_strata(int *stratum, const struct row_labels *l, const struct task *t,
                       const int *row, int n)
{
    if (!l->target && !l->label) {
        for (int i = 0; i < n; i++)
            stratum[row[i]] = 0;
        return 1;
    }
    if (!l->target) {
        for (int i = 0; i < n; i++)
            stratum[row[i]] = l->label[row[i]];
        return t->n_labels;
    }
    struct target_row *by = xalloc((size_t)n, sizeof *by);
    for (int i = 0; i < n; i++)
        by[i] = (struct target_row){ l->target[row[i]], row[i] };
    qsort(by, (size_t)n, sizeof *by, by_target);
    for (int i = 0; i < n; i++)
        stratum[by[i].row] = (int)((long)i * TENTHS / n);
    free(by);
    return TENTHS;
}

struct remainder {
    double part;
    int stratum;
};

static int by_falling_part(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;

    return x->part != y->part ? (x->part < y->part ? 1 : -1) : x->stratum - y->stratum;
}

/* LEFT [N_STRATA] becomes how many of WANT rows each stratum gives, by largest remainders. */
static void share_out(long *left, int n_strata, const int *stratum, const int *row, int n,
                      long want)
{
    struct remainder *r = xalloc((size_t)n_strata, sizeof *r);
    long given = 0;

    for (int i = 0; i < n; i++)
        left[stratum[row[i]]]++;
    for (int k = 0; k < n_strata; k++) {
        long whole = left[k] * want / n;
        r[k] = (struct remainder){ (double)(left[k] * want % n) / n, k };
        left[k] = whole;
        given += whole;
    }
    qsort(r, (size_t)n_strata, sizeof *r, by_falling_part);
    for (int k = 0; given < want; k++, given++)
        left[r[k].stratum]++;
    free(r);
}

/* --- a part of some rows */

static bool group_fits(const struct groups *g, int k, const int *stratum, long *left)
{
    bool fits = true;

    for (int i = g->from[k]; i < g->from[k + 1]; i++)
        fits &= --left[stratum[g->row[i]]] >= 0;
    for (int i = g->from[k]; i < g->from[k + 1] && !fits; i++)
        left[stratum[g->row[i]]]++;
    return fits;
}

/* IN [rows of the file] becomes whether each of ROW [N] is in the stratified part of WANT rows. */
static void draw_part(bool *in, const struct data_file *f, const struct row_labels *l,
                      const struct task *t, const int *row, int n, long want, struct rng r)
{
    int *stratum = xalloc((size_t)f->n, sizeof *stratum);
    int n_strata = find_strata(stratum, l, t, row, n);
    long *left = xalloc((size_t)n_strata, sizeof *left);
    struct groups g;

    share_out(left, n_strata, stratum, row, n, want);
    groups_init(&g, f, row, n);
    int *order = xalloc((size_t)g.n, sizeof *order);
    for (int k = 0; k < g.n; k++)
        order[k] = k;
    rng_shuffle(&r, order, g.n);
    for (int k = 0; k < g.n; k++)
        if (group_fits(&g, order[k], stratum, left))
            for (int i = g.from[order[k]]; i < g.from[order[k] + 1]; i++)
                in[g.row[i]] = true;
    free(order);
    groups_free(&g);
    free(left);
    free(stratum);
}

/* Keep of ROW [N] those whose IN is WANTED; returns how many. */
static int keep_rows(int *row, int n, const bool *in, bool wanted)
{
    int kept = 0;

    for (int i = 0; i < n; i++)
        if (in[row[i]] == wanted)
            row[kept++] = row[i];
    return kept;
}

/* One of the two sides of a division of ROW [N]: the part of WANT rows, or the rest. Returns its
 * number of rows; -1 after an error that names KEY, if either side has none. */
static int take_side(int *row, int n, bool part, long want, const char *key, double value,
                     const struct data_file *f, const struct row_labels *l, const struct task *t,
                     struct rng r)
{
    bool *in = xalloc((size_t)f->n, sizeof *in);

    if (want > 0 && want < n)
        draw_part(in, f, l, t, row, n, want, r);
    int kept = keep_rows(row, n, in, part);
    free(in);
    if (want <= 0 || want >= n || kept == 0 || kept == n)
        return fail(
            FAIL_USAGE,
            "task '%s': '%s' is %g, which leaves no rows on one side: there are %d training "
            "examples",
            t->name, key, value, n);
    return kept;
}

/* Whole groups of ROW [N] in random order, as many as have at most LIMIT rows together, and at
 * least one; returns the number of rows. A smaller limit gives a part of what a larger one
 * gives. */
static int draw_groups(int *row, int n, long limit, const struct data_file *f, struct rng r)
{
    bool *in = xalloc((size_t)f->n, sizeof *in);
    struct groups g;
    long taken = 0;

    groups_init(&g, f, row, n);
    int *order = xalloc((size_t)g.n, sizeof *order);
    for (int k = 0; k < g.n; k++)
        order[k] = k;
    rng_shuffle(&r, order, g.n);
    for (int k = 0; k < g.n; k++) {
        int from = g.from[order[k]], to = g.from[order[k] + 1];
        if (k > 0 && taken + to - from > limit)
            break;
        taken += to - from;
        for (int i = from; i < to; i++)
            in[g.row[i]] = true;
    }
    int kept = keep_rows(row, n, in, true);
    free(order);
    groups_free(&g);
    free(in);
    return kept;
}

static long rounded(double x)
{
    return (long)(x + 0.5);
}

int draw_rows(int *pick, const struct data_file *f, const struct row_labels *l,
              const struct task *t, enum split s, const struct draw *w)
{
    bool of_train = s == SPLIT_TRAIN || s == SPLIT_SELECT;
    int n = f->n;

    for (int i = 0; i < n; i++)
        pick[i] = i;
    if (t->held_out > 0 && (of_train || s == SPLIT_TEST)) {
        long want = t->held_out < 1 ? rounded(t->held_out * n) : (long)t->held_out;
        n = take_side(pick, n, s == SPLIT_TEST, want, "held_out", t->held_out, f, l, t,
                      rng_make(HELD_OUT_SEED, RNG_HELD_OUT, 0));
        if (n < 0)
            return -1;
    }
    if (w->limit > 0 && w->limit < n) {
        struct rng r = rng_make(w->seed, RNG_SUBSET, (uint32_t)(of_train ? SPLIT_TRAIN : s));
        if (t->generates && !of_train)
            return draw_groups(pick, n, w->limit, f, r);
        /* All rows are shuffled, so that a subset of k is part of that of k + 1. */
        rng_shuffle(&r, pick, n);
        n = (int)w->limit;
        qsort(pick, (size_t)n, sizeof *pick, compare_ints);
    }
    if (of_train && w->select > 0)
        n = take_side(pick, n, s == SPLIT_SELECT, rounded(w->select * n), "select", w->select, f, l,
                      t, rng_make(w->seed, RNG_SELECT, 0));
    return n;
}
