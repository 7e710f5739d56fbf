/* join.h - the archive of a model, a zip file that several wheels contain in parts. */
#ifndef JOIN_H
#define JOIN_H

#include "experiments/sources/model_card.h"

/* join_have - how many whole parts, *N of *BYTES together, the folder MODELS has already; all of
 * them when the archive is there. Errors: FAIL_STORE. */
int join_have(int *n, uint64_t *bytes, const struct model_card *c, const char *models);

/* join_parts - make MODELS/ARCHIVE the parts of all wheels of the card, one after the other, with
 * the SHA-256 of the card. The bytes go to MODELS/ARCHIVE.part, which is renamed when all of them
 * are there and right; each wheel is removed from MODELS when its part has been appended. An
 * attempt that was stopped is continued after its last whole part. When such a file turns out wrong
 * at the end, joining starts over once. Wheels come from wheel_get. Errors: those of wheel_get and
 * unpack_append; FAIL_INPUT when the archive has another hash. */
int join_parts(const struct model_card *c, const char *models, const char *from);
#endif
