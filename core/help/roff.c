/* roff.c - text in the language of man(7). */
#include "core/help/roff.h"
#include "core/base/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { WIDTH = 72 };

/* Without the escapes roff prints typographic characters, which cannot be copied into a shell. */
static const char *roff_escape(char c)
{
    switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    case '"': return "\\(dq";
    default: return NULL;
    }
}

static void roff_bytes(FILE *to, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c = 0;
        long size = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (long)(n - i), &c);
        const char *escape = roff_escape(s[i]);
        if (escape)
            fputs(escape, to);
        else if (size > 1)
            fprintf(to, "\\[u%04X]", (unsigned)c);
        else
            fputc(s[i], to);
        i += size > 0 ? (size_t)size : 1;
    }
}

void roff_text(FILE *to, const char *s)
{
    roff_bytes(to, s, strlen(s));
}

/* A period at the beginning of a line would make it a request; \& is nothing, and prevents that. */
static void roff_guard(FILE *to, char first)
{
    if (first == '.')
        fputs("\\&", to);
}

void roff_prose(FILE *to, const char *s)
{
    size_t at = 0;

    for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
        size_t n = strcspn(s, " \n");
        if (at > 0 && at + 1 + n > WIDTH) {
            fputc('\n', to);
            at = 0;
        }
        if (at > 0)
            fputc(' ', to);
        else
            roff_guard(to, *s);
        roff_bytes(to, s, n);
        at += n + (at > 0);
        s += n;
    }
    fputc('\n', to);
}

void roff_sentence(FILE *to, const char *s)
{
    size_t n = strlen(s);
    char *t = xprintf("%s%s", s, n > 0 && strchr(".?!:", s[n - 1]) ? "" : ".");

    t[0] = (char)toupper((unsigned char)t[0]);
    roff_prose(to, t);
    free(t);
}

void roff_literal_line(FILE *to, const char *s)
{
    roff_guard(to, *s);
    roff_text(to, s);
    fputc('\n', to);
}
