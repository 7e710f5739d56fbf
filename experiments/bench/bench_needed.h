/* bench_needed.h - how many operations a forward pass or a training step needs at least. */
#ifndef BENCH_NEEDED_H
#define BENCH_NEEDED_H

#include "core/data/dataset.h"
#include "core/nn/model.h"

/* The size of a batch. */
struct bench_load {
    double sequences, tokens, squares; /* squares: the sum of L^2 over sequences of L tokens */
};
struct bench_load bench_needed_load(const struct dataset *d);

/* bench_needed - multiplications and additions of one forward pass, or with BACKWARD of one
 * training step, on a batch of size L, if nothing were computed twice and no padding were
 * computed:
 *     linear layers      2 P per token forward; backward 2 P for the gradient of the input, in the
 *     of a block         layers from the lowest trained one up, and 2 P for the gradient of a
 *                        trained matrix. P is the number of its parameters. In the last block with
 *                        pooling cls, all of them except k and v see only first tokens
 *     adapters           2 P per token forward, 4 P backward
 *     attention          4 L^2 d forward, 8 L^2 d backward, per layer and sequence of L tokens;
 *                        half of that for a decoder, whose tokens attend only to earlier ones
 *     head of a decoder  2 V d per predicted token forward; backward 2 V d for the gradient of its
 *                        input and, if it is trained, 2 V d for its own
 * Softmax, norms, activations, the small head of a classifier, and the optimizer step do not
 * count. */
double bench_needed(const struct model *m, const struct bench_load *l, bool backward);
#endif
