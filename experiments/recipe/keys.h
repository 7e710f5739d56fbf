/* keys.h - the keys that recipes and study files may have. */
#ifndef KEYS_H
#define KEYS_H

#include "core/opt/suggest.h"

/* keys_find - the table entry of a recipe key, of whichever method; NULL: unknown. Methods may have
 * the same key with different defaults and ranges; then the entry is that of one of them. */
const struct opt *keys_find(const char *key);

/* keys_hint - what follows "unknown key 'KEY'": the key that was probably meant, or where to find
 * all of them; into BUF, which is returned. */
const char *keys_hint(char buf[SUGGEST_HINT], const char *key);

/* keys_of_study - the keys at the top of a study file, NULL-terminated. keys_is_study - is KEY
 * one? */
extern const char *const keys_of_study[];
bool keys_is_study(const char *key);

/* keys_same_value - are two strings the same value of a key: "1e-3" and "0.001", "v,q" and
 * "q,v"? */
bool keys_same_value(const char *key, const char *a, const char *b);
#endif
