/* removal.h - removing a study with the runs that nothing else uses. */
#ifndef REMOVAL_H
#define REMOVAL_H

#include "results/store/store.h"

/* removal_study - remove the study NAME, its plans, analyses, and looks, and of its runs those that
 * no other study has and no other run starts from, with everything that is stored of them. With
 * OLD: only the plans before the newest one, and their runs. *KEYS becomes the keys of the runs
 * that are gone, as a JSON list that the caller frees; their files are the caller's business.
 * Errors: FAIL_STORE; FAIL_RUN while one of these runs is running. */
int removal_study(struct store *s, char **keys, const char *name, bool old);

/* removal_keys - the same list, and nothing is removed. */
int removal_keys(struct store *s, char **keys, const char *name, bool old);

/* removal_shrink - give the pages that are free back to the file system, in *BYTES; 0 when other
 * processes use the database, which is no failure: the pages are used again. */
int removal_shrink(struct store *s, int64_t *bytes);
#endif
