/* stats_strata.h - aggregates over runs on several tasks, and their intervals. Agarwal et al. 2021,
 * "Deep reinforcement learning at the edge of the statistical precipice" (the library rliable). */
#ifndef STATS_STRATA_H
#define STATS_STRATA_H

#include "core/base/base.h"

/* The scores of one arm: n[t] runs on task t, one task after the other in x. Not owned. */
struct stats_strata {
    int n_tasks;
    const int *n; /* [n_tasks], each at least 1 */
    const double *x;
};

/* stats_iqm - the interquartile mean: the mean of all scores together without the lowest and the
 * highest quarter of them, each rounded down. Unlike the median it uses half of the scores, unlike
 * the mean a few outlying tasks or seeds do not move it. */
double stats_iqm(const struct stats_strata *s);

/* stats_improves - the probability that a run of A scores higher than a run of B on the same task,
 * averaged over the tasks: sum_t U_t / (n_t m_t) / T with the Mann-Whitney statistic U_t, in which
 * a tie counts half. Both have the same tasks (CHECK). */
double stats_improves(const struct stats_strata *a, const struct stats_strata *b);

/* The 95 % percentile interval of either over DRAWS resamples in which the runs of every task are
 * drawn with replacement from those of that task (a stratified bootstrap). A pure function of the
 * numbers and SEED. */
struct stats_interval {
    double lo, hi;
};
struct stats_interval stats_iqm_interval(const struct stats_strata *s, int draws, uint64_t seed);
struct stats_interval stats_improves_interval(const struct stats_strata *a,
                                              const struct stats_strata *b, int draws,
                                              uint64_t seed);
#endif
