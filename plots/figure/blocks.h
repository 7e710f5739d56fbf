/* blocks.h - the rows of a template's data line, divided into the blocks of a gnuplot data file. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "plots/figure/template.h"
#include "results/rows/rows.h"

/* Rows whose key columns are equal form a block; blocks are in order of appearance. The strings
 * belong to the rows. */
struct blocks {
    const struct rows *r;
    int *key, n_keys;   /* indices of the key columns */
    int *col, n_cols;   /* indices of the columns of the data file */
    int *block_of;      /* [n_rows] the block of each row */
    int *first, n;      /* [n] the first row of each block */
    const char **level; /* [n_levels] the distinct values of the first column: numbers in ascending
                           order, strings in order of appearance */
    int n_levels;
    bool named; /* the levels are strings */
};

/* blocks_init - divide R as the data line SRC says; all of its columns must exist. R must outlive
 * B; *b is freed by blocks_free. */
void blocks_init(struct blocks *b, const struct source *src, const struct rows *r);
void blocks_free(struct blocks *b);

/* blocks_key - the value of key column I in block K. blocks_level - the index of S in b->level. */
const char *blocks_key(const struct blocks *b, int k, int i);
int blocks_level(const struct blocks *b, const char *s);

/* blocks_column - the index of a column of R by its name; -1: no such column. blocks_cell - a cell
 * of R; NULL: no value. blocks_string - the same, "" for no value. */
int blocks_column(const struct rows *r, const char *name);
const char *blocks_cell(const struct rows *r, int row, int col);
const char *blocks_string(const struct rows *r, int row, int col);
#endif
