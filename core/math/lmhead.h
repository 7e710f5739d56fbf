/* lmhead.h - the next-token loss over a large vocabulary, without storing the logits.
 *
 *     z_t = W x_t,   L = sum_t (log sum_v exp z_tv - z_t,y),   dx_t = w (sum_v p_tv W_v - W_y)
 *
 * with p = softmax(z), y the target of row t, and w the weight of the loss. The matrix of all
 * logits [rows, vocabulary] never exists. The vocabulary is processed in chunks, with a running
 * maximum m, sum s and weighted sum a for every row (online softmax, Milakov & Gimelshein 2018):
 *
 *     m' = max(m, max_v z_v),   s' = s e^(m-m') + sum_v e^(z_v-m'),
 *     a' = a e^(m-m') + sum_v e^(z_v-m') W_v
 *
 * So one sweep over the chunks gives both L (log s + m) and dx (a / s), and each chunk of W is
 * multiplied once forward and once backward. The gradient of a trainable W needs the final p, so
 * the first sweep finds only m and s, and a second one recomputes z.
 *
 * With label smoothing e the target's distribution is (1-e) onehot(y) + e/V (Szegedy et al. 2016):
 *
 *     L = sum_t (log sum_v exp z_tv - (1-e) z_t,y - e/V sum_v z_tv)
 *     dx_t = w (sum_v p_tv W_v - (1-e) W_y - e mean_v W_v) */
#ifndef LMHEAD_H
#define LMHEAD_H

#include "core/math/packed.h"

/* The number of rows in one sweep and in one product, and of words in a chunk. A chunk that is
 * packed for both directions stays in the outer cache during a sweep, and the z of one product
 * stays in the cache of the core. */
enum { LMHEAD_SWEEP = 512, LMHEAD_ROWS = 128, LMHEAD_CHUNK = 1024 };

struct lmhead {
    struct mat w;          /* [V,d]; not owned, must outlive this struct */
    struct packed **chunk; /* of a frozen W: [ceil(V / LMHEAD_CHUNK)]; NULL: plain products with w,
                         which in f32 are within 2 % as fast for a third of the memory */
    const real *mean;      /* [d] of W's rows; a frozen W needs it for label smoothing; not owned */
};

/* lmhead_init - for a frozen W [V,d]; the chunks are NULL, and their owner may set those that are
 * packed already. lmhead_pack - pack the other chunks. Errors: FAIL_MEMORY.
 * lmhead_free - free all chunks; does nothing for a zeroed struct.
 * lmhead_chunks - the number of chunks of a vocabulary. lmhead_chunk - the rows of W in chunk C. */
void lmhead_init(struct lmhead *h, struct mat w);
int lmhead_pack(struct lmhead *h, enum precision p);
void lmhead_free(struct lmhead *h);
int lmhead_chunks(int n_words);
struct mat lmhead_chunk(const struct lmhead *h, int c);

/* lmhead_loss - the sum L over the rows of X [T,d] whose TARGET [T] is not negative. Unless DX
 * [T,d] is empty, it becomes the gradient of WEIGHT * L, with 0 in the other rows; it may be X.
 * Unless DW [V,d] is empty, its gradient is added to it; this needs a W that is not packed, and DX.
 * SMOOTH is the label smoothing e; 0: none. SCRATCH has lmhead_scratch(d, T) bytes and is aligned
 * for double. lmhead_mean - the mean of W's rows. */
double lmhead_loss(const struct lmhead *h, struct mat dx, struct mat dw, struct mat x,
                   const int *target, double weight, double smooth, void *scratch);
size_t lmhead_scratch(int d, int rows);
void lmhead_mean(real *mean, struct mat w);

/* lmhead_score - NLL[t] = -log p of the target of every such row, and HIT[t]: has no other word a
 * higher p? The other rows get 0 and false. */
void lmhead_score(const struct lmhead *h, double *nll, bool *hit, struct mat x, const int *target,
                  void *scratch);

/* lmhead_logits - Z [T,V] = X W^T, for callers that do need all logits. */
void lmhead_logits(const struct lmhead *h, struct mat z, struct mat x);
#endif
