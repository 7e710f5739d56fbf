/* roff.h - text in the language of man(7), with everything escaped that would mean something. */
#ifndef ROFF_H
#define ROFF_H

#include <stdio.h>

/* roff_text - S as part of a line; it must not begin the line. Characters outside ASCII are written
 * by their code points. */
void roff_text(FILE *to, const char *s);

/* roff_prose - the words of S, broken into lines of moderate length. */
void roff_prose(FILE *to, const char *s);

/* roff_sentence - the same with a capital letter at the beginning and a full stop at the end,
 * unless there is a mark already. */
void roff_sentence(FILE *to, const char *s);

/* roff_literal_line - S as a line of its own whose spaces are kept. */
void roff_literal_line(FILE *to, const char *s);
#endif
