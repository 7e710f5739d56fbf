/* rows.h - a table of text cells: the result of a query, or what a command fills in itself. */
#ifndef ROWS_H
#define ROWS_H

#include "core/opt/opt.h"

struct rows {
    int n_cols, n_rows;
    char **col;    /* [n_cols] names */
    char **cell;   /* [n_rows * n_cols]; NULL: no value */
    char *numeric; /* [n_cols] 1: every cell that has a value is a number */
    char **note;   /* [n_notes] lines that belong below the table */
    int n_notes;
};
void rows_free(struct rows *r); /* a zeroed struct needs no freeing */

/* rows_get - a cell by the name of its column; NULL when it has no value or there is no such column
 * or row. */
const char *rows_get(const struct rows *r, int row, const char *col);

/* rows_init - an empty table with these columns (NULL-terminated). rows_add - add a row; CELLS has
 * as many strings as there are columns, and NULL or "" for a cell without a value. rows_number - X
 * with at most DIGITS significant digits, but whole numbers in full and "" for NaN; into BUF, which
 * is returned. */
void rows_init(struct rows *r, const char *const *cols);
void rows_add(struct rows *r, const char *const *cells);
const char *rows_number(char buf[40], double x, int digits);

/* rows_note - a line that people read below the table, or where a program reads the table, on
 * standard error. */
void rows_note(struct rows *r, const char *fmt, ...) PRINTF(2, 3);

/* rows_view - R as people see it, or as a program reads it: columns whose name ends in " {text}"
 * (such as "69.5 ± 12.7 (2)") are for people only, those that end in " {data}" (the numbers that
 * such a text is made of) for programs only, and names lose these marks. The cells and notes still
 * belong to R, which must outlive the view. */
struct rows rows_view(const struct rows *r, bool people);
void rows_view_free(struct rows *view);

/* --- printing (rows_print.c) */

enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON, ROWS_MD, ROWS_LATEX };
#define ROWS_FORMATS "table|csv|json|md|latex"
/* rows_print - the table in a format, to a stream. Errors: FAIL_STORE when it cannot be written; a
 * reader that went away is not an error. ROWS_TABLE fits the width of the terminal (rows_table.h).
 * rows_print_free - to standard output, then free it. */
int rows_print(FILE *to, const struct rows *r, enum rows_format f);
int rows_print_free(struct rows *r, int format);
/* rows_cell - a cell for people: "-" for no value, a number with many digits rounded to six. BUF
 * holds the rounded number. */
const char *rows_cell(const struct rows *r, int row, int col, char buf[32]);

/* The flag --format, for the option table of a struct T with "int format" (enum rows_format). */
#define FORMAT_OPTION(T)                                                                           \
    {                                                                                              \
        "format", 'f', OPT_CHOICE, offsetof(T, format), "table", 0, 0, ROWS_FORMATS,               \
            "how to print the result"                                                              \
    }
#endif
