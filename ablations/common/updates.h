/* updates.h - go through the updates of several runs, matrix by matrix. */
#ifndef UPDATES_H
#define UPDATES_H

#include "ablations/common/numbers.h"
#include "ablations/common/weight_update.h"
#include "experiments/assets/session.h"

struct update_visitor {
    const struct session *session; /* where the models and the adapters are */
    const char *study;             /* for messages */
    bool svd; /* compute the spectrum of every frozen matrix that some run changed */
    /* called for each update; returns 0, or -1 after fail() */
    int (*visit)(void *ctx, const struct weight *w, const struct weight_update *u);
    void *ctx;
};

/* updates_visit - call V->visit for every matrix that one of the N runs R changed: all layers, in
 * each layer all matrices, for each matrix the runs in their order. The spectrum of a matrix is
 * computed once. Errors: FAIL_INPUT if the checkpoint on this machine is not the one the runs
 * started from, or a tensor does not fit its matrix; FAIL_RUN if an adapter is missing, with the
 * command that makes it again. */
int updates_visit(const struct study_run *r, int n, const struct update_visitor *v);

/* updates_measure - visit the updates of the finished runs of W and store what V->visit added to T
 * as SET, which TABLE shows; T is empty afterwards. A warning names the methods of W that have no
 * finished run. Errors: those of study_runs_done and updates_visit; FAIL_RUN if no run changed any
 * matrix; FAIL_STORE. */
int updates_measure(struct store *s, const struct wanted_runs *w, const struct update_visitor *v,
                    struct numbers *t, const struct analysis_set *set, const char *table);

/* updates_add_number - add a number about matrix W and RUN (NULL: no run) to T; I and J as in
 * struct analysis_row. */
void updates_add_number(struct numbers *t, const struct weight *w, const struct study_run *run,
                        int i, int j, const char *name, double value);

/* The option "methods" of an analysis of updates, for the option table of a struct T. */
#define UPDATE_METHODS_OPTION(T)                                                                   \
    {                                                                                              \
        "methods", 0, OPT_STR, offsetof(T, methods), "lora,ft", 0, 0, NULL,                        \
            "methods of the runs: lora, and methods that train whole matrices"                     \
    }
#endif
