/* pivot_table.h - the cells of a study as a table: for people with a column for each value of some
 * keys, for programs with a row for each cell. */
#ifndef PIVOT_TABLE_H
#define PIVOT_TABLE_H

#include "results/pivot/pivot.h"

struct pivot_layout {
    struct pivot_keys rows, cols; /* what tells rows and columns apart */
    struct pivot_keys also;       /* shown beside them, without telling them apart */
    const struct rows *beside;    /* more columns, or NULL: those with a space in their name, of the
                                     row whose other columns, which are keys, are equal */
    bool average;                 /* a last column: the average over the columns, seed by seed */
};

/* pivot_arrange - choose what L leaves open: all keys that tell cells apart are in rows or cols.
 * The last of them becomes the columns if it has few values, and one of sets of matrices, methods
 * or tasks before others. */
void pivot_arrange(struct pivot_layout *l, const struct pivot *p);

/* pivot_table - the table for people into *R. pivot_long - one row a cell with all keys that vary,
 * n, mean, sd, half, median, min and max, and STAT in "shown". Both are freed with rows_free. */
void pivot_table(struct rows *r, const struct pivot *p, const struct pivot_layout *l);
void pivot_long(struct rows *r, const struct pivot *p, const struct pivot_layout *l);
#endif
