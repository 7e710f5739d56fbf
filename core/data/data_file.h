/* table.h - the rows of a data file: tsv, csv or jsonl. Private to core/train. Layer 3. */
#ifndef TABLE_H
#define TABLE_H

#include "core/data/dataset.h"

enum { CELL_TEXT, CELL_PAIR, CELL_LABEL, N_CELLS };

struct row {
    size_t cell[N_CELLS]; /* where the cell's text begins in struct data_file's text */
    long line;            /* 1-based line of the file on which the row begins */
};
struct data_file {
    char *text; /* NUL-terminated cells */
    struct row *row;
    int n, cap;
    char sha256[65]; /* of the file */
};

/* data_file_read - all rows of PATH with the columns that the task names.
 *   tsv    no quoting: tabs separate, lines end rows
 *   csv    RFC 4180: quotes, doubled quotes, line ends inside quotes
 *   jsonl  one object a line; text cells are strings, labels strings, numbers or booleans
 * A BOM and CRLF are fine; blank lines are allowed at the end only. Every row must have as many
 * columns as the first. Errors: FAIL_INPUT with "PATH:LINE: ...". */
int data_file_read(struct data_file *t, const char *path, const struct task *k);
void data_file_free(struct data_file *t);
/* data_file_cell - the text, or NULL for the pair of a task that has none. */
const char *data_file_cell(const struct data_file *t, int row, int cell);
/* data_file_shown - TEXT cut at 60 bytes for a message; static ring of 2. */
const char *data_file_shown(const char *text);
#endif
