/* lora_plus.c - LoRA whose B learns faster than its A (Hayou et al. 2024, LoRA+).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r,   learning rate of B = lr_ratio times that of A */
#include "core/adapt/pairs.h"

struct lora_plus_cfg {
    struct lora_cfg lora;
    double lr_ratio;
};
static const struct opt opts[] = {
    PAIRS_OPTS,
    PAIRS_INIT,
    { "lr_ratio", 0, OPT_REAL, offsetof(struct lora_plus_cfg, lr_ratio), "16", 1e-6, 1e6, NULL,
      "learning rate of B, in learning rates of A" },
    { .type = OPT_END },
};

static int attach(struct model *m, const void *cfg)
{
    const struct lora_plus_cfg *c = cfg;
    double scale = c->lora.alpha / (double)c->lora.rank;
    const struct pairs *s = pairs_attach(m, sizeof *s, &c->lora, scale, A_TRAINS);

    if (!s)
        return -1;
    for (int i = 0; i < m->base->dims.n_layers * N_LORA_TARGETS; i++)
        if (s->pair[i].b)
            m->params[s->pair[i].b].lr = c->lr_ratio;
    return 0;
}

const struct adapt adapt_lora_plus = {
    .name = "lora-plus",
    .source = "Hayou et al. 2024 (arXiv 2402.12354)",
    .opts = opts,
    .cfg_size = sizeof(struct lora_plus_cfg),
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
