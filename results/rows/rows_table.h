/* rows_table.h - a table of cells for a terminal. */
#ifndef ROWS_TABLE_H
#define ROWS_TABLE_H

#include "results/rows/rows.h"

/* rows_table - print R as an aligned table that fits the terminal (terminal_columns), unless
 * terminal_wide. A table that is too wide is made narrower in this order, as far as needed:
 * columns in which all rows are alike become a line above it; a single row, or a few, become lines
 * "column  value"; long texts are broken into lines; the last columns are left out, and a line
 * below names them. A single column is left alone: a command in it has to stay one line. */
void rows_table(FILE *to, const struct rows *r);

/* rows_title - print TITLE and an empty line above a table, in lines that fit the terminal unless
 * terminal_wide. */
void rows_title(FILE *to, const char *title);
#endif
