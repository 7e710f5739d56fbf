/* data_file.h - the rows of a split's data files. Private to core/data. Layer 3. */
#ifndef DATA_FILE_H
#define DATA_FILE_H

#include "core/data/data_paths.h"
#include "core/data/task.h"

/* The cells of a row that a task's examples are made of: of classification and regression the
 * columns themselves, of generation the prompt and the target. */
enum {
    CELL_TEXT,
    CELL_PAIR,
    CELL_LABEL,
    N_CELLS,
    CELL_PROMPT = CELL_TEXT,
    CELL_TARGET = CELL_LABEL
};

/* While a file is read, a row has the columns of the task's templates instead. */
enum { MAX_CELLS = TASK_MAX_COLUMNS };

struct row {
    size_t cell[MAX_CELLS]; /* offset of the cell in struct data_file's text; SIZE_MAX: none */
    long line;              /* line of its file on which the row's record begins, from 1 */
    int file;               /* index in paths */
};
struct data_file {
    char *text; /* NUL-terminated cells */
    size_t size;
    struct row *row;
    int n, cap;
    struct data_paths paths;
    char sha256[65];    /* of the file, or of all files of a folder (data_paths.h) */
    long n_skipped;     /* malformed rows that were left out */
    long first_skipped; /* the line of the first of them */
};

/* data_file_read - all rows of PATH, with the columns that task K names, in K's format (format.h):
 *   tsv      no quoting: a tab, or K's separator, ends a column, a line end ends a row
 *   csv      RFC 4180: quoted fields, doubled quotes, line ends inside quotes
 *   jsonl    one object per line; text cells are strings; labels are strings, numbers or booleans
 *   json     a list of such objects
 *   webnlg, wikisql, dart    the corpora as published
 * PATH may be a folder of webnlg's files. A UTF-8 BOM and CRLF line ends are accepted, blank lines
 * only at the end. Every row must have as many columns as the first one. Values of a jsonl column
 * that K does not name are of no interest, and such a key may occur twice.
 * The first K->skip_bad_rows rows with a wrong number of columns, or in json and jsonl with
 * anything wrong in an object, are left out and counted; a wrong quote in csv is always an error.
 * In a generation task the rows that K's "keep" leaves out are not there, and the prompt and the
 * target are K's templates with the columns of the row, in which CRLF is LF. The caller frees F
 * with data_file_free. Errors: FAIL_INPUT with "PATH:LINE: ...". */
int data_file_read(struct data_file *f, const char *path, const struct task *k);
void data_file_free(struct data_file *f);

/* data_file_cell - the text of a cell, or NULL for the pair of a task that has none; owned by F.
 * data_file_path - the file that a row is in. */
const char *data_file_cell(const struct data_file *f, int row, int cell);
const char *data_file_path(const struct data_file *f, int row);

/* data_file_shown - TEXT for a message, cut after 60 bytes; in a static buffer that the second
 * next call overwrites. */
const char *data_file_shown(const char *text);
#endif
