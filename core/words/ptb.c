/* ptb.c - the tokenizer of the COCO caption scripts: PTBTokenizer, lower case, no punctuation. */
#include "core/base/utf8.h"
#include "core/words/ptb_rules.h"
#include "core/words/words.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* What the scripts remove. They compare with "-LRB-" although the tokens are lower case by then, so
 * parentheses stay, as "-lrb-" and "-rrb-". */
static const char *const punctuation[] = { "''", "'", "``", "`",  ".",   "?", "!",
                                           ",",  ":", "-",  "--", "...", ";" };

/* All texts as UTF-16, each followed by a newline, because what follows a text can decide about its
 * last word ("Inc." before a capital letter). END: where each text ends. */
struct units {
    uint16_t *u;
    size_t n, *end;
};

static void units_add(struct units *x, uint32_t c)
{
    if (c < 0x10000) {
        x->u[x->n++] = (uint16_t)c;
    } else {
        x->u[x->n++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
        x->u[x->n++] = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
}

static struct units join_texts(const char *const *text, int n)
{
    struct units x = { .end = xalloc((size_t)n + 1, sizeof *x.end) };
    size_t size = 1;

    for (int i = 0; i < n; i++)
        size += strlen(text[i]) + 1;
    x.u = xalloc(size, sizeof *x.u);
    for (int i = 0; i < n; i++) {
        const char *p = text[i], *end = p + strlen(p);
        if (i > 0)
            x.u[x.n++] = '\n';
        while (p < end)
            units_add(&x, utf8_next(&p, end));
        x.end[i] = x.n;
    }
    return x;
}

/* N units as UTF-8; the caller frees it. Half of a pair becomes U+FFFD. */
static char *to_utf8(const uint16_t *u, size_t n)
{
    char *s = xalloc(3 * n + 1, 1);
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t c = u[i];
        bool high = c >= 0xD800 && c < 0xDC00, low = c >= 0xDC00 && c < 0xE000;
        if (high && i + 1 < n && u[i + 1] >= 0xDC00 && u[i + 1] < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (u[++i] - 0xDC00u);
        else if (high || low)
            c = 0xFFFD;
        k += (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)s + k);
    }
    s[k] = 0;
    return s;
}

struct change {
    const char *from, *to;
};

static const struct change amp[] = { { "&amp;", "&" }, { NULL, NULL } };

/* S with every FROM replaced by its TO; frees S. Of several the first that matches counts, and what
 * was put in is not looked at again. Only in &amp; upper and lower case are the same. */
static char *replace(char *s, const struct change *c)
{
    int (*compare)(const char *, const char *, size_t) = c == amp ? strncasecmp : strncmp;
    size_t room = 1;

    for (const char *p = s; *p; p++)
        room += 5; /* no TO is longer */
    char *out = xalloc(room, 1);
    size_t k = 0;
    for (const char *p = s; *p;) {
        const struct change *hit = c;
        while (hit->from && compare(p, hit->from, strlen(hit->from)) != 0)
            hit++;
        const char *to = hit->from ? hit->to : p;
        size_t n = hit->from ? strlen(to) : 1;
        memcpy(out + k, to, n);
        k += n;
        p += hit->from ? strlen(hit->from) : 1;
    }
    free(s);
    return out;
}

#define CURLY_SINGLE                                                                               \
    { "\xC2\x91", "`" }, { "\xE2\x80\x98", "`" }, { "\xE2\x80\x9B", "`" },                         \
        { "\xE2\x80\xB9", "`" }, { "\xC2\x92", "'" }, { "\xE2\x80\x99", "'" },                     \
    {                                                                                              \
        "\xE2\x80\xBA", "'"                                                                        \
    }
#define CURLY_DOUBLE                                                                               \
    { "\xC2\x93", "``" }, { "\xE2\x80\x9C", "``" }, { "\xC2\xAB", "``" }, { "\xC2\x94", "''" },    \
        { "\xE2\x80\x9D", "''" },                                                                  \
    {                                                                                              \
        "\xC2\xBB", "''"                                                                           \
    }
static const struct change left[] = { { "&apos;", "`" },  { "'", "`" }, { "\"", "``" },
                                      { "&quot;", "``" }, CURLY_SINGLE, CURLY_DOUBLE,
                                      { NULL, NULL } };
static const struct change right[] = { { "&apos;", "'" }, { "\"", "''" }, { "&quot;", "''" },
                                       CURLY_SINGLE,      CURLY_DOUBLE,   { NULL, NULL } };
static const struct change spaces[] = { { " ", "\xC2\xA0" }, { NULL, NULL } };
static const struct change phone[] = {
    { " ", "\xC2\xA0" }, { "(", "-LRB-" }, { ")", "-RRB-" }, { NULL, NULL }
};
static const struct change soft_hyphen[] = { { "\xC2\xAD", "" }, { NULL, NULL } };
static const struct change currency[] = { { "\xC2\xA2", "cents" }, { "\xC2\xA3", "#" },
                                          { "\xC2\x80", "$" },     { "\xC2\xA4", "$" },
                                          { "\xE2\x82\xA0", "$" }, { "\xE2\x82\xAC", "$" },
                                          { NULL, NULL } };
static const struct change fraction[] = { { "\xC2\xBC", "1/4" },     { "\xC2\xBD", "1/2" },
                                          { "\xC2\xBE", "3/4" },     { "\xE2\x85\x93", "1/3" },
                                          { "\xE2\x85\x94", "2/3" }, { NULL, NULL } };

/* The token that a match of ACTION becomes; LENGTH is reduced by what is to be read again. NULL: no
 * token. */
static char *make_token(enum ptb_action action, const uint16_t *u, size_t *length)
{
    static const struct change *const changes[] = {
        [PTB_JOIN] = spaces, [PTB_PHONE] = phone,       [PTB_WORD] = soft_hyphen,
        [PTB_AMP] = amp,     [PTB_CURRENCY] = currency, [PTB_FRACTION] = fraction,
        [PTB_LEFT] = left,   [PTB_RIGHT] = right,       [PTB_RSB] = NULL
    };
    static const char *const fixed[] = {
        [PTB_DASH] = "--",   [PTB_ELLIPSIS] = "...", [PTB_LESS] = "<",    [PTB_GREATER] = ">",
        [PTB_LRB] = "-LRB-", [PTB_RRB] = "-RRB-",    [PTB_LCB] = "-LCB-", [PTB_RCB] = "-RCB-",
        [PTB_LSB] = "-LSB-", [PTB_RSB] = "-RSB-"
    };
    size_t n = *length;

    if (action == PTB_SPACE || action == PTB_NEWLINE)
        return NULL;
    if (fixed[action])
        return xstrdup(fixed[action]);
    if (action == PTB_HYPHENS && n >= 3 && n <= 4)
        return xstrdup("--");
    if (action == PTB_LEAVE_2 || action == PTB_LEAVE_3)
        *length = n -= action == PTB_LEAVE_2 ? 2 : 3;
    if (action == PTB_ACRONYM || action == PTB_SENTENCE)
        --*length;
    if (action == PTB_ACRONYM && n == 2)
        n--;
    char *s = to_utf8(u, n);
    if (changes[action])
        s = replace(s, changes[action]);
    if (action == PTB_WORD && !*s) {
        free(s);
        s = xstrdup("-");
    }
    return s;
}

static void add_token(struct words *w, struct vocabulary *v, char *token)
{
    char *low = text_lower(token);
    bool drop = false;

    for (size_t i = 0; i < ARRAY_LEN(punctuation); i++)
        drop |= strcmp(low, punctuation[i]) == 0;
    if (!drop)
        words_add(w, vocabulary_id(v, low, strlen(low)));
    free(low);
    free(token);
}

void words_ptb(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    struct units x = join_texts(text, n);
    struct lexer *l = lexer_new(ptb_rules, ptb_macros);
    int i = 0;

    for (size_t at = 0, length; at < x.n; at += length) {
        for (; i < n && at >= x.end[i]; i++)
            words_end(w);
        int rule = lexer_match(l, x.u + at, x.n - at, &length);
        if (rule < 0) { /* a character that the tokenizer does not know is dropped */
            length = 1;
            continue;
        }
        char *token = make_token((enum ptb_action)ptb_rules[rule].action, x.u + at, &length);
        if (token)
            add_token(w, v, token);
    }
    for (; i < n; i++)
        words_end(w);
    lexer_free(l);
    free(x.u);
    free(x.end);
}
