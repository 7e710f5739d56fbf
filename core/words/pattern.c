/* pattern.c - from regular expressions to automata, by Thompson's construction. */
#include "core/words/pattern.h"
#include "core/words/letters.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { MOST_UNIT = 0xFFFF };

/* A part of the automaton: from START one comes to END, whose way on is still open. */
struct part {
    int start, end;
};
static struct part parse_choice(struct nfa *a, const char **p);

bool unit_set_has(const struct unit_set *s, uint16_t u)
{
    int lo = 0, hi = s->n;

    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (u > s->range[mid].last)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n && u >= s->range[lo].first;
}

static int add_state(struct nfa *a, int set, int out, int out2)
{
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 256;
        a->state = xgrow(a->state, (size_t)a->cap, sizeof *a->state);
    }
    a->state[a->n] = (struct nfa_state){ .set = set, .rule = -1, .out = out, .out2 = out2 };
    return a->n++;
}

/* --- sets */

static void set_add(struct unit_set *s, uint32_t first, uint32_t last)
{
    s->range = xgrow(s->range, (size_t)s->n + 1, sizeof *s->range);
    s->range[s->n++] = (struct unit_range){ (uint16_t)first, (uint16_t)last };
}

static bool unit_is(uint32_t u, char property)
{
    static const struct unit_set newer = { (struct unit_range *)newer_letters,
                                           ARRAY_LEN(newer_letters) };
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)u);

    switch (property) {
    case 'L':
        return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO &&
                !unit_set_has(&newer, (uint16_t)u)) ||
               u == 0x1885 || u == 0x1886; /* letters until Unicode 9 */
    case 'U': /* with the numerals and circled letters that Unicode calls upper case as well */
        return c == UTF8PROC_CATEGORY_LU || (u >= 0x2160 && u <= 0x216F) ||
               (u >= 0x24B6 && u <= 0x24CF);
    default: /* but for those of Sinhala and Tai Laing, which are newer */
        return c == UTF8PROC_CATEGORY_ND && !(u >= 0x0DE6 && u <= 0x0DEF) &&
               !(u >= 0xA9F0 && u <= 0xA9F9);
    }
}

static struct unit_set properties[3]; /* of "LUD"; made once, because it takes a while */

static void make_properties(void)
{
    for (int p = 0; p < 3; p++)
        for (uint32_t u = 0, first = 0, was = 0; u <= MOST_UNIT + 1; u++) {
            bool in = u <= MOST_UNIT && unit_is(u, "LUD"[p]);
            if (in && !was)
                first = u;
            else if (!in && was)
                set_add(&properties[p], first, u - 1);
            was = in;
        }
}

static void set_add_property(struct unit_set *s, char property)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_properties);
    const struct unit_set *p = &properties[strchr("LUD", property) - "LUD"];
    for (int i = 0; i < p->n; i++)
        set_add(s, p->range[i].first, p->range[i].last);
}

static int by_first(const void *a, const void *b)
{
    return ((const struct unit_range *)a)->first - ((const struct unit_range *)b)->first;
}

/* Sort the ranges and join those that touch. */
static void set_tidy(struct unit_set *s)
{
    int k = 0;

    qsort(s->range, (size_t)s->n, sizeof *s->range, by_first);
    for (int i = 0; i < s->n; i++)
        if (k > 0 && s->range[i].first <= (uint32_t)s->range[k - 1].last + 1) {
            if (s->range[i].last > s->range[k - 1].last)
                s->range[k - 1].last = s->range[i].last;
        } else {
            s->range[k++] = s->range[i];
        }
    s->n = k;
}

static void set_invert(struct unit_set *s)
{
    struct unit_set not = { 0 };
    uint32_t next = 0;

    for (int i = 0; i < s->n; i++) {
        if (s->range[i].first > next)
            set_add(&not, next, s->range[i].first - 1u);
        next = s->range[i].last + 1u;
    }
    if (next <= MOST_UNIT)
        set_add(&not, next, MOST_UNIT);
    free(s->range);
    *s = not ;
}

/* The number of the set S, which becomes the automaton's. */
static int set_number(struct nfa *a, struct unit_set *s)
{
    set_tidy(s);
    for (int i = 0; i < a->n_sets; i++)
        if (a->set[i].n == s->n &&
            memcmp(a->set[i].range, s->range, (size_t)s->n * sizeof *s->range) == 0) {
            free(s->range);
            return i;
        }
    a->set = xgrow(a->set, (size_t)a->n_sets + 1, sizeof *a->set);
    a->set[a->n_sets] = *s;
    return a->n_sets++;
}

/* --- parsing */

static uint32_t parse_unit(const char **p)
{
    if (**p != '\\')
        return (unsigned char)*(*p)++;
    ++*p;
    if (**p != 'u')
        return (unsigned char)*(*p)++;
    char digits[5] = { 0 };
    memcpy(digits, *p + 1, 4);
    *p += 5;
    return (uint32_t)strtoul(digits, NULL, 16);
}

static struct unit_set parse_class(const char **p)
{
    struct unit_set s = { 0 };
    bool invert = **p == '^';

    *p += invert; /* [^] is any unit */
    while (**p != ']') {
        CHECK(**p, "a class without its end");
        if (**p == '\\' && strchr("LUD", (*p)[1])) {
            set_add_property(&s, (*p)[1]);
            *p += 2;
            continue;
        }
        uint32_t first = parse_unit(p), last = first;
        if (**p == '-' && (*p)[1] != ']') {
            ++*p;
            last = parse_unit(p);
        }
        set_add(&s, first, last);
    }
    ++*p;
    if (invert) {
        set_tidy(&s);
        set_invert(&s);
    }
    return s;
}

static struct part part_of_set(struct nfa *a, struct unit_set s)
{
    int end = add_state(a, -1, -1, -1);
    int start = add_state(a, set_number(a, &s), end, -1);

    return (struct part){ start, end };
}

static struct part parse_macro(struct nfa *a, const char **p)
{
    size_t n = strcspn(*p, "}");

    for (const struct lex_macro *m = a->macros; m->name; m++)
        if (strlen(m->name) == n && strncmp(m->name, *p, n) == 0) {
            const char *text = m->pattern;
            struct part x = parse_choice(a, &text);
            CHECK(*text == 0, "macro '%s' ends at '%s'", m->name, text);
            *p += n + 1;
            return x;
        }
    CHECK(false, "no macro '%.*s'", (int)n, *p);
    return (struct part){ 0 };
}

static struct part parse_atom(struct nfa *a, const char **p)
{
    /* Letters whose upper or lower case is a letter of ASCII. */
    static const struct {
        uint32_t letter;
        uint16_t relative;
    } relatives[] = { { 's', 0x17F }, { 'i', 0x131 }, { 'i', 0x130 }, { 'k', 0x212A } };
    struct unit_set s = { 0 };
    struct part x;

    if (**p == '(') {
        ++*p;
        x = parse_choice(a, p);
        CHECK(**p == ')', "'(' without ')' before '%s'", *p);
        ++*p;
        return x;
    }
    if (**p == '{') {
        ++*p;
        return parse_macro(a, p);
    }
    if (**p == '[') {
        ++*p;
        s = parse_class(p);
    } else {
        uint32_t u = parse_unit(p);
        set_add(&s, u, u);
        if (u < 0x80 && isalpha((int)u))
            set_add(&s, u ^ 0x20, u ^ 0x20);
        for (size_t i = 0; i < ARRAY_LEN(relatives); i++)
            if ((u | 0x20) == relatives[i].letter)
                set_add(&s, relatives[i].relative, relatives[i].relative);
    }
    return part_of_set(a, s);
}

static struct part join(struct nfa *a, struct part x, struct part y)
{
    a->state[x.end].out = y.start;
    return (struct part){ x.start, y.end };
}

/* X or nothing. */
static struct part optional(struct nfa *a, struct part x)
{
    return (struct part){ add_state(a, -1, x.start, x.end), x.end };
}

/* X once or more often. */
static struct part repeated(struct nfa *a, struct part x)
{
    int end = add_state(a, -1, -1, -1);

    a->state[x.end].out = x.start;
    a->state[x.end].out2 = end;
    return (struct part){ x.start, end };
}

/* {LEAST,MOST} or {LEAST}: the atom, which begins at ATOM, is read again for each copy. */
static struct part parse_count(struct nfa *a, struct part x, const char *atom, const char **p)
{
    char *end;
    long least = strtol(*p + 1, &end, 10), most = *end == ',' ? strtol(end + 1, &end, 10) : least;
    const char *again = atom;

    CHECK(*end == '}' && least >= 0 && most >= 1 && most >= least, "a count at '%s'", *p);
    struct part all = least == 0 ? optional(a, x) : x;
    for (long i = 1; i < most; i++) {
        again = atom;
        x = parse_atom(a, &again);
        all = join(a, all, i < least ? x : optional(a, x));
    }
    *p = end + 1;
    return all;
}

static struct part parse_repeat(struct nfa *a, const char **p)
{
    const char *atom = *p;
    struct part x = parse_atom(a, p);

    if (**p == '*')
        x = optional(a, repeated(a, x));
    else if (**p == '+')
        x = repeated(a, x);
    else if (**p == '?')
        x = optional(a, x);
    else if (**p == '{' && isdigit((unsigned char)(*p)[1]))
        return parse_count(a, x, atom, p);
    else
        return x;
    ++*p;
    return x;
}

static struct part parse_sequence(struct nfa *a, const char **p)
{
    int s = add_state(a, -1, -1, -1);
    struct part x = { s, s };

    while (**p && **p != '|' && **p != ')')
        x = join(a, x, parse_repeat(a, p));
    return x;
}

static struct part parse_choice(struct nfa *a, const char **p)
{
    struct part x = parse_sequence(a, p);

    while (**p == '|') {
        ++*p;
        struct part y = parse_sequence(a, p);
        int end = add_state(a, -1, -1, -1);
        a->state[x.end].out = end;
        a->state[y.end].out = end;
        x = (struct part){ add_state(a, -1, x.start, y.start), end };
    }
    return x;
}

void nfa_begin(struct nfa *a, const struct lex_macro *macros)
{
    *a = (struct nfa){ .macros = macros };
    a->start = add_state(a, -1, -1, -1);
}

void nfa_add(struct nfa *a, const char *pattern, const char *follow, int rule)
{
    const char *p = pattern;
    struct part x = parse_choice(a, &p);

    CHECK(*p == 0, "a pattern ends at '%s'", p);
    if (follow) {
        p = follow;
        x = join(a, x, parse_choice(a, &p));
        CHECK(*p == 0, "a pattern ends at '%s'", p);
    }
    a->state[x.end].rule = rule;
    a->start = add_state(a, -1, x.start, a->start);
}

void nfa_free(struct nfa *a)
{
    for (int i = 0; i < a->n_sets; i++)
        free(a->set[i].range);
    free(a->set);
    free(a->state);
    *a = (struct nfa){ 0 };
}
