/* bench_steps.h - training steps, timed and profiled. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include "core/os/prof.h"
#include "experiments/recipe/recipe.h"

struct bench_job {
    const struct recipe *r;
    struct model *m;
    struct run_data data;
    int threads;
    long steps;          /* to time; 0: as many as 20 seconds allow, at most 30 */
    double rate_seconds; /* for each measurement of the machine's own products */
};
struct bench_times {
    long steps; /* that were timed */
    double ms_median, ms_best, tokens_per_s, examples_per_s;
    double needed;                  /* GFLOP/s: bench_needed over time */
    double gemm_before, gemm_after; /* GFLOP/s: bench_rate_model */
    double peak_rss_mb, own_mb;     /* of this process; of that, what no other process maps */
    double share[N_WORK + 1];       /* percent of threads x time, by kind of work; last: waiting */
};
/* bench_steps - train a few steps that do not count, then the timed ones, then a few with the
 * profile on. The machine's own products are measured before and after. Errors: FAIL_RUN when a
 * value is not finite, FAIL_STOPPED, FAIL_MEMORY. */
int bench_steps(struct bench_times *t, const struct bench_job *j);

/* bench_steps_shares - the SECONDS of each kind of work (prof_read) in percent of THREADS x WALL,
 * and last the rest, which is waiting. */
void bench_steps_shares(double share[N_WORK + 1], const double seconds[N_WORK], double wall,
                        int threads);

/* Columns of tables of steps, and their values in X: the shares without waiting, and all that
 * struct bench_times has. */
#define BENCH_SHARE_COLS                                                                           \
    "frozen_pct", "trained_pct", "adapter_pct", "attention_pct", "norm_pct", "act_pct",            \
        "loss_pct", "optim_pct", "dropout_pct", "other_pct"
#define BENCH_TIMES_COLS                                                                           \
    "steps", "ms_median", "ms_best", "tokens_per_s", "examples_per_s", "needed_gflops",            \
        "gemm_gflops", "gemm_before", "gemm_after", "ratio", "peak_rss_mb", BENCH_SHARE_COLS,      \
        "waiting_pct"
enum { BENCH_TIMES_N = 11 + N_WORK + 1 };
void bench_steps_values(double x[BENCH_TIMES_N], const struct bench_times *t);
#endif
