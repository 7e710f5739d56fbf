/* environment.h - the machines and builds that made numbers, for the other files of this folder. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "results/store/store.h"

/* environment_put - *ID of the JSON document DOC in the table env, which holds each distinct
 * document once. Inside the caller's transaction. */
int environment_put(struct store *s, int64_t *id, const char *doc);
#endif
