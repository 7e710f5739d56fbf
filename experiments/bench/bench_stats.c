/* bench_stats.c - medians and quartiles of timings. */
#include "experiments/bench/bench_stats.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_stats_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return n == 0 ? 0 : n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

void bench_stats_quartiles(double out[BENCH_N_QUARTILES], double *x, int n)
{
    out[BENCH_MEDIAN] = bench_stats_median(x, n);
    out[BENCH_Q1] = x[n / 4];
    out[BENCH_Q3] = x[n - 1 - n / 4];
}
