/* query_file.h - queries in files of the user's own. */
#ifndef QUERY_FILE_H
#define QUERY_FILE_H

#include "core/base/base.h"

/* query_file - the text of the query NAME, in this order: the file NAME if it ends in ".sql", the
 * file HOME/queries/NAME.sql, the query of this name that is part of the program. *SQL is owned by
 * the caller, and NULL if there is none. Errors: FAIL_INPUT for a file that cannot be read. */
int query_file(char **sql, const char *home, const char *name);
#endif
