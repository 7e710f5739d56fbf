/* worker_shared.h - what a parent and its workers see of each other. Private to worker.c and
 * progress.c. */
#ifndef WORKER_SHARED_H
#define WORKER_SHARED_H

#include "experiments/run/worker.h"

enum run_mark {
    MARK_NONE, /* not this sweep's */
    MARK_WAITING,
    MARK_TAKEN,
    MARK_DONE,
    MARK_DIVERGED,
    MARK_FAILED,
    MARK_ELSEWHERE, /* another process works on it */
    MARK_STOPPED    /* queued again */
};
enum { ERROR_SIZE = 320 };

/* In one MAP_SHARED anonymous mapping. */
struct shared {
    atomic_long finished; /* order of ends */
    char fault[512];      /* a worker's last words when it could not go on */
    int fault_code;
    struct slot slot[256];
    struct end_note {
        atomic_int mark;
        long order; /* 1: the first that ended */
        double wall_s;
        char error[ERROR_SIZE];
    } run[]; /* [n_runs] */
};

struct sweep {
    struct study *study;
    struct store *store;
    struct shared *sh;
    size_t sh_size;
    int *order; /* runs to do, costliest first */
    int n_order;
    int jobs, parent;
    double started;
    bool pin;
};

/* sweep_progress - draw the progress line. */
void sweep_progress(const struct sweep *w);
#endif
