/* suggest.h - "did you mean": the known name that is closest to an unknown one. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include "core/opt/opt.h"

/* suggest_word - the word of the NULL-terminated WORDS that is closest to NAME by edit distance, or
 * NULL if none is close. suggest_key - the same for the keys of an option table. */
const char *suggest_word(const char *name, const char *const *words);
const char *suggest_key(const char *name, const struct opt *table);

/* suggest_hint - the end of a message about the unknown NAME, into BUF, which is returned: "; did
 * you mean 'X'?" if a word is close; else "; OTHERWISE"; or, if OTHERWISE is NULL, "; it must be
 * one of a, b, c" with as many words as fit. */
enum { SUGGEST_HINT = 512 };
const char *suggest_hint(char buf[SUGGEST_HINT], const char *name, const char *const *words,
                         const char *otherwise);

/* suggest_fail - record "unknown WHAT 'NAME'" with that hint; returns -1. */
int suggest_fail(enum fail_code code, const char *what, const char *name, const char *const *words,
                 const char *otherwise);
#endif
