/* sections.h - an answer that consists of several small tables, each with a title. JSON is one
 * object with a member for each table; CSV has "# TITLE" above each table. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "results/store/store.h"

struct sections {
    struct store *s;
    enum rows_format format;
    int n;
};
/* sections_add - print the result of SQL (as query_rows) under TITLE. A table without rows is left
 * out of formats for people unless EMPTY is the line to print instead. sections_end - after the
 * last one. */
void sections_begin(struct sections *o, struct store *s, enum rows_format f);
int sections_add(struct sections *o, const char *title, const char *empty, const char *sql,
                 const char *const *params);
int sections_end(struct sections *o);
#endif
