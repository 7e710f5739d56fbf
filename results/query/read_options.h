/* read_options.h - flags and words that the commands which read the store have in common. */
#ifndef READ_OPTIONS_H
#define READ_OPTIONS_H

#include "core/opt/opt.h"
#include "results/store/store.h"

struct read_options {
    char *home;
    int format; /* enum rows_format */
    bool list;
};
extern const struct opt read_options[];      /* --home, --format */
extern const struct opt read_options_list[]; /* the same and --list */

/* read_options_open - the database of o->home for reading. */
int read_options_open(struct store **s, const struct read_options *o);

/* read_options_params - the N words "name=value", cut in place, as the NAME, VALUE, ..., NULL of
 * query_rows. The caller frees the list. Errors: NULL after FAIL_USAGE. */
const char **read_options_params(char **word, int n);
#endif
