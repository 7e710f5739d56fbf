/* conditions.h - the conditions of a study file: exclude, only, when. */
#ifndef CONDITIONS_H
#define CONDITIONS_H

#include "experiments/study/grid.h"

/* conditions_check - does some run of the study, in one of its forms, have each value that a
 * condition names? A value that no run has is a mistake. Errors: FAIL_USAGE with file:line:col. */
int conditions_check(const struct grid *g, const struct settings *base);
#endif
