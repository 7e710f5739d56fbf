/* study_ranks.h - choose the ranks whose LoRA runs an analysis compares. */
#ifndef STUDY_RANKS_H
#define STUDY_RANKS_H

#include "ablations/common/study_runs.h"

/* study_ranks - a list of ranks such as "4,8,64". GIVEN, if it is not NULL, is checked and
 * copied. Otherwise the list is chosen from the study's LoRA runs with these targets: the N - 1
 * smallest ranks that are at least FROM, and the largest. *out is owned by the caller. Errors:
 * FAIL_USAGE if GIVEN is not a list of ranks; FAIL_RUN if the study has too few, with what is
 * missing; FAIL_STORE. */
int study_ranks(char **out, struct store *s, const struct wanted_runs *w, const char *given,
                long from, int n);
#endif
