/* start.h - the adapter that training starts from, named as the best of a study. */
#ifndef START_H
#define START_H

#include "experiments/assets/session.h"

/* start_resolve - replace *INIT_FROM, an owned string, by what it means: "best:STUDY" by the first
 * 16 digits of the key of the study's best run, by its metric on the split that chooses, and of
 * equal ones the first key, so that the run is recorded and not how it was found; "none", which an
 * axis may have, by NULL. Anything else stays. The study must be finished, because another best run
 * would later make another run of the same recipe. Errors: FAIL_RUN, with the command that trains
 * the study; FAIL_STORE. */
int start_resolve(char **init_from, struct session *s);
#endif
