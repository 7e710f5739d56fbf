/* run_texts.h - a run's evaluation by the texts that it generates after training. */
#ifndef RUN_TEXTS_H
#define RUN_TEXTS_H

#include "experiments/run/run_one.h"

struct run_texts {
    struct store *store;
    struct pool *pool; /* the texts do not depend on its threads */
    const struct lease *lease;
    const struct recipe *recipe;
    struct model *model; /* of the last step */
    const struct run_data *data;
    const real *best; /* [n_train] values at the chosen evaluation */
    long best_step;
    /* Called after each text. Returns -1 to end the work: after fail, or when the lease is lost. */
    int (*alive)(void *self, long done, long total);
    void *self;
    bool lost; /* out: the lease is another worker's */
};
/* run_texts_wanted - does the recipe ask for texts ("generate_n")? run_texts - generate the texts
 * of the reported split with the values BEST, as the task's file says, store them (generations.h),
 * and store their scores as final numbers of the run: of the kind "chosen" if another split chooses
 * than the one that is reported, else "best". Texts that an interrupted attempt has stored with the
 * same values are not generated again. The model is the same afterwards. Errors: FAIL_INPUT,
 * FAIL_MEMORY, FAIL_STOPPED, FAIL_STORE, or those of ALIVE. */
bool run_texts_wanted(const struct recipe *r);
int run_texts(struct run_texts *t);
#endif
