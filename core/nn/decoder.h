/* decoder.h - private to core/nn: the end of a decoder. */
#ifndef DECODER_H
#define DECODER_H

#include "core/math/mat.h"
#include "core/nn/batch.h"
#include "core/nn/model.h"
#include "core/nn/workspace.h"

/* decoder_fwd - from the residual stream of B after the last block to ws->hidden and, if asked for,
 * ws->logits. decoder_loss - see model_loss; *DHIDDEN is the acts' g. decoder_bwd - turn DHIDDEN,
 * in place, into the gradient of the residual stream. */
void decoder_fwd(const struct model *m, struct workspace *ws, const struct batch *b);
double decoder_loss(const struct model *m, struct workspace *ws, const struct batch *b,
                    double weight, struct mat *dhidden);
void decoder_bwd(const struct model *m, struct workspace *ws, struct mat dhidden);
#endif
