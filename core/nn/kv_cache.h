/* kv_cache.h - keys and values of tokens that a decoder has read, so that the next token is
 * computed alone. Layer 2.
 *
 * Every token that is kept has a row, the same in all layers. A sequence is the list of its rows,
 * so several continuations of one text share the rows of what they have in common, and nothing is
 * copied when a beam is replaced by another. */
#ifndef KV_CACHE_H
#define KV_CACHE_H

#include "core/math/mat.h"

struct model; /* core/nn/model.h */

struct kv_cache {
    int n_layers, width, rows; /* width: columns of keys, and of values */
    real **mem;                /* [n_layers] keys [rows, width], then values [rows, width] */
};

/* kv_cache_init - a cache without rows for models of the shape of M. kv_cache_grow - let it have at
 * least ROWS rows; those that it has keep their values. Errors: FAIL_MEMORY. kv_cache_free - of a
 * zeroed struct: nothing. kv_cache_row_bytes - the memory of a row. */
void kv_cache_init(struct kv_cache *c, const struct model *m);
int kv_cache_grow(struct kv_cache *c, int rows);
void kv_cache_free(struct kv_cache *c);
size_t kv_cache_row_bytes(const struct model *m);

/* The keys and values of a layer, [rows, width]. */
static inline struct mat kv_cache_keys(const struct kv_cache *c, int layer)
{
    return mat_make(c->mem[layer], c->rows, c->width);
}
static inline struct mat kv_cache_values(const struct kv_cache *c, int layer)
{
    return mat_make(c->mem[layer] + (size_t)c->rows * (size_t)c->width, c->rows, c->width);
}

/* What a pass does with a cache. Without SEEN its sequences begin, with the virtual tokens of the
 * method, if it has any; every token is kept in the cache. With SEEN they continue: each has one
 * new token, whose position counts the virtual tokens. In either case the hooks of a method are
 * called for one sequence at a time, so that the bits of a sequence do not depend on the others
 * even where those of a product depend on the number of its rows. */
struct kv_pass {
    struct kv_cache *cache;
    const int *row; /* [n_tok, with virtual ones] where each token is kept */
    const int *const
        *seen;         /* NULL, or [n_seq] the rows that the new token sees, its own the last */
    const int *n_seen; /* [n_seq] how many these are */
};
#endif
