/* stats_jackknife.h - what each example contributes to a metric that is no mean over examples. */
#ifndef STATS_JACKKNIFE_H
#define STATS_JACKKNIFE_H

/* stats_jackknife - the pseudo-values y[n] of METRIC over the labels and answers of N > 2 examples,
 *
 *     y_i = n t - (n-1) t(-i)
 *
 * where t is the metric and t(-i) the metric without example i. Returns t. METRIC is "pearson",
 * "matthews" or "f1"; the last two for the classes 0 and 1, of which 1 is the positive one. Each
 * t(-i) is computed from sums in constant time. NAN, and NAN in y, for another metric or another
 * class, and where a correlation is undefined because one side is constant; "matthews" is 0 there.
 */
double stats_jackknife(const char *metric, double *y, const double *label, const double *out,
                       long n);
#endif
