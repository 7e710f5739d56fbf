/* run_one.h - one run, from its recipe to its rows in the store. */
#ifndef RUN_ONE_H
#define RUN_ONE_H

#include "experiments/study/study.h"
#include "results/store/lease.h"
#include "results/store/store.h"

#include <stdatomic.h>

/* What a worker is doing, in memory that it shares with its parent. */
struct worker_slot {
    atomic_int pid; /* 0: no worker */
    atomic_int run; /* index of the run that it has; -1: none */
    atomic_long step, steps;
    atomic_long tokens; /* that this worker has trained on, in all its runs */
};

struct run_env {
    struct store *store;
    struct pool *pool;
    struct worker_slot *slot; /* kept up to date; NULL: a line of progress instead */
    int jobs;                 /* workers at the same time, including this one */
    double lease_s;           /* how long a lease lasts unless it is renewed */
};

enum run_fate {
    FATE_OVER,    /* done, diverged, or failed; recorded */
    FATE_STOPPED, /* a training checkpoint was written, and the run is queued again */
    FATE_PAUSED,  /* the same, at the epoch up to which it was to train */
    FATE_LOST,    /* another worker has the lease; nothing was recorded */
    FATE_FAULT    /* the store itself failed: stop working; fail_text() says why */
};
enum { RUN_ERROR_SIZE = 320 };
struct run_report {
    enum run_fate fate;
    enum run_state state;
    char error[RUN_ERROR_SIZE]; /* why it failed or diverged; "" otherwise */
    double wall_s;
};
/* run_one - train the run on which we hold LEASE, save its adapter, and end the attempt in the
 * store. A run that was interrupted continues from its training checkpoint. With P->until the run
 * is paused after so many of its epochs, as if it had been interrupted there: its learning rates
 * are those of all its epochs, and what continues it gets the same bits. */
void run_one(struct run_report *out, const struct run_env *e, const struct plan_run *p,
             const struct lease *lease);

/* run_one_lease_s - how long the lease on this run has to last: nothing renews it during an
 * evaluation, so that several evaluations must fit. */
double run_one_lease_s(const struct plan_run *p);

/* run_one_forget - remove the training checkpoints of a run that nobody continues, and the note of
 * its last step. */
void run_one_forget(const struct store *s, const struct recipe *r);
#endif
