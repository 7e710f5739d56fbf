/* stats_joint.h - the test of a mean difference over seeds and examples that are both random.
 *
 * Let y_si be what the difference of two arms with seed s gains on example i. Every seed answers
 * the same examples, so seeds and examples are crossed random effects without replication:
 *
 *     y_si = mu + a_s + b_i + e_si         s = 1..S, i = 1..N
 *
 * a_s is the effect of a seed, b_i that of an example, and e_si their interaction, which holds the
 * residual. With the mean squares
 *
 *     MSA = N sum_s (y_s. - y..)^2 / (S-1)              E = v_e + N v_a
 *     MSB = S sum_i (y_.i - y..)^2 / (N-1)              E = v_e + S v_b
 *     MSE = sum_si (y_si - y_s. - y_.i + y..)^2 / ((S-1)(N-1))    E = v_e
 *
 * the variance of the mean y.. and Satterthwaite's degrees of freedom of its estimate are
 *
 *     V  = v_a / S + v_b / N + v_e / (S N) = (MA + MB - MSE) / (S N)
 *     df = (MA + MB - MSE)^2 / (MA^2 / (S-1) + MB^2 / (N-1) + MSE^2 / ((S-1)(N-1)))
 *
 * with MA = max(MSA, MSE) and MB = max(MSB, MSE): a component that is estimated to be negative is
 * 0. Searle, Casella and McCulloch 1992, "Variance Components", section 4.7; Satterthwaite 1946;
 * for tests over readers and cases of this form: Dorfman, Berbaum and Metz 1992.
 *
 * A metric that is no mean over examples takes part through its jackknife pseudo-values (Quenouille
 * 1956, Tukey 1958): y_si = N t_s - (N-1) t_s(-i), where t_s is the difference in the metric with
 * seed s and t_s(-i) the same without example i. For a mean they are the differences themselves.
 *
 * An average over tasks that share seeds but no examples has the seeds' part of the averaged
 * differences, and the parts of examples and interaction of the tasks add with squared weights. */
#ifndef STATS_JOINT_H
#define STATS_JOINT_H

#include "results/verdicts/stats.h"

/* The mean squares of one table, over S N: each is a variance of the mean. */
struct stats_crossed {
    int n_seeds;
    long n_examples; /* 0: no table */
    double seeds, examples, rest;
};
/* stats_crossed_table - of y [n_seeds, n_examples]. stats_crossed_sums - the same from the sum of
 * each seed's y, the sum over examples of the square of an example's sum, and the sum of all
 * squares. At least 2 seeds and 2 examples (CHECK). */
void stats_crossed_table(struct stats_crossed *c, const double *y, int n_seeds, long n_examples);
void stats_crossed_sums(struct stats_crossed *c, const double *seed_sum, int n_seeds,
                        long n_examples, double example_squares, double squares);

/* A zeroed struct with n_seeds and seeds set is a plain t test over seeds. */
struct stats_joint {
    int n_seeds;
    double seeds;              /* variance of the mean over seeds: sd^2 / S */
    double examples, rest;     /* weighted sums of the tables' */
    double examples_q, rest_q; /* of their squares over degrees of freedom */
};
/* stats_joint_of - of the mean D over seeds. stats_joint_add - add the table C with WEIGHT. */
struct stats_joint stats_joint_of(const struct stats_mean *d);
void stats_joint_add(struct stats_joint *j, const struct stats_crossed *c, double weight);

/* stats_joint_variance - V and *df. With other N_SEEDS, or MORE times as many examples, what they
 * would be if the components stayed as they are. */
double stats_joint_variance(const struct stats_joint *j, double n_seeds, double more, double *df);

/* stats_joint_p - the two-sided t test that the mean is AT. Equal numbers (ranks can be equal) have
 * no spread to test with: 1 when they are AT, else the sign test's 2^(1-S). NAN for S < 2. */
double stats_joint_p(const struct stats_joint *j, double mean, double at);
#endif
