/* opt.c - the values of option tables: defaults, parsing, canonical text. */
#include "core/opt/opt.h"
#include "core/opt/suggest.h"
#include "core/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char fold(char c)
{
    return c == '-' ? '_' : c;
}

bool opt_same_key(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b))
        a++, b++;
    return fold(*a) == fold(*b);
}

bool opt_choice(const struct opt *o, int i, char word[64])
{
    const char *p = o->choices;

    for (; p && i > 0; i--)
        p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL;
    if (!p)
        return false;
    snprintf(word, 64, "%.*s", (int)strcspn(p, "|"), p);
    return true;
}

static int choice_index(const struct opt *o, const char *name)
{
    char word[64];

    for (int i = 0; opt_choice(o, i, word); i++)
        if (strcmp(word, name) == 0)
            return i;
    return -1;
}

static int bad_choice(const struct opt *o, const char *value)
{
    enum { MOST = 64 };
    char words[MOST][64];
    const char *names[MOST + 1] = { 0 };
    struct text list = { 0 };

    for (int i = 0; i < MOST && opt_choice(o, i, words[i]); i++) {
        names[i] = words[i];
        text_join(&list, ", ", "%s", words[i]);
    }
    const char *near = suggest_word(value, names);
    fail(FAIL_USAGE, "'%s' must be %s %s, not '%s'%s%s%s", o->key,
         o->type == OPT_LIST ? "made of" : "one of", text_string(&list), value,
         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    text_free(&list);
    return -1;
}

static void *field_of(const struct opt *o, void *dst)
{
    return (char *)dst + o->at;
}

static void clear_field(const struct opt *o, void *dst)
{
    switch (o->type) {
    case OPT_INT: *(long *)field_of(o, dst) = 0; break;
    case OPT_REAL: *(double *)field_of(o, dst) = 0; break;
    case OPT_BOOL: *(bool *)field_of(o, dst) = false; break;
    case OPT_CHOICE: *(int *)field_of(o, dst) = 0; break;
    case OPT_STR:
    case OPT_LIST: *(char **)field_of(o, dst) = NULL; break;
    case OPT_END: break;
    }
}

void opt_defaults(const struct opt *table, void *dst)
{
    for (const struct opt *o = table; o->type != OPT_END; o++) {
        clear_field(o, dst);
        if (!o->def || (o->type == OPT_LIST && !*o->def))
            continue;
        int rc = opt_set(o, dst, o->def);
        CHECK(rc == 0, "default of '%s': %s", o->key, fail_text());
    }
}

void opt_free(const struct opt *table, void *dst)
{
    for (const struct opt *o = table; o->type != OPT_END; o++) {
        if (o->type == OPT_STR || o->type == OPT_LIST)
            free(*(char **)field_of(o, dst));
        clear_field(o, dst);
    }
}

const struct opt *opt_find(const struct opt *table, const char *key)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        if (opt_same_key(o->key, key))
            return o;
    return NULL;
}

/* The shortest text that reads back equal, as people write it: "1e-5", not "1e-05". */
static void real_text(double v, char *buf, size_t size)
{
    char s[40];

    if (v == floor(v) && fabs(v) < 1e6) {
        snprintf(buf, size, "%.0f", v == 0 ? 0 : v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(s, sizeof s, "%.*g", digits, v);
        if (strtod(s, NULL) == v)
            break;
    }
    char *e = strchr(s, 'e');
    if (e) {
        char *digits = e + 2 + strspn(e + 2, "0");
        char *to = e[1] == '-' ? e + 2 : e + 1;
        memmove(to, digits, strlen(digits) + 1);
    }
    snprintf(buf, size, "%s", s);
}

static bool has_range(const struct opt *o)
{
    return (o->type == OPT_INT || o->type == OPT_REAL) && o->min < o->max &&
           (isfinite(o->min) || isfinite(o->max));
}

static void limit_text(const struct opt *o, double limit, char buf[40])
{
    if (o->type == OPT_INT && fabs(limit) < 1e18)
        snprintf(buf, 40, "%.0f", limit);
    else
        real_text(limit, buf, 40);
}

const char *opt_range(const struct opt *o, char buf[96])
{
    char lo[40], hi[40];

    *buf = 0;
    if (!has_range(o))
        return buf;
    limit_text(o, o->min, lo);
    limit_text(o, o->max, hi);
    if (isinf(o->max))
        snprintf(buf, 96, "at least %s", lo);
    else if (isinf(o->min))
        snprintf(buf, 96, "at most %s", hi);
    else
        snprintf(buf, 96, "from %s to %s", lo, hi);
    return buf;
}

/* Compared as integers: 2^53 + 1 as a double is 2^53. Without a range, that is the limit, so that
 * every integer is exact in JSON and in the database's functions. */
static bool integer_in_range(const struct opt *o, long x)
{
    if (!has_range(o))
        return x >= -OPT_MOST_INT && x <= OPT_MOST_INT;
    return (o->min <= (double)-OPT_MOST_INT ? x >= -OPT_MOST_INT : x >= (long)ceil(o->min)) &&
           (o->max >= (double)OPT_MOST_INT ? x <= OPT_MOST_INT : x <= (long)floor(o->max));
}

static int set_number(const struct opt *o, void *dst, const char *value)
{
    char *end = NULL, range[96];
    bool whole = o->type == OPT_INT;
    double d;
    long l = 0;

    errno = 0;
    if (whole) {
        l = strtol(value, &end, 10);
        d = (double)l;
    } else {
        d = strtod(value, &end);
        if (errno == ERANGE && d != 0 && fabs(d) < 1)
            errno = 0; /* a denormal number is close enough to what was meant */
    }
    bool in_range = whole ? integer_in_range(o, l) : !has_range(o) || (d >= o->min && d <= o->max);
    bool text = end == value || *end || strspn(value, " \t\n\v\f\r") || strpbrk(value, "xX");
    if (!text && !errno && isfinite(d) && in_range) {
        if (whole)
            *(long *)field_of(o, dst) = l;
        else
            *(double *)field_of(o, dst) = d;
        return 0;
    }
    opt_range(o, range);
    if (whole && !has_range(o))
        snprintf(range, sizeof range, "from %ld to %ld", -OPT_MOST_INT, OPT_MOST_INT);
    return fail(FAIL_USAGE, "'%s' must be a %snumber%s%s, not '%s'", o->key, whole ? "whole " : "",
                *range ? " " : "", range, value);
}

static int set_bool(const struct opt *o, void *dst, const char *value)
{
    static const char *const words[] = { "false", "true", "no", "yes", "0", "1" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(value, words[i]) == 0) {
            *(bool *)field_of(o, dst) = i % 2;
            return 0;
        }
    return fail(FAIL_USAGE, "'%s' must be true or false, not '%s'", o->key, value);
}

static bool in_list(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && strncmp(p, word, n) == 0)
            return true;
    return false;
}

/* The words of LIST in the order of the choices; the caller frees the result. */
static char *list_in_order(const struct opt *o, const char *list)
{
    char word[64];
    struct text ordered = { 0 };

    for (int i = 0; opt_choice(o, i, word); i++)
        if (in_list(list, word))
            text_join(&ordered, ",", "%s", word);
    return text_take(&ordered);
}

static int set_list(const struct opt *o, void *dst, const char *value)
{
    char *copy = xstrdup(value), *rest = copy, *word;
    struct text list = { 0 };
    int rc = 0;

    while (rc == 0 && (word = strsep(&rest, ","))) {
        word += strspn(word, " \t\r\n");
        for (size_t n = strlen(word); n > 0 && strchr(" \t\r\n", word[n - 1]);)
            word[--n] = 0;
        if (!*word)
            rc =
                fail(FAIL_USAGE, "'%s' must be words separated by commas, not '%s'", o->key, value);
        else if (o->choices && choice_index(o, word) < 0)
            rc = bad_choice(o, word);
        else if (in_list(text_string(&list), word))
            rc = fail(FAIL_USAGE, "'%s' must name each word once, not '%s' with '%s' twice", o->key,
                      value, word);
        else
            text_join(&list, ",", "%s", word);
    }
    free(copy);
    if (rc == 0 && list.n >= OPT_LIST_SIZE)
        rc = fail(FAIL_USAGE, "'%s' must have fewer than %d characters, not %zu", o->key,
                  (int)OPT_LIST_SIZE, list.n);
    if (rc == 0) {
        const char *words = text_string(&list);
        char *new_list = o->choices ? list_in_order(o, words) : xstrdup(words);
        free(*(char **)field_of(o, dst));
        *(char **)field_of(o, dst) = new_list;
    }
    text_free(&list);
    return rc;
}

int opt_set(const struct opt *o, void *dst, const char *value)
{
    int i;

    switch (o->type) {
    case OPT_INT:
    case OPT_REAL: return set_number(o, dst, value);
    case OPT_BOOL: return set_bool(o, dst, value);
    case OPT_LIST: return set_list(o, dst, value);
    case OPT_STR: {
        char *copy = xstrdup(value); /* made first, because VALUE may be the field itself */
        free(*(char **)field_of(o, dst));
        *(char **)field_of(o, dst) = copy;
        return 0;
    }
    case OPT_CHOICE:
        i = choice_index(o, value);
        if (i < 0)
            return bad_choice(o, value);
        *(int *)field_of(o, dst) = i;
        return 0;
    case OPT_END: break;
    }
    CHECK(false, "option of type %d", (int)o->type);
    return -1;
}

char *opt_canonical(const struct opt *o, const char *value)
{
    struct opt there = *o;
    char text[OPT_LIST_SIZE];
    union {
        long l;
        double d;
        bool b;
        int i;
        char *s;
    } box = { 0 };

    there.at = 0;
    bool ok = opt_set(&there, &box, value) == 0;
    char *out = ok ? xstrdup(opt_text(&there, &box, text, sizeof text)) : NULL;
    if (o->type == OPT_STR || o->type == OPT_LIST)
        free(box.s);
    return out;
}

const char *opt_text(const struct opt *o, const void *src, char *buf, size_t size)
{
    const void *f = (const char *)src + o->at;
    const char *s = NULL;
    char word[64];

    switch (o->type) {
    case OPT_INT: snprintf(buf, size, "%ld", *(const long *)f); return buf;
    case OPT_REAL: real_text(*(const double *)f, buf, size); return buf;
    case OPT_BOOL: s = *(const bool *)f ? "true" : "false"; break;
    case OPT_CHOICE: s = opt_choice(o, *(const int *)f, word) ? word : ""; break;
    case OPT_STR:
    case OPT_LIST: s = *(char *const *)f; break;
    case OPT_END: break;
    }
    snprintf(buf, size, "%s", s ? s : "");
    return buf;
}
