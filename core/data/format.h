/* format.h - the formats of data files. A format NAME is one file core/data/format_NAME.c with
 * "const struct data_format data_format_NAME"; the Makefile writes the table of them. Private to
 * core/data, except for the names. Layer 3. */
#ifndef FORMAT_H
#define FORMAT_H

#include "core/data/data_file.h"

/* A file being read. The cells of a row are offsets in the text of the data file, which is either
 * BUF itself, taken apart in place (reader_keep), or a copy of every cell (reader_store). */
struct reader {
    struct data_file *f;
    const struct task *task;
    const char *path;
    char *buf, *p, *end;        /* the file's text, with a NUL after it; the next record; the end */
    long line;                  /* of p */
    long first;                 /* line on which the record began */
    const char *key[MAX_CELLS]; /* name of a cell's column; NULL: none */
    int file;                   /* index in f->paths */
    void *own;                  /* the format's */
    size_t cap;                 /* bytes allocated of f->text, where cells are copies */
};

struct data_format {
    const char *name, *source;
    int id;                     /* part of run keys; never changes */
    bool header;                /* may have a line that names the columns; else numbers do */
    bool numbered;              /* columns are numbers where no header names them */
    const char *const *columns; /* the columns of every file, NULL-terminated; NULL: the file's */
    const char *suffix;         /* a split may be a folder of files with this ending; NULL: no */
    /* rows - add all rows of the file. Errors: FAIL_INPUT with "PATH:LINE: ...". */
    int (*rows)(struct reader *r);
};
extern const struct data_format *const data_format_table[]; /* generated, NULL-terminated */

/* data_format_find - the format NAME, or NULL. */
const struct data_format *data_format_find(const char *name);

/* reader_row - a new row without cells, on line r->first. reader_store - a copy of TEXT as a cell
 * of the last row. reader_keep - the cells point into r->buf, which becomes F's text.
 * reader_fields - a row of a format with columns of its own: VALUE [columns] are their texts. */
struct row *reader_row(struct reader *r);
void reader_store(struct reader *r, int cell, const char *text);
void reader_keep(struct reader *r);
void reader_fields(struct reader *r, const char *const *value);

/* reader_skip - a row is malformed, as the last failure says: may it be left out? */
bool reader_skip(const struct reader *r);

/* reader_at_end - is there nothing but white space from r->p on? reader_line - the end of the line
 * at r->p, without its CR; *NEXT is where the next line begins. */
bool reader_at_end(const struct reader *r);
char *reader_line(const struct reader *r, char **next);
#endif
