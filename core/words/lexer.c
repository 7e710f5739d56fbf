/* lexer.c - a scanner as a lazily built deterministic automaton. */
#include "core/words/lexer.h"
#include "core/words/pattern.h"
#include "core/words/words.h"

#include <stdlib.h>
#include <string.h>

enum { UNITS = 65536, UNKNOWN = -2, DEAD = -1 };

/* A state of the deterministic automaton: a set of NFA states, and where each class of units leads.
 */
struct dfa_state {
    int *set, n;
    int rule; /* the first one that accepts here, or -1 */
    int *next;
};
struct automaton {
    struct nfa nfa;
    struct dfa_state *state;
    int n, cap;
    int *hash, n_hash; /* of states, by their sets; n_hash is a power of two */
    unsigned *mark;    /* per NFA state: the last generation that reached it */
    unsigned generation;
    int *list, n_list, *stack;
};
struct lexer {
    const struct lex_rule *rules;
    struct automaton all, *token, *follow; /* token, follow: per rule with FOLLOW */
    int n_rules;
    uint16_t class_of[UNITS];
    int n_classes;
    uint16_t *example; /* a unit of each class */
};

/* --- classes: units that no set tells apart */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Every set begins and ends at one of the cuts, so the units between two cuts behave alike. */
static uint32_t *find_cuts(const struct nfa *a, int *n)
{
    size_t room = 2;

    for (int s = 0; s < a->n_sets; s++)
        room += 2 * (size_t)a->set[s].n;
    uint32_t *cut = xalloc(room, sizeof *cut);
    int k = 0;
    cut[k++] = 0;
    cut[k++] = UNITS;
    for (int s = 0; s < a->n_sets; s++)
        for (int r = 0; r < a->set[s].n; r++) {
            cut[k++] = a->set[s].range[r].first;
            cut[k++] = (uint32_t)a->set[s].range[r].last + 1;
        }
    qsort(cut, (size_t)k, sizeof *cut, by_number);
    *n = 1;
    for (int i = 1; i < k; i++)
        if (cut[i] != cut[*n - 1])
            cut[(*n)++] = cut[i];
    return cut;
}

static void make_classes(struct lexer *l)
{
    const struct nfa *a = &l->all.nfa;
    int n_cuts;
    uint32_t *cut = find_cuts(a, &n_cuts);
    size_t words = (size_t)a->n_sets / 64 + 1;
    uint64_t *seen = xalloc((size_t)n_cuts * words, sizeof *seen);

    l->example = xalloc((size_t)n_cuts, sizeof *l->example);
    for (int i = 0; i + 1 < n_cuts; i++) {
        uint64_t *sign = seen + (size_t)l->n_classes * words;
        memset(sign, 0, words * sizeof *sign);
        for (int s = 0; s < a->n_sets; s++)
            if (unit_set_has(&a->set[s], (uint16_t)cut[i]))
                sign[s / 64] |= 1ULL << (s % 64);
        int c = 0;
        while (c < l->n_classes &&
               memcmp(seen + (size_t)c * words, sign, words * sizeof *sign) != 0)
            c++;
        if (c == l->n_classes)
            l->example[l->n_classes++] = (uint16_t)cut[i];
        for (uint32_t u = cut[i]; u < cut[i + 1]; u++)
            l->class_of[u] = (uint16_t)c;
    }
    free(seen);
    free(cut);
}

/* --- the deterministic automaton */

static void automaton_reach(struct automaton *a, int s)
{
    int n = 0;

    a->stack[n++] = s;
    while (n > 0) {
        s = a->stack[--n];
        if (s < 0 || a->mark[s] == a->generation)
            continue;
        a->mark[s] = a->generation;
        const struct nfa_state *x = &a->nfa.state[s];
        if (x->set >= 0 || x->rule >= 0)
            a->list[a->n_list++] = s;
        if (x->set < 0) {
            a->stack[n++] = x->out2;
            a->stack[n++] = x->out;
        }
    }
}

static int by_int(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void automaton_rehash(struct automaton *a)
{
    a->n_hash = a->n_hash ? 2 * a->n_hash : 256;
    a->hash = xgrow(a->hash, (size_t)a->n_hash, sizeof *a->hash);
    for (int i = 0; i < a->n_hash; i++)
        a->hash[i] = -1;
    for (int s = 0; s < a->n; s++) {
        uint64_t h = hash_bytes(a->state[s].set, (size_t)a->state[s].n * sizeof(int));
        while (a->hash[h & (uint64_t)(a->n_hash - 1)] >= 0)
            h++;
        a->hash[h & (uint64_t)(a->n_hash - 1)] = s;
    }
}

/* The state for the NFA states of a->list: a known one, or a new one. */
static int automaton_state(struct automaton *a, int n_classes)
{
    if (a->n_list == 0)
        return DEAD;
    qsort(a->list, (size_t)a->n_list, sizeof *a->list, by_int);
    size_t size = (size_t)a->n_list * sizeof *a->list;
    if (2 * (a->n + 1) > a->n_hash)
        automaton_rehash(a);
    uint64_t h = hash_bytes(a->list, size);
    for (int s; (s = a->hash[h & (uint64_t)(a->n_hash - 1)]) >= 0; h++)
        if (a->state[s].n == a->n_list && memcmp(a->state[s].set, a->list, size) == 0)
            return s;
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 64;
        a->state = xgrow(a->state, (size_t)a->cap, sizeof *a->state);
    }
    struct dfa_state *d = &a->state[a->n];
    *d = (struct dfa_state){ .set = xalloc((size_t)a->n_list, sizeof *d->set),
                             .n = a->n_list,
                             .rule = -1,
                             .next = xalloc((size_t)n_classes, sizeof *d->next) };
    memcpy(d->set, a->list, size);
    for (int c = 0; c < n_classes; c++)
        d->next[c] = UNKNOWN;
    for (int i = 0; i < d->n; i++) {
        int rule = a->nfa.state[d->set[i]].rule;
        if (rule >= 0 && (d->rule < 0 || rule < d->rule))
            d->rule = rule;
    }
    a->hash[h & (uint64_t)(a->n_hash - 1)] = a->n;
    return a->n++;
}

static int automaton_step(const struct lexer *l, struct automaton *a, int from, int class)
{
    int to = a->state[from].next[class];

    if (to != UNKNOWN)
        return to;
    a->generation++;
    a->n_list = 0;
    for (int i = 0; i < a->state[from].n; i++) {
        const struct nfa_state *x = &a->nfa.state[a->state[from].set[i]];
        if (x->set >= 0 && unit_set_has(&a->nfa.set[x->set], l->example[class]))
            automaton_reach(a, x->out);
    }
    to = automaton_state(a, l->n_classes);
    a->state[from].next[class] = to;
    return to;
}

/* State 0 is where every match begins. */
static void automaton_init(struct automaton *a, int n_classes)
{
    a->mark = xalloc((size_t)a->nfa.n, sizeof *a->mark);
    a->list = xalloc((size_t)a->nfa.n, sizeof *a->list);
    a->stack = xalloc(2 * (size_t)a->nfa.n + 2, sizeof *a->stack);
    a->generation = 1;
    automaton_reach(a, a->nfa.start);
    automaton_state(a, n_classes);
}

static void automaton_free(struct automaton *a)
{
    for (int s = 0; s < a->n; s++) {
        free(a->state[s].set);
        free(a->state[s].next);
    }
    nfa_free(&a->nfa);
    free(a->state);
    free(a->hash);
    free(a->mark);
    free(a->list);
    free(a->stack);
}

struct lexer *lexer_new(const struct lex_rule *rules, const struct lex_macro *macros)
{
    struct lexer *l = xalloc(1, sizeof *l);

    l->rules = rules;
    while (rules[l->n_rules].pattern)
        l->n_rules++;
    l->token = xalloc((size_t)l->n_rules, sizeof *l->token);
    l->follow = xalloc((size_t)l->n_rules, sizeof *l->follow);
    nfa_begin(&l->all.nfa, macros);
    for (int r = 0; r < l->n_rules; r++) {
        nfa_add(&l->all.nfa, rules[r].pattern, rules[r].follow, r);
        if (!rules[r].follow)
            continue;
        nfa_begin(&l->token[r].nfa, macros);
        nfa_add(&l->token[r].nfa, rules[r].pattern, NULL, 0);
        nfa_begin(&l->follow[r].nfa, macros);
        nfa_add(&l->follow[r].nfa, rules[r].follow, NULL, 0);
    }
    make_classes(l); /* the sets of the parts are among those of the whole */
    automaton_init(&l->all, l->n_classes);
    for (int r = 0; r < l->n_rules; r++)
        if (rules[r].follow) {
            automaton_init(&l->token[r], l->n_classes);
            automaton_init(&l->follow[r], l->n_classes);
        }
    return l;
}

void lexer_free(struct lexer *l)
{
    if (!l)
        return;
    for (int r = 0; r < l->n_rules; r++) {
        automaton_free(&l->token[r]);
        automaton_free(&l->follow[r]);
    }
    automaton_free(&l->all);
    free(l->token);
    free(l->follow);
    free(l->example);
    free(l);
}

/* Does A accept the whole of TEXT? */
static bool accepts(const struct lexer *l, struct automaton *a, const uint16_t *text, size_t size)
{
    int s = 0;

    for (size_t i = 0; i < size && s >= 0; i++)
        s = automaton_step(l, a, s, l->class_of[text[i]]);
    return s >= 0 && a->state[s].rule >= 0;
}

int lexer_match(struct lexer *l, const uint16_t *text, size_t size, size_t *length)
{
    int s = 0, rule = -1;

    *length = 0;
    for (size_t i = 0; i < size && i < LEXER_MOST; i++) {
        s = automaton_step(l, &l->all, s, l->class_of[text[i]]);
        if (s < 0)
            break;
        if (l->all.state[s].rule >= 0) {
            rule = l->all.state[s].rule;
            *length = i + 1;
        }
    }
    if (rule < 0 || !l->rules[rule].follow)
        return rule;
    size_t end = *length;
    while (!(accepts(l, &l->token[rule], text, *length) &&
             accepts(l, &l->follow[rule], text + *length, end - *length)))
        --*length;
    return rule;
}
