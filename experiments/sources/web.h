/* web.h - the files of a model card that come one by one from a web server. */
#ifndef WEB_H
#define WEB_H

#include "experiments/sources/model_card.h"

/* web_missing - bytes that are still to be downloaded until DIR has all files of C. Errors: -1
 * after FAIL_STORE.
 * web_get - make DIR hold the files of C, each from C->url and with its size and SHA-256. A file
 * that is there with its hash is kept, a partial one continued (download.h). Errors: those of
 * download_file. */
int web_missing(uint64_t *bytes, const struct model_card *c, const char *dir);
int web_get(const struct model_card *c, const char *dir);
#endif
