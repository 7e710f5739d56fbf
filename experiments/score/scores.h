/* scores.h - what scores need besides texts. */
#ifndef SCORES_H
#define SCORES_H

#include "core/meteor/meteor.h"
#include "core/score/score.h"

/* scores_meteor - *M becomes METEOR's tables in the home folder HOME if one of KINDS
 * (NULL-terminated) needs them, else NULL. The caller calls meteor_close. Errors: those of
 * meteor_open. scores_is_meteor - does K need them? */
int scores_meteor(struct meteor **m, const struct score_kind *const *kinds, const char *home);
bool scores_is_meteor(const struct score_kind *k);
#endif
