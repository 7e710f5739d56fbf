/* run_again.h - a finished run once more, compared with what is stored. */
#ifndef RUN_AGAIN_H
#define RUN_AGAIN_H

#include "experiments/run/run_one.h"

/* run_again - train the run once more without changing the store, and compare every value with the
 * stored one; each that differs is printed to standard output, followed by what differs
 * between the machine and program of then and now. When all agree and the folder of the
 * run's adapter is gone, it is written again. Returns how many differ, -1 after fail. */
long run_again(const struct run_env *e, const struct plan_run *p);
#endif
