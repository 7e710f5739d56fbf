/* stats.c - the statistics of verdicts. */
#include "results/verdicts/stats.h"
#include "core/base/rng.h"
#include "core/metric/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_PAIRS = 25 };

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

double stats_t_p(double t, int df)
{
    double n = df, t2 = t * t;

    if (df < 1 || isnan(t))
        return NAN;
    return isinf(t2) ? 0 : beta_inc(n / 2, 0.5, n / (n + t2), t2 / (n + t2));
}

/* Bisection of a monotone function: exact to the last bits, and never in a hot loop. */
double stats_t_quantile(double level, int df)
{
    double lo = 0, hi = 1;

    if (df < 1)
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

double stats_mean_p(const struct stats_mean *m, double at)
{
    if (m->n < 2)
        return NAN;
    /* The spread of equal numbers is a few last bits, which is rounding and not a spread. */
    if (m->sd <= 1e-14 * fabs(m->mean))
        return fabs(m->mean - at) <= 1e-14 * (fabs(m->mean) + fabs(at)) ? 1 : ldexp(1, 1 - m->n);
    return stats_t_p((m->mean - at) / (m->sd / sqrt(m->n)), m->n - 1);
}

double stats_normal_p(double z)
{
    return erfc(fabs(z) * M_SQRT1_2);
}

int stats_units_needed(double effect, double sd, double level, int from, int most)
{
    CHECK(from >= 2, "%d", from);
    for (int n = from; n <= most && effect > 0; n++) {
        double need = sd * (stats_t_quantile(1 - level, n - 1) + stats_t_quantile(0.6, n - 1));
        if (sd > 0 ? effect * sqrt(n) >= need : ldexp(1, 1 - n) < level)
            return n;
    }
    return 0;
}

/* --- McNemar */

static double binomial_half(long k, long n)
{
    return exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
               (double)n * log(2));
}

struct stats_mcnemar stats_mcnemar(long b, long c)
{
    long n = b + c, least = b < c ? b : c;
    double tail = 0, edge = binomial_half(least, n);

    CHECK(b >= 0 && c >= 0, "%ld, %ld", b, c);
    for (long k = 0; k <= least; k++)
        tail += binomial_half(k, n);
    struct stats_mcnemar m = { .p = fmin(1, 2 * tail),
                               .mid = b == c ? fmin(1, 2 * tail) - edge : 2 * tail - edge,
                               .exact = n <= EXACT_PAIRS };
    if (n == 0)
        m.p = m.mid = 1;
    if (!m.exact) {
        double apart = fmax(0, (double)labs(b - c) - 1);
        m.p = erfc(sqrt(apart * apart / (double)n / 2)); /* chi-square with one degree of freedom */
    }
    return m;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double stats_combine(double *p, int n)
{
    if (n == 0)
        return NAN;
    qsort(p, (size_t)n, sizeof *p, ascending);
    return fmin(1, p[(n - 1) / 2] + p[n / 2]);
}

/* --- paired bootstrap */

void stats_boot(struct stats_boot *b, double (*stat)(const void *ctx, const int *pick, int n),
                const void *ctx, int n, int n_draws, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_STUDY, 0);

    CHECK(n > 0 && n_draws > 0, "%d examples, %d draws", n, n_draws);
    int *pick = xalloc((size_t)n, sizeof *pick);
    for (int i = 0; i < n; i++)
        pick[i] = i;
    *b = (struct stats_boot){ xalloc((size_t)n_draws, sizeof *b->draw), 0, n, stat(ctx, pick, n) };
    for (int d = 0; d < n_draws; d++) {
        for (int i = 0; i < n; i++)
            pick[i] = (int)rng_below(&r, (uint32_t)n);
        double x = stat(ctx, pick, n);
        if (!isnan(x)) /* such as a correlation of one example drawn n times */
            b->draw[b->n_draws++] = x;
    }
    free(pick);
    qsort(b->draw, (size_t)b->n_draws, sizeof *b->draw, ascending);
}

static double mean_of(const void *ctx, const int *pick, int n)
{
    const double *x = ctx;
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[pick[i]];
    return sum / n;
}

void stats_boot_mean(struct stats_boot *b, const double *value, const long *count, int n_values,
                     int n_draws, uint64_t seed)
{
    long n = 0;

    for (int k = 0; k < n_values; k++)
        n += count[k];
    CHECK(n > 0 && n <= INT32_MAX, "%ld examples", n);
    double *x = xalloc((size_t)n, sizeof *x), *end = x;
    for (int k = 0; k < n_values; k++)
        for (long i = 0; i < count[k]; i++)
            *end++ = value[k];
    stats_boot(b, mean_of, x, (int)n, n_draws, seed);
    free(x);
}

static double percentile(const struct stats_boot *b, double q)
{
    if (b->n_draws == 0)
        return NAN;
    double at = q * (b->n_draws - 1);
    int i = (int)at, next = i + 1 < b->n_draws ? i + 1 : i;

    return b->draw[i] + (at - i) * (b->draw[next] - b->draw[i]);
}

void stats_boot_interval(const struct stats_boot *b, double *lo, double *hi)
{
    *lo = percentile(b, 0.025);
    *hi = percentile(b, 0.975);
}

double stats_boot_p(const struct stats_boot *b, double at)
{
    long below = 0, above = 0;

    for (int d = 0; d < b->n_draws; d++) {
        below += b->draw[d] <= at;
        above += b->draw[d] >= at;
    }
    return fmin(1, 2 * (double)((below < above ? below : above) + 1) / (b->n_draws + 1));
}

void stats_boot_free(struct stats_boot *b)
{
    free(b->draw);
    memset(b, 0, sizeof *b);
}

/* --- correlation */

double stats_pearson(const double *x, const double *y, const int *pick, int n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < n; i++)
        mx += x[pick[i]], my += y[pick[i]];
    mx /= n, my /= n;
    for (int i = 0; i < n; i++) {
        double u = x[pick[i]] - mx, v = y[pick[i]] - my;
        xx += u * u, yy += v * v, xy += u * v;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
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
    int *all = xalloc((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = i;
    double rho = stats_pearson(a, b, all, n);
    free(all);
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
