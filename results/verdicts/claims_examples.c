/* claims_examples.c - would other examples have said the same? Pairs of runs on the same ones. */
#include "results/verdicts/claims_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 2000, BOOT_SEED = 20210617 };

/* --- metrics of a resample: the same definitions as core/metric's, for two classes 0 and 1 */

static double f1(const double *label, const double *out, const int *pick, int n)
{
    long both = 0, either = 0;

    for (int i = 0; i < n; i++) {
        both += label[pick[i]] == 1 && out[pick[i]] == 1;
        either += (label[pick[i]] == 1) + (out[pick[i]] == 1);
    }
    return either > 0 ? 2.0 * (double)both / (double)either : 0;
}

/* Of 0 and 1 it is the Matthews correlation, which is 0 when one side is constant. */
static double pearson(const double *label, const double *out, const int *pick, int n)
{
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < n; i++)
        x += label[pick[i]], y += out[pick[i]];
    x /= n, y /= n;
    for (int i = 0; i < n; i++) {
        double u = label[pick[i]] - x, v = out[pick[i]] - y;
        xx += u * u, yy += v * v, xy += u * v;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static double matthews(const double *label, const double *out, const int *pick, int n)
{
    double r = pearson(label, out, pick, n);

    return isnan(r) ? 0 : r;
}

typedef double score(const double *label, const double *out, const int *pick, int n);
static const struct metric_score {
    const char *name;
    score *score;
    bool binary;
} scores[] = { { "f1", f1, true }, { "matthews", matthews, true }, { "pearson", pearson, false } };

/* What N_PAIRS pairs of runs said of N examples, a pair after the other. */
struct answers {
    int n_pairs, n;
    double *label, *a, *b; /* [n_pairs * n] */
    score *score;
};

static double mean_difference(const void *ctx, const int *pick, int n)
{
    const struct answers *x = ctx;
    double sum = 0;

    for (int k = 0; k < x->n_pairs; k++) {
        size_t at = (size_t)k * (size_t)x->n;
        sum += x->score(x->label + at, x->a + at, pick, n) -
               x->score(x->label + at, x->b + at, pick, n);
    }
    return sum / x->n_pairs;
}

static int boot_answers(struct stats_boot *b, const struct metric_score *of, struct store *s,
                        const char *const *params, int n_pairs)
{
    struct rows r;
    bool binary = true;

    if (store_query(s, &r, query_find("claim_answers"), params) != 0)
        return -1;
    if (r.n_rows > 0) {
        size_t n = (size_t)r.n_rows;
        struct answers x = { n_pairs,
                             r.n_rows / n_pairs,
                             xalloc(n, sizeof(double)),
                             xalloc(n, sizeof(double)),
                             xalloc(n, sizeof(double)),
                             of->score };
        for (int i = 0; i < r.n_rows; i++) {
            x.label[i] = claims_number(&r, i, "label");
            x.a[i] = claims_number(&r, i, "a");
            x.b[i] = claims_number(&r, i, "b");
            binary &= (x.label[i] == 0 || x.label[i] == 1) && (x.a[i] == 0 || x.a[i] == 1) &&
                      (x.b[i] == 0 || x.b[i] == 1);
        }
        if (binary || !of->binary)
            stats_boot(b, mean_difference, &x, x.n, DRAWS, BOOT_SEED);
        free(x.label);
        free(x.a);
        free(x.b);
    }
    rows_free(&r);
    return 0;
}

/* Accuracy is a mean, so counts of differences are enough. */
static int boot_accuracy(struct stats_boot *b, struct store *s, const char *const *params,
                         int n_pairs)
{
    struct rows r;

    if (store_query(s, &r, query_find("claim_examples"), params) != 0)
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

/* Each pair's test, combined. */
static int read_mcnemar(struct claim_part *p, struct store *s, const char *const *params)
{
    struct rows r;

    if (store_query(s, &r, query_find("claim_discordant"), params) != 0)
        return -1;
    double *each = xalloc((size_t)r.n_rows + 1, sizeof *each);
    for (int i = 0; i < r.n_rows; i++)
        each[i] = stats_mcnemar((long)claims_number(&r, i, "only_a"),
                                (long)claims_number(&r, i, "only_b"))
                      .p;
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
    struct stats_boot b = { 0 };
    int rc = 0;

    if (strcmp(metric, "accuracy") == 0) {
        rc = boot_accuracy(&b, s, params, p->d.n);
        if (rc == 0 && b.n > 0)
            rc = read_mcnemar(p, s, params);
    }
    for (size_t i = 0; i < ARRAY_LEN(scores) && rc == 0; i++)
        if (strcmp(metric, scores[i].name) == 0)
            rc = boot_answers(&b, &scores[i], s, params, p->d.n);
    if (b.n_draws > 0) {
        stats_boot_interval(&b, &p->ex_lo, &p->ex_hi);
        p->n_examples = b.n, p->ex_d = b.sample;
        p->ex_sd = stats_mean(b.draw, b.n_draws).sd;
        p->p_examples = claims_inside(c, b.sample) == p->inside
                            ? stats_boot_p(&b, claims_boundary(c, b.sample))
                            : 1; /* says the opposite: no support at all */
    }
    stats_boot_free(&b);
    free(list);
    return rc;
}
