/* utf8.h - the characters of a string, and strings of unknown origin on a terminal. */
#ifndef UTF8_H
#define UTF8_H

#include "core/base/macros.h"

/* utf8_next - the character at *P, which moves on by at least one byte but not beyond END; U+FFFD
 * for invalid bytes. */
uint32_t utf8_next(const char **p, const char *end);

/* utf8_unsafe - can the character C change what is shown around it? Control characters (C0, DEL,
 * C1), line and paragraph separators, and those that change the direction of text can. A file name,
 * a label, or a title may contain them and would otherwise move the cursor, hide text, or show it
 * in another order. */
bool utf8_unsafe(uint32_t c);

/* utf8_print - write S for people: an unsafe character as \x1b or \u202e, an invalid byte as
 * U+FFFD. Paths and data that another program reads are printed as they are instead. */
void utf8_print(FILE *to, const char *s);
#endif
