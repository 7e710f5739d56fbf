/* separated.h - private to core/data: rows of columns between separators. */
#ifndef SEPARATED_H
#define SEPARATED_H

#include "core/data/format.h"

enum { MAX_FIELDS = 1024 };

struct fields {
    char *text[MAX_FIELDS];
    int n;
};

/* separated_add - append a column to the record. Errors: FAIL_INPUT: too many of them.
 * separated_rows - all rows of R's file, which RECORD takes apart one by one from r->p on. The
 * first one has the header if the task says so. With STRICT an error of RECORD ends it; else it is
 * a malformed row. */
int separated_add(struct fields *f, const struct reader *r, char *text);
int separated_rows(struct reader *r, int (*record)(struct reader *, struct fields *), bool strict);
#endif
