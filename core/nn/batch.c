/* batch.c - counting what a batch's loss sums over. */
#include "core/nn/batch.h"

#include "core/nn/model.h"

int batch_targets(const struct model *m, const struct batch *b)
{
    int n = 0;

    if (!m->base->arch->causal)
        return b->n_seq;
    for (int t = 0; b->next && t < b->n_tok; t++)
        n += b->next[t] >= 0;
    return n;
}
