/* found.h - the run, cell, or study that a word of the command line names. */
#ifndef FOUND_H
#define FOUND_H

#include "results/store/store.h"

enum { FOUND_RUN = 1, FOUND_CELL = 2, FOUND_STUDY = 4 };
struct found {
    int kind;       /* one of them */
    char *name;     /* owned: the key of a run or cell (64 digits), or the name of a study */
    char label[48]; /* "run 3fa9c1d2", "study 'rank'" */
    char *keys;     /* owned: the keys of the run, or of the cell's runs, as a JSON list; of a study
                       NULL */
};

/* found_read - what WORD names, of KINDS: the name of a study, or else the first four or more
 * digits of the key of a run or cell. Freed with found_free. Errors: FAIL_USAGE for a word that
 * names nothing, with what it may be a misspelling of, or that names several. */
int found_read(struct found *f, struct store *s, const char *word, int kinds);
void found_free(struct found *f);
#endif
