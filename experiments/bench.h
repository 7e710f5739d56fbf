/* bench.h - what 'lowrank bench' measures. */
#ifndef BENCH_H
#define BENCH_H

#include "experiments/inputs.h"
#include "results/store.h"

struct bench_cfg {
    long threads, tokens, sequences;
    double seconds;
    char *home, *data;
    int format;
};

/* bench_rate - GFLOP/s of y = x W^T as mat_gemm_rate has it, on THREADS threads at once, each its
 * own product. */
double bench_rate(int which, int rows, int in, int out, double seconds, int threads);
/* bench_model_rate - the packed products of one block of this model one after another: operations
 * over time. */
double bench_model_rate(const struct dims *d, int rows, double seconds, int threads);

/* Each prints a table. WORDS: key=value of a recipe. Errors: as the commands that they are parts
 * of. */
int bench_gemm(const struct bench_cfg *c, int n, char **words);
int bench_forward(const struct bench_cfg *c, int n, char **words);
int bench_task(const struct bench_cfg *c, int n, char **words);

/* bench_settings - the words as settings. bench_median - of N numbers, which it sorts. */
int bench_settings(struct settings *v, int n, char **words);
double bench_median(double *x, int n);
#endif
