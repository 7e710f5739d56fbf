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

/* --- metrics of a resample; class 1 of the classes 0 and 1 */

static double f1_resample(const double *label, const double *out, const int *pick, int n)
{
    int64_t labels = 0, guesses = 0, both = 0;

    for (int i = 0; i < n; i++) {
        bool is = label[pick[i]] == 1, guessed = out[pick[i]] == 1;
        labels += is, guesses += guessed, both += is && guessed;
    }
    return metric_f1_of(labels, guesses, both);
}

/* For two classes the Matthews correlation is Pearson's, and 0 when one side is constant. */
static double matthews_resample(const double *label, const double *out, const int *pick, int n)
{
    double r = stats_pearson(label, out, pick, n);

    return isnan(r) ? 0 : r;
}

static const struct resample_metric {
    const char *name;
    double (*score)(const double *label, const double *out, const int *pick, int n);
    bool two_classes; /* all labels and answers must be 0 or 1 */
} metrics[] = { { "f1", f1_resample, true },
                { "matthews", matthews_resample, true },
                { "pearson", stats_pearson, false } };

static const struct resample_metric *find_metric(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        if (strcmp(name, metrics[i].name) == 0)
            return &metrics[i];
    return NULL;
}

/* --- bootstraps */

/* What N_PAIRS pairs of runs answered to N examples, one pair after the other. */
struct answers {
    const struct resample_metric *metric;
    int n_pairs, n;
    double *label, *a, *b; /* [n_pairs * n] */
};

static double mean_difference(const void *ctx, const int *pick, int n)
{
    const struct answers *x = ctx;
    double sum = 0;

    for (int k = 0; k < x->n_pairs; k++) {
        size_t at = (size_t)k * (size_t)x->n;
        sum += x->metric->score(x->label + at, x->a + at, pick, n) -
               x->metric->score(x->label + at, x->b + at, pick, n);
    }
    return sum / x->n_pairs;
}

static bool is_class(double x)
{
    return x == 0 || x == 1;
}

static int boot_metric(struct stats_boot *b, const struct resample_metric *m, struct store *s,
                       const char *const *params, int n_pairs)
{
    struct rows r;
    bool classes = true;

    if (query_named(s, &r, "claim_answers", params) != 0)
        return -1;
    if (r.n_rows > 0) {
        size_t all = (size_t)r.n_rows;
        struct answers x = { .metric = m,
                             .n_pairs = n_pairs,
                             .n = r.n_rows / n_pairs,
                             .label = xalloc(all, sizeof(double)),
                             .a = xalloc(all, sizeof(double)),
                             .b = xalloc(all, sizeof(double)) };
        for (int i = 0; i < r.n_rows; i++) {
            x.label[i] = claims_number(&r, i, "label");
            x.a[i] = claims_number(&r, i, "a");
            x.b[i] = claims_number(&r, i, "b");
            classes &= is_class(x.label[i]) && is_class(x.a[i]) && is_class(x.b[i]);
        }
        if (classes || !m->two_classes)
            stats_boot(b, mean_difference, &x, x.n, DRAWS, BOOT_SEED);
        free(x.label);
        free(x.a);
        free(x.b);
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

int claims_examples(struct claim_part *p, const struct claim *c, struct store *s, const char *pairs,
                    const char *split, const char *metric)
{
    char *list = xprintf("[%s]", pairs);
    const char *const params[] = { "pairs", list, "split", split, NULL };
    const struct resample_metric *m = find_metric(metric);
    struct stats_boot b = { 0 };
    int rc = 0;

    if (strcmp(metric, "accuracy") == 0) {
        rc = boot_accuracy(&b, s, params, p->d.n);
        if (rc == 0 && b.n > 0)
            rc = read_mcnemar(p, s, params);
    } else if (m) {
        rc = boot_metric(&b, m, s, params, p->d.n);
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
