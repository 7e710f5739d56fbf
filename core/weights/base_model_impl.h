/* base_model_impl.h - private to core/weights and core/nn: what models use of their base model. */
#ifndef BASE_MODEL_IMPL_H
#define BASE_MODEL_IMPL_H

#include "core/weights/base_model.h"

/* base_model_list - set the architecture of b->dims and its tensors, without values and with
 * nothing packed. Errors: FAIL_USAGE for an unknown architecture. */
int base_model_list(struct base_model *b);

/* base_model_tensor - a tensor of the checkpoint by its name with or without the architecture's
 * prefix; NULL when there is none. base_model_block_param - the index in b->params of the tensor
 * with this role in a block; -1 when the architecture has none. */
const struct st_tensor *base_model_tensor(const struct base_model *b, const char *name);
int base_model_block_param(const struct base_model *b, int layer, int role);

/* base_model_n_packed - length of b->packed. */
static inline size_t base_model_n_packed(const struct dims *d)
{
    return (size_t)d->n_layers * N_GROUP * N_PRECISION * 2;
}

/* base_model_packed - the matrices of a group as one packed weight, which is packed now unless it
 * is already: in both directions when BACKWARD, else at least for forward. Belongs to B. NULL:
 * FAIL_MEMORY. base_model_pack_head - likewise a decoder's output layer, into b->lm[P]; in f32 it
 * is not packed but multiplied with as it is. Errors: FAIL_MEMORY. */
const struct packed *base_model_packed(struct base_model *b, int layer, enum group g, bool backward,
                                       enum precision precision);
int base_model_pack_head(struct base_model *b, enum precision p);

/* base_model_release - let the pages of the file go from memory after their values were packed or
 * copied; pages that are still used (embeddings) come back by themselves. base_model_rows_read - N
 * rows of the table P of word embeddings were looked up; releases the pages of a large table once
 * in a while, unless the output layer multiplies with it. May be called from any thread. */
void base_model_release(const struct base_model *b);
void base_model_rows_read(struct base_model *b, const struct param *p, int n);
#endif
