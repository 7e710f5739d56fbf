/* fill.c - prose broken into lines. */
#include "core/opt/fill.h"
#include "core/base/terminal.h"

#include <stdbool.h>
#include <string.h>

/* Columns of N bytes of UTF-8, one for each character. */
static int fill_columns(const char *s, int n)
{
    int columns = 0;

    for (int i = 0; i < n; i++)
        columns += ((unsigned char)s[i] & 0xC0) != 0x80;
    return columns;
}

void fill_text(FILE *to, const char *text, int at, int indent)
{
    int width = terminal_columns(to);
    bool first = true;

    width = width > TERMINAL_COLUMNS ? TERMINAL_COLUMNS : width < indent + 20 ? indent + 20 : width;
    for (const char *p = text + strspn(text, " \n"); *p; p += strspn(p, " \n")) {
        int n = (int)strcspn(p, " \n"), columns = fill_columns(p, n);
        if (!first && at + 1 + columns > width) {
            fprintf(to, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        fprintf(to, "%s%.*s", first ? "" : " ", n, p);
        at += columns + !first;
        first = false;
        p += n;
    }
    fputc('\n', to);
}
