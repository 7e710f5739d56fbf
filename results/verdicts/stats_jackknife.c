/* stats_jackknife.c - pseudo-values of correlations and F1. */
#include "results/verdicts/stats_jackknife.h"
#include "core/base/base.h"
#include "core/metric/metric.h"

#include <math.h>
#include <string.h>

struct moments {
    double n, x, y, xx, yy, xy;
};

static void moments_add(struct moments *m, double x, double y, double times)
{
    m->n += times;
    m->x += times * x, m->y += times * y;
    m->xx += times * x * x, m->yy += times * y * y, m->xy += times * x * y;
}

/* Variances this far below the sums that they are left over from are rounding. */
static double pearson_of(const struct moments *m)
{
    double xx = m->xx - m->x * m->x / m->n, yy = m->yy - m->y * m->y / m->n;
    bool varies = xx > 1e-12 * m->xx && yy > 1e-12 * m->yy;

    return varies ? (m->xy - m->x * m->y / m->n) / sqrt(xx * yy) : NAN;
}

/* For two classes the Matthews correlation is Pearson's, and 0 when one side is constant. */
static double matthews_of(const struct moments *m)
{
    double r = pearson_of(m);

    return isnan(r) ? 0 : r;
}

static double f1_of(const struct moments *m)
{
    return metric_f1_of(lround(m->x), lround(m->y), lround(m->xy));
}

static const struct {
    const char *name;
    double (*of)(const struct moments *m);
    bool classes, centered;
} kinds[] = { { "pearson", pearson_of, false, true },
              { "matthews", matthews_of, true, false },
              { "f1", f1_of, true, false } };

static bool is_class(double x)
{
    return x == 0 || x == 1;
}

double stats_jackknife(const char *metric, double *y, const double *label, const double *out,
                       long n)
{
    double label_mean = 0, out_mean = 0;
    struct moments all = { 0 };
    bool classes = true;
    size_t k = 0;

    CHECK(n > 2, "%ld examples", n);
    while (k < ARRAY_LEN(kinds) && strcmp(kinds[k].name, metric) != 0)
        k++;
    for (long i = 0; i < n; i++) {
        label_mean += label[i] / (double)n, out_mean += out[i] / (double)n;
        classes &= is_class(label[i]) && is_class(out[i]);
        y[i] = NAN;
    }
    if (k == ARRAY_LEN(kinds) || (kinds[k].classes && !classes))
        return NAN;
    if (!kinds[k].centered) /* counts stay whole numbers */
        label_mean = out_mean = 0;
    for (long i = 0; i < n; i++)
        moments_add(&all, label[i] - label_mean, out[i] - out_mean, 1);
    double t = kinds[k].of(&all);
    for (long i = 0; i < n; i++) {
        struct moments without = all;
        moments_add(&without, label[i] - label_mean, out[i] - out_mean, -1);
        y[i] = (double)n * t - ((double)n - 1) * kinds[k].of(&without);
    }
    return t;
}
