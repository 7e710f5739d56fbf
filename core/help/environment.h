/* environment.h - the environment variables that the program reads. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "core/opt/opt_doc.h"

struct environment {
    const char *name;
    const char *meaning; /* a phrase in lower case without a full stop */
    const char *flag; /* matters for commands that have this flag; "": for all; NULL: see COMMAND */
    const char *command; /* matters for this command; NULL: only for the program as a whole */
};
extern const struct environment environment[]; /* ended by NAME NULL */

/* environment_matters - does the man page of command D mention the variable? */
bool environment_matters(const struct environment *e, const struct opt_doc *d);
#endif
