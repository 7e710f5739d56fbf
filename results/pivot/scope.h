/* scope.h - the cells of a study that a table or a figure is about: the study, and conditions on
 * recipe keys. */
#ifndef SCOPE_H
#define SCOPE_H

#include "results/store/store.h"

enum { SCOPE_WORDS = 32 };

struct scope {
    const char *study; /* NULL: the query's own default */
    const char *where; /* condition in SQL over recipe keys, or NULL */
    const char *key[SCOPE_WORDS], *value[SCOPE_WORDS]; /* "rank" "1,4" */
    int n;
};

/* scope_is_key - is NAME a recipe key that a run of the store has? 1, 0, or -1 after an error. */
int scope_is_key(struct store *s, const char *name);

/* scope_take - fill O with the conditions among PARAMS (NAME, VALUE, ..., NULL): "where", "study"
 * and recipe keys. What is left, and whatever :NAME parameter SQL itself has, goes to REST, which
 * has room for as many words. Errors: FAIL_USAGE for too many words; FAIL_STORE. */
int scope_take(struct scope *o, const char **rest, struct store *s, const char *sql,
               const char *const *params);

/* scope_sql - SQL on the cells of O only: the views study_cells, study_trials, study_values,
 * study_tuning, analysis, analyses and phi are replaced by their rows of these cells. A value is
 * one of those between ';', or between ',' unless the key holds lists ("targets=q;q,v",
 * "rank=1,4"); "none" is no value. The caller frees the text. */
char *scope_sql(const struct scope *o, const char *sql);
#endif
