/* claims_part.c - one comparison: from rows of a claim's query to differences and their tests. */
#include "results/verdicts/claims_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- rows of a query */

const char *claims_cell(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? s : "-";
}

double claims_number(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? strtod(s, NULL) : NAN;
}

/* 0 for NULL. */
static long count(const struct rows *r, int i, const char *col)
{
    return rows_get(r, i, col) ? (long)claims_number(r, i, col) : 0;
}

int claims_group_end(const struct rows *r, int i, int end, const char *const *cols)
{
    int k = i + 1;

    for (; k < end; k++)
        for (const char *const *c = cols; *c; c++)
            if (strcmp(claims_cell(r, i, *c), claims_cell(r, k, *c)) != 0)
                return k;
    return k;
}

int claims_with_metric(const struct rows *r, int from, int to)
{
    for (int i = from; i < to; i++)
        if (rows_get(r, i, "metric"))
            return i;
    return from;
}

/* --- what a kind asks */

void claims_region(const struct claim *c, double *lo, double *hi)
{
    *lo = -INFINITY, *hi = INFINITY;
    switch ((enum claim_kind)c->kind) {
    case KIND_BETTER: *lo = c->margin; break;
    case KIND_NOT_WORSE: *lo = -c->margin; break;
    case KIND_EQUAL: *lo = -c->margin, *hi = c->margin; break;
    case KIND_ABOVE: *lo = 0; break;
    case KIND_BELOW: *hi = 0; break;
    case KIND_CORRELATION: *(c->bound < 0 ? hi : lo) = c->bound; break;
    }
}

double claims_boundary(const struct claim *c, double x)
{
    double lo, hi;

    claims_region(c, &lo, &hi);
    return fabs(x - lo) <= fabs(x - hi) ? lo : hi;
}

bool claims_inside(const struct claim *c, double x)
{
    double lo, hi;

    claims_region(c, &lo, &hi);
    return x > lo && x < hi;
}

/* What VALUE is compared with; NAN: nothing to compare with yet. */
static double reference(const struct claim *c, double ref)
{
    if (c->kind == KIND_ABOVE)
        return isnan(ref) ? c->bound : fmax(c->bound, ref);
    return c->kind == KIND_BELOW ? c->bound : ref;
}

/* --- units */

static bool lost(const struct rows *r, int i, const char *state, const char *value)
{
    const char *s = rows_get(r, i, state);

    return s && (strcmp(s, "diverged") == 0 || (strcmp(s, "done") == 0 && !rows_get(r, i, value)));
}

static const struct claim_unit *find_unit(const struct claim_part *p, const char *name)
{
    for (int i = 0; i < p->n_units; i++)
        if (strcmp(p->unit[i].name, name) == 0)
            return &p->unit[i];
    return NULL;
}

static void add_unit(struct claim_part *p, const char *name, double a, double b, double d)
{
    p->unit = xgrow(p->unit, (size_t)p->n_units + 1, sizeof *p->unit);
    p->unit[p->n_units++] = (struct claim_unit){ xstrdup(name), a, b, d };
}

/* Is a run of row I in one of the rows USED? */
static bool run_used(const struct rows *r, int i, const int *used, int n)
{
    static const char *const cols[] = { "run", "ref_run" };

    for (int k = 0; k < n; k++)
        for (int x = 0; x < 4; x++) {
            const char *mine = rows_get(r, i, cols[x / 2]);
            const char *its = rows_get(r, used[k], cols[x % 2]);
            if (mine && its && strcmp(mine, its) == 0)
                return true;
        }
    return false;
}

/* The units that have both numbers; "pairs" of runs as JSON into *PAIRS. A run counts once: pairs of
 * adapters (1,2) and (2,3) are not independent. */
static void read_units(struct claim_part *p, const struct claim *c, const struct rows *r, int from,
                       int to, char **pairs)
{
    bool least = strcmp(claims_cell(r, claims_with_metric(r, from, to), "goal"), "min") == 0;
    int *used = xalloc((size_t)(to - from), sizeof *used), n = 0;

    *pairs = xstrdup("");
    for (int i = from; i < to; i++) {
        double value = claims_number(r, i, "value"), ref = reference(c, claims_number(r, i, "ref"));
        bool gone = lost(r, i, "state", "value");
        p->n_seen++;
        p->lost_a |= gone;
        p->n_lost += gone || lost(r, i, "ref_state", "ref");
        const char *name = claims_cell(r, i, "unit");
        p->twice |= find_unit(p, name) != NULL;
        if (isnan(value) || isnan(ref) || run_used(r, i, used, n))
            continue;
        used[n++] = i;
        add_unit(p, name, value, ref, least ? ref - value : value - ref);
        char *more = xprintf("%s%s[%s,%s]", *pairs, **pairs ? "," : "", claims_cell(r, i, "run"),
                             claims_cell(r, i, "ref_run"));
        free(*pairs);
        *pairs = more;
    }
    free(used);
}

/* Spearman's rho of each unit. */
static void read_correlations(struct claim_part *p, const struct rows *r, int from, int to)
{
    static const char *const unit[] = { "unit", NULL };
    size_t n = (size_t)(to - from);
    double *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y);

    for (int i = from, end; i < to; i = end, p->n_seen++) {
        end = claims_group_end(r, i, to, unit);
        for (int j = i; j < end; j++)
            x[j - i] = claims_number(r, j, "x"), y[j - i] = claims_number(r, j, "value");
        double rho = stats_spearman(x, y, end - i);
        if (!isnan(rho))
            add_unit(p, claims_cell(r, i, "unit"), NAN, NAN, rho);
    }
    free(x);
    free(y);
}

/* --- tests */

/* Means over units, and their t test. */
static void test_units(struct claim_part *p, const struct claim *c)
{
    size_t n = (size_t)p->n_units;
    double *a = xalloc(3 * n + 1, sizeof *a), *b = a + n, *d = b + n;

    for (size_t i = 0; i < n; i++)
        a[i] = p->unit[i].a, b[i] = p->unit[i].b, d[i] = p->unit[i].d;
    p->a = stats_mean(a, p->n_units);
    p->b = stats_mean(b, p->n_units);
    p->d = stats_mean(d, p->n_units);
    free(a);
    p->inside = claims_inside(c, p->d.mean);
    p->p_units = stats_mean_p(&p->d, claims_boundary(c, p->d.mean));
}

/* Both sources of chance; a side that was the best of several is tested as often. */
static void combine_p(struct claim_part *p)
{
    double worse = p->n_examples > 0 ? fmax(p->p_units, p->p_examples) : p->p_units;

    p->p = fmin(1, (double)p->tried * worse);
}

int claims_part_read(struct claim_part *p, const struct claim *c, struct store *s,
                     const struct rows *r, int from, int to)
{
    char *pairs = NULL;
    int rc = 0, known = claims_with_metric(r, from, to);
    const char *edge = rows_get(r, from, "edge");

    *p = (struct claim_part){ .label = xstrdup(claims_cell(r, from, "part")),
                              .edge = edge ? xstrdup(edge) : NULL,
                              .p_examples = NAN,
                              .mcnemar = NAN,
                              .unrun = count(r, from, "unrun") > 0,
                              .tried = count(r, from, "tried") > 1 ? count(r, from, "tried") : 1,
                              .dev_whole = count(r, known, "dev_whole") > 0,
                              .trained = count(r, from, "trained"),
                              .ref_trained = count(r, from, "ref_trained") };
    if (c->kind == KIND_CORRELATION)
        read_correlations(p, r, from, to);
    else
        read_units(p, c, r, from, to, &pairs);
    test_units(p, c);
    if (p->d.n > 0 && c->kind <= KIND_EQUAL && rows_get(r, known, "metric"))
        rc = claims_examples(p, c, s, pairs, claims_cell(r, known, "split"),
                             claims_cell(r, known, "metric"));
    combine_p(p);
    free(pairs);
    return rc;
}

/* --- the average over tasks */

/* The unit of every task's part, averaged; false when one has it not. */
static bool average_unit(struct claim_unit *to, const char *name,
                         const struct claim_part *const *of, int n)
{
    *to = (struct claim_unit){ 0 };
    for (int i = 0; i < n; i++) {
        const struct claim_unit *u = find_unit(of[i], name);
        if (!u)
            return false;
        to->a += u->a / n, to->b += u->b / n, to->d += u->d / n;
    }
    return true;
}

/* Tasks have examples of their own, so variances add; a mean of several bootstraps is near normal. */
static void average_examples(struct claim_part *p, const struct claim *c,
                             const struct claim_part *const *of, int n)
{
    double d = 0, variance = 0;
    long examples = 0;

    for (int i = 0; i < n; i++) {
        if (of[i]->n_examples == 0)
            return;
        examples += of[i]->n_examples;
        d += of[i]->ex_d / n;
        variance += of[i]->ex_sd * of[i]->ex_sd / n / n;
    }
    p->n_examples = examples, p->ex_d = d, p->ex_sd = sqrt(variance);
    p->ex_lo = d - STATS_Z95 * p->ex_sd, p->ex_hi = d + STATS_Z95 * p->ex_sd;
    p->p_examples = claims_inside(c, d) == p->inside
                        ? stats_normal_p((d - claims_boundary(c, d)) / p->ex_sd)
                        : 1;
}

void claims_part_average(struct claim_part *p, const struct claim *c,
                         const struct claim_part *const *of, int n)
{
    *p = (struct claim_part){ .label = xstrdup(of[0]->label),
                              .p_examples = NAN,
                              .mcnemar = NAN,
                              .tried = of[0]->tried,
                              .dev_whole = true,
                              .trained = of[0]->trained,
                              .ref_trained = of[0]->ref_trained };
    for (int i = 0; i < n; i++) {
        p->n_seen += of[i]->n_seen, p->n_lost += of[i]->n_lost;
        p->lost_a |= of[i]->lost_a, p->unrun |= of[i]->unrun, p->twice |= of[i]->twice;
        p->dev_whole &= of[i]->dev_whole;
        if (of[i]->edge && !p->edge)
            p->edge = xstrdup(of[i]->edge);
    }
    for (int i = 0; i < of[0]->n_units && !p->twice; i++) {
        struct claim_unit u;
        if (average_unit(&u, of[0]->unit[i].name, of, n))
            add_unit(p, of[0]->unit[i].name, u.a, u.b, u.d);
    }
    test_units(p, c);
    average_examples(p, c, of, n);
    combine_p(p);
}

void claims_part_free(struct claim_part *p)
{
    for (int i = 0; i < p->n_units; i++)
        free(p->unit[i].name);
    free(p->unit);
    free(p->label);
    free(p->edge);
}
