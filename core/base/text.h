/* text.h - a growing string, and one line made of any string. */
#ifndef TEXT_H
#define TEXT_H

#include "core/base/alloc.h"

#include <stdarg.h>

/* A zeroed struct is the empty string. S is NULL until something has been added, and NUL-terminated
 * from then on; N is its length. */
struct text {
    char *s;
    size_t n, cap;
};

/* text_add, text_append - append formatted text. text_join - the same, preceded by SEPARATOR unless
 * the string is still empty. FMT's arguments must not point into T. */
void text_add(struct text *t, const char *fmt, ...) PRINTF(2, 3);
void text_append(struct text *t, const char *fmt, va_list ap) PRINTF(2, 0);
void text_join(struct text *t, const char *separator, const char *fmt, ...) PRINTF(3, 4);

/* text_put - append SIZE bytes, which may contain NUL and must not be T's own. */
void text_put(struct text *t, const char *bytes, size_t size);
/* text_put_utf8 - the same, with U+FFFD for NUL and for bytes that are not UTF-8. */
void text_put_utf8(struct text *t, const char *bytes, size_t size);

/* text_string - the string so far, "" when it is empty; valid until T changes. text_take - the same
 * as a string that the caller owns and frees; T becomes empty. text_free - free the string; does
 * nothing for a zeroed struct. */
const char *text_string(const struct text *t);
char *text_take(struct text *t);
void text_free(struct text *t);

/* text_one_line - make S, in a buffer of SIZE bytes, one line that a terminal can show: ASCII
 * control characters become spaces, other unsafe characters (utf8.h) and invalid bytes become '?',
 * spaces at the end go, and so does a UTF-8 character that the end of the buffer cut in half. */
void text_one_line(char *s, size_t size);
#endif
