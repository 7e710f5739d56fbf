/* tok_lines.h - a tokenizer against recorded cases. */
#ifndef TOK_LINES_H
#define TOK_LINES_H

#include "core/text/tok.h"

#include <jansson.h>

/* tok_ids_differ - how the ids differ from those of a recorded case; "" if they are the same. The
 * text is valid until the next call. */
const char *tok_ids_differ(const struct ids *got, const json_t *want);

/* tok_lines - assert that T gives the ids of those cases in a file of JSON lines that WANTED
 * accepts, with ARG; returns their number. A case has "ids", "text" and "pair", or "a" and "b", and
 * maybe "max_len". */
int tok_lines(const struct tok *t, const char *path, bool (*wanted)(const json_t *, int), int arg);
#endif
