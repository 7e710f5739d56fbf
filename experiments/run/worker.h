/* worker.h - the runs of a study on this machine: forked workers, each with one thread, that share
 * the packed weights and the tokenised data of the parent. */
#ifndef WORKER_H
#define WORKER_H

#include "experiments/estimate/estimate.h"
#include "experiments/run/run_one.h"

struct sweep_opts {
    long jobs, limit; /* 0: cores; 0: all */
    bool stop_on_error, calibrate;
};
struct sweep_end {
    long done, diverged, failed, left; /* of the study's runs, after the sweep */
    double wall_s;
    int stopped; /* signal that asked, or 0 */
    bool alike;  /* given up: the first runs all failed in the same way */
};
/* sweep_run - do the runs of S with PENDING[i] (load, check memory, fork, wait). PENDING is changed: what
 * is left. Where the environment has PROFILE_ENV=FILE, seconds of all workers by kind of work go to
 * FILE when they have ended, a line "KIND SECONDS" each. Errors: FAIL_MEMORY before anything is packed,
 * FAIL_INPUT, FAIL_STORE. */
#define PROFILE_ENV "LOWRANK_PROFILE"
int sweep_run(struct sweep_end *end, struct study *s, bool *pending, struct store *store,
              const struct sweep_opts *o);

#endif
