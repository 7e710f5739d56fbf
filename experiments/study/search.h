/* search.h - the part "search" of a study file: which values of which keys are tried for every arm
 * of the study before it is reported.
 *
 *   search:
 *     lr: {log: [1e-4, 1e-1]}       values between two bounds, in equal ratios; or
 *                                   {linear: [0, 0.3]}, in equal steps; or {grid: [q, [q, v]]}
 *     trials: 8                     for every arm; a grid has as many as it has values
 *     seeds: 2                      tuning seeds of every trial: a number, which means 1001, 1002,
 *                                   ..., unlike those that are reported, or a list
 *     halving: true                 after each rung the better half goes on; a number N: the best
 *                                   of every N; false by default
 *     extend: 2                     how often an arm may go beyond a bound; 2 by default
 *
 * One key has its bounds among its values. Several keys with bounds are tried at the points of the
 * R2 sequence (Roberts 2018: point i is frac(0.5 + i / phi^k) in its k-th coordinate, phi the root
 * of x^(d+1) = x + 1), which fills d dimensions evenly from its first points on; several grids at
 * all their combinations. */
#ifndef SEARCH_H
#define SEARCH_H

#include "experiments/study/axes.h"

/* How far one step beyond the values of a key goes. */
struct search_step {
    bool none;       /* the values are no numbers */
    bool ratio;      /* the steps are factors, else differences */
    double down, up; /* beyond the smallest and the largest value; ratio: above 1, else above 0 */
};
struct search {
    struct axes axes;         /* the values of each trial, paired; none: there is no search */
    struct search_step *step; /* [axes.n] */
    int halving;              /* of so many trials one goes on; 0: all are trained in full */
    int extend;
    long *seeds;
    int n_seeds;
};

/* search_read - S from the mapping N (NULL: there is no search); freed by search_free, also on an
 * error. Errors: FAIL_USAGE with file:line:column. */
int search_read(struct search *s, const struct yaml_node *n);
void search_free(struct search *s);

/* search_drop - search no longer for KEY; was it searched? */
bool search_drop(struct search *s, const char *key);

/* search_beyond - the value of the K-th key one step below (UP: above) VALUE, as one string that
 * the caller frees. NULL: there is none, because the key has no such value or no numbers. */
char *search_beyond(const struct search *s, int k, const char *value, bool up);

/* search_rungs - up to which epoch a rung of a search over N trials trains them, and how many of
 * them begin it. The first rung has all, each later one the best of every S->halving, rounded up,
 * and the last, at the end of EPOCHS, at least two if there is a rung before it in which more than
 * two began. The epochs are those of EPOCHS / halving^k, but at least one a rung. Without halving,
 * and with one epoch, there is one rung. Returns the number of rungs. */
struct search_rung {
    int n;
    long epochs;
};
enum { MOST_RUNGS = 16 };
int search_rungs(struct search_rung rung[MOST_RUNGS], const struct search *s, int n, long epochs);
#endif
