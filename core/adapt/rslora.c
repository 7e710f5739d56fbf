/* rslora.c - LoRA with a scale that keeps the size of the update independent of the rank
 * (Kalajdzievski 2023, rsLoRA).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / sqrt(r) */
#include "core/adapt/pairs.h"

#include <math.h>

static const struct opt opts[] = { PAIRS_RANK,    PAIRS_ALPHA("alpha / sqrt(rank)"),
                                   PAIRS_TARGETS, PAIRS_DROPOUT,
                                   PAIRS_INIT,    { .type = OPT_END } };

static int rslora_attach(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    double scale = c->alpha / sqrt((double)c->rank);

    return pairs_attach(m, sizeof(struct pairs), c, scale, A_TRAINS) ? 0 : -1;
}

const struct adapt adapt_rslora = {
    PAIRS_METHOD, .name = "rslora",        .source = "Kalajdzievski 2023 (arXiv 2312.03732)",
    .opts = opts, .attach = rslora_attach,
};
