/* net.c - working out what each layer of a model has to compute and to save. */
#include "core/nn/net.h"

#include "core/nn/positions.h"
#include "core/weights/base_model_impl.h"

#include <math.h>
#include <stdlib.h>

static enum stage role_stage(enum role r, bool pre_norm)
{
    if (r < ROLE_NORM1_G)
        return group_stage(proj_group((enum proj)((int)r % (int)ROLE_B)));
    if (r < ROLE_NORM2_G)
        return pre_norm ? STAGE_NORM_IN : STAGE_NORM_MID;
    if (r >= ROLE_POS_K_W)
        return STAGE_QKV;
    return pre_norm ? STAGE_NORM_MID : STAGE_NORM_OUT;
}

/* Tensors after the last block, whose gradient needs no block's backward pass. */
static bool is_above_blocks(const struct param *p)
{
    return param_is_pooler(p) || param_is_head(p) || p->role == ROLE_FINAL_G ||
           p->role == ROLE_FINAL_B || p->role == ROLE_LM_HEAD;
}

static void raise_stage(enum stage *s, enum stage to)
{
    if (*s < to)
        *s = to;
}

/* The tensors by role; for each layer the last stage that its own tensors need; the lowest layer,
 * as far as tensors outside the blocks decide it. */
static void place_tensors(struct model *m)
{
    struct net *net = m->net;

    m->lowest = m->n_prefix + m->n_infix > 0 ? -1 : m->base->dims.n_layers;
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (p->layer >= 0) {
            net->layer[p->layer].p[p->role] = p;
            if (p->trainable)
                raise_stage(&net->layer[p->layer].stage, role_stage(p->role, net->pre_norm));
        } else if (p->role < N_ROLES) {
            net->p[p->role] = p;
            if (p->trainable && !is_above_blocks(p))
                m->lowest = -1;
            if (p->role >= ROLE_REL && p->role <= ROLE_REL_B)
                net->rel_trains |= p->trainable;
        }
    }
}

static void resolve_group(struct model *m, int layer, enum group g)
{
    struct net_layer *l = &m->net->layer[layer];
    struct net_group *n = &l->group[g];

    for (int i = 0; i < group_count(&m->base->dims, g); i++)
        n->trained |= l->p[(int)ROLE_W + (int)group_proj(g, i)]->trainable;
    n->uses = m->adapt->uses && m->adapt->uses(m, layer, g);
    n->save_x = (n->uses && !m->adapt->bwd_without_x) || n->trained;
    if (n->uses)
        raise_stage(&l->stage, group_stage(g));
}

/* Positions go through the projections of queries and keys, or through their own. */
static void resolve_positions(struct model *m, int layer)
{
    struct net_layer *l = &m->net->layer[layer];
    bool own = m->base->dims.rel.own;
    static const int shared[] = { ROLE_W + PROJ_Q, ROLE_W + PROJ_K, ROLE_B + PROJ_Q,
                                  ROLE_B + PROJ_K };
    static const int apart[] = { ROLE_POS_K_W, ROLE_POS_K_B, ROLE_POS_Q_W, ROLE_POS_Q_B };

    l->rel_grad = m->net->rel_trains || (!own && l->group[GROUP_QKV].uses);
    for (int i = 0; i < 4; i++) {
        const struct param *p = l->p[own ? apart[i] : shared[i]];
        l->rel_grad |= p && p->trainable;
    }
}

static void resolve_taps(struct model *m, int layer)
{
    static const enum stage stage[N_PLACE] = { [PLACE_ATTN] = STAGE_O,
                                               [PLACE_ACT] = STAGE_UP,
                                               [PLACE_MLP] = STAGE_DOWN,
                                               [PLACE_BLOCK] = STAGE_NORM_OUT };
    struct net_layer *l = &m->net->layer[layer];
    bool out = m->adapt->proj_out_bwd;

    for (int p = 0; p < N_PLACE; p++) {
        l->tap[p] = m->adapt->taps && m->adapt->taps(m, layer, (enum place)p);
        if (l->tap[p])
            raise_stage(&l->stage, stage[p]);
    }
    l->own_dy[0] = l->tap[PLACE_ATTN] || (out && l->group[GROUP_O].uses);
    l->own_dy[1] = l->tap[PLACE_MLP] || (out && l->group[GROUP_DOWN].uses);
    if (m->n_prefix_kv)
        raise_stage(&l->stage, STAGE_QKV);
}

void net_make(struct model *m)
{
    const struct dims *d = &m->base->dims;
    int n = d->n_layers;

    m->net = xalloc(1, sizeof *m->net);
    m->net->layer = xalloc((size_t)n, sizeof *m->net->layer);
    m->net->attn_scale = 1 / sqrt(d->d_head * (1 + d->rel.c2p + d->rel.p2c));
    m->net->bucket = positions_buckets(d);
    m->net->pre_norm = m->base->arch->pre_norm;
    m->net->q_width = dims_q_width(d);
    m->net->kv_width = dims_kv_width(d);
    m->net->up_width = group_count(d, GROUP_UP) * d->d_ffn;
    place_tensors(m);
    for (int i = 0; i < n; i++) {
        for (int g = 0; g < N_GROUP; g++)
            resolve_group(m, i, (enum group)g);
        resolve_positions(m, i);
        resolve_taps(m, i);
    }
    /* Only now is it known which layers backward reaches; those above the lowest pass on the
     * gradient of their input. */
    for (int i = 0; i < n && m->lowest == n; i++)
        if (m->net->layer[i].stage != STAGE_NONE)
            m->lowest = i;
    for (int i = 0; i < n; i++)
        if (i > m->lowest)
            m->net->layer[i].stage = STAGE_INPUT;
}

static int pack_layers(struct model *m)
{
    for (int i = 0; i < m->base->dims.n_layers * N_GROUP; i++) {
        struct net_layer *l = &m->net->layer[i / N_GROUP];
        enum group g = (enum group)(i % N_GROUP);
        if (!l->group[g].trained &&
            !(l->group[g].packed = base_model_packed(m->base, i / N_GROUP, g,
                                                     l->stage > group_stage(g), m->head.precision)))
            return -1;
    }
    return 0;
}

/* A decoder's output layer: packed when its weight is frozen. */
static int pack_output_layer(struct model *m)
{
    const struct param *w = net_lm_head(m->net);

    if (!m->base->arch->causal)
        return 0;
    m->net->lm.w = param_mat(w);
    if (w->trainable)
        return 0;
    if (base_model_pack_head(m->base, m->head.precision) != 0)
        return -1;
    m->net->lm = m->base->lm[m->head.precision];
    if (m->head.label_smoothing > 0) {
        m->net->lm_mean = xalloc((size_t)w->cols, sizeof *m->net->lm_mean);
        lmhead_mean(m->net->lm_mean, m->net->lm.w);
        m->net->lm.mean = m->net->lm_mean;
    }
    return 0;
}

int net_pack(struct model *m)
{
    return pack_layers(m) == 0 && pack_output_layer(m) == 0 ? 0 : -1;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    for (int i = 0; i < n->n_own; i++)
        packed_free(n->own[i]);
    free(n->own);
    free(n->layer);
    free(n->bucket);
    free(n->lm_mean);
    free(n);
}
