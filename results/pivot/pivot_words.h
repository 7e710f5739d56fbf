/* pivot_words.h - what a table or a figure of a study shows, as name=value words. They come from
 * the command line, from the study's file ("figure: {x: rank, series: targets}") as its plan
 * recorded it, or from the file of a study of this name that is part of the program. */
#ifndef PIVOT_WORDS_H
#define PIVOT_WORDS_H

#include "results/pivot/scope.h"

enum { PIVOT_WORDS = 24 };

struct pivot_words {
    char *name[PIVOT_WORDS], *value[PIVOT_WORDS]; /* owned */
    int n;
};
void pivot_words_free(struct pivot_words *w);

/* pivot_words_set - add a word unless there is one of this name. pivot_words_get - its value, or
 * NULL. pivot_words_lines - the same for each line "name=value" of TEXT (may be NULL). */
void pivot_words_set(struct pivot_words *w, const char *name, const char *value);
const char *pivot_words_get(const struct pivot_words *w, const char *name);
void pivot_words_lines(struct pivot_words *w, const char *text);

/* pivot_words_file - the words of the mapping MEMBER ("table", "figure") of ablations/NAME.yaml.
 * Returns 1; 0 when there is no such file or it has no such mapping; -1 after an error. */
int pivot_words_file(struct pivot_words *w, const char *name, const char *member);

/* pivot_words_take - move the words of PARAMS (NAME, VALUE, ..., NULL) that are in the
 * NULL-terminated KNOWN to W; the others go to REST, which has room for all of them. */
void pivot_words_take(struct pivot_words *w, const char **rest, const char *const *params,
                      const char *const *known);

/* pivot_table_known - the words of a table. */
extern const char *const pivot_table_known[];
#endif
