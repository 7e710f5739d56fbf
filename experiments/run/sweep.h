/* sweep.h - the runs of a study on this machine, in forked workers.
 *
 * Each worker has one thread; all share the packed weights and the tokenized data of the parent. */
#ifndef SWEEP_H
#define SWEEP_H

#include "experiments/study/study.h"
#include "results/store/store.h"

struct sweep_opts {
    long jobs, limit; /* workers, 0: one per core; most runs to do, 0: all */
    bool stop_on_error, calibrate;
};
struct sweep_end {
    double wall_s;
    int stopped;  /* the signal that asked to stop, or 0 */
    bool signals; /* given up, because signals stopped its workers again and again */
    bool alike;   /* given up, because the first runs all failed in the same way */
};
/* sweep_run - do the runs of S with PENDING[i]: load what they need, check that it fits into
 * memory, fork workers, and wait for them. PENDING becomes false for the runs that ended. Where
 * the environment has SWEEP_PROFILE_ENV=FILE, the seconds of all workers by kind of work are
 * written to FILE, a line "KIND SECONDS" each. Errors: FAIL_MEMORY before anything is packed;
 * FAIL_USAGE, FAIL_INPUT, FAIL_STORE; FAIL_STOPPED before the first run. */
#define SWEEP_PROFILE_ENV "LOWRANK_PROFILE"
int sweep_run(struct sweep_end *end, struct study *s, bool *pending, struct store *store,
              const struct sweep_opts *o);
#endif
