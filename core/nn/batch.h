/* batch.h - a micro-batch: the part of a batch that one thread computes at once. Layer 2. */
#ifndef BATCH_H
#define BATCH_H

#include "core/math/mat.h"

struct model; /* core/nn/model.h */

/* The tokens of N_SEQ sequences one after another, without padding. All arrays belong to whoever
 * filled the struct in. */
struct batch {
    int n_seq, n_tok, max_len;    /* max_len: at least the length of the longest sequence */
    const int *ids, *pos, *types; /* [n_tok]; types may be NULL where the model has none */
    const int *off;           /* [n_seq + 1] sequence s is the tokens off[s] .. off[s + 1] - 1 */
    const int *slot;          /* [n_seq] index in the whole batch of the step; counts dropout */
    const int *label;         /* [n_seq], or NULL */
    const real *target;       /* [n_seq] for regression, or NULL */
    int n_extra, extra_first; /* rows behind the tokens that belong to no sequence: of a table that
                                 all sequences read (positions.h), from its row extra_first on */
    const int *next; /* [n_tok] decoders: the token that each one has to predict, or -1; or NULL */
};

/* batch_targets - how many terms the loss of B has: its sequences, or in a decoder the tokens that
 * have a next one. */
int batch_targets(const struct model *m, const struct batch *b);
#endif
