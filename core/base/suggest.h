/* suggest.h - "did you mean": names that are close to one that is unknown. Layer 0. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include "core/base/opt.h"

/* suggest_word - the word of NULL-terminated WORDS closest to NAME by edit distance, or NULL when
 * none is close enough to suggest. suggest_key - the same over the keys of an option table. */
const char *suggest_word(const char *name, const char *const *words);
const char *suggest_key(const char *name, const struct opt *table);

/* suggest_hint - what follows "unknown rank 'NAME'": "; did you mean 'X'?" when a word is close,
 * else "; OTHERWISE", or, with OTHERWISE NULL, "; it must be one of a, b, c" (as many as fit). Into
 * BUF, which is returned. */
enum { SUGGEST_HINT = 512 };
const char *suggest_hint(char buf[SUGGEST_HINT], const char *name, const char *const *words,
                         const char *otherwise);

/* suggest_fail - record "unknown WHAT 'NAME'" with that hint; returns -1. */
int suggest_fail(enum fail_code code, const char *what, const char *name, const char *const *words,
                 const char *otherwise);
#endif
