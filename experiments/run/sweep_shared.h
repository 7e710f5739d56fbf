/* sweep_shared.h - what the parent of a sweep and its workers see of each other. Private to this
 * folder. */
#ifndef SWEEP_SHARED_H
#define SWEEP_SHARED_H

#include "experiments/run/run_one.h"
#include "experiments/run/sweep.h"

enum run_mark {
    MARK_NONE, /* no part of this sweep */
    MARK_WAITING,
    MARK_TAKEN, /* by a worker of this sweep */
    MARK_DONE,
    MARK_PAUSED, /* trained as far as it was to be */
    MARK_DIVERGED,
    MARK_FAILED,
    MARK_ELSEWHERE, /* another process has it */
    MARK_STOPPED    /* queued again */
};
enum { MOST_WORKERS = 256 };

/* In one MAP_SHARED anonymous mapping. */
struct shared {
    atomic_long finished; /* runs that have ended */
    char fault[512];      /* why a worker could not go on: its fail_text() and fail_code() */
    int fault_code;
    struct worker_slot slot[MOST_WORKERS];
    struct end_note {
        atomic_int mark; /* enum run_mark */
        long order;      /* 1: the first run that ended; 0: not ended */
        double wall_s;
        char error[RUN_ERROR_SIZE];
    } run[]; /* [n_runs] */
};

struct sweep {
    struct study *study;
    struct store *store;
    struct shared *sh;
    size_t sh_size;
    int *order; /* indexes of the runs to do, the costliest first */
    int n_order;
    int jobs, parent; /* workers; process id of the parent */
    double started;
    int signaled; /* workers that a signal has stopped since a run last ended */
    long ended;   /* runs that had ended then */
    bool pin;     /* bind each worker to a CPU of its own */
};

/* sweep_mark - the mark of a run by its state in the store; a negative STATE (an error) waits.
 * sweep_note_end - mark that a run is over, and how. */
enum run_mark sweep_mark(int state);
void sweep_note_end(const struct sweep *w, int run, const struct run_report *rep);

/* sweep_cost - estimated seconds of a run in this sweep; 1 where nothing was estimated. */
double sweep_cost(const struct plan_run *p);
#endif
