/* added.c - finding added tokens in a text. */
#include "core/text/added.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct entry {
    char *text;
    size_t size;
    int id;
    bool single_word, lstrip, rstrip;
};
struct added_set {
    struct entry *e;
    int n;
    bool first[256]; /* bytes with which an entry begins */
};

struct added_set *added_set_make(const struct added *a, bool normalized, char *const *string,
                                 const size_t *size)
{
    struct added_set *s = xalloc(1, sizeof *s);

    s->e = xalloc((size_t)a->n + 1, sizeof *s->e);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < a->n; i++) {
            const struct added_token *t = &a->t[i];
            if (t->normalized != normalized || t->special != (pass == 0) || size[i] == 0)
                continue;
            char *text = xalloc(size[i] + 1, 1);
            memcpy(text, string[i], size[i]);
            s->e[s->n++] =
                (struct entry){ text, size[i], t->id, t->single_word, t->lstrip, t->rstrip };
            s->first[(unsigned char)text[0]] = true;
        }
    return s;
}

void added_set_free(struct added_set *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++)
        free(s->e[i].text);
    free(s->e);
    free(s);
}

/* \w of regular expressions: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, and the two
 * joiners. The circled letters are alphabetic, but of a category of symbols. */
static bool is_word_char(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC: return true;
    default:
        return c == 0x200C || c == 0x200D || (c >= 0x24B6 && c <= 0x24E9) ||
               (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
               (c >= 0x1F170 && c <= 0x1F189);
    }
}

/* Is there no word character right before AT or right after STOP? */
static bool stands_alone(const char *start, const char *at, const char *stop, const char *end)
{
    const char *p = at;

    if (stop < end && is_word_char(utf8_next(&stop, end)))
        return false;
    while (p > start && at - p < 4) {
        p--;
        if (((unsigned char)*p & 0xC0) != 0x80)
            break;
    }
    return p == at || !is_word_char(utf8_next(&p, at));
}

/* White_Space of Unicode. */
static bool is_white_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == 0x85 ||
           (c >= 32 && (utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ZS ||
                        c == 0x2028 || c == 0x2029));
}

/* Where the white space before AT begins, not before FROM. */
static const char *strip_left(const char *from, const char *at)
{
    while (at > from) {
        const char *p = at - 1;
        while (p > from && ((unsigned char)*p & 0xC0) == 0x80)
            p--;
        const char *next = p;
        if (!is_white_space(utf8_next(&next, at)) || next != at)
            break;
        at = p;
    }
    return at;
}

static const char *strip_right(const char *stop, const char *end)
{
    for (const char *p = stop; p < end && is_white_space(utf8_next(&p, end));)
        stop = p;
    return stop;
}

const char *added_next(const struct added_set *s, const char *start, const char *from,
                       const char *end, const char **stop, int *id)
{
    for (const char *p = from; p < end;) {
        const struct entry *best = NULL;
        for (int i = 0; s->first[(unsigned char)*p] && i < s->n; i++) {
            const struct entry *e = &s->e[i];
            if ((!best || e->size > best->size) && (size_t)(end - p) >= e->size &&
                memcmp(p, e->text, e->size) == 0)
                best = e;
        }
        if (!best) {
            p++;
            continue;
        }
        if (!best->single_word || stands_alone(start, p, p + best->size, end)) {
            *stop = p + best->size;
            *id = best->id;
            if (best->rstrip)
                *stop = strip_right(*stop, end);
            return best->lstrip ? strip_left(from, p) : p;
        }
        p += best->size; /* a match that is rejected is passed over as a whole */
    }
    return NULL;
}
