/* lora_fa.c - LoRA with a frozen random A (Zhang et al. 2023, LoRA-FA).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r,   A stays as it was drawn
 *
 * Backward needs x A^T only, r numbers of a token in the place of its whole input. B trains by plain
 * AdamW, as in the paper; PEFT's optimiser for it also multiplies B's gradient by (s^2 A A^T)^-1. */
#include "core/adapt/pairs.h"

static const struct opt opts[] = { PAIRS_OPTS, PAIRS_INIT, { .type = OPT_END } };

static int attach(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;

    return pairs_attach(m, sizeof(struct pairs), c, c->alpha / (double)c->rank, A_FIXED) ? 0 : -1;
}

static long count(const void *cfg, const struct dims *d)
{
    const struct lora_cfg *c = cfg;

    return pairs_sum(c, d, 0, 0, c->rank);
}

const struct adapt adapt_lora_fa = {
    .name = "lora-fa",
    .source = "Zhang et al. 2023 (arXiv 2308.03303)",
    .opts = opts,
    .cfg_size = sizeof(struct lora_cfg),
    .starts_as_base = true,
    .pairs = true,
    .forgets_x = true,
    .attach = attach,
    .init = pairs_init,
    .detach = pairs_detach,
    .count = count,
    .formula = "L r sum over targets of out",
    .uses = pairs_uses,
    .keep_cols = pairs_keep_cols,
    .proj_fwd = pairs_fwd,
    .proj_bwd = pairs_bwd,
    .merge = pairs_merge,
};
