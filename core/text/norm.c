/* norm.c - BERT's text normalization, exactly as in the tokenizers package. That package has older
 * character categories than utf8proc, so they are in norm_ranges.h; decomposition and case are
 * those of utf8proc. */
#include "core/text/tok.h"
#include "core/text/norm_ranges.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT 0xFFFDu
#define DOTTED_I 0x130u

/* A combining character that is not an accent to be stripped. Marks in a row are collected and put
 * into canonical order. */
struct mark {
    uint32_t c;
    int class;
    size_t at;
};
struct norm {
    char *out;
    size_t n, cap;
    bool lower, strip;
    struct mark *marks;
    size_t n_marks, cap_marks;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c > r[mid].last)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && c >= r[lo].first;
}

bool is_bert_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_bert_control(uint32_t c)
{
    if (c < 0x80)
        return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    return in_ranges(c, control_ranges, ARRAY_LEN(control_ranges));
}

bool is_bert_punct(uint32_t c)
{
    if (c < 0x80)
        return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
               (c >= '{' && c <= '~');
    return in_ranges(c, punct_ranges, ARRAY_LEN(punct_ranges));
}

bool is_cjk(uint32_t c)
{
    /* 0x2B920 is a mistake in the tokenizers package for 0x2B820; with it we get the same ids. */
    static const struct range cjk[] = {
        { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },   { 0x20000, 0x2A6DF },
        { 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F }, { 0x2B920, 0x2CEAF }, { 0x2F800, 0x2FA1F },
    };

    return c >= 0x3400 && in_ranges(c, cjk, ARRAY_LEN(cjk));
}

/* The lower case of letters that are newer than Unicode 15 and than older versions of utf8proc. */
static uint32_t lower_new(uint32_t c)
{
    static const struct {
        uint32_t first, last, to;
    } rows[] = {
        { 0x1C89, 0x1C89, 0x1C8A },    { 0xA7CB, 0xA7CB, 0x0264 }, { 0xA7CC, 0xA7CC, 0xA7CD },
        { 0xA7CE, 0xA7CE, 0xA7CF },    { 0xA7D2, 0xA7D2, 0xA7D3 }, { 0xA7D4, 0xA7D4, 0xA7D5 },
        { 0xA7DA, 0xA7DA, 0xA7DB },    { 0xA7DC, 0xA7DC, 0x019B }, { 0x10D50, 0x10D65, 0x10D70 },
        { 0x16EA0, 0x16EB8, 0x16EBB },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (c >= rows[i].first && c <= rows[i].last)
            return rows[i].to + (c - rows[i].first);
    return c;
}

static uint32_t lower_case(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    uint32_t low = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
    return low != c || c < 0x1C89 ? low : lower_new(c);
}

static void norm_append(struct norm *v, uint32_t c)
{
    if (v->cap - v->n < 8) {
        v->cap = v->cap * 2 + 64;
        v->out = xgrow(v->out, v->cap, 1);
    }
    if (c < 0x80)
        v->out[v->n++] = (char)c;
    else
        v->n +=
            (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)v->out + v->n);
}

static void norm_put(struct norm *v, uint32_t c)
{
    if (v->lower && c == DOTTED_I) { /* the only letter whose lower case has two characters */
        norm_append(v, 'i');
        norm_append(v, 0x307);
    } else {
        norm_append(v, v->lower ? lower_case(c) : c);
    }
}

static int mark_order(const void *x, const void *y)
{
    const struct mark *a = x, *b = y;

    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void norm_put_marks(struct norm *v)
{
    if (v->n_marks > 1)
        qsort(v->marks, v->n_marks, sizeof *v->marks, mark_order);
    for (size_t i = 0; i < v->n_marks; i++)
        norm_put(v, v->marks[i].c);
    v->n_marks = 0;
}

/* One character after decomposition. Accents are dropped before marks are ordered, which does not
 * change the order of the other marks. A character of combining class 0, even if it is an accent,
 * ends a row of marks. */
static void norm_put_decomposed(struct norm *v, uint32_t c)
{
    bool accent = c >= 0x300 && in_ranges(c, accent_ranges, ARRAY_LEN(accent_ranges));
    bool mark = !accent && c >= 0x300 && in_ranges(c, mark_ranges, ARRAY_LEN(mark_ranges));
    int class = accent || mark ? utf8proc_get_property((utf8proc_int32_t)c)->combining_class : 0;

    if (class == 0)
        norm_put_marks(v);
    if (mark && class != 0) {
        if (v->n_marks == v->cap_marks) {
            v->cap_marks = v->cap_marks * 2 + 8;
            v->marks = xgrow(v->marks, v->cap_marks, sizeof *v->marks);
        }
        v->marks[v->n_marks] = (struct mark){ c, class, v->n_marks };
        v->n_marks++;
    } else if (!accent) {
        norm_put(v, c);
    }
}

static void norm_add(struct norm *v, uint32_t c)
{
    utf8proc_int32_t part[8];
    int boundary = 0;

    if (!v->strip) {
        norm_put(v, c);
    } else if (c < 0xC0 ||
               (c > 0xFFFF && !in_ranges(c, astral_decomposed, ARRAY_LEN(astral_decomposed)))) {
        norm_put_decomposed(v, c);
    } else {
        long n = utf8proc_decompose_char((utf8proc_int32_t)c, part, (long)ARRAY_LEN(part),
                                         UTF8PROC_DECOMPOSE, &boundary);
        CHECK(n >= 0 && n <= (long)ARRAY_LEN(part), "U+%04X decomposes into %ld", (unsigned)c, n);
        for (long i = 0; i < n; i++)
            norm_put_decomposed(v, (uint32_t)part[i]);
    }
}

char *norm_bert(const char *text, size_t size, bool clean, bool cjk, bool lower, bool strip,
                size_t *out_size)
{
    struct norm v = { .lower = lower, .strip = strip, .cap = size + 16 };
    const char *p = text, *end = text + size;

    v.out = xalloc(v.cap, 1);
    while (p < end) {
        uint32_t c = utf8_next(&p, end);
        if (clean) {
            if (c == REPLACEMENT || is_bert_control(c))
                continue;
            if (is_bert_space(c))
                c = ' ';
        }
        bool spaced = cjk && is_cjk(c);
        if (spaced)
            norm_add(&v, ' ');
        norm_add(&v, c);
        if (spaced)
            norm_add(&v, ' ');
    }
    norm_put_marks(&v);
    norm_append(&v, 0);
    *out_size = v.n - 1;
    free(v.marks);
    return v.out;
}
