/* claims_rows.h - reading the result of a claim's query. */
#ifndef CLAIMS_ROWS_H
#define CLAIMS_ROWS_H

#include "results/rows/rows.h"

/* The cell of row I in column COL. claims_cell - as text, "-" for NULL; claims_number - NAN for
 * NULL or when there is no such column; claims_count - 0 for NULL. */
const char *claims_cell(const struct rows *r, int i, const char *col);
double claims_number(const struct rows *r, int i, const char *col);
long claims_count(const struct rows *r, int i, const char *col);

/* claims_group_end - the first row after I, at most END, that differs from row I in one of COLS
 * (NULL-terminated), by which the rows are sorted. */
int claims_group_end(const struct rows *r, int i, int end, const char *const *cols);
/* claims_with_metric - the first of the rows [FROM, TO) that names its metric, else FROM: a run
 * without results has none. */
int claims_with_metric(const struct rows *r, int from, int to);
#endif
