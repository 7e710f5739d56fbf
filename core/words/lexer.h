/* lexer.h - a scanner made of regular expressions, with the rules of lex: the longest match wins,
 * and of several rules that match equally much the first one.
 *
 * A lexer works on UTF-16 units, as the scanners that it reproduces do: a character beyond U+FFFF
 * is two units, and a class such as [^a] matches each of them. The automaton is built while it is
 * used, state by state; so a lexer belongs to one thread at a time. */
#ifndef LEXER_H
#define LEXER_H

#include "core/base/base.h"

/* PATTERN - literals match without regard to case; a class [...] matches exactly. ( ) | * + ? {m,n}
 * as usual; \x quotes a character, \uXXXX is one by its number, inside a class as well. {NAME} is a
 * macro. In a class, \L is any letter, \U any upper case letter, \D any decimal digit.
 * FOLLOW - NULL, or a pattern that has to come next: it counts for the length of the match, but is
 * not part of the token. Of several ways to divide the match, the longest token is taken. */
struct lex_rule {
    const char *pattern, *follow;
    int action;
};
struct lex_macro {
    const char *name, *pattern;
};
struct lexer;

/* lexer_new - compile RULES (ended by PATTERN NULL), which may use MACROS (ended by NAME NULL). The
 * tables are the program's own, so a mistake in them is a bug. lexer_free - does nothing for NULL.
 */
struct lexer *lexer_new(const struct lex_rule *rules, const struct lex_macro *macros);
void lexer_free(struct lexer *l);

/* lexer_match - the index of the rule that matches at TEXT, of which SIZE units are there, and the
 * LENGTH of its token; -1: none does. At most LEXER_MOST units are looked at, which keeps the time
 * for a long text proportional to its length. */
enum { LEXER_MOST = 4096 };
int lexer_match(struct lexer *l, const uint16_t *text, size_t size, size_t *length);
#endif
