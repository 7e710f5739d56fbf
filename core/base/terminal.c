/* terminal.c - how wide and how colorful what people read may be. */
#include "core/base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_wide;

int terminal_columns(FILE *to)
{
    struct winsize w = { 0 };
    int fd = fileno(to);

    return fd >= 0 && ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : TERMINAL_COLUMNS;
}

bool terminal_colored(FILE *to)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    int fd = fileno(to);

    return fd >= 0 && isatty(fd) && term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
}
