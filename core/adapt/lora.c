/* lora.c - low-rank adaptation (Hu et al. 2021, sec. 4.1).
 *
 *     y += s drop(x) A^T B^T,   s = alpha / r         A [r, in], B [out, r], B = 0 initially
 *
 * with the r and the alpha of each matrix (ranks.h).
 * Each adapted matrix has a pair of its own, also each of q, k and v. */
#include "core/adapt/lora.h"

#include "core/adapt/pairs.h"

#include <stdlib.h>

void lora_cfg_free(struct lora_cfg *c)
{
    free(c->targets);
    free(c->layers);
    free(c->rank_pattern);
    free(c->alpha_pattern);
    *c = (struct lora_cfg){ 0 };
}

static struct mat tensor_view(const struct model *m, int at)
{
    return mat_make(m->params[at].value, m->params[at].rows, m->params[at].cols);
}

void lora_pair(const struct model *m, int layer, int t, struct mat *a, struct mat *b)
{
    const struct pairs *s = m->adapt->pairs ? pairs_of(m) : NULL;

    *a = *b = (struct mat){ 0 };
    if (!s || !s->on[target_slot(layer, t)])
        return;
    *a = tensor_view(m, s->pair[target_slot(layer, t)].a);
    *b = tensor_view(m, s->pair[target_slot(layer, t)].b);
}

double lora_scale(const struct model *m, int layer, int t)
{
    return pairs_at(m, layer, t)->scale;
}

void lora_matrices(const struct model *m, int layer, enum proj p, struct mat *a, struct mat *b)
{
    lora_pair(m, layer, (int)p, a, b);
    if (a->x || proj_group(p) != GROUP_QKV)
        return;
    lora_pair(m, layer, TARGET_QKV, a, b);
    if (b->x)
        *b = mat_rows(*b, (int)p * (b->rows / 3), b->rows / 3);
}

static int lora_attach(struct model *m, const void *cfg)
{
    return pairs_attach(m, sizeof(struct pairs), cfg, pairs_scale, A_TRAINS) ? 0 : -1;
}

const struct adapt adapt_lora = {
    PAIRS_METHOD,
    .name = "lora",
    .source = "Hu et al. 2021, sec. 4.1",
    .attach = lora_attach,
    .formula = "L r sum over targets of (in + out); 2 n_M d r for square matrices",
};
