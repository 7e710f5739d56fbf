/* measurement.h - measurements of speed ('lowrank bench') in the store. */
#ifndef MEASUREMENT_H
#define MEASUREMENT_H

#include "results/store/store.h"

struct measurement {
    const char *kind;     /* "step" */
    const char *settings; /* JSON: the words and flags of the command */
    const char *env;      /* JSON: the machine, as attempts record it */
    double started, wall_s;
    int n_what; /* the first N_WHAT columns of the table say what was measured */
};
/* measurement_put - store a measurement in one transaction. Each row of R is one case: its first
 * N_WHAT cells are text that says what was measured, each other cell that is a finite number is a
 * value, the rest is left out. *ID becomes its bench_id. */
int measurement_put(struct store *s, const struct measurement *m, const struct rows *r,
                    int64_t *id);
#endif
