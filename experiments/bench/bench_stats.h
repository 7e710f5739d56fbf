/* bench_stats.h - medians and quartiles of timings. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

/* bench_stats_median - of N values, which it sorts; 0 for none. */
double bench_stats_median(double *x, int n);

/* bench_stats_quartiles - median, lower, and upper quartile of N >= 1 values, which it sorts. */
enum { BENCH_MEDIAN, BENCH_Q1, BENCH_Q3, BENCH_N_QUARTILES };
void bench_stats_quartiles(double out[BENCH_N_QUARTILES], double *x, int n);
#endif
