/* token_cache.h - tokenized splits in files, so that a data file is tokenized once. Layer 3. */
#ifndef TOKEN_CACHE_H
#define TOKEN_CACHE_H

#include "core/data/dataset.h"

/* What a cache file's content depends on, beside the arguments of token_cache_dataset: the SHA-256,
 * as hex digits, of the split's file, of what the task file says, and of the tokenizer. */
struct token_cache {
    const char *dir; /* created if it does not exist */
    const char *file, *spec, *tokenizer;
    bool only_read; /* nothing is written */
};

/* token_cache_dataset - the result of dataset_load, read from a file in C->dir if an earlier call
 * with the same inputs wrote one; otherwise computed and written there. There is one file for each
 * set of inputs. A cache file that is damaged, cut short or of another version is replaced; a
 * folder that cannot be read or written costs time, but is not an error. Errors: as
 * dataset_load. */
int token_cache_dataset(struct dataset *d, const struct task *t, enum split s, const char *dir,
                        const struct tok *tok, long max_len, const struct draw *w,
                        const struct token_cache *c);
#endif
