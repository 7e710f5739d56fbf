/* microbatches.c - how a batch is cut for a model. */
#include "core/train/microbatches.h"

int microbatches_tokens(size_t n_train, long n_tok)
{
    long half = n_tok / 2;

    if (n_train <= MANY_PARAMETERS || half < TOKENS_PER_MICROBATCH)
        return TOKENS_PER_MICROBATCH;
    return half < MOST_TOKENS_PER_MICROBATCH ? (int)half : MOST_TOKENS_PER_MICROBATCH;
}

int microbatches_cut(struct microbatch *mb, const struct model *m, const struct dataset *d,
                     const int *idx, int n, int first_slot)
{
    long n_tok = 0;

    for (int i = 0; i < n; i++)
        n_tok += (long)(d->off[idx[i] + 1] - d->off[idx[i]]);
    return microbatch_split(mb, MAX_MICROBATCHES, microbatches_tokens(m->n_train, n_tok),
                            microbatch_pair_cost(&m->base->dims), d, idx, n, first_slot);
}
