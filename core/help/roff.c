/* roff.c - text in the language of man(7). */
#include "core/help/roff.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { WIDTH = 72 };

/* Without these escapes roff prints typographic characters, which a shell would not understand. */
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

/* N bytes of S, escaped; a period at the beginning of a LINE would make it a request, which \&, an
 * empty character, prevents. The caller frees the result. */
static char *roff_escaped(const char *s, size_t n, bool line)
{
    struct text t = { 0 };

    if (line && n > 0 && *s == '.')
        text_add(&t, "\\&");
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t c = 0;
        long size = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (long)(n - i), &c);
        const char *escape = roff_escape(s[i]);
        if (escape)
            text_add(&t, "%s", escape);
        else if (size > 1)
            text_add(&t, "\\[u%04X]", (unsigned)c);
        else
            text_add(&t, "%c", s[i]);
        i += size > 0 ? (size_t)size : 1;
    }
    return text_take(&t);
}

void roff_text(FILE *to, const char *s)
{
    char *escaped = roff_escaped(s, strlen(s), false);

    fputs(escaped, to);
    free(escaped);
}

void roff_prose(FILE *to, const char *s)
{
    size_t at = 0;

    for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
        size_t n = strcspn(s, " \n");
        char *word = roff_escaped(s, n, true);
        if (at > 0 && at + 1 + strlen(word) > WIDTH)
            at = 0, fputc('\n', to);
        fprintf(to, "%s%s", at > 0 ? " " : "", word);
        at += strlen(word) + (at > 0);
        free(word);
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
    char *escaped = roff_escaped(s, strlen(s), true);

    fprintf(to, "%s\n", escaped);
    free(escaped);
}
