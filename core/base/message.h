/* message.h - messages on standard error; standard output carries results only. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "core/base/macros.h"

/* verbosity - -1 with --quiet, 1 with --verbose, else 0. */
extern int verbosity;

/* note - print a line, unless quiet. detail - print a line if verbose. warn - print a line after
 * "warning: ", unless quiet. All of them
 * keep the progress line intact and print unsafe characters as utf8_print does. */
void note(const char *fmt, ...) PRINTF(1, 2);
void detail(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);

/* output_end - flush TO. Returns 0 when everything was written, or when the reader has closed the
 * pipe ("| head -1") because it has what it wants. A loop that prints much stops when ferror(TO) is
 * set. Errors: FAIL_STORE. */
int output_end(FILE *to);
#endif
