/* conv.h - private to core/nn: the convolution beside the first block of DeBERTa v2:
 *
 *     y = LN(block_0(x) + f(drop(conv(x))))
 *
 * where x are the embeddings. All of these do nothing in a model without it. */
#ifndef CONV_H
#define CONV_H

#include "core/nn/acts.h"

/* conv_fwd - f(drop(conv(x))), into the acts, before block 0 may overwrite x. conv_join - Y, the
 * output of block 0, becomes the sum's LayerNorm. */
void conv_fwd(const struct model *m, struct workspace *ws, const struct batch *b);
void conv_join(const struct model *m, struct workspace *ws, struct mat y);

/* conv_join_bwd - the acts' g, the gradient of the output of conv_join, becomes that of block 0's.
 * conv_bwd - after block 0: add the gradients of the convolution, and that of x to g, as far as
 * anything needs them. */
void conv_join_bwd(const struct model *m, struct workspace *ws);
void conv_bwd(const struct model *m, struct workspace *ws, const struct batch *b);
#endif
