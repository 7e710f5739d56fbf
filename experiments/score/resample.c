/* resample.c - bootstrap and randomization over the sufficient statistics of segments. */
#include "experiments/score/resample.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>

static const double *stats_of(const struct score_result *r, int i)
{
    return r->stats + (size_t)i * (size_t)r->kind->n_stats;
}

static void add_stats(double *sum, const struct score_result *r, int i)
{
    const double *s = stats_of(r, i);

    for (int k = 0; k < r->kind->n_stats; k++)
        sum[k] += s[k];
}

static struct rng begin(uint64_t seed, int sample)
{
    return rng_make(seed, RNG_SCORE, (uint32_t)sample);
}

static double resampled(const struct score_result *r, struct rng g)
{
    double sum[SCORE_MOST_STATS] = { 0 };

    for (int i = 0; i < r->n; i++)
        add_stats(sum, r, (int)rng_below(&g, (uint32_t)r->n));
    return r->kind->total(sum);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The percentiles 2.5 and 97.5 of X [N], which is sorted, with linear interpolation. */
static struct interval percentiles(double *x, int n)
{
    double at[2] = { 0.025 * (n - 1), 0.975 * (n - 1) }, value[2];

    qsort(x, (size_t)n, sizeof *x, by_value);
    for (int k = 0; k < 2; k++) {
        int i = (int)at[k], next = i + 1 < n ? i + 1 : i;
        value[k] = x[i] + (at[k] - i) * (x[next] - x[i]);
    }
    return (struct interval){ value[0], value[1] };
}

struct interval resample_interval(const struct score_result *r, int samples, uint64_t seed)
{
    double *x = xalloc((size_t)samples, sizeof *x);

    for (int s = 0; s < samples; s++)
        x[s] = resampled(r, begin(seed, s));
    struct interval i = percentiles(x, samples);
    free(x);
    return i;
}

static double exchanged(const struct score_result *a, const struct score_result *b, struct rng g)
{
    double x[SCORE_MOST_STATS] = { 0 }, y[SCORE_MOST_STATS] = { 0 };
    uint32_t bits = 0;

    for (int i = 0; i < a->n; i++, bits >>= 1) {
        if (i % 32 == 0)
            bits = rng_u32(&g);
        add_stats(x, bits & 1 ? b : a, i);
        add_stats(y, bits & 1 ? a : b, i);
    }
    return a->kind->total(y) - a->kind->total(x);
}

struct comparison resample_compare(const struct score_result *a, const struct score_result *b,
                                   int samples, uint64_t seed)
{
    struct comparison c = { .difference = b->total - a->total };
    double *x = xalloc((size_t)samples, sizeof *x), mean = 0;
    int far = 0, large = 0;

    for (int s = 0; s < samples; s++) {
        x[s] = resampled(b, begin(seed, s)) - resampled(a, begin(seed, s));
        mean += x[s] / samples;
    }
    for (int s = 0; s < samples; s++) {
        far += fabs(x[s] - mean) >= fabs(c.difference);
        large += fabs(exchanged(a, b, begin(seed, samples + s))) >= fabs(c.difference);
    }
    c.p_bootstrap = (far + 1.0) / (samples + 1.0);
    c.p_randomization = (large + 1.0) / (samples + 1.0);
    c.interval = percentiles(x, samples);
    free(x);
    return c;
}
