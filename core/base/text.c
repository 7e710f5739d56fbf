/* text.c - a growing string. */
#include "core/base/text.h"
#include "core/base/fail.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

static void text_reserve(struct text *t, size_t more)
{
    size_t need = t->n + more + 1;

    if (need <= t->cap)
        return;
    t->cap = need < 2 * t->cap ? 2 * t->cap : need;
    t->cap = t->cap < SMALLEST ? SMALLEST : t->cap;
    t->s = xgrow(t->s, t->cap, 1);
}

void text_append(struct text *t, const char *fmt, va_list ap)
{
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    CHECK(n >= 0, "cannot format '%s'", fmt);
    text_reserve(t, (size_t)n);
    vsnprintf(t->s + t->n, (size_t)n + 1, fmt, ap);
    t->n += (size_t)n;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    text_append(t, fmt, ap);
    va_end(ap);
}

void text_join(struct text *t, const char *separator, const char *fmt, ...)
{
    va_list ap;

    if (t->n)
        text_add(t, "%s", separator);
    va_start(ap, fmt);
    text_append(t, fmt, ap);
    va_end(ap);
}

void text_put(struct text *t, const char *bytes, size_t size)
{
    text_reserve(t, size);
    if (size)
        memcpy(t->s + t->n, bytes, size);
    t->n += size;
    t->s[t->n] = '\0';
}

void text_put_utf8(struct text *t, const char *bytes, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const char *p = bytes, *end = bytes + size;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        if (c == 0 || c == 0xFFFD)
            text_put(t, replacement, 3);
        else
            text_put(t, at, (size_t)(p - at));
    }
}

const char *text_string(const struct text *t)
{
    return t->s ? t->s : "";
}

char *text_take(struct text *t)
{
    char *s = t->s ? t->s : xstrdup("");

    *t = (struct text){ 0 };
    return s;
}

void text_free(struct text *t)
{
    free(t->s);
    *t = (struct text){ 0 };
}

/* In place, so a replacement is one byte. Returns the new end. */
static char *replace_unsafe(char *s, const char *end)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const char *p = s;
    char *to = s;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        size_t n = (size_t)(p - at);
        bool invalid = c == 0xFFFD && (n != 3 || memcmp(at, replacement, 3) != 0);
        if (c < 0x20 || c == 0x7F) {
            *to++ = ' ';
        } else if (invalid || utf8_unsafe(c)) {
            *to++ = '?';
        } else {
            memmove(to, at, n);
            to += n;
        }
    }
    *to = 0;
    return to;
}

void text_one_line(char *s, size_t size)
{
    size_t n = strlen(s);

    if (n == size - 1) {
        while (n > 0 && ((unsigned char)s[n - 1] & 0xC0) == 0x80)
            n--;
        if (n > 0 && (unsigned char)s[n - 1] >= 0xC0)
            n--;
        s[n] = 0;
    }
    n = (size_t)(replace_unsafe(s, s + n) - s);
    while (n > 0 && s[n - 1] == ' ')
        s[--n] = 0;
}
