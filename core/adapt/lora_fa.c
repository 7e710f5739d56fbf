/* lora_fa.c - LoRA with a frozen random A (Zhang et al. 2023, LoRA-FA).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r,   A keeps its initial values
 *
 * Backward needs only x A^T, r values for each token instead of its whole input. B trains with
 * plain AdamW, as in the paper; PEFT's optimizer for LoRA-FA also multiplies the gradient of B by
 * (s^2 A A^T)^-1. */
#include "core/adapt/pairs.h"

static int lora_fa_attach(struct model *m, const void *cfg)
{
    return pairs_attach(m, sizeof(struct pairs), cfg, pairs_scale, A_FIXED) ? 0 : -1;
}

static long b_size(long r, long out, long in)
{
    (void)in;
    return r * out;
}

static long lora_fa_count(const void *cfg, const struct dims *d)
{
    return pairs_sum(cfg, d, b_size);
}

const struct adapt adapt_lora_fa = {
    PAIRS_METHOD,
    .name = "lora-fa",
    .source = "Zhang et al. 2023 (arXiv 2308.03303)",
    .bwd_without_x = true,
    .attach = lora_fa_attach,
    .count = lora_fa_count,
    .formula = "L r sum over targets of out",
};
