/* unigram_norm.c - normalizing a text before it is split into pieces. */
#include "core/text/unigram.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* --- spm.model: SentencePiece's Normalizer */

/* What the characters at *P become, which are passed: a replacement of the map, or one character;
 * U+FFFD for an invalid byte. */
static const char *next_part(const struct charsmap *map, const char **p, const char *end,
                             size_t *size)
{
    size_t used;
    const char *to = charsmap_find(map, *p, (size_t)(end - *p), false, &used), *from = *p;

    if (to) {
        *p += used;
        *size = strlen(to);
        return to;
    }
    uint32_t c = utf8_next(p, end);
    *size = (size_t)(*p - from);
    if (c == 0xFFFD && !(*size == 3 && memcmp(from, "\xEF\xBF\xBD", 3) == 0)) {
        *size = 3;
        return "\xEF\xBF\xBD";
    }
    return from;
}

/* Spaces at the beginning and the end go, and of several neighbors all but one, as far as the model
 * says so. */
static void normalize_spm(const struct unigram_spec *s, const char *text, size_t size,
                          struct text *out)
{
    const char *p = text, *end = text + size, *space = s->escape ? UNIGRAM_SPACE : " ";
    size_t start = out->n, n;
    bool after_space = s->squeeze;

    if (s->dummy_prefix && size > 0)
        text_put(out, space, strlen(space));
    size_t first = out->n;
    while (p < end) {
        n = s->user ? unigram_longest(s->user, p, (size_t)(end - p)) : 0;
        const char *part = n > 0 ? p : next_part(&s->map, &p, end, &n), *stop = part + n;
        p = part == p ? stop : p;
        for (; after_space && part < stop && *part == ' '; part++)
            ;
        if (part == stop)
            continue;
        for (const char *q = part; q < stop; q++)
            if (*q == ' ')
                text_put(out, space, strlen(space));
            else
                text_put(out, q, 1);
        after_space = s->squeeze && stop[-1] == ' ';
    }
    size_t k = strlen(space);
    while (s->squeeze && out->n >= first + k && memcmp(out->s + out->n - k, space, k) == 0)
        out->n -= k;
    if (s->squeeze && out->n == first)
        out->n = start; /* nothing is left but the prefix */
}

/* --- tokenizer.json */

static void replace_all(const struct unigram_step *s, const char *text, size_t size,
                        struct text *out)
{
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    size_t at = 0, from = 0;

    CHECK(match, "no memory for a match");
    while (from <= size && pcre2_match(s->pattern, (PCRE2_SPTR)text, size, from,
                                       PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, NULL) > 0) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(match);
        text_put(out, text + at, v[0] - at);
        text_put(out, s->text, strlen(s->text));
        at = from = v[1];
    }
    text_put(out, text + at, size - at);
    pcre2_match_data_free(match);
}

/* The tokenizers package looks graphemes of fewer than 6 bytes up as a whole, others character by
 * character, and takes the shortest sequence that the map has. */
static void map_grapheme(const struct charsmap *m, const char *p, const char *end, struct text *out)
{
    size_t used;
    const char *to = end - p < 6 ? charsmap_find(m, p, (size_t)(end - p), true, &used) : NULL;

    if (to) {
        text_put(out, to, strlen(to));
        return;
    }
    while (p < end) {
        const char *from = p;
        utf8_next(&p, end);
        to = charsmap_find(m, from, (size_t)(p - from), true, &used);
        text_put(out, to ? to : from, to ? strlen(to) : (size_t)(p - from));
    }
}

static void map_all(const struct charsmap *m, const char *text, size_t size, struct text *out)
{
    const char *p = text, *end = text + size, *start = text;
    utf8proc_int32_t before = -1, state = 0;

    while (p < end) {
        const char *at = p;
        utf8proc_int32_t c = (utf8proc_int32_t)utf8_next(&p, end);
        if (before >= 0 && utf8proc_grapheme_break_stateful(before, c, &state)) {
            map_grapheme(m, start, at, out);
            start = at;
        }
        before = c;
    }
    if (start < end)
        map_grapheme(m, start, end, out);
}

static void lower_all(const char *text, size_t size, struct text *out)
{
    for (const char *p = text, *end = text + size; p < end;) {
        utf8proc_uint8_t low[4];
        utf8proc_int32_t c = (utf8proc_int32_t)utf8_next(&p, end);
        if (c == 0x130) /* the only letter whose lower case is two characters */
            text_put(out, "i\xCC\x87", 3);
        else
            text_put(out, (const char *)low,
                     (size_t)utf8proc_encode_char(utf8proc_tolower(c), low));
    }
}

static void to_form(const char *text, size_t size, int form, struct text *out)
{
    utf8proc_uint8_t *to = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, &to,
                                      (utf8proc_option_t)form);

    if (n < 0) /* not valid UTF-8 */
        text_put(out, text, size);
    else
        text_put(out, (const char *)to, (size_t)n);
    free(to);
}

static bool is_space(uint32_t c)
{
    int k = utf8proc_category((utf8proc_int32_t)c);

    return (c >= 9 && c <= 13) || c == 0x85 || k == UTF8PROC_CATEGORY_ZS ||
           k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP;
}

static void strip(const struct unigram_step *s, const char *text, size_t size, struct text *out)
{
    const char *p = text, *end = text + size, *first = NULL, *last = text;

    while (p < end) {
        const char *at = p;
        if (is_space(utf8_next(&p, end)))
            continue;
        first = first ? first : at;
        last = p;
    }
    const char *from = s->left ? (first ? first : end) : text, *to = s->right ? last : end;
    if (from < to)
        text_put(out, from, (size_t)(to - from));
}

static void run_step(const struct unigram_step *s, const char *text, size_t size, struct text *out)
{
    switch (s->kind) {
    case STEP_MAP: map_all(&s->map, text, size, out); break;
    case STEP_REPLACE: replace_all(s, text, size, out); break;
    case STEP_FORM: to_form(text, size, s->form, out); break;
    case STEP_LOWER: lower_all(text, size, out); break;
    case STEP_STRIP: strip(s, text, size, out); break;
    case STEP_PREPEND:
        if (size > 0)
            text_put(out, s->text, strlen(s->text));
        text_put(out, text, size);
        break;
    }
}

/* Bytes that are not UTF-8, which the steps do not expect, become U+FFFD. */
static void make_valid(const char *text, size_t size, struct text *out)
{
    static const struct charsmap none;

    for (const char *p = text, *end = text + size; p < end;) {
        size_t n;
        const char *part = next_part(&none, &p, end, &n);
        text_put(out, part, n);
    }
}

void unigram_normalize(const struct unigram_spec *s, const char *text, size_t size,
                       struct text *out)
{
    struct text now = { 0 };

    if (s->is_spm) {
        normalize_spm(s, text, size, out);
        return;
    }
    make_valid(text, size, &now);
    for (int i = 0; i < s->n_steps; i++) {
        struct text next = { 0 };
        run_step(&s->step[i], text_string(&now), now.n, &next);
        text_free(&now);
        now = next;
    }
    text_put(out, text_string(&now), now.n);
    text_free(&now);
}
