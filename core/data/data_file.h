/* data_file.h - the rows of a data file: tsv, csv or jsonl. Private to core/data. Layer 3. */
#ifndef DATA_FILE_H
#define DATA_FILE_H

#include "core/data/task.h"

enum { CELL_TEXT, CELL_PAIR, CELL_LABEL, N_CELLS };

struct row {
    size_t cell[N_CELLS]; /* offset of the cell in struct data_file's text; SIZE_MAX: none */
    long line;            /* line of the file on which the row begins, from 1 */
};
struct data_file {
    char *text; /* NUL-terminated cells */
    struct row *row;
    int n, cap;
    char sha256[65];    /* of the file */
    long n_skipped;     /* malformed rows that were left out */
    long first_skipped; /* the line of the first of them */
};

/* data_file_read - all rows of PATH, with the columns that task K names.
 *   tsv    no quoting: a tab ends a column, a line end ends a row
 *   csv    RFC 4180: quoted fields, doubled quotes, line ends inside quotes
 *   jsonl  one object per line; text cells are strings; labels are strings, numbers or booleans
 * A UTF-8 BOM and CRLF line ends are accepted, blank lines only at the end. Every row must have as
 * many columns as the first one. Values of a jsonl column that K does not name are of no interest,
 * and such a key may occur twice.
 * The first K->skip_bad_rows rows with a wrong number of columns, or in jsonl with anything wrong
 * in their line, are left out and counted; a wrong quote in csv is always an error. The caller
 * frees F with data_file_free. Errors: FAIL_INPUT with "PATH:LINE: ...". */
int data_file_read(struct data_file *f, const char *path, const struct task *k);
void data_file_free(struct data_file *f);

/* data_file_cell - the text of a cell, or NULL for the pair of a task that has none; owned by F. */
const char *data_file_cell(const struct data_file *f, int row, int cell);

/* data_file_shown - TEXT for a message, cut after 60 bytes; in a static buffer that the second
 * next call overwrites. */
const char *data_file_shown(const char *text);
#endif
