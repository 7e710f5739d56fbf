/* worker.h - a worker process of a sweep. Private to this folder. */
#ifndef WORKER_H
#define WORKER_H

#include "experiments/run/sweep_shared.h"

/* Exit statuses of a worker; 0: no run waits any more. */
enum {
    WORKER_FAULT = 99,            /* it could not go on; struct shared says why */
    WORKER_STOPPED = FAIL_STOPPED /* it was asked to stop */
};
/* worker_run - what the forked child N of a sweep does: take waiting runs, train them with one
 * thread, and mark how they ended. Returns its exit status. */
int worker_run(const struct sweep *w, int n);
#endif
