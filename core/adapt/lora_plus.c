/* lora_plus.c - LoRA in which B has a higher learning rate than A (Hayou et al. 2024, LoRA+).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r,   learning rate of B = lr_ratio * that of A */
#include "core/adapt/pairs.h"

struct lora_plus_cfg {
    struct lora_cfg lora;
    double lr_ratio;
};
static const struct opt opts[] = {
    PAIRS_RANK,
    PAIRS_ALPHA("alpha / rank"),
    PAIRS_TARGETS,
    PAIRS_DROPOUT,
    PAIRS_INIT,
    PAIRS_PATTERNS,
    { "lr_ratio", 0, OPT_REAL, offsetof(struct lora_plus_cfg, lr_ratio), "16", 1e-6, 1e6, NULL,
      "learning rate of B divided by that of A" },
    { .type = OPT_END },
};

static int lora_plus_attach(struct model *m, const void *cfg)
{
    const struct lora_plus_cfg *c = cfg;
    const struct pairs *s = pairs_attach(m, sizeof *s, &c->lora, pairs_scale, A_TRAINS);

    if (!s)
        return -1;
    for (int i = 0; i < target_slots(m); i++)
        if (s->pair[i].b)
            m->params[s->pair[i].b].lr = c->lr_ratio;
    return 0;
}

const struct adapt adapt_lora_plus = {
    PAIRS_METHOD,
    .name = "lora-plus",
    .source = "Hayou et al. 2024 (arXiv 2402.12354)",
    .opts = opts,
    .cfg_size = sizeof(struct lora_plus_cfg),
    .attach = lora_plus_attach,
};
