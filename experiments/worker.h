/* worker.h - the runs of a study on this machine: forked workers, each with one thread, that share
 * the packed weights and the tokenised data of the parent. */
#ifndef WORKER_H
#define WORKER_H

#include "experiments/run_one.h"

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

/* sweep_check_name - what stands under the study's name in the store (NULL: nothing yet) came of this file,
 * or of one that is gone. Warns of a name of the program's own studies. Errors: FAIL_USAGE. */
int sweep_check_name(struct store *store, const struct study *s);
/* sweep_store - put the study into the store under its name. */
int sweep_store(struct store *store, const struct study *s);
/* sweep_states - state of every run, from the store. */
int sweep_states(enum run_state *state, struct store *store, const struct study *s);
/* sweep_memory_check - FAIL_MEMORY when JOBS workers need more than there is, with a -j that fits.
 */
int sweep_memory_check(const struct study *s, const bool *pending, long jobs);
#endif
