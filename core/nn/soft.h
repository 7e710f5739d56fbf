/* soft.h - virtual tokens: trained embeddings that a method inserts into every sequence. Layer 2.
 *
 * An encoder's sequence [CLS] a b [SEP] becomes [CLS] p_1 .. p_l a b [SEP] i_1 .. i_m, so that
 * pooling finds the first token where it was; a decoder's sequence begins with p_1. The longer
 * batch that the blocks see has the id -1 - k for virtual token k. Positions count through the
 * longer sequence; the segment of a virtual token is that of the token before it. Batches, hidden
 * states, pooling and losses that callers see have real tokens only. */
#ifndef SOFT_H
#define SOFT_H

#include "core/math/mat.h"
#include "core/nn/batch.h"
#include "core/nn/model.h"

/* soft_rows - virtual tokens in each sequence. soft_row - the row of virtual token K of sequence
 * SEQ in the longer batch, whose offsets are OFF. */
static inline int soft_rows(const struct model *m)
{
    return m->n_prefix + m->n_infix;
}
int soft_row(const struct model *m, const int *off, int seq, int k);

/* soft_check_positions - the model has positions for the virtual tokens and at least one other.
 * soft_check_infix - the kind of model allows an infix; not needed to count parameters. Errors:
 * FAIL_USAGE. */
int soft_check_positions(const struct model *m);
int soft_check_infix(const struct model *m);

/* soft_batch - OUT becomes B with the virtual tokens. Its arrays are in MEM, soft_bytes of the
 * longer batch (N_SEQ sequences, N_TOK tokens with the virtual ones). */
size_t soft_bytes(int n_seq, int n_tok);
void soft_batch(struct batch *out, void *mem, const struct model *m, const struct batch *b);

/* soft_remove - copy the rows of real tokens of X [T', d] to Y [T, d], where OFF are the offsets of
 * the longer batch. soft_insert - the reverse; the rows of virtual tokens become 0. */
void soft_remove(struct mat y, struct mat x, const struct model *m, const int *off, int n_seq);
void soft_insert(struct mat x, struct mat y, const struct model *m, const int *off, int n_seq);
#endif
