/* study_table.h - the table that a name stands for: a study's own, a query, or a layout that the
 * file of a study describes. */
#ifndef STUDY_TABLE_H
#define STUDY_TABLE_H

#include "results/store/store.h"

struct study_table {
    struct rows r;
    char *title; /* what the numbers are; NULL: the first line of the query says it */
};

/* study_table - the table NAME with the words PARAMS (NAME, VALUE, ..., NULL; at most
 * STUDY_TABLE_WORDS of them). A study of the store comes first, then the file NAME if it ends in
 * ".sql", the query NAME of HOME/queries or of the program, and the layout that ablations/NAME.yaml
 * describes; "study=S" says that NAME is one of the latter, for study S. PEOPLE: laid out for
 * reading, else one row a cell. Freed by study_table_free in every case. Errors: FAIL_USAGE for an
 * unknown name or word, and when the table would mix cells; FAIL_RUN if there is nothing to show;
 * FAIL_INPUT, FAIL_STORE. */
enum { STUDY_TABLE_WORDS = 20 };
int study_table(struct study_table *t, struct store *s, const char *home, const char *name,
                const char *const *params, bool people);
void study_table_free(struct study_table *t);

/* study_table_names - the tables of the program, with a line about each: queries that people read
 * and layouts that files of studies describe. Errors: FAIL_INPUT, FAIL_USAGE for such a file. */
int study_table_names(struct rows *r);
#endif
