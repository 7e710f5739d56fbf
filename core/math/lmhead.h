/* lmhead.h - the loss of a next token over a large vocabulary, without its logits. Layer 1.
 *
 *     z_t = W x_t,   L = sum_t (log sum_v exp z_tv - z_t,y),   dx_t = w (sum_v p_tv W_v - W_y)
 *
 * with p = softmax(z), y the target of row t and w the weight of the loss. [rows, vocabulary] never
 * exists: the vocabulary goes by in chunks, and with the running maximum m of a row (Milakov &
 * Gimelshein 2018, online softmax)
 *
 *     m' = max(m, max_v z_v),   s' = s e^(m-m') + sum_v e^(z_v-m'),
 *     a' = a e^(m-m') + sum_v e^(z_v-m') W_v
 *
 * so that one sweep gives both L (log s + m) and dx (a / s): each chunk of W is multiplied once
 * forward and once backward. A trained W needs the final p for its own gradient, so the first sweep
 * only finds m and s, and a second one computes z again. */
#ifndef LMHEAD_H
#define LMHEAD_H

#include "core/math/packed.h"

/* Rows of one sweep at most, rows of one product, and words of a chunk: a chunk, packed in both
 * directions, stays in the outer cache while the rows of a sweep go by, a product's z in the
 * core's. */
enum { LMHEAD_SWEEP = 512, LMHEAD_ROWS = 128, LMHEAD_CHUNK = 1024 };

struct lmhead {
    struct mat w;          /* [V,d]; owned by others, outlives this */
    struct packed **chunk; /* of a frozen W: [ceil(V / LMHEAD_CHUNK)]; NULL: plain products on w */
};
/* lmhead_init - for a frozen W [V,d], its chunks NULL: their owner may fill in what is packed already.
 * lmhead_pack - pack the others. Errors: FAIL_MEMORY. lmhead_chunks - of V words; lmhead_chunk - the
 * rows of W that are chunk C. */
void lmhead_init(struct lmhead *h, struct mat w);
int lmhead_pack(struct lmhead *h, enum precision p);
int lmhead_chunks(int n_words);
struct mat lmhead_chunk(const struct lmhead *h, int c);
void lmhead_free(struct lmhead *h); /* of a zeroed one: nothing */

/* lmhead_loss - L over the rows of X [T,d] whose TARGET [T] is not negative; returns the plain sum.
 * DX [T,d], if not empty, = the gradient of WEIGHT * L, 0 in the other rows; it may be X. DW [V,d],
 * if not empty, += ; only with a W that is not packed, and with DX. SCRATCH: lmhead_scratch bytes
 * for at least T rows, aligned for double. */
double lmhead_loss(const struct lmhead *h, struct mat dx, struct mat dw, struct mat x,
                   const int *target, double weight, void *scratch);
size_t lmhead_scratch(int d, int rows);

/* lmhead_logits - Z [T,V] = X W^T, where all of them are really wanted. */
void lmhead_logits(const struct lmhead *h, struct mat z, struct mat x);
#endif
