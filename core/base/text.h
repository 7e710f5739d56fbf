/* text.h - a growing string. Layer 0. */
#ifndef TEXT_H
#define TEXT_H

#include "core/base/base.h"

/* A zeroed struct is the empty string. S is NULL until something was added, and NUL-terminated
 * afterwards; N is its length. */
struct text {
    char *s;
    size_t n, cap;
};

/* text_add - append formatted text. text_join - append formatted text, preceded by SEPARATOR unless
 * the string is still empty. FMT's arguments must not point into T. */
void text_add(struct text *t, const char *fmt, ...) PRINTF(2, 3);
void text_join(struct text *t, const char *separator, const char *fmt, ...) PRINTF(3, 4);

/* text_string - what was collected, "" when nothing was; valid until T changes. text_take - the
 * same as a string that the caller owns and frees; T becomes empty. text_free - of a zeroed struct:
 * nothing. */
const char *text_string(const struct text *t);
char *text_take(struct text *t);
void text_free(struct text *t);
#endif
