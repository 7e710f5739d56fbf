/* lora.c - low-rank adaptation (Hu et al. 2021, sec. 4.1).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r         A [r,in], B [out,r], B = 0 at first
 *
 * Each adapted matrix has a pair of its own, q, k and v too. */
#include "core/adapt/pairs.h"

static const struct opt opts[] = { PAIRS_OPTS, PAIRS_INIT, { .type = OPT_END } };

static int attach(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;

    return pairs_attach(m, sizeof(struct pairs), c, c->alpha / (double)c->rank, A_TRAINS) ? 0 : -1;
}

const struct adapt adapt_lora = {
    .name = "lora",
    .source = "Hu et al. 2021, sec. 4.1",
    .opts = opts,
    .cfg_size = sizeof(struct lora_cfg),
    .starts_as_base = true,
    .pairs = true,
    .attach = attach,
    .init = pairs_init,
    .detach = pairs_detach,
    .count = pairs_count,
    .formula = "L r sum over targets of (in + out); 2 n_M d r for square matrices",
    .uses = pairs_uses,
    .keep_cols = pairs_keep_cols,
    .proj_fwd = pairs_fwd,
    .proj_bwd = pairs_bwd,
    .merge = pairs_merge,
};
