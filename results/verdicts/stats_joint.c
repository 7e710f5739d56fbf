/* stats_joint.c - the test of a mean difference over seeds and examples. */
#include "results/verdicts/stats_joint.h"

#include <math.h>
#include <stdlib.h>

void stats_crossed_sums(struct stats_crossed *c, const double *seed_sum, int n_seeds,
                        long n_examples, double example_squares, double squares)
{
    double s = n_seeds, n = (double)n_examples, all = 0, seed_squares = 0;

    CHECK(n_seeds >= 2 && n_examples >= 2, "%d seeds, %ld examples", n_seeds, n_examples);
    for (int k = 0; k < n_seeds; k++)
        all += seed_sum[k], seed_squares += seed_sum[k] * seed_sum[k];
    double mean = all * all / (s * n), a = seed_squares / n - mean, b = example_squares / s - mean;
    double e = squares - mean - a - b;

    *c = (struct stats_crossed){ .n_seeds = n_seeds,
                                 .n_examples = n_examples,
                                 .seeds = fmax(0, a) / (s - 1) / (s * n),
                                 .examples = fmax(0, b) / (n - 1) / (s * n),
                                 .rest = fmax(0, e) / (s - 1) / (n - 1) / (s * n) };
}

/* Centered first, because the sums of squares are differences of large numbers otherwise. */
void stats_crossed_table(struct stats_crossed *c, const double *y, int n_seeds, long n_examples)
{
    size_t s = (size_t)n_seeds, n = (size_t)n_examples;
    double *sum = xalloc(s + n, sizeof *sum), *example = sum + s, mean = 0;
    double squares = 0, example_squares = 0;

    for (size_t k = 0; k < s * n; k++)
        mean += y[k] / (double)(s * n);
    for (size_t k = 0; k < s * n; k++) {
        double x = y[k] - mean;
        sum[k / n] += x, example[k % n] += x, squares += x * x;
    }
    for (size_t i = 0; i < n; i++)
        example_squares += example[i] * example[i];
    stats_crossed_sums(c, sum, n_seeds, n_examples, example_squares, squares);
    free(sum);
}

struct stats_joint stats_joint_of(const struct stats_mean *d)
{
    return (struct stats_joint){ .n_seeds = d->n, .seeds = d->n > 1 ? d->sd * d->sd / d->n : NAN };
}

void stats_joint_add(struct stats_joint *j, const struct stats_crossed *c, double weight)
{
    double w = weight * weight, n = (double)c->n_examples - 1, s = c->n_seeds - 1;

    j->examples += w * c->examples;
    j->rest += w * c->rest;
    j->examples_q += w * w * c->examples * c->examples / n;
    j->rest_q += w * w * c->rest * c->rest / (n * s);
}

double stats_joint_variance(const struct stats_joint *j, double n_seeds, double more, double *df)
{
    double fewer = j->n_seeds / n_seeds;
    double e = j->rest * fewer / more; /* v_e / (S N) there, and v_a / S, v_b / N */
    double a = fmax(0, j->seeds - j->rest) * fewer, b = fmax(0, j->examples - j->rest) / more;
    double v = a + b + e;
    double b_q = j->examples > 0 ? j->examples_q / (j->examples * j->examples) / more : 0;
    double e_q = j->rest > 0 ? j->rest_q / (j->rest * j->rest) * fewer / more : 0;

    *df = v * v / ((a + e) * (a + e) / (n_seeds - 1) + (b + e) * (b + e) * b_q + e * e * e_q);
    return v;
}

double stats_joint_p(const struct stats_joint *j, double mean, double at)
{
    double df, v = j->n_seeds > 1 ? stats_joint_variance(j, j->n_seeds, 1, &df) : NAN;

    if (isnan(v))
        return NAN;
    /* The spread of equal numbers is a few last bits, which is rounding and not a spread. */
    if (v <= 1e-28 * mean * mean)
        return fabs(mean - at) <= 1e-14 * (fabs(mean) + fabs(at)) ? 1 : ldexp(1, 1 - j->n_seeds);
    return stats_t_p((mean - at) / sqrt(v), df);
}
