/* claims.c - from rows of a claim's query to verdicts. */
#include "results/claims_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double level = 0.05;

const char *const verdict_names[] = { "undecided", "holds", "fails" };

/* --- rows of a query */

static const char *text(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? s : "-";
}

double claims_number(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? strtod(s, NULL) : NAN;
}

static bool same(const struct rows *r, int i, int k, const char *col)
{
    return strcmp(text(r, i, col), text(r, k, col)) == 0;
}

/* The first row from I on that differs from I in one of the columns, which come sorted. */
static int group_end(const struct rows *r, int i, int end, const char *const *cols)
{
    int k = i + 1;

    for (; k < end; k++)
        for (const char *const *c = cols; *c; c++)
            if (!same(r, i, k, *c))
                return k;
    return k;
}

/* --- what a kind asks */

/* Where the mean difference must lie. */
static void region(const struct paper_claim *c, double *lo, double *hi)
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

double claims_nearest_end(double x, double lo, double hi)
{
    return fabs(x - lo) <= fabs(x - hi) ? lo : hi;
}

/* What VALUE is compared with; NAN: nothing to compare with yet. */
static double reference(const struct paper_claim *c, double ref)
{
    if (c->kind == KIND_ABOVE)
        return isnan(ref) ? c->bound : fmax(c->bound, ref);
    return c->kind == KIND_BELOW ? c->bound : ref;
}

/* --- one part */

static bool lost(const struct rows *r, int i, const char *state, const char *value)
{
    const char *s = rows_get(r, i, state);

    return s && (strcmp(s, "diverged") == 0 || (strcmp(s, "done") == 0 && !rows_get(r, i, value)));
}

/* A row that knows the metric: a run without results has none. */
static int with_metric(const struct rows *r, int from, int to)
{
    for (int i = from; i < to; i++)
        if (rows_get(r, i, "metric"))
            return i;
    return from;
}

/* The units that have both numbers; "pairs" of runs as JSON into *PAIRS. */
static void read_units(struct claim_part *p, const struct paper_claim *c, const struct rows *r,
                       int from, int to, char **pairs)
{
    size_t n = (size_t)(to - from);
    double *a = xalloc(n, sizeof *a), *b = xalloc(n, sizeof *b);
    int k = 0;
    bool least = strcmp(text(r, with_metric(r, from, to), "goal"), "min") == 0;

    p->diff = xalloc(n, sizeof *p->diff);
    *pairs = xstrdup("");
    for (int i = from; i < to; i++) {
        double value = claims_number(r, i, "value"), ref = reference(c, claims_number(r, i, "ref"));
        bool gone = lost(r, i, "state", "value");
        p->n_seen++;
        p->lost_a |= gone;
        p->n_lost += gone || lost(r, i, "ref_state", "ref");
        if (isnan(value) || isnan(ref))
            continue;
        a[k] = value, b[k] = ref, p->diff[k++] = least ? ref - value : value - ref;
        char *more = xprintf("%s%s[%s,%s]", *pairs, **pairs ? "," : "", text(r, i, "run"),
                             text(r, i, "ref_run"));
        free(*pairs);
        *pairs = more;
    }
    p->a = stats_mean(a, k);
    p->b = stats_mean(b, k);
    p->d = stats_mean(p->diff, k);
    free(a);
    free(b);
}

/* Spearman's rho of each unit. */
static void read_correlations(struct claim_part *p, const struct rows *r, int from, int to)
{
    static const char *const unit[] = { "unit", NULL };
    size_t n = (size_t)(to - from);
    double *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y);
    int k = 0;

    p->diff = xalloc(n, sizeof *p->diff);
    for (int i = from, end; i < to; i = end, p->n_seen++) {
        end = group_end(r, i, to, unit);
        for (int j = i; j < end; j++)
            x[j - i] = claims_number(r, j, "x"), y[j - i] = claims_number(r, j, "value");
        double rho = stats_spearman(x, y, end - i);
        if (!isnan(rho)) /* the same best value everywhere: no direction */
            p->diff[k++] = rho;
    }
    p->d = stats_mean(p->diff, k);
    p->a = p->b = stats_mean(p->diff, 0);
    free(x);
    free(y);
}

static int judge_part(struct claim_part *p, const struct paper_claim *c, struct store *s,
                      const struct rows *r, int from, int to)
{
    double lo, hi;
    char *pairs = NULL;
    int rc = 0, known = with_metric(r, from, to);

    *p = (struct claim_part){
        .label = xstrdup(text(r, from, "part")),
        .p_examples = NAN,
        .mcnemar = NAN,
        .unrun = rows_get(r, from, "unrun") ? (long)claims_number(r, from, "unrun") : 0,
        .trained = rows_get(r, from, "trained") ? (long)claims_number(r, from, "trained") : 0
    };
    if (rows_get(r, from, "ref_trained"))
        p->ref_trained = (long)claims_number(r, from, "ref_trained");
    region(c, &lo, &hi);
    if (c->kind == KIND_CORRELATION)
        read_correlations(p, r, from, to);
    else
        read_units(p, c, r, from, to, &pairs);
    p->inside = p->d.mean > lo && p->d.mean < hi;
    p->p_units = stats_mean_p(&p->d, claims_nearest_end(p->d.mean, lo, hi));
    if (p->d.n > 0 && c->kind <= KIND_EQUAL && rows_get(r, known, "metric"))
        rc =
            claims_examples(p, s, pairs, text(r, known, "split"), text(r, known, "metric"), lo, hi);
    p->p = p->n_examples > 0 ? fmax(p->p_units, p->p_examples) : p->p_units;
    free(pairs);
    return rc;
}

/* --- one row */

/* Is the command one sweep, which takes --seeds? */
static bool counts_seeds(const struct paper_claim *c)
{
    return strncmp(c->make, "lowrank sweep ", 14) == 0 && !strchr(c->make, ';') &&
           strcmp(c->unit, "seeds") == 0;
}

/* The command for a row that needs N units. */
static char *command(const struct paper_claim *c, long n)
{
    return counts_seeds(c) ? xprintf("%s --seeds %ld", c->make, n) : xstrdup(c->make);
}

/* Why PART cannot be tested, without the command; NULL: it can. */
static char *untested(const struct paper_claim *c, const struct claim_part *p)
{
    if (p->lost_a)
        return xprintf("%d of %d %s diverged or have no number (%s)", p->n_lost, p->n_seen, c->unit,
                       p->label);
    if (p->unrun > 0)
        return xprintf("%ld of the settings to choose from have no finished run (%s)", p->unrun,
                       p->label);
    if (p->d.n < c->units)
        return xprintf("%d of %ld %s (%s)", p->d.n, c->units, c->unit, p->label);
    return NULL;
}

/* p of the row: see claims.h. */
static void combine(struct claim_row *row)
{
    const struct paper_claim *c = row->claim;
    bool all = true;
    char *what = NULL;

    row->p = row->p_holm = NAN;
    for (int i = 0; i < row->n_parts && !what; i++)
        if ((what = untested(c, &row->part[i])) != NULL)
            row->decisive = i;
    if (!what && row->n_parts < c->parts)
        what = xprintf("%d of %ld comparisons", row->n_parts, c->parts);
    if (what) {
        char *make = command(c, c->units);
        row->why = xprintf("%s: %s", what, make);
        free(make);
        free(what);
        return;
    }
    for (int i = 0; i < row->n_parts; i++)
        all &= row->part[i].inside;
    for (int i = 0; i < row->n_parts; i++) {
        const struct claim_part *p = &row->part[i];
        if (p->inside != all)
            continue;
        if (isnan(row->p) || (all ? p->p > row->p : p->p < row->p))
            row->p = p->p, row->decisive = i;
    }
    if (!all)
        row->p = fmin(1, row->p * row->n_parts);
}

static struct claim_row *new_row(struct claims *c, const struct paper_claim *claim)
{
    c->row = xgrow(c->row, (size_t)c->n_rows + 1, sizeof *c->row);
    struct claim_row *row = &c->row[c->n_rows++];

    *row = (struct claim_row){ .claim = claim, .p = NAN, .p_holm = NAN };
    return row;
}

static int judge_row(struct claims *c, const struct paper_claim *claim, struct store *s,
                     const struct rows *r, int from, int to)
{
    static const char *const part[] = { "part", NULL };
    struct claim_row *row = new_row(c, claim);
    int known = with_metric(r, from, to);
    const char *percent = rows_get(r, known, "percent");

    row->model = xstrdup(text(r, from, "model"));
    row->task = xstrdup(text(r, from, "task"));
    row->metric = xstrdup(text(r, known, "metric"));
    row->percent = percent && strcmp(percent, "1") == 0;
    for (int i = from, end; i < to; i = end) {
        end = group_end(r, i, to, part);
        row->part = xgrow(row->part, (size_t)row->n_parts + 1, sizeof *row->part);
        if (judge_part(&row->part[row->n_parts++], claim, s, r, i, end) != 0)
            return -1;
    }
    combine(row);
    return 0;
}

static int judge_claim(struct claims *c, const struct paper_claim *claim, struct store *s)
{
    static const char *const row[] = { "model", "task", NULL };
    char *name = xprintf("claim_%s", claim->query);
    struct rows r;
    int rc = store_query(s, &r, query_find(name), (const char *const *)claim->param);

    for (int i = 0, end; i < r.n_rows && rc == 0; i = end) {
        end = group_end(&r, i, r.n_rows, row);
        rc = judge_row(c, claim, s, &r, i, end);
    }
    if (rc == 0 && r.n_rows == 0) {
        struct claim_row *none = new_row(c, claim);
        none->model = xstrdup("-");
        none->task = xstrdup("-");
        none->metric = xstrdup("-");
        none->why = xprintf("nothing in study '%s' to compare: %s", claim->study, claim->make);
    }
    rows_free(&r);
    free(name);
    return rc;
}

/* --- families, and the paper's numbers */

static void correct(struct claims *c)
{
    double *p = xalloc((size_t)c->n_rows + 1, sizeof *p);

    for (int i = 0; i < c->n_rows; i++) {
        const char *family = c->row[i].claim->family;
        bool first = true;
        for (int k = 0; k < c->n_rows; k++) {
            bool member = strcmp(c->row[k].claim->family, family) == 0;
            p[k] = member ? c->row[k].p : NAN;
            first &= !member || k >= i;
        }
        if (!first)
            continue;
        stats_holm(p, p, c->n_rows);
        for (int k = 0; k < c->n_rows; k++)
            if (!isnan(p[k]))
                c->row[k].p_holm = p[k];
    }
    free(p);
}

static void decide(struct claim_row *row)
{
    const struct paper_claim *c = row->claim;

    if (isnan(row->p_holm))
        return;
    const struct claim_part *p = &row->part[row->decisive];
    if (row->p_holm < level) {
        row->verdict = p->inside ? HOLDS : FAILS;
        return;
    }
    char *make = command(c, 2L * p->d.n);
    if (row->p < level)
        row->why = xprintf("p = %.2g before Holm's correction; more %s: %s", row->p, c->unit, make);
    else if (p->n_examples > 0 && p->p_examples >= p->p_units)
        row->why = xprintf("the boundary is within chance of %ld examples of dev; more of them "
                           "(dev_n=0: all): %s dev_n=0",
                           p->n_examples, c->make);
    else
        row->why = xprintf("the boundary is within chance; more %s: %s", c->unit, make);
    free(make);
}

static int read_paper(struct paper_claim *c, struct store *s)
{
    for (int i = 0; i < c->n_numbers; i++) {
        struct claim_number *x = &c->number[i];
        const char *const params[] = { "table", x->tab, "row", x->row, "col", x->col, NULL };
        struct rows r;
        if (store_query(s, &r, query_find("paper"), params) != 0)
            return -1;
        const char *value = rows_get(&r, 0, "value"), *spread = rows_get(&r, 0, "spread");
        free(x->value);
        x->value =
            spread && *spread ? xprintf("%s ± %s", value, spread) : xstrdup(value ? value : "-");
        rows_free(&r);
    }
    return 0;
}

int claims_judge(struct claims *c, struct store *s)
{
    for (int i = 0; i < c->n; i++)
        if (read_paper(&c->claim[i], s) != 0 || judge_claim(c, &c->claim[i], s) != 0)
            return fail_context("claim '%s'", c->claim[i].id);
    correct(c);
    for (int i = 0; i < c->n_rows; i++)
        decide(&c->row[i]);
    return 0;
}

enum verdict claims_verdict(const struct claims *c, const struct paper_claim *claim)
{
    bool all = true;

    for (int i = 0; i < c->n_rows; i++) {
        if (c->row[i].claim != claim)
            continue;
        if (c->row[i].verdict == FAILS)
            return FAILS;
        all &= c->row[i].verdict == HOLDS;
    }
    return all ? HOLDS : UNDECIDED;
}
