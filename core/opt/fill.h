/* fill.h - prose broken into lines. */
#ifndef FILL_H
#define FILL_H

#include <stdio.h>

/* The width of help on a terminal. */
enum { FILL_WIDTH = 80 };

/* fill_text - print the words of TEXT and a newline, beginning at column AT and going to a new
 * line, indented by INDENT, wherever a word would pass column FILL_WIDTH. */
void fill_text(FILE *to, const char *text, int at, int indent);
#endif
