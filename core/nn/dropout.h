/* dropout.h - dropout masks that do not depend on how a step is cut into micro-batches. Layer 2.
 *
 * A byte of a mask is 1 (keep) with probability 1 - p. It is a pure function of the seed, the step,
 * the sequence's slot in the whole batch, the place in the model, and the element's place within
 * its sequence. Applying a mask: dropout() of core/math/ops.h. */
#ifndef DROPOUT_H
#define DROPOUT_H

#include "core/weights/proj.h"

#include <stdbool.h>
#include <stdint.h>

struct batch;     /* core/nn/batch.h */
struct model;     /* core/nn/model.h */
struct workspace; /* core/nn/workspace.h */

/* Places in a layer: attention's probabilities; the outputs of attention and of the MLP; inputs
 * that a method adapts, one for each group; then (layer -1) the embeddings, the head's input, the
 * output of its dense layer, and the convolution. SITE_EMBED of a layer is its input of relative
 * positions. dropout_sub - the number of a place, for the masks. */
enum site {
    SITE_PROBS,
    SITE_ATTN,
    SITE_MLP,
    SITE_ADAPT,
    SITE_EMBED = SITE_ADAPT + N_GROUP,
    SITE_HEAD,
    SITE_DENSE,
    SITE_CONV
};
static inline uint32_t dropout_sub(int layer, int site)
{
    return (uint32_t)(layer + 1) * 16 + (uint32_t)site;
}

/* dropout_mask - a mask of WIDTH bytes for each row of B, rows counted by b->off. The bytes of an
 * extra row follow from its place in its table, in every micro-batch of a step. */
void dropout_mask(unsigned char *mask, const struct model *m, const struct workspace *ws,
                  const struct batch *b, uint32_t sub, int width, double p);

/* dropout_probs_mask - a mask for the attention probabilities of a layer: for each sequence n_heads
 * blocks of len * (n_prefix_kv + len) bytes. */
void dropout_probs_mask(unsigned char *mask, const struct model *m, const struct workspace *ws,
                        const struct batch *b, int layer);
#endif
