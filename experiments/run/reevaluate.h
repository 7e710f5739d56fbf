/* reevaluate.h - stored adapters of finished runs, scored on another split. */
#ifndef REEVALUATE_H
#define REEVALUATE_H

#include "core/os/pool.h"
#include "experiments/assets/session.h"
#include "core/data/task.h"
#include "results/store/store.h"

struct reevaluation {
    struct session *session;
    struct store *store; /* open for writing */
    struct pool *pool;   /* the numbers do not depend on its threads */
    const char *of;      /* a study, or the first digits of the key of a run or a cell */
    enum split split;    /* dev or test */
    long n;              /* examples, drawn as "dev_n" draws them; 0: all */
    bool last;           /* the adapter of the last evaluation, not of the chosen one */
    long n_done, n_were, n_unfinished; /* out: runs scored now, scored before, and not finished */
};
/* reevaluate - score the adapter of every finished run that E->of names, of a study those of the
 * best trial of each cell, and store loss, metrics and predictions (evaluations.h) run by run; a
 * run that has them already is left out, so that an interrupted command continues. The numbers have
 * the bits of a run that evaluates the same examples, if its pool_scale is a power of two, by which
 * a stored classifier is multiplied without rounding. Errors: FAIL_USAGE: nothing or several things
 * have this name, or the task lacks the split; FAIL_INPUT: a file that the run was trained with is
 * another one now, or the adapter is gone; FAIL_STOPPED, FAIL_STORE, FAIL_MEMORY. */
int reevaluate(struct reevaluation *e);
#endif
