/* rows.h - a table of text cells: the result of a query, or one that a command fills itself. */
#ifndef ROWS_H
#define ROWS_H

#include "core/base/opt.h"

struct rows {
    int n_cols, n_rows;
    char **col;    /* [n_cols] names */
    char **cell;   /* [n_rows * n_cols]; NULL: no value */
    char *numeric; /* [n_cols] 1: every cell with a value is a number */
};
void rows_free(struct rows *r); /* of a zeroed one: nothing */

/* rows_get - a cell by the name of its column; NULL: no value, or no such column. */
const char *rows_get(const struct rows *r, int row, const char *col);

/* rows_init - an empty table with these columns (NULL-terminated). rows_add - one row from as many
 * strings as there are columns; NULL and "" are cells without a value. rows_number - X with at most
 * DIGITS significant digits into BUF, whole numbers in full, "" for NaN; returns BUF. */
void rows_init(struct rows *r, const char *const *cols);
void rows_add(struct rows *r, const char *const *cells);
const char *rows_number(char buf[40], double x, int digits);

/* --- printing (rows_print.c) */

enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON, ROWS_MD, ROWS_LATEX };
#define ROWS_FORMATS "table|csv|json|md|latex"
int rows_print(FILE *to, const struct rows *r, enum rows_format f);
/* rows_print_free - to standard output in this format, then free. */
int rows_print_free(struct rows *r, int format);
/* rows_cell - what people read of a cell: "-" for no value, six digits of a number that has many.
 * BUF holds the text when it is shortened. */
const char *rows_cell(const struct rows *r, int row, int col, char buf[32]);

/* The flag --format, for the option table of a struct T with "int format" (enum rows_format). */
#define FORMAT_OPTION(T)                                                                           \
    {                                                                                              \
        "format", 'f', OPT_CHOICE, offsetof(T, format), "table", 0, 0, ROWS_FORMATS,               \
            "how to print the result"                                                              \
    }
#endif
