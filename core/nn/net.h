/* net.h - private to core/nn: a model's tensors by role, and what each layer computes and saves.
 * Built once by model_init, read-only afterwards. */
#ifndef NET_H
#define NET_H

#include "core/math/lmhead.h"
#include "core/nn/method.h"
#include "core/nn/model.h"

/* The stages of a block's backward pass, in its order. A block's pass ends after the last stage
 * that anything needs. */
enum stage {
    STAGE_NONE,
    STAGE_NORM_OUT, /* post-norm: LayerNorm 2, after the MLP */
    STAGE_DOWN,
    STAGE_UP,
    STAGE_NORM_MID, /* post-norm: LayerNorm 1, after attention; pre-norm: LayerNorm 2, before the
                       MLP */
    STAGE_O,
    STAGE_QKV,     /* attention itself, and the gradient of q, k, v */
    STAGE_NORM_IN, /* pre-norm: LayerNorm 1, before attention */
    STAGE_INPUT    /* the gradient of the block's input */
};
static inline enum stage group_stage(enum group g)
{
    return g == GROUP_QKV  ? STAGE_QKV
           : g == GROUP_O  ? STAGE_O
           : g == GROUP_UP ? STAGE_UP
                           : STAGE_DOWN;
}

struct net_group {
    bool uses;                   /* the method has a hook here */
    bool trained;                /* one of the weights trains */
    bool save_x;                 /* backward reads the input */
    const struct packed *packed; /* NULL when a weight trains: plain products with its values */
};
struct net_layer {
    const struct param *p[N_BLOCK_ROLES];
    struct net_group group[N_GROUP];
    bool tap[N_PLACE]; /* the method has a hook there */
    bool own_dy[2];    /* attention, MLP: backward changes the gradient of the sublayer's output in
                          place, which therefore must not be the residual stream's gradient */
    bool rel_grad;    /* something needs the gradient of relative positions as they are in scores */
    enum stage stage; /* the last stage of backward */
};
struct net {
    const struct param *p[N_ROLES]; /* tensors outside the blocks; NULL where there is none */
    struct net_layer *layer;        /* [n_layers] */
    double attn_scale;              /* 1 / sqrt(d_head n), where scores are sums of n products */
    int *bucket;                    /* positions_buckets */
    bool rel_trains;                /* the table of relative positions, or its LayerNorm */
    bool pre_norm;
    int q_width, kv_width, up_width; /* columns of queries, of keys or values, and of what GROUP_UP
                                        computes */
    struct lmhead lm;    /* a decoder's output layer: the base model's, or plain products when it
                         trains */
    struct packed **own; /* [n_own] of a merged model: weights that only it has packed */
    int n_own;
    real *lm_mean; /* [d] the mean of its rows, where label smoothing needs it */
};

/* net_lm_head - the weight of a decoder's output layer. */
static inline const struct param *net_lm_head(const struct net *n)
{
    return n->p[ROLE_LM_HEAD] ? n->p[ROLE_LM_HEAD] : n->p[ROLE_WORD];
}

/* net_make - fill in m->net and m->lowest from the tensors of M, without packed weights. net_pack -
 * then point to what the base model has packed, and pack the rest. Errors: FAIL_MEMORY. net_free -
 * NULL is allowed. */
void net_make(struct model *m);
int net_pack(struct model *m);
void net_free(struct net *n);
#endif
