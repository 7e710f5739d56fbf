/* utf8.c - the characters of a string, and strings of unknown origin on a terminal. */
#include "core/base/utf8.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD };

/* The number of continuation bytes after a lead byte, and the range of the first of them (Unicode
 * 15, table 3-7); 0 for ASCII and for bytes that cannot lead. */
static int continuation_bytes(unsigned char b, unsigned char *lo, unsigned char *hi)
{
    *lo = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
    *hi = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    return b >= 0xC2 && b <= 0xDF ? 1 : b >= 0xE0 && b <= 0xEF ? 2 : b >= 0xF0 && b <= 0xF4 ? 3 : 0;
}

uint32_t utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p, *stop = (const unsigned char *)end;
    uint32_t c = *s++;
    unsigned char lo, hi;

    *p += 1;
    if (c < 0x80)
        return c;
    int more = continuation_bytes((unsigned char)c, &lo, &hi);
    if (more == 0)
        return REPLACEMENT;
    c &= 0x3Fu >> more;
    for (; more > 0; more--, s++, *p += 1) {
        if (s == stop || *s < lo || *s > hi)
            return REPLACEMENT;
        c = c << 6 | (*s & 0x3Fu);
        lo = 0x80;
        hi = 0xBF;
    }
    return c;
}

bool utf8_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void utf8_print(FILE *to, const char *s)
{
    const char *end = s + strlen(s), *from = s;

    while (s < end) {
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        bool unsafe = utf8_unsafe(c);
        if (!unsafe && c != REPLACEMENT)
            continue;
        fwrite(from, 1, (size_t)(at - from), to);
        from = s;
        if (unsafe)
            fprintf(to, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
        else
            fputs("\xEF\xBF\xBD", to);
    }
    fwrite(from, 1, (size_t)(end - from), to);
}
