/* rslora.c - LoRA with a scale that keeps the size of what an update adds apart from the rank
 * (Kalajdzievski 2023).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / sqrt(r) */
#include "core/adapt/pairs.h"

#include <math.h>

static const struct opt opts[] = { PAIRS_OPTS, PAIRS_INIT, { .type = OPT_END } };

static int attach(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    double scale = c->alpha / sqrt((double)c->rank);

    return pairs_attach(m, sizeof(struct pairs), c, scale, A_TRAINS) ? 0 : -1;
}

const struct adapt adapt_rslora = {
    .name = "rslora",
    .source = "Kalajdzievski 2023 (arXiv 2312.03732)",
    .opts = opts,
    .cfg_size = sizeof(struct lora_cfg),
    .starts_as_base = true,
    .pairs = true,
    .attach = attach,
    .init = pairs_init,
    .detach = pairs_detach,
    .count = pairs_count,
    .formula = "L r sum over targets of (in + out)",
    .uses = pairs_uses,
    .keep_cols = pairs_keep_cols,
    .proj_fwd = pairs_fwd,
    .proj_bwd = pairs_bwd,
    .merge = pairs_merge,
};
