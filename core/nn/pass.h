/* pass.h - a micro-batch through a whole model, forward and backward. Layer 2.
 *
 * Calls on one workspace go in the order model_fwd, model_loss, model_bwd. */
#ifndef PASS_H
#define PASS_H

#include "core/math/mat.h"
#include "core/weights/proj.h"

struct batch;     /* core/nn/batch.h */
struct model;     /* core/nn/model.h */
struct workspace; /* core/nn/workspace.h */

/* model_fwd - compute the results of WS for B, and what the backward pass reads when WS has a
 * gradient. Errors: FAIL_MEMORY. */
int model_fwd(const struct model *m, struct workspace *ws, const struct batch *b);

/* model_loss - the loss summed over the sequences of B (cross entropy of b->label, or squared error
 * of b->target), or over the tokens of a decoder that have a next one (cross entropy of b->next, in
 * a pass for training smoothed by the head's label_smoothing). *DOUT, unless DOUT is NULL, becomes
 * what model_bwd takes: the gradient of WEIGHT times that sum with respect to the logits, or in a
 * decoder, whose logits are never in memory as a whole, to the last hidden states. (A decoder's
 * output layer adds its part of the gradient of trained word embeddings to ws->grad already here.)
 * *DOUT is memory of WS and empty without a gradient. */
double model_loss(const struct model *m, struct workspace *ws, const struct batch *b, double weight,
                  struct mat *dout);

/* model_score - of a decoder, after model_fwd, instead of a loss: for every token of B [n_tok] with
 * a next one, NLL = -log p of that one, and HIT: is no other word more probable? The other tokens
 * get 0 and false. */
void model_score(const struct model *m, struct workspace *ws, const struct batch *b, double *nll,
                 bool *hit);

/* model_bwd - ws->grad += the gradient of WEIGHT times the loss, from the DOUT of model_loss. */
void model_bwd(const struct model *m, struct workspace *ws, const struct batch *b, struct mat dout);

/* model_product - Y [T, out] = X [T, in] W^T with the matrices of a group as they are in the model,
 * without biases and without what the method does. */
void model_product(const struct model *m, int layer, enum group g, struct mat y, struct mat x);

/* model_rows_alike - do the bits of a row of every product with the base model's weights, a
 * decoder's output layer among them, not depend on how many rows are computed together? Not so
 * where OpenBLAS multiplies, and where weights train. */
bool model_rows_alike(const struct model *m);

/* model_frozen_is_fixed - does the model have frozen lower layers (lowest > 0) whose output for a
 * sequence has the same bits in every pass? That is so without dropout, and when the rows of a
 * product do not depend on how many rows are computed together. Only then may a workspace have a
 * frozen-prefix cache. */
bool model_frozen_is_fixed(const struct model *m);
#endif
