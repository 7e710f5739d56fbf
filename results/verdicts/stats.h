/* stats.h - the statistics of verdicts: t intervals and tests, McNemar's test, the paired
 * bootstrap, rank correlation, Holm's correction. Numbers in, numbers out, no SQL.
 *
 * All p-values are two-sided, and NAN where a test is undefined (too few numbers). */
#ifndef STATS_H
#define STATS_H

#include "core/base/base.h"

/* stats_t_p - P(|T| >= |t|) of Student's t with df degrees of freedom, from the regularized
 * incomplete beta function I_x(df/2, 1/2), x = df/(df+t^2). NAN for df 0.
 * stats_t_quantile - the t with P(|T| <= t) = level. The table t95 of the store has the same
 * quantiles (level 0.95), rounded; above 30 it takes the next smaller df. */
double stats_t_p(double t, int df);
double stats_t_quantile(double level, int df);

/* stats_mean - mean, sample standard deviation and half the width of the 95 % t interval of x[n].
 * sd and half are NAN for n < 2, the mean for n == 0. Two passes in double. */
struct stats_mean {
    int n;
    double mean, sd, half;
};
struct stats_mean stats_mean(const double *x, int n);
/* stats_mean_p - the t test, with m->n - 1 degrees of freedom, that the mean is AT; a paired t
 * test when x holds differences of pairs. Equal numbers (ranks can be equal) have no spread to
 * test with: 1 when they are AT, else the sign test's 2^(1-n). NAN for n < 2. */
double stats_mean_p(const struct stats_mean *m, double at);

/* stats_normal_p - P(|Z| >= |z|) of the standard normal distribution. STATS_Z95 - the z of 0.05. */
#define STATS_Z95 1.959963984540054
double stats_normal_p(double z);
/* stats_units_needed - how many differences with the mean EFFECT and the standard deviation SD a
 * two-sided t test at LEVEL needs for a power of about 0.8: the least n of FROM ... MOST (FROM at
 * least 2) with effect sqrt(n) / sd >= t(1 - level/2) + t(0.8), both with n - 1 degrees of freedom;
 * without spread the least n with 2^(1-n) < LEVEL (stats_mean_p). 0: more than MOST. */
int stats_units_needed(double effect, double sd, double level, int from, int most);

/* stats_mcnemar - do two classifiers err equally often? B examples are right only by the first, C
 * only by the second. p is exact up to 25 discordant pairs, P(|X - n/2| >= |b - n/2|) of a binomial
 * X(n, 1/2) with n = b + c; above that it is chi-square with Edwards' continuity correction,
 * (|b-c|-1)^2/n. mid is the exact mid-p (Fagerland et al. 2013) at any size. Both are 1 without a
 * discordant pair. McNemar 1947. */
struct stats_mcnemar {
    double p, mid;
    bool exact;
};
struct stats_mcnemar stats_mcnemar(long b, long c);

/* stats_combine - one p-value of several tests that may depend on each other in any way:
 * min(1, 2 median) (Rueschendorf 1982). Sorts p[n] in place. NAN for n == 0. */
double stats_combine(double *p, int n);

/* stats_boot - a statistic of DRAWS resamples, with replacement, of N examples: a paired
 * bootstrap when the statistic is the difference of two systems on the same examples. STAT gets
 * CTX and the numbers of the drawn examples, pick[n]. The draws are a pure function of N and
 * SEED (Philox). Free with stats_boot_free. Efron and Tibshirani 1993, chapter 13.
 * stats_boot_mean - the same of the mean of a number that has the value VALUE[k] COUNT[k] times.
 * stats_boot_interval - the 95 % percentile interval, interpolated linearly between draws.
 * stats_boot_p - the test that the mean is AT: (2 min(#{draw <= AT}, #{draw >= AT}) + 2) /
 * (DRAWS + 1), at most 1. */
struct stats_boot {
    double *draw; /* [n_draws], ascending, without NaN; owned */
    int n_draws, n;
    double sample; /* the statistic of the examples themselves */
};
void stats_boot(struct stats_boot *b, double (*stat)(const void *ctx, const int *pick, int n),
                const void *ctx, int n, int n_draws, uint64_t seed);
void stats_boot_mean(struct stats_boot *b, const double *value, const long *count, int n_values,
                     int n_draws, uint64_t seed);
void stats_boot_interval(const struct stats_boot *b, double *lo, double *hi);
double stats_boot_p(const struct stats_boot *b, double at);
void stats_boot_free(struct stats_boot *b);

/* stats_pearson - Pearson's r of x[pick[i]] and y[pick[i]], i < n, a resample; NAN when either is
 * constant. For bounded values: unlike the metric of core/metric it does not scale them first
 * against overflow, which would make a bootstrap several times slower.
 * stats_spearman - rank correlation of x[n] and y[n]; equal values share the mean of their ranks. 0
 * when y is constant, which shows no direction. NAN when n < 2, when x is constant, or when a value
 * is NaN. */
double stats_pearson(const double *x, const double *y, const int *pick, int n);
double stats_spearman(const double *x, const double *y, int n);

/* stats_holm - Holm's step-down correction of p[n] into adjusted[n], which may be p itself. A
 * NAN is not a test: it stays NAN and does not count. Holm 1979. */
void stats_holm(double *adjusted, const double *p, int n);
#endif
