/* words_13a.c - tokenizers of machine translation that separate punctuation: mteval-v13a (NIST) in
 * three versions, and tercom's. Every rule concerns ASCII only, so bytes are enough. */
#include "core/words/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A line that grows while it is rewritten. */
struct line {
    char *s;
    size_t n;
};

static void line_put(struct line *l, char c)
{
    l->s[l->n++] = c;
}

/* The last line was rewritten into L; make L the line and give back the old one's memory. No rule
 * makes a line more than three times as long. */
static char *line_end(struct line *l, char *old)
{
    l->s[l->n] = 0;
    free(old);
    return l->s;
}
static struct line line_begin(const char *old)
{
    return (struct line){ .s = xalloc(3 * strlen(old) + 3, 1) };
}

static char *replace_all(char *s, const char *from, const char *to)
{
    if (!strstr(s, from))
        return s;
    struct line l = line_begin(s);
    for (const char *p = s; *p;) {
        bool hit = strncmp(p, from, strlen(from)) == 0;
        for (const char *q = hit ? to : p; hit ? *q : q == p; q++)
            line_put(&l, *q);
        p += hit ? strlen(from) : 1;
    }
    return line_end(&l, s);
}

/* Symbols and punctuation other than apostrophe, comma, hyphen, and period get spaces around them.
 */
static char *separate_symbols(char *s)
{
    struct line l = line_begin(s);

    for (const char *p = s; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool symbol = c < 0x80 && (isspace(c) ? c == ' ' : ispunct(c)) && !strchr("',-.", c);
        if (symbol)
            line_put(&l, ' ');
        line_put(&l, *p);
        if (symbol)
            line_put(&l, ' ');
    }
    return line_end(&l, s);
}

static bool is_stop(char c)
{
    return c == '.' || c == ',';
}

static bool is_number(char c)
{
    return c >= '0' && c <= '9';
}

/* A period or comma is separated unless a digit is before it and after it; a hyphen after a digit
 * is separated. Each rule reads on behind what it has matched, as a regular expression's global
 * replacement does. */
static char *separate_stops(char *s)
{
    struct line l = line_begin(s);
    const char *p;

    for (p = s; *p; p++) {
        line_put(&l, *p);
        if (!is_number(*p) && is_stop(p[1])) {
            line_put(&l, ' ');
            line_put(&l, *++p);
            line_put(&l, ' ');
        }
    }
    s = line_end(&l, s);
    l = line_begin(s);
    for (p = s; *p; p++) {
        bool apart = is_stop(*p) && p[1] && !is_number(p[1]);
        if (apart)
            line_put(&l, ' ');
        line_put(&l, *p);
        if (apart) {
            line_put(&l, ' ');
            line_put(&l, *++p);
        }
    }
    s = line_end(&l, s);
    l = line_begin(s);
    for (p = s; *p; p++) {
        line_put(&l, *p);
        if (is_number(*p) && p[1] == '-') {
            line_put(&l, ' ');
            line_put(&l, *++p);
            line_put(&l, ' ');
        }
    }
    return line_end(&l, s);
}

static char *unescape(char *s)
{
    s = replace_all(s, "&quot;", "\"");
    s = replace_all(s, "&amp;", "&");
    s = replace_all(s, "&lt;", "<");
    return replace_all(s, "&gt;", ">");
}

/* The tokens of S, which it frees, separated by spaces. */
static char *separate(char *s, bool tercom)
{
    if (!tercom)
        s = replace_all(s, "<skipped>", "");
    s = unescape(s);
    char *padded = xprintf(" %s ", s);
    free(s);
    s = separate_symbols(padded);
    if (tercom)
        s = replace_all(s, "'s ", " 's ");
    return separate_stops(s);
}

void words_13a(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++) {
        char *s = separate(xstrdup(text[i]), false);
        words_of_line(w, v, s);
        free(s);
    }
}

void words_mteval(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++) {
        char *s = separate(xstrdup(text[i]), false);
        for (char *p = s; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p |= 0x20;
        words_of_line(w, v, s);
        free(s);
    }
}

static void words_lowered(struct words *w, struct vocabulary *v, char *s)
{
    char *low = text_lower(s);

    words_of_line(w, v, low);
    free(low);
    free(s);
}

void words_mteval_py(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++) {
        words_lowered(w, v, separate(xstrdup(text[i]), false));
        if (words_count(w, w->n - 1) == 0) {
            words_add(w, vocabulary_id(v, "", 0));
            w->first[w->n] = w->n_ids;
        }
    }
}

void words_tercom(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++) {
        char *s = separate(text_lower(text[i]), true);
        words_of_line(w, v, s);
        free(s);
    }
}

void words_lower(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++)
        words_lowered(w, v, xstrdup(text[i]));
}
