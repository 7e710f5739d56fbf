/* fill.h - prose broken into lines. */
#ifndef FILL_H
#define FILL_H

#include <stdio.h>

/* fill_text - print the words of TEXT and a newline, beginning at column AT and going to a new
 * line, indented by INDENT, wherever a word would pass the width of the terminal, or column 80. */
void fill_text(FILE *to, const char *text, int at, int indent);
#endif
