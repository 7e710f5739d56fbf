/* texts.h - hypotheses and references of files, for the tests of scores. */
#ifndef TEXTS_H
#define TEXTS_H

#include "core/score/score.h"

struct texts {
    struct score_texts t;
    char **hyp, **ref;
    int *first;
};
/* texts_load - one hypothesis a line, and groups of references separated by empty lines; it is a
 * bug if a file cannot be read. texts_free - does nothing for a zeroed struct. */
void texts_load(struct texts *x, const char *hyp, const char *ref);
void texts_free(struct texts *x);

/* tsv_load - the cells of a file, rows separated by line breaks and cells by tabs, N_ROWS rows of
 * N_COLS; freed by tsv_free. */
struct tsv {
    char ***row;
    int n_rows, n_cols;
};
void tsv_load(struct tsv *x, const char *path);
void tsv_free(struct tsv *x);
#endif
