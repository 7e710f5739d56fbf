/* location.h - where a value was written, for messages. */
#ifndef LOCATION_H
#define LOCATION_H

#include "core/base/fail.h"

#include <stdarg.h>

enum location_kind { LOCATION_PROGRAM, LOCATION_COMMAND_LINE, LOCATION_FILE };
struct location {
    enum location_kind kind;
    const char *name; /* the file's path; else what messages call the place */
    int line, col;    /* in a file, from 1 */
};

/* location_named - a part of this program, such as "the store"; NAME is not copied. */
extern const struct location location_command_line;
struct location location_named(const char *name);

/* location_copy - with a name of its own, which location_free frees. */
struct location location_copy(const struct location *p);
void location_free(struct location *p);

/* location_fail - record FAIL_USAGE "FILE:LINE:COL: TEXT", or "NAME: TEXT" for a place that is
 * not in a file; -1. location_context - put the place before the failure that is recorded
 * already; -1. */
int location_fail(const struct location *p, const char *fmt, ...) PRINTF(2, 3);
int location_vfail(const struct location *p, const char *fmt, va_list ap);
int location_context(const struct location *p);
#endif
