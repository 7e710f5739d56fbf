/* regex.c - from Oniguruma's syntax to PCRE2's. */
#include "core/text/regex.h"
#include "core/base/text.h"
#include "core/base/fail.h"

#include <ctype.h>
#include <string.h>

#define WHITE_SPACE                                                                                \
    "\\x09-\\x0D\\x20\\x85\\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}"   \
    "\\x{3000}"

static int refuse(const char *pattern, const char *path, const char *what, size_t n)
{
    return fail(FAIL_INPUT,
                "'%s': '%.*s' in the pattern '%.200s' of the pre_tokenizer is not supported", path,
                (int)n, what, pattern);
}

/* The escape at *P; IN_CLASS: between brackets. */
static int escape(struct text *out, const char **p, bool in_class, const char *pattern,
                  const char *path)
{
    const char *at = *p;
    char c = at[1];

    *p += 2;
    switch (c) {
    case 's': text_add(out, in_class ? "%s" : "[%s]", WHITE_SPACE); return 0;
    case 'S':
        if (in_class)
            break;
        text_add(out, "[^%s]", WHITE_SPACE);
        return 0;
    case 'd': text_add(out, "\\p{Nd}"); return 0;
    case 'D': text_add(out, "\\P{Nd}"); return 0;
    case 'r':
    case 'n':
    case 't':
    case 'p':
    case 'P':
    case 'x': text_add(out, "\\%c", c); return 0;
    case 'u': { /* four digits */
        size_t n = strspn(*p, "0123456789abcdefABCDEF");
        if (n < 4)
            break;
        text_add(out, "\\x{%.4s}", *p);
        *p += 4;
        return 0;
    }
    default:
        if (c && (unsigned char)c < 128 && !isalnum((unsigned char)c)) {
            text_add(out, "\\%c", c);
            return 0;
        }
    }
    return refuse(pattern, path, at, c ? 2 : 1);
}

/* The part of a class at *P, which begins after its bracket. */
static int class(struct text *out, const char **p, const char *pattern, const char *path)
{
    const char *at = *p;

    if (*at == '\\')
        return escape(out, p, true, pattern, path);
    if (*at == '[' || strncmp(at, "&&", 2) == 0)
        return refuse(pattern, path, at, *at == '[' ? 1 : 2);
    text_add(out, "%c", *at);
    *p += 1;
    return 0;
}

char *regex_translate(const char *pattern, const char *path)
{
    struct text out = { 0 };
    bool in_class = false;
    int rc = 0;

    for (const char *p = pattern; *p && rc == 0;) {
        if (in_class && *p != ']') {
            rc = class(&out, &p, pattern, path);
        } else if (*p == '\\') {
            rc = escape(&out, &p, false, pattern, path);
        } else if (*p == '^' || *p == '$') {
            rc = refuse(pattern, path, p, 1);
        } else if (strncmp(p, "[]", 2) == 0 || strncmp(p, "[^]", 3) == 0) {
            rc = refuse(pattern, path, p, p[1] == ']' ? 2 : 3);
        } else {
            in_class = *p == '[';
            text_add(&out, in_class && p[1] == '^' ? "[^" : "%c", *p);
            p += in_class && p[1] == '^' ? 2 : 1;
        }
    }
    if (rc == 0)
        return text_take(&out);
    text_free(&out);
    return NULL;
}

char *regex_quote(const char *string)
{
    struct text out = { 0 };

    for (const char *p = string; *p; p++)
        text_add(&out, ispunct((unsigned char)*p) ? "\\%c" : "%c", *p);
    return text_take(&out);
}
