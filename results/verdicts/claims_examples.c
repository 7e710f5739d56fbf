/* claims_examples.c - a paired bootstrap over the examples that two runs answered. */
#include "results/verdicts/claims_examples.h"
#include "core/metric/metric.h"
#include "results/query/query.h"
#include "results/verdicts/claims_region.h"
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 2000, BOOT_SEED = 20210617 };

/* --- metrics of a resample */

/* What N_PAIRS pairs of runs answered to N examples, one pair after the other, and room for one
 * resample. */
struct answers {
    const struct metric *metric;
    int n_pairs, n;
    double *label, *a, *b;   /* [n_pairs * n] */
    double *target, *value;  /* [n] of a regression */
    int *true_class, *guess; /* [n] of a classification */
};

static struct answers answers_make(const struct metric *m, int n_pairs, int n)
{
    size_t all = (size_t)n_pairs * (size_t)n, one = (size_t)n;

    return (struct answers){ .metric = m,
                             .n_pairs = n_pairs,
                             .n = n,
                             .label = xalloc(all, sizeof(double)),
                             .a = xalloc(all, sizeof(double)),
                             .b = xalloc(all, sizeof(double)),
                             .target = xalloc(one, sizeof(double)),
                             .value = xalloc(one, sizeof(double)),
                             .true_class = xalloc(one, sizeof(int)),
                             .guess = xalloc(one, sizeof(int)) };
}

static void answers_free(struct answers *x)
{
    free(x->label);
    free(x->a);
    free(x->b);
    free(x->target);
    free(x->value);
    free(x->true_class);
    free(x->guess);
}

static double score_resample(const struct answers *x, const double *label, const double *out,
                             const int *pick, int n)
{
    struct outcome o = { .n = n };

    if (x->metric->regression) {
        for (int i = 0; i < n; i++)
            x->target[i] = label[pick[i]], x->value[i] = out[pick[i]];
        o.target = x->target, o.value = x->value;
    } else {
        for (int i = 0; i < n; i++)
            x->true_class[i] = (int)label[pick[i]], x->guess[i] = (int)out[pick[i]];
        o.label = x->true_class, o.guess = x->guess, o.n_classes = 2;
    }
    return x->metric->score(&o);
}

static double mean_difference(const void *ctx, const int *pick, int n)
{
    const struct answers *x = ctx;
    double sum = 0;

    for (int k = 0; k < x->n_pairs; k++) {
        size_t at = (size_t)k * (size_t)x->n;
        sum += score_resample(x, x->label + at, x->a + at, pick, n) -
               score_resample(x, x->label + at, x->b + at, pick, n);
    }
    return sum / x->n_pairs;
}

static bool is_class(double x)
{
    return x == 0 || x == 1;
}

static int boot_metric(struct stats_boot *b, const struct metric *m, struct store *s,
                       const char *const *params, int n_pairs)
{
    struct rows r;
    bool two_classes = true;

    if (query_named(s, &r, "claim_answers", params) != 0)
        return -1;
    if (r.n_rows > 0) {
        struct answers x = answers_make(m, n_pairs, r.n_rows / n_pairs);
        for (int i = 0; i < r.n_rows; i++) {
            x.label[i] = claims_number(&r, i, "label");
            x.a[i] = claims_number(&r, i, "a");
            x.b[i] = claims_number(&r, i, "b");
            two_classes &= is_class(x.label[i]) && is_class(x.a[i]) && is_class(x.b[i]);
        }
        if (m->regression || two_classes)
            stats_boot(b, mean_difference, &x, x.n, DRAWS, BOOT_SEED);
        answers_free(&x);
    }
    rows_free(&r);
    return 0;
}

/* Accuracy is a mean, so it is enough to count how often each difference occurs. */
static int boot_accuracy(struct stats_boot *b, struct store *s, const char *const *params,
                         int n_pairs)
{
    struct rows r;

    if (query_named(s, &r, "claim_examples", params) != 0)
        return -1;
    if (r.n_rows > 0) {
        double *value = xalloc((size_t)r.n_rows, sizeof *value);
        long *count = xalloc((size_t)r.n_rows, sizeof *count);
        for (int i = 0; i < r.n_rows; i++) {
            value[i] = claims_number(&r, i, "score") / n_pairs;
            count[i] = (long)claims_number(&r, i, "n");
        }
        stats_boot_mean(b, value, count, r.n_rows, DRAWS, BOOT_SEED);
        free(count);
        free(value);
    }
    rows_free(&r);
    return 0;
}

/* McNemar's test of each pair, combined. */
static int read_mcnemar(struct claim_part *p, struct store *s, const char *const *params)
{
    struct rows r;

    if (query_named(s, &r, "claim_discordant", params) != 0)
        return -1;
    double *each = xalloc((size_t)r.n_rows + 1, sizeof *each);
    for (int i = 0; i < r.n_rows; i++)
        each[i] = stats_mcnemar(claims_count(&r, i, "only_a"), claims_count(&r, i, "only_b")).p;
    p->mcnemar = stats_combine(each, r.n_rows);
    free(each);
    rows_free(&r);
    return 0;
}

static bool can_boot(const char *metric)
{
    static const char *const names[] = { "f1", "matthews", "pearson" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(metric, names[i]) == 0)
            return true;
    return false;
}

int claims_examples(struct claim_part *p, const struct claim *c, struct store *s, const char *pairs,
                    const char *split, const char *metric)
{
    char *list = xprintf("[%s]", pairs);
    const char *const params[] = { "pairs", list, "split", split, NULL };
    struct stats_boot b = { 0 };
    int rc = 0;

    if (strcmp(metric, "accuracy") == 0) {
        rc = boot_accuracy(&b, s, params, p->d.n);
        if (rc == 0 && b.n > 0)
            rc = read_mcnemar(p, s, params);
    } else if (can_boot(metric)) {
        rc = boot_metric(&b, metric_find(metric), s, params, p->d.n);
    }
    if (b.n_draws > 0) {
        stats_boot_interval(&b, &p->ex_lo, &p->ex_hi);
        p->n_examples = b.n, p->ex_d = b.sample;
        p->ex_sd = stats_mean(b.draw, b.n_draws).sd;
        p->p_examples = claims_inside(c, b.sample) == p->inside
                            ? stats_boot_p(&b, claims_boundary(c, b.sample))
                            : 1; /* the examples say the opposite: no support at all */
    }
    stats_boot_free(&b);
    free(list);
    return rc;
}
