/* run_model.h - the model of a run: built from its recipe, its adapters saved. */
#ifndef RUN_MODEL_H
#define RUN_MODEL_H

#include "experiments/recipe/recipe.h"

/* run_model_build - the model of a recipe over its loaded base model, and the data of the run.
 * The caller frees M with model_free. Errors: FAIL_INPUT, also when a file changed since the runs
 * were planned; FAIL_USAGE from the method; FAIL_MEMORY. */
int run_model_build(struct model *m, struct run_data *d, const struct recipe *r);

/* run_model_save - write the adapter to HOME/adapters/KEY/last, and to /best too when the best
 * evaluation was not the last one: the values of BEST [n_train]. *REL becomes the folder relative
 * to HOME; the caller frees it. M is the same afterwards. Errors: FAIL_STORE, FAIL_MEMORY. */
int run_model_save(struct model *m, const struct recipe *r, const struct run_result *res,
                   const real *best, char **rel);
#endif
