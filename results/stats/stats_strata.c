/* stats_strata.c - aggregates over runs on several tasks, and their intervals. */
#include "results/stats/stats_strata.h"
#include "core/base/rng.h"

#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t count_scores(const struct stats_strata *s)
{
    size_t all = 0;

    for (int t = 0; t < s->n_tasks; t++) {
        CHECK(s->n[t] > 0, "%d runs on task %d", s->n[t], t);
        all += (size_t)s->n[t];
    }
    return all;
}

double stats_iqm(const struct stats_strata *s)
{
    size_t n = count_scores(s), cut = n / 4;
    double *x = xalloc(n, sizeof *x), sum = 0;

    memcpy(x, s->x, n * sizeof *x);
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = cut; i < n - cut; i++)
        sum += x[i];
    free(x);
    return sum / (double)(n - 2 * cut);
}

double stats_improves(const struct stats_strata *a, const struct stats_strata *b)
{
    const double *x = a->x, *y = b->x;
    double sum = 0;

    CHECK(a->n_tasks == b->n_tasks && a->n_tasks > 0, "%d and %d tasks", a->n_tasks, b->n_tasks);
    for (int t = 0; t < a->n_tasks; x += a->n[t], y += b->n[t], t++) {
        double u = 0;
        for (int i = 0; i < a->n[t]; i++)
            for (int k = 0; k < b->n[t]; k++)
                u += x[i] > y[k] ? 1 : x[i] < y[k] ? 0 : 0.5;
        sum += u / a->n[t] / b->n[t];
    }
    return sum / a->n_tasks;
}

static void resample(double *to, const struct stats_strata *s, struct rng *r)
{
    const double *x = s->x;

    for (int t = 0; t < s->n_tasks; x += s->n[t], t++)
        for (int i = 0; i < s->n[t]; i++)
            *to++ = x[rng_below(r, (uint32_t)s->n[t])];
}

/* Linear between draws, which it sorts. */
static struct stats_interval percentiles(double *draw, int draws)
{
    double ends[2];

    qsort(draw, (size_t)draws, sizeof *draw, ascending);
    for (int k = 0; k < 2; k++) {
        double at = (k ? 0.975 : 0.025) * (draws - 1);
        int i = (int)at, next = i + 1 < draws ? i + 1 : i;
        ends[k] = draw[i] + (at - i) * (draw[next] - draw[i]);
    }
    return (struct stats_interval){ ends[0], ends[1] };
}

/* B NULL: the interquartile mean of A. */
static struct stats_interval bootstrap(const struct stats_strata *a, const struct stats_strata *b,
                                       int draws, uint64_t seed)
{
    size_t n = count_scores(a), m = b ? count_scores(b) : 0;
    double *draw = xalloc((size_t)draws, sizeof *draw), *x = xalloc(n + m, sizeof *x);
    struct stats_strata drawn = { a->n_tasks, a->n, x },
                        other = { a->n_tasks, b ? b->n : NULL, x + n };
    struct rng r = rng_make(seed, RNG_STUDY, 0);

    for (int d = 0; d < draws; d++) {
        resample(x, a, &r);
        if (b)
            resample(x + n, b, &r);
        draw[d] = b ? stats_improves(&drawn, &other) : stats_iqm(&drawn);
    }
    struct stats_interval ends = percentiles(draw, draws);
    free(x);
    free(draw);
    return ends;
}

struct stats_interval stats_iqm_interval(const struct stats_strata *s, int draws, uint64_t seed)
{
    return bootstrap(s, NULL, draws, seed);
}

struct stats_interval stats_improves_interval(const struct stats_strata *a,
                                              const struct stats_strata *b, int draws,
                                              uint64_t seed)
{
    return bootstrap(a, b, draws, seed);
}
