/* stats.c - the statistics of verdicts. */
#include "results/verdicts/stats.h"
#include "core/metric/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- Student's t */

/* The continued fraction of I_x(a, b) by Lentz's method (Numerical Recipes, 6.4), which converges
 * fast for x < (a+1)/(a+b+2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 / fmax(fabs(1 - (a + b) * x / (a + 1)), tiny), h = d;

    for (int m = 1; m < 500; m++) {
        double odd = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double even = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = h;
        for (int k = 0; k < 2; k++) {
            double q = k == 0 ? odd : even;
            d = 1 + q * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + q / c;
            c = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(h - step) <= 1e-16 * fabs(h))
            break;
    }
    return h;
}

/* I_x(a, b); the caller gives y = 1 - x, which it knows without cancellation. */
static double beta_inc(double a, double b, double x, double y)
{
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));

    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, y) / b;
}

double stats_t_p(double t, double df)
{
    double t2 = t * t;

    if (!(df > 0) || isnan(t))
        return NAN;
    return isinf(t2) ? 0 : beta_inc(df / 2, 0.5, df / (df + t2), t2 / (df + t2));
}

/* Bisection of a monotone function: exact to the last bits, and never in a hot loop. */
double stats_t_quantile(double level, double df)
{
    double lo = 0, hi = 1;

    if (!(df > 0))
        return NAN;
    while (1 - stats_t_p(hi, df) < level)
        hi *= 2;
    for (int i = 0; i < 200 && hi - lo > 1e-15 * hi; i++) {
        double mid = (lo + hi) / 2;
        if (1 - stats_t_p(mid, df) < level)
            lo = mid;
        else
            hi = mid;
    }
    return (lo + hi) / 2;
}

struct stats_mean stats_mean(const double *x, int n)
{
    struct stats_mean m = { .n = n, .mean = NAN, .sd = NAN, .half = NAN };
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++)
        sum += x[i];
    if (n > 0)
        m.mean = sum / n;
    for (int i = 0; i < n; i++)
        squares += (x[i] - m.mean) * (x[i] - m.mean);
    if (n > 1) {
        m.sd = sqrt(squares / (n - 1));
        m.half = stats_t_quantile(0.95, n - 1) * m.sd / sqrt(n);
    }
    return m;
}

/* --- correlation */

static double correlation(const double *x, const double *y, int n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < n; i++)
        mx += x[i] / n, my += y[i] / n;
    for (int i = 0; i < n; i++) {
        double u = x[i] - mx, v = y[i] - my;
        xx += u * u, yy += v * v, xy += u * v;
    }
    return xy / sqrt(xx * yy);
}

static bool is_constant(const double *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i] != x[0])
            return false;
    return true;
}

double stats_spearman(const double *x, const double *y, int n)
{
    if (n < 2 || is_constant(x, n))
        return NAN;
    if (is_constant(y, n))
        return 0;
    double *a = metric_ranks(x, n), *b = metric_ranks(y, n);
    double rho = correlation(a, b, n);
    free(b);
    free(a);
    return rho;
}

void stats_holm(double *adjusted, const double *p, int n)
{
    int *order = xalloc((size_t)n + 1, sizeof *order), tests = 0;
    double largest = 0;

    for (int i = 0; i < n; i++) { /* insertion: a family is small */
        if (isnan(p[i]))
            continue;
        int k = tests++;
        for (; k > 0 && p[order[k - 1]] > p[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    double *out = xalloc((size_t)n + 1, sizeof *out);
    for (int i = 0; i < n; i++)
        out[i] = p[i];
    for (int k = 0; k < tests; k++) {
        largest = fmax(largest, fmin(1, (tests - k) * p[order[k]]));
        out[order[k]] = largest;
    }
    memcpy(adjusted, out, (size_t)n * sizeof *out);
    free(out);
    free(order);
}
