/* bench.h - measurements of speed in the store. */
#ifndef RESULTS_BENCH_H
#define RESULTS_BENCH_H

#include "results/store/store.h"

struct bench_spec {
    const char *kind;     /* "step" */
    const char *settings; /* JSON: what was asked */
    const char *env;      /* JSON: the machine, as of attempts */
    double started, wall_s;
    int n_what; /* the first so many columns of the table say what was measured */
};
/* store_bench - keep a measurement in one transaction: each row of R is a point, its first N_WHAT
 * cells what it is, each other cell that is a number a value. *ID is its bench_id. Errors:
 * FAIL_STORE. */
int store_bench(struct store *s, const struct bench_spec *b, const struct rows *r, int64_t *id);
#endif
