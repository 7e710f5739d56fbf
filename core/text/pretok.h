/* pretok.h - splitting a text into the words that are then merged from bytes. Private to core/text.
 */
#ifndef PRETOK_H
#define PRETOK_H

#include "core/base/base.h"

#include <jansson.h>

/* GPT-2's pattern: contractions, letters, digits and other characters with a space before them, and
 * white space up to the last one before a word (Radford et al. 2019, encoder.py). */
extern const char pretok_gpt2[];

/* A list of steps, each of which splits the pieces of the one before. */
struct pretok;
struct pretok *pretok_new(void);
void pretok_free(struct pretok *p);

/* pretok_add - a step that splits at the matches of the regular expression PATTERN, in the syntax
 * of Oniguruma as far as PCRE2 has the same. Matches and what is between them become pieces, but
 * not the matches if REMOVED; INVERT exchanges the two. pretok_add_space - a step that puts a space
 * before a piece that does not begin with one. pretok_json - the steps of "pre_tokenizer" in
 * tokenizer.json. PATH is for messages. Errors: FAIL_INPUT, with the pattern or the name of what is
 * not supported. */
int pretok_add(struct pretok *p, const char *pattern, bool removed, bool invert, const char *path);
void pretok_add_space(struct pretok *p);
int pretok_json(struct pretok *p, const json_t *part, const char *path);

/* pretok_prefixes - does a step put a space before words? */
bool pretok_prefixes(const struct pretok *p);

/* pretok_split - call FN with each piece of SIZE bytes of valid UTF-8, in their order. Not for two
 * threads at a time. */
typedef void pretok_fn(void *arg, const char *piece, size_t size);
void pretok_split(struct pretok *p, const char *text, size_t size, pretok_fn *fn, void *arg);
#endif
