/* microbatches.h - how large the micro-batches of a run are. Layer 3. */
#ifndef MICROBATCHES_H
#define MICROBATCHES_H

#include "core/data/microbatch.h"

/* A micro-batch of TOKENS_PER_MICROBATCH tokens is small enough for its activations to stay in a
 * core's L2 cache between a layer's forward product and the next, and large enough for products at
 * full speed; a step of 16 short examples still makes enough of them for a few threads. Changing
 * the constant changes the rounding of results. */
enum { TOKENS_PER_MICROBATCH = 128, MAX_MICROBATCHES = 256 };

/* Above MANY_PARAMETERS trainable parameters, whole weight matrices train: every micro-batch
 * streams them, and a gradient of the same length, through the caches. Then there are few gradient
 * vectors (step_vectors) and few micro-batches, each of up to MOST_TOKENS_PER_MICROBATCH tokens. */
enum { MANY_PARAMETERS = 2000000, MOST_TOKENS_PER_MICROBATCH = 512 };

/* microbatches_tokens - the tokens per micro-batch to aim at for a batch of N_TOK tokens:
 * TOKENS_PER_MICROBATCH, or with many trainable parameters half of the batch, so that two threads
 * get one each, within the bounds above. */
int microbatches_tokens(size_t n_train, long n_tok);

/* microbatches_cut - cut a batch of model M, examples IDX[0..n) of D, as microbatch_split does;
 * returns the number of micro-batches. MB has MAX_MICROBATCHES elements. */
int microbatches_cut(struct microbatch *mb, const struct model *m, const struct dataset *d,
                     const int *idx, int n, int first_slot);
#endif
