/* bench.h - the kinds of measurements of 'lowrank bench'. */
#ifndef BENCH_H
#define BENCH_H

#include "experiments/assets/session.h"

/* What 'bench scale' varies; the first stands for all of the others. */
#define BENCH_AXES "all|model|length|batch|rank|runs"
enum { BENCH_AXIS_ALL };

struct bench_cfg {
    long threads, jobs, runs, tokens, sequences; /* 0: the default of the kind */
    double seconds;                              /* for each product */
    char *home, *data;
    struct session *session; /* with these folders */
    int axis;                /* index into BENCH_AXES */
    int format;              /* enum rows_format */
    bool no_store;
};
enum { BENCH_SEQUENCES = 8, BENCH_TOKENS = 128 }; /* of most kinds */

/* Each kind takes its words of the command line, prints a table, and stores it. Errors:
 * FAIL_USAGE for the words; those of the work that is measured; FAIL_STOPPED. After an error
 * nothing is stored. */
int bench_gemm(const struct bench_cfg *c, int n, char **words);
int bench_step(const struct bench_cfg *c, int n, char **words);
int bench_task(const struct bench_cfg *c, int n, char **words);
int bench_sweep(const struct bench_cfg *c, int n, char **words);
int bench_forward(const struct bench_cfg *c, int n, char **words);
int bench_scale(const struct bench_cfg *c, int n, char **words);
#endif
