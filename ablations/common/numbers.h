/* numbers.h - collect the numbers of an analysis and store them. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include "results/store/analyses.h"

/* A growing list; a zeroed struct is an empty one. */
struct numbers {
    struct analysis_row *row;
    size_t n;
};
void numbers_add(struct numbers *t, struct analysis_row row);
void numbers_free(struct numbers *t); /* leaves an empty list */

/* numbers_store - write the numbers of SET to the store, and print a line that says so and names
 * TABLE, the table that shows them. Errors: FAIL_STORE. */
int numbers_store(struct store *s, const struct analysis_set *set, const struct numbers *t,
                  const char *table);
#endif
