/* tuning.h - for store.c, inside its transaction: the runs of a study that tune. */
#ifndef TUNING_H
#define TUNING_H

#include "results/store/store.h"

/* tuning_put - record which of the N runs R tune, and how their trials were judged. Trials that the
 * arms of R no longer have, and reported runs of these arms at another trial than the chosen one,
 * are no longer part of the plan. */
int tuning_put(struct store *s, int64_t plan, const struct run_spec *r, int n);
#endif
