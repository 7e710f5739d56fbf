/* claims_examples.c - seeds and examples of two runs' predictions, as mean squares. */
#include "results/verdicts/claims_examples.h"
#include "results/query/query.h"
#include "results/verdicts/claims_rows.h"
#include "results/stats/stats_jackknife.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Metrics are computed in float32 or from counts; more than this is another set of examples. */
#define SAME_METRIC 1e-4

/* Do the examples give the difference D of each unit? A query that knows several splits or a store
 * that was edited could pair other predictions. */
static bool same_differences(const struct claim_part *p, const double *d)
{
    for (int k = 0; k < p->n_units; k++)
        if (!(fabs(p->unit[k].d - d[k]) <= SAME_METRIC))
            return false;
    return true;
}

/* NAME reads the predictions of runs, or, with the parameter "adapter", those of re-evaluations. */
static int read_answers(struct store *s, struct rows *r, const char *name,
                        const char *const *params)
{
    if (strcmp(params[0], "adapter") != 0)
        return query_named(s, r, name, params);
    const char *from = query_find("claim_reevaluated");
    char *hide = xprintf("prediction AS (\n%s)", from);
    char *sql = query_with(query_find(name), hide);
    int rc = query_rows(s, r, sql, params);
    free(sql);
    free(hide);
    return rc;
}

/* Accuracy is a mean of 0 and 1, so counts are enough: of each seed, and of examples by their sum
 * over seeds. */
static int read_accuracy(struct claim_part *p, struct store *s, const char *const *params)
{
    struct rows by_seed, by_sum = { 0 };
    double *sum = xalloc((size_t)p->n_units + 1, sizeof *sum), squares = 0, example_squares = 0;
    long n = 0;

    if (read_answers(s, &by_seed, "claim_discordant", params) != 0 ||
        read_answers(s, &by_sum, "claim_examples", params) != 0) {
        free(sum);
        rows_free(&by_seed);
        return -1;
    }
    for (int k = 0; k < by_sum.n_rows; k++) {
        double x = claims_number(&by_sum, k, "score");
        long times = claims_count(&by_sum, k, "n");
        n += times, example_squares += (double)times * x * x;
    }
    if (n >= 2 && by_seed.n_rows == p->n_units) {
        for (int k = 0; k < p->n_units; k++) {
            double a = claims_number(&by_seed, k, "only_a"),
                   b = claims_number(&by_seed, k, "only_b");
            sum[k] = (a - b) / (double)n, squares += a + b;
        }
        p->mismatch = !same_differences(p, sum);
        for (int k = 0; k < p->n_units; k++)
            sum[k] *= (double)n;
        p->n_examples = n;
        stats_crossed_sums(&p->crossed, sum, p->n_units, n, example_squares, squares);
    }
    rows_free(&by_seed);
    rows_free(&by_sum);
    free(sum);
    return 0;
}

/* The pseudo-values of the unit in the rows from FROM on: a's less b's, into Y [n]; Z [3n] is work
 * space. Returns the difference in the metric. */
static double read_unit(double *y, double *z, const struct rows *r, int from, int n,
                        const char *metric, int sign)
{
    double *label = z, *out = z + n, *other = z + 2 * (size_t)n, apart = 0;

    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < n; i++) {
            label[i] = claims_number(r, from + i, "label");
            out[i] = claims_number(r, from + i, side ? "b" : "a");
        }
        double t = stats_jackknife(metric, side ? other : y, label, out, n);
        apart += side ? -t : t;
    }
    for (int i = 0; i < n; i++)
        y[i] = sign * (y[i] - other[i]);
    return sign * apart;
}

static int read_pseudo_values(struct claim_part *p, struct store *s, const char *const *params,
                              const char *metric, int sign)
{
    struct rows r;

    if (read_answers(s, &r, "claim_answers", params) != 0)
        return -1;
    int n = r.n_rows / p->n_units;
    if (n > 2) {
        size_t all = (size_t)r.n_rows;
        double *y = xalloc(all + 3 * (size_t)n + (size_t)p->n_units, sizeof *y), *z = y + all;
        double *d = z + 3 * (size_t)n;
        for (int k = 0; k < p->n_units; k++)
            d[k] = read_unit(y + (size_t)k * (size_t)n, z, &r, k * n, n, metric, sign);
        bool known = true;
        for (size_t i = 0; i < all; i++)
            known &= !isnan(y[i]);
        if (known) { /* else another metric, or a correlation that one example decides */
            p->mismatch = !same_differences(p, d);
            p->n_examples = n;
            stats_crossed_table(&p->crossed, y, p->n_units, n);
        }
        free(y);
    }
    rows_free(&r);
    return 0;
}

int claims_examples(struct claim_part *p, struct store *s, const char *pairs,
                    const struct claims_answers *of, const char *metric, int sign)
{
    static const char *const known[] = { "pearson", "matthews", "f1", NULL };
    char *list = xprintf("[%s]", pairs);
    const char *const all[] = { "adapter", of->adapter, "pairs", list, "split", of->split, NULL };
    const char *const *params = of->adapter ? all : all + 2;
    int rc = 0;

    if (strcmp(metric, "accuracy") == 0)
        rc = read_accuracy(p, s, params);
    for (int i = 0; known[i] && rc == 0; i++)
        if (strcmp(metric, known[i]) == 0)
            rc = read_pseudo_values(p, s, params, metric, sign);
    free(list);
    return rc;
}
