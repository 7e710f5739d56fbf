/* normalize.c - METEOR's tokenizer, rule by rule. The rules work on characters, in the order of the
 * original's regular expressions, each of which reads on behind what it has matched. */
#include "core/meteor/normalize.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* A period of an ellipsis, which no rule may touch, until the end. */
#define DOT 0xF8F0u

/* A line as characters, without an end mark. */
struct line {
    uint32_t *c;
    size_t n, cap;
};

static void put(struct line *l, uint32_t c)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->c = xgrow(l->c, l->cap, sizeof *l->c);
    }
    l->c[l->n++] = c;
}

static void put3(struct line *l, uint32_t a, uint32_t b, uint32_t c)
{
    put(l, a);
    put(l, b);
    put(l, c);
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(uint32_t c)
{
    return c >= 'a' && c <= 'z';
}

/* Letters of western European and Cyrillic alphabets, as the original lists them. */
static bool is_alpha(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || is_lower(c) ||
           (c >= 0xC0 && c <= 0x17E && c != 0xD7 && c != 0xF7) || (c >= 0x400 && c <= 0x527) ||
           (c >= 0xA640 && c <= 0xA66E) || (c >= 0xA67E && c <= 0xA697) ||
           (c >= 0x1D00 && c <= 0x1D7F);
}

static bool is_alnum(uint32_t c)
{
    return is_digit(c) || is_alpha(c);
}

/* White space for Java's \s and for its StringTokenizer, which knows no vertical tab. */
static bool is_java_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

static bool is_separator(uint32_t c)
{
    return is_java_space(c) && c != 11;
}

typedef void rule_fn(struct line *out, const struct line *in);

static void apply(struct line *l, rule_fn *rule)
{
    struct line out = { 0 };

    rule(&out, l);
    free(l->c);
    *l = out;
}

/* Spaces around everything but letters, digits, and what later rules look at. */
static void separate_others(struct line *out, const struct line *in)
{
    for (size_t i = 0; i < in->n; i++) {
        uint32_t c = in->c[i];
        bool special = is_alnum(c) || is_java_space(c) ||
                       (c < 0x80 && c && strchr(".'`,-", (int)c)) || c == 0x2018 || c == 0x2019;
        if (special)
            put(out, c);
        else
            put3(out, ' ', c, ' ');
    }
}

/* Two or more periods are a word. */
static void keep_ellipses(struct line *out, const struct line *in)
{
    for (size_t i = 0; i < in->n; i++) {
        size_t end = i;
        while (end < in->n && in->c[end] == '.')
            end++;
        if (end - i < 2) {
            put(out, in->c[i]);
            continue;
        }
        put(out, ' ');
        for (; i < end; i++)
            put(out, DOT);
        put(out, ' ');
        i--;
    }
}

/* A three-character match A b C, of which A and C have a kind, becomes A, TO, C. BEFORE, AFTER:
 * whether the kind is right. */
struct between {
    uint32_t middle;
    bool (*before)(uint32_t), (*after)(uint32_t);
    const char *to;
};

static void replace_between(struct line *l, const struct between *b)
{
    struct line out = { 0 };

    for (size_t i = 0; i < l->n; i++) {
        bool hit =
            i + 2 < l->n && l->c[i + 1] == b->middle && b->before(l->c[i]) && b->after(l->c[i + 2]);
        put(&out, l->c[i]);
        if (!hit)
            continue;
        for (const char *t = b->to; *t; t++)
            put(&out, (unsigned char)*t);
        put(&out, l->c[i + 2]);
        i += 2;
    }
    free(l->c);
    *l = out;
}

static bool no_digit(uint32_t c)
{
    return !is_digit(c);
}

static bool no_alpha(uint32_t c)
{
    return !is_alpha(c);
}

static bool no_alnum(uint32_t c)
{
    return !is_alnum(c);
}

static bool alnum_or_dot(uint32_t c)
{
    return is_alnum(c) || c == '.';
}

static bool letter_s(uint32_t c)
{
    return c == 's';
}

static void same_quotes(struct line *out, const struct line *in)
{
    for (size_t i = 0; i < in->n; i++)
        put(out, in->c[i] == '`' || in->c[i] == 0x2018 || in->c[i] == 0x2019 ? '\'' : in->c[i]);
}

static void same_double_quotes(struct line *out, const struct line *in)
{
    for (size_t i = 0; i < in->n; i++) {
        bool two = in->c[i] == '\'' && i + 1 < in->n && in->c[i + 1] == '\'';
        if (two || in->c[i] == 0x201C || in->c[i] == 0x201D)
            put3(out, ' ', '"', ' ');
        else
            put(out, in->c[i]);
        i += two;
    }
}

static void same_dashes(struct line *out, const struct line *in)
{
    for (size_t i = 0; i < in->n; i++) {
        bool dash = in->c[i] == '-' || in->c[i] == 0x2013;
        bool two = dash && i + 1 < in->n && (in->c[i + 1] == '-' || in->c[i + 1] == 0x2013);
        put(out, dash ? '-' : in->c[i]);
        i += two;
    }
}

/* --- periods at the end of words */

/* A part of a line. */
struct piece {
    const uint32_t *c;
    size_t n;
};

static char *piece_utf8(struct piece p)
{
    char *s = xalloc(4 * p.n + 1, 1);
    size_t k = 0;

    for (size_t i = 0; i < p.n; i++)
        k += (size_t)utf8proc_encode_char((utf8proc_int32_t)p.c[i], (utf8proc_uint8_t *)s + k);
    return s;
}

/* Is the period after the abbreviation kept, when the character NEXT (0: none) begins the word
 * that follows? */
static bool keeps_period(struct piece before, uint32_t next, const struct prefixes *p)
{
    char *s = piece_utf8(before);
    int id = vocabulary_find(&p->words, s, strlen(s));

    free(s);
    if (is_lower(next) || (id >= 0 && !p->only_number[id]))
        return true;
    return id >= 0 && is_digit(next);
}

static void put_word(struct line *out, struct piece word, uint32_t next, const struct prefixes *p)
{
    struct piece before = { word.c, word.n - 1 };
    bool dots = false, letters = false;

    for (size_t i = 0; i < before.n; i++) {
        dots |= before.c[i] == '.';
        letters |= is_alpha(before.c[i]);
    }
    bool ends = word.n > 1 && word.c[word.n - 1] == '.';
    bool mixed = ends && dots && letters; /* "U.S." becomes "US" */
    bool cut = ends && !mixed && !keeps_period(before, next, p);
    for (size_t i = 0; i < word.n - cut; i++)
        if (!mixed || word.c[i] != '.')
            put(out, word.c[i]);
    if (cut) {
        put(out, ' ');
        put(out, '.');
    }
    put(out, ' ');
}

static void cut_periods(struct line *l, const struct prefixes *p)
{
    struct line out = { 0 };
    struct piece word = { 0 };

    for (size_t i = 0; i < l->n;) {
        while (i < l->n && is_separator(l->c[i]))
            i++;
        size_t begin = i;
        if (word.n > 0)
            put_word(&out, word, begin < l->n ? l->c[begin] : 0, p);
        while (i < l->n && !is_separator(l->c[i]))
            i++;
        word = (struct piece){ l->c + begin, i - begin };
    }
    if (word.n > 0)
        put_word(&out, word, 0, p);
    free(l->c);
    *l = out;
}

char *normalize_line(const char *line, const struct prefixes *p)
{
    static const struct between commas[] = { { ',', no_digit, no_digit, " , " },
                                             { ',', is_digit, no_digit, " , " },
                                             { ',', no_digit, is_digit, " , " } };
    static const struct between hyphen = { '-', alnum_or_dot, is_alnum, " " };
    static const struct between apostrophes[] = { { '\'', no_alpha, no_alpha, " ' " },
                                                  { '\'', no_alnum, is_alpha, " ' " },
                                                  { '\'', is_alpha, no_alpha, " ' " },
                                                  { '\'', is_alpha, is_alpha, " '" },
                                                  { '\'', is_digit, letter_s, " '" } };
    struct line l = { 0 };
    const char *end = line + strlen(line);

    put(&l, ' ');
    while (line < end)
        put(&l, utf8_next(&line, end));
    put(&l, ' ');
    apply(&l, separate_others);
    apply(&l, keep_ellipses);
    for (size_t i = 0; i < ARRAY_LEN(commas); i++)
        replace_between(&l, &commas[i]);
    apply(&l, same_quotes);
    apply(&l, same_double_quotes);
    apply(&l, same_dashes);
    replace_between(&l, &hyphen);
    for (size_t i = 0; i < ARRAY_LEN(apostrophes); i++)
        replace_between(&l, &apostrophes[i]);
    cut_periods(&l, p);
    for (size_t i = 0; i < l.n; i++)
        if (l.c[i] == DOT)
            l.c[i] = '.';
        else if (l.c[i] > 0x7F && is_space(l.c[i]) && l.c[i] != 0x85 && l.c[i] != 0x1680 &&
                 l.c[i] != 0x2028 && l.c[i] != 0x2029)
            l.c[i] = ' ';
    size_t begin = 0, stop = l.n; /* Java's trim() removes control characters as well */
    while (begin < stop && l.c[begin] <= ' ')
        begin++;
    while (stop > begin && l.c[stop - 1] <= ' ')
        stop--;
    char *s = piece_utf8((struct piece){ l.c + begin, stop - begin }), *low = text_lower(s);
    free(s);
    free(l.c);
    return low;
}
