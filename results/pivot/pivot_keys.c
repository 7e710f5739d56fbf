/* pivot_keys.c - the keys that tell the cells of a study apart. */
#include "results/pivot/pivot.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const derived[] = { "scale", "parameters", "encoder", "cut", "examples" };

/* The columns of pivot_cells.sql after "apart" are recipe keys. */
static int first_key(const struct pivot *p)
{
    int i = 0;

    while (i < p->r.n_cols && strcmp(p->r.col[i], "apart") != 0)
        i++;
    return i + 1;
}

static bool is_derived(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(derived); i++)
        if (strcmp(derived[i], key) == 0)
            return true;
    return false;
}

static int column_of(const struct pivot *p, const char *key)
{
    for (int i = first_key(p); i < p->r.n_cols; i++)
        if (strcmp(p->r.col[i], key) == 0)
            return i;
    for (int i = 0; i < p->r.n_cols && is_derived(key); i++)
        if (strcmp(p->r.col[i], key) == 0)
            return i;
    return -1;
}

bool pivot_is_key(const struct pivot *p, const char *key)
{
    return column_of(p, key) >= 0;
}

static const char *value_at(const struct pivot *p, int i, int col)
{
    const char *s = p->r.cell[(size_t)i * (size_t)p->r.n_cols + (size_t)col];

    return s ? s : "";
}

const char *pivot_get(const struct pivot *p, int i, const char *key)
{
    int col = column_of(p, key);

    return col < 0 ? "" : value_at(p, i, col);
}

bool pivot_has(const struct pivot_keys *k, const char *key)
{
    for (int i = 0; i < k->n; i++)
        if (strcmp(k->key[i], key) == 0)
            return true;
    return false;
}

void pivot_add(struct pivot_keys *k, const char *key)
{
    if (!pivot_has(k, key) && k->n < PIVOT_KEYS)
        k->key[k->n++] = key;
}

static bool varies(const struct pivot *p, int col)
{
    for (int i = 1; i < p->n; i++)
        if (strcmp(value_at(p, i, col), value_at(p, 0, col)) != 0)
            return true;
    return false;
}

void pivot_find_varied(struct pivot *p)
{
    for (int i = first_key(p); i < p->r.n_cols; i++)
        if (varies(p, i))
            pivot_add(&p->varied, p->r.col[i]);
}

static int unknown_key(const struct pivot *p, const char *key)
{
    int from = first_key(p), n = 0;
    const char **all = xalloc((size_t)(p->r.n_cols - from) + ARRAY_LEN(derived) + 1, sizeof *all);

    for (int i = from; i < p->r.n_cols; i++)
        all[n++] = p->r.col[i];
    for (size_t i = 0; i < ARRAY_LEN(derived); i++)
        all[n++] = derived[i];
    int rc =
        suggest_fail(FAIL_USAGE, "key", key, all, "'lowrank list columns study_cells' lists them");
    free(all);
    return rc;
}

int pivot_split(struct pivot_keys *k, const struct pivot *p, char *list, bool strict)
{
    for (char *save = NULL, *w = strtok_r(list, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
        if (pivot_is_key(p, w))
            pivot_add(k, w);
        else if (strict)
            return unknown_key(p, w);
    }
    return 0;
}

/* --- levels */

/* The names of the largest value of "cut" and "examples" count as numbers. */
static double number_of(const char *s, char **end)
{
    if (strcmp(s, "whole") != 0 && strcmp(s, "all") != 0)
        return strtod(s, end);
    *end = strchr(s, 0);
    return INFINITY;
}

static bool is_number(const char *s)
{
    char *end;

    number_of(s, &end);
    return *s && !*end;
}

bool pivot_numeric(const struct pivot *p, const char *key)
{
    bool some = false;

    for (int i = 0; i < p->n; i++) {
        const char *s = pivot_get(p, i, key);
        if (*s && !is_number(s))
            return false;
        some |= *s && isfinite(strtod(s, NULL));
    }
    return some;
}

static int by_number(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    char *end;
    double u = number_of(x, &end), v = number_of(y, &end);

    return !*x || !*y ? !!*x - !!*y : (u > v) - (u < v);
}

/* The place of a matrix in "q k v o up down gate". */
static int place_of(const char *s)
{
    static const char *const order[] = { "q", "k", "v", "o", "up", "down", "gate" };
    size_t n = strcspn(s, ",");

    for (int i = 0; i < (int)ARRAY_LEN(order); i++)
        if (strlen(order[i]) == n && strncmp(s, order[i], n) == 0)
            return i;
    return (int)ARRAY_LEN(order);
}

static int parts_of(const char *s)
{
    int n = *s != 0;

    for (; *s; s++)
        n += *s == ',';
    return n;
}

/* Fewer matrices first, as the paper orders them. */
static int by_matrices(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int d = parts_of(x) - parts_of(y);

    while (d == 0 && *x && *y) {
        d = place_of(x) - place_of(y);
        x += strcspn(x, ","), x += *x == ',';
        y += strcspn(y, ","), y += *y == ',';
    }
    return d;
}

int pivot_levels(const char ***level, const struct pivot *p, const char *key)
{
    const char **v = xalloc((size_t)p->n + 1, sizeof *v);
    int n = 0;

    for (int i = 0; i < p->n; i++) {
        const char *s = pivot_get(p, i, key);
        int k = 0;
        while (k < n && strcmp(v[k], s) != 0)
            k++;
        if (k == n)
            v[n++] = s;
    }
    if (pivot_numeric(p, key))
        qsort(v, (size_t)n, sizeof *v, by_number);
    else if (strcmp(key, "targets") == 0)
        qsort(v, (size_t)n, sizeof *v, by_matrices);
    *level = v;
    return n;
}

/* --- groups */

struct order {
    const struct pivot *p;
    int col[PIVOT_KEYS], n;
};

static int compare(const void *a, const void *b, void *arg)
{
    const struct order *o = arg;
    int i = *(const int *)a, k = *(const int *)b, d = 0;

    for (int c = 0; c < o->n && d == 0; c++)
        d = strcmp(value_at(o->p, i, o->col[c]), value_at(o->p, k, o->col[c]));
    return d;
}

/* The cells in an order in which those that are equal in K stand together; the caller frees it. */
static int *sorted(struct order *o, const struct pivot *p, const struct pivot_keys *k)
{
    int *at = xalloc((size_t)p->n + 1, sizeof *at);

    *o = (struct order){ .p = p };
    for (int i = 0; i < k->n; i++)
        if (column_of(p, k->key[i]) >= 0)
            o->col[o->n++] = column_of(p, k->key[i]);
    for (int i = 0; i < p->n; i++)
        at[i] = i;
    qsort_r(at, (size_t)p->n, sizeof *at, compare, o);
    return at;
}

int pivot_groups(const struct pivot *p, const struct pivot_keys *k)
{
    struct order o;
    int *at = sorted(&o, p, k), n = p->n > 0;

    for (int i = 1; i < p->n; i++)
        n += compare(&at[i - 1], &at[i], &o) != 0;
    free(at);
    return n;
}

static void refine(struct pivot_keys *k, const struct pivot *p, const struct pivot_keys *from,
                   const struct pivot_keys *skip)
{
    int groups = pivot_groups(p, k);

    for (int i = 0; i < from->n && groups < p->n && k->n < PIVOT_KEYS; i++) {
        struct pivot_keys more = *k;
        if (skip && pivot_has(skip, from->key[i]))
            continue;
        pivot_add(&more, from->key[i]);
        int finer = pivot_groups(p, &more);
        if (finer > groups) {
            *k = more;
            groups = finer;
        }
    }
}

void pivot_chosen(struct pivot_keys *k, const struct pivot *p, const struct pivot_keys *keep)
{
    *k = keep ? *keep : (struct pivot_keys){ 0 };
    refine(k, p, &p->axes, &p->trial);
    refine(k, p, &p->varied, &p->trial);
    refine(k, p, &p->varied, NULL);
}

/* Do two cells that are equal in K differ in KEY? */
static bool is_hidden(const struct pivot *p, const struct pivot_keys *k, const char *key)
{
    struct pivot_keys more = *k;

    pivot_add(&more, key);
    return pivot_groups(p, &more) > pivot_groups(p, k);
}

static void add_levels(struct text *t, const struct pivot *p, const char *key)
{
    const char **level;
    int n = pivot_levels(&level, p, key);

    text_join(t, ", ", "'%s' (", key);
    for (int i = 0; i < n && i < 4; i++)
        text_add(t, "%s%s", i ? "; " : "", *level[i] ? level[i] : "none");
    text_add(t, "%s)", n > 4 ? "; ..." : "");
    free(level);
}

int pivot_mixed(const struct pivot *p, const struct pivot_keys *k, const char *what)
{
    struct pivot_keys all = { 0 };
    struct text keys = { 0 }, words = { 0 };

    if (pivot_groups(p, k) == p->n)
        return 0;
    pivot_chosen(&all, p, k);
    for (int i = 0; i < all.n; i++) {
        if (pivot_has(k, all.key[i]) || !is_hidden(p, k, all.key[i]))
            continue;
        const char **level;
        add_levels(&keys, p, all.key[i]);
        pivot_levels(&level, p, all.key[i]);
        text_join(&words, " ", strpbrk(level[0], " ,;") ? "%s='%s'" : "%s=%s", all.key[i],
                  *level[0] ? level[0] : "none");
        free(level);
    }
    int rc = keys.n ? fail(FAIL_USAGE,
                           "%s does not show %s, in which cells of study '%s' differ; choose one, "
                           "such as %s",
                           what, keys.s, rows_get(&p->study, 0, "study"), words.s)
                    : fail(FAIL_USAGE,
                           "cells of study '%s' differ only in their input files; no table can "
                           "tell them apart",
                           rows_get(&p->study, 0, "study"));
    text_free(&keys);
    text_free(&words);
    return rc;
}
