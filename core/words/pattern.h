/* pattern.h - the regular expressions of lexer.h as a nondeterministic automaton over UTF-16 units.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "core/words/lexer.h"

/* A set of units: ranges in increasing order, with gaps between them. */
struct unit_range {
    uint16_t first, last;
};
struct unit_set {
    struct unit_range *range;
    int n;
};
bool unit_set_has(const struct unit_set *s, uint16_t u);

/* A state that reads one unit of SET and goes on to OUT, or, if SET is -1, goes on to OUT and OUT2
 * (-1: none) without reading. RULE: it accepts that rule; -1: it does not accept. */
struct nfa_state {
    int set, rule, out, out2;
};
struct nfa {
    struct nfa_state *state;
    struct unit_set *set; /* no two are equal */
    const struct lex_macro *macros;
    int n, cap, n_sets, start;
};

/* nfa_begin - an automaton that matches nothing. nfa_add - let it accept PATTERN followed by FOLLOW
 * (NULL: by anything) as rule RULE. nfa_free - does nothing for a zeroed struct. */
void nfa_begin(struct nfa *a, const struct lex_macro *macros);
void nfa_add(struct nfa *a, const char *pattern, const char *follow, int rule);
void nfa_free(struct nfa *a);
#endif
