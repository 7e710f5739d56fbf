/* rslora.c - LoRA with a scale that keeps the size of the update independent of the rank
 * (Kalajdzievski 2023, rsLoRA).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / sqrt(r) */
#include "core/adapt/pairs.h"

static const struct opt opts[] = { PAIRS_RANK,         PAIRS_ALPHA("alpha / sqrt(rank)"),
                                   PAIRS_TARGETS,      PAIRS_DROPOUT,
                                   PAIRS_INIT,         PAIRS_PATTERNS,
                                   { .type = OPT_END } };

static int rslora_attach(struct model *m, const void *cfg)
{
    return pairs_attach(m, sizeof(struct pairs), cfg, pairs_scale_root, A_TRAINS) ? 0 : -1;
}

const struct adapt adapt_rslora = {
    PAIRS_METHOD, .name = "rslora",        .source = "Kalajdzievski 2023 (arXiv 2312.03732)",
    .opts = opts, .attach = rslora_attach,
};
