/* study_store.h - a study in the store. */
#ifndef STUDY_STORE_H
#define STUDY_STORE_H

#include "experiments/study/study.h"
#include "results/store/store.h"

/* study_store_check_name - does a study of this name in the store (STORE may be NULL: there is none
 * yet) come from the same file, or from one that no longer exists? Warns if the name is that of one
 * of the program's own studies. Errors: FAIL_USAGE. */
int study_store_check_name(struct store *store, const struct study *s);

/* study_store_put - store the study, its cells and its runs under its name. Errors: FAIL_STORE. */
int study_store_put(struct store *store, const struct study *s);

/* study_store_states - the state of every run; STATE_NEW for those that the store does not have.
 * Errors: FAIL_STORE. */
int study_store_states(enum run_state *state, struct store *store, const struct study *s);
#endif
