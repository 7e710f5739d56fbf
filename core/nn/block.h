/* block.h - private to core/nn: one transformer block. */
#ifndef BLOCK_H
#define BLOCK_H

#include "core/math/mat.h"
#include "core/nn/batch.h"
#include "core/nn/model.h"
#include "core/nn/workspace.h"

/* block_fwd - compute block LAYER. Its input is the acts of that layer (x), its output Y [R, d]
 * (acts.h); in a pre-norm model Y may be the input's memory. block_bwd - turn the gradient of its
 * output, in the acts' g, into that of its input, as far as anything needs it. */
void block_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               struct mat y);
void block_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer);
#endif
