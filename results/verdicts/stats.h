/* stats.h - the statistics of verdicts: t intervals and tests, rank correlation, Holm's correction.
 * The variance over seeds and examples is in stats_joint.h. Numbers in, numbers out, no SQL.
 *
 * All p-values are two-sided, and NAN where a test is undefined (too few numbers). */
#ifndef STATS_H
#define STATS_H

#include "core/base/base.h"

/* stats_t_p - P(|T| >= |t|) of Student's t with df degrees of freedom, from the regularized
 * incomplete beta function I_x(df/2, 1/2), x = df/(df+t^2). The
 * degrees of freedom may be a fraction. NAN for df 0.
 * stats_t_quantile - the t with P(|T| <= t) = level. The table t95 of the store has the same
 * quantiles (level 0.95), rounded; above 30 it takes the next smaller df. */
double stats_t_p(double t, double df);
double stats_t_quantile(double level, double df);

/* stats_mean - mean, sample standard deviation and half the width of the 95 % t interval of x[n].
 * sd and half are NAN for n < 2, the mean for n == 0. Two passes in double. */
struct stats_mean {
    int n;
    double mean, sd, half;
};
struct stats_mean stats_mean(const double *x, int n);
/* stats_spearman - rank correlation of x[n] and y[n]; equal values share the mean of their ranks. 0
 * when y is constant, which shows no direction. NAN when n < 2, when x is constant, or when a value
 * is NaN. */
double stats_spearman(const double *x, const double *y, int n);

/* stats_holm - Holm's step-down correction of p[n] into adjusted[n], which may be p itself. A
 * NAN is not a test: it stays NAN and does not count. Holm 1979. */
void stats_holm(double *adjusted, const double *p, int n);
#endif
