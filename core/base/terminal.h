/* terminal.h - how wide and how colorful what people read may be. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* The width of what is printed where there is no terminal. */
enum { TERMINAL_COLUMNS = 80 };

/* terminal_columns - the width of the terminal that TO is, or TERMINAL_COLUMNS. terminal_colored -
 * is TO a terminal that may be sent colors? Not with the environment variable NO_COLOR
 * (no-color.org). */
int terminal_columns(FILE *to);
bool terminal_colored(FILE *to);

/* terminal_wide - tables are printed in full, however wide they are (the flag --wide). */
extern bool terminal_wide;
#endif
