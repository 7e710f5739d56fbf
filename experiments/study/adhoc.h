/* adhoc.h - a study without a file: the words of 'lowrank sweep rank=1,4,16 targets='q;q,v''. */
#ifndef ADHOC_H
#define ADHOC_H

#include "experiments/recipe/settings.h"

/* adhoc_text - the study NAME (NULL: "sweep_" and the keys that vary) as the text of a study file,
 * from WORDS, of which each has one value or several (axes_word): *TEXT and *NAME_USED, which the
 * caller frees. SEEDS 0: the default. Errors: FAIL_USAGE. */
int adhoc_text(char **text, char **name_used, const char *name, const struct settings *words,
               long seeds);

/* adhoc_path - HOME/studies/NAME.yaml, the file that it becomes when it is swept; the caller frees
 * it. adhoc_write - write it, unless a file that a person wrote is there. Errors: FAIL_USAGE,
 * FAIL_STORE. */
char *adhoc_path(const char *home, const char *name);
int adhoc_write(const char *path, const char *text);
#endif
