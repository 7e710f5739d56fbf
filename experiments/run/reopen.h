/* reopen.h - the model of a finished run, with what it trained, and the data of the run. */
#ifndef REOPEN_H
#define REOPEN_H

#include "experiments/recipe/recipe.h"

struct reopened {
    struct recipe recipe;
    struct run_data data;
    struct model model;
};

/* reopen_run - the model of the run KEY (64 digits), built from CONFIG, its recipe in the store,
 * with the parameters in DIR, a folder that run_model_save wrote. The session must outlive *O.
 * reopen_close releases it, also after a failure; of a zeroed struct: nothing. Errors: FAIL_INPUT:
 * a file that the run was trained with is another one now, or the folder does not fit; FAIL_USAGE,
 * FAIL_MEMORY. */
int reopen_run(struct reopened *o, struct session *ses, const char *key, const char *config,
               const char *dir);
void reopen_close(struct reopened *o);
#endif
