/* claims_part.c - one comparison: from the rows of a claim's query to differences and their
 * tests. */
#include "results/verdicts/claims_part.h"
#include "core/base/text.h"
#include "results/verdicts/claims_examples.h"
#include "results/verdicts/claims_region.h"
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- units */

/* Has the run of row I ended without a number? */
static bool without_number(const struct rows *r, int i, const char *state, const char *value)
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

/* Does a run of row I occur in one of the N rows USED? */
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

/* Read the units that have both numbers, at most as many as are planned, and their pairs of runs as
 * JSON into PAIRS. A run counts only once, because the pairs of adapters (1,2) and (2,3) are not
 * independent. */
static void read_units(struct claim_part *p, const struct claim *c, const struct rows *r, int from,
                       int to, struct text *pairs)
{
    bool least = strcmp(claims_cell(r, claims_with_metric(r, from, to), "goal"), "min") == 0;
    int *used = xalloc((size_t)(to - from), sizeof *used), n = 0;

    for (int i = from; i < to; i++) {
        double value = claims_number(r, i, "value");
        double ref = claims_reference(c, claims_number(r, i, "ref"));
        bool gone = without_number(r, i, "state", "value");
        p->n_seen++;
        p->lost_a |= gone;
        p->n_lost += gone || without_number(r, i, "ref_state", "ref");
        const char *name = claims_cell(r, i, "unit");
        p->twice |= find_unit(p, name) != NULL;
        if (isnan(value) || isnan(ref) || run_used(r, i, used, n) || p->n_units == c->planned)
            continue;
        used[n++] = i;
        p->n_tuned += claims_count(r, i, "tuned") > 0;
        add_unit(p, name, value, ref, least ? ref - value : value - ref);
        text_join(pairs, ",", "[%s,%s]", claims_cell(r, i, "run"), claims_cell(r, i, "ref_run"));
    }
    free(used);
}

/* Read Spearman's rho of each unit. */
static void read_correlations(struct claim_part *p, const struct claim *c, const struct rows *r,
                              int from, int to)
{
    static const char *const unit[] = { "unit", NULL };
    size_t n = (size_t)(to - from);
    double *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y);

    for (int i = from, end; i < to; i = end, p->n_seen++) {
        end = claims_group_end(r, i, to, unit);
        for (int j = i; j < end; j++)
            x[j - i] = claims_number(r, j, "x"), y[j - i] = claims_number(r, j, "value");
        double rho = stats_spearman(x, y, end - i);
        if (!isnan(rho) && p->n_units < c->planned)
            add_unit(p, claims_cell(r, i, "unit"), NAN, NAN, rho);
    }
    free(x);
    free(y);
}

/* --- tests */

/* Means over units, and the variance of their mean difference over units alone. */
static void average_units(struct claim_part *p, const struct claim *c)
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
    p->joint = stats_joint_of(&p->d);
}

/* The interval and the test, once the joint variance is known. The p-value is multiplied by the
 * number of settings that a side was chosen from as the best (Bonferroni). */
static void test_part(struct claim_part *p, const struct claim *c)
{
    p->lo = p->hi = p->df = NAN;
    if (p->d.n > 1) {
        double v = stats_joint_variance(&p->joint, p->d.n, 1, &p->df);
        double half = v > 0 ? stats_t_quantile(0.95, p->df) * sqrt(v) : 0;
        p->lo = p->d.mean - half, p->hi = p->d.mean + half;
    }
    double one = stats_joint_p(&p->joint, p->d.mean, claims_boundary(c, p->d.mean));
    p->p = isnan(one) ? NAN : fmin(1, (double)p->tried * one);
}

int claims_part_read(struct claim_part *p, const struct claim *c, struct store *s,
                     const struct rows *r, int from, int to)
{
    struct text pairs = { 0 };
    int rc = 0, known = claims_with_metric(r, from, to);
    const char *edge = rows_get(r, from, "edge");
    long tried = claims_count(r, from, "tried");

    *p = (struct claim_part){ .label = xstrdup(claims_cell(r, from, "part")),
                              .edge = edge ? xstrdup(edge) : NULL,
                              .unrun = claims_count(r, from, "unrun") > 0,
                              .tried = tried > 1 ? tried : 1,
                              .grid = claims_count(r, from, "grid"),
                              .all_examples = claims_count(r, known, "rows"),
                              .trained = claims_count(r, from, "trained"),
                              .ref_trained = claims_count(r, from, "ref_trained") };
    if (c->kind == KIND_CORRELATION)
        read_correlations(p, c, r, from, to);
    else
        read_units(p, c, r, from, to, &pairs);
    average_units(p, c);
    const struct claims_answers of = { claims_cell(r, known, "split"),
                                       rows_get(r, known, "adapter") };
    bool least = strcmp(claims_cell(r, known, "goal"), "min") == 0;
    if (p->d.n > 1 && c->kind <= KIND_EQUAL && rows_get(r, known, "metric"))
        rc = claims_examples(p, s, text_string(&pairs), &of, claims_cell(r, known, "metric"),
                             least ? -1 : 1);
    if (p->n_examples > 0)
        stats_joint_add(&p->joint, &p->crossed, 1);
    if (p->all_examples < p->n_examples)
        p->all_examples = p->n_examples;
    test_part(p, c);
    text_free(&pairs);
    return rc;
}

/* --- the average over tasks */

/* The unit NAME averaged over the tasks; false when a task lacks it. */
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

/* Different tasks have different examples, so these parts of their variances add. Without the
 * predictions of one task the average is tested over units alone. */
static void average_examples(struct claim_part *p, const struct claim_part *const *of, int n)
{
    for (int i = 0; i < n; i++)
        if (of[i]->n_examples == 0 || of[i]->d.n != p->d.n)
            return;
    for (int i = 0; i < n; i++) {
        p->n_examples += of[i]->n_examples;
        p->all_examples += of[i]->all_examples;
        stats_joint_add(&p->joint, &of[i]->crossed, 1.0 / n);
    }
}

void claims_part_average(struct claim_part *p, const struct claim *c,
                         const struct claim_part *const *of, int n)
{
    *p = (struct claim_part){ .label = xstrdup(of[0]->label),
                              .tried = of[0]->tried,
                              .trained = of[0]->trained,
                              .ref_trained = of[0]->ref_trained };
    for (int i = 0; i < n; i++) {
        p->n_seen += of[i]->n_seen, p->n_lost += of[i]->n_lost;
        p->n_tuned = of[i]->n_tuned > p->n_tuned ? of[i]->n_tuned : p->n_tuned;
        p->lost_a |= of[i]->lost_a, p->unrun |= of[i]->unrun, p->twice |= of[i]->twice;
        p->mismatch |= of[i]->mismatch;
        if (of[i]->edge && !p->edge)
            p->edge = xstrdup(of[i]->edge);
    }
    for (int i = 0; i < of[0]->n_units && !p->twice; i++) {
        struct claim_unit u;
        if (average_unit(&u, of[0]->unit[i].name, of, n))
            add_unit(p, of[0]->unit[i].name, u.a, u.b, u.d);
    }
    average_units(p, c);
    average_examples(p, of, n);
    test_part(p, c);
}

void claims_part_free(struct claim_part *p)
{
    for (int i = 0; i < p->n_units; i++)
        free(p->unit[i].name);
    free(p->unit);
    free(p->label);
    free(p->edge);
}
