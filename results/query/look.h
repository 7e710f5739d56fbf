/* look.h - what the commands that read the store have in common: flags, parameters, sections. */
#ifndef LOOK_H
#define LOOK_H

#include "core/base/opt.h"
#include "results/store/store.h"

struct look {
    char *home;
    int format; /* enum rows_format */
    bool list;
};
extern const struct opt look_opts[];      /* --home, --format */
extern const struct opt look_list_opts[]; /* and --list */

/* look_open - the database of cfg->home for reading. */
int look_open(struct store **s, const struct look *cfg);

/* look_params - "name=value" words as the NAME, VALUE, ..., NULL of store_query; the words are
 * cut in place. Caller frees the list. Errors: NULL after FAIL_USAGE. */
const char **look_params(char **word, int n);

/* look_list - name and first line of every built-in query; TABLES: only of those that people read,
 * not of what figures ("fig_"), verdicts ("claim_") and the report ("page_") are made of. */
int look_list(enum rows_format f, bool tables);
/* look_unknown - FAIL_USAGE for a query NAME that is not there; COMMAND lists them. */
int look_unknown(const char *name, const char *command);

/* Sections: several small tables of one answer. JSON: one object, a member each; CSV: "# TITLE"
 * above each. A section without rows is left out where people read, unless EMPTY says what to
 * print. */
struct sections {
    struct store *s;
    enum rows_format format;
    int n;
};
void sections_begin(struct sections *o, struct store *s, enum rows_format f);
int sections_add(struct sections *o, const char *title, const char *empty, const char *sql,
                 const char *const *params);
int sections_end(struct sections *o);
#endif
