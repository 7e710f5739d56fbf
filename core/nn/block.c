/* block.c - one transformer block, forward and backward.
 *
 *     A(n) = W_o attention(W_qkv n + b) + b_o      M(n) = W_down f(W_up n + b_up) + b_down
 *
 * Post-norm, as in BERT (Vaswani et al. 2017, sec. 3.1):
 *
 *     y1 = LN1(x + drop(A(x)))                     y = LN2(y1 + drop(M(y1)))
 *
 * Pre-norm, as in GPT-2 (Radford et al. 2019, sec. 2.3), where the residual stream x changes in
 * place:
 *
 *     x += drop(A(LN1(x)))                         x += drop(M(LN2(x)))
 *
 * Backward goes from the output to the last stage that anything needs (net_layer.stage). In the
 * last block with cls pooling, everything after attention is computed for first tokens only. */
#include "core/nn/block.h"

#include "core/os/prof.h"
#include "core/math/ops.h"
#include "core/nn/acts.h"

#include <string.h>

/* What every function here needs. */
struct ctx {
    const struct model *m;
    struct workspace *ws;
    const struct batch *b;   /* the micro-batch */
    const struct batch *row; /* the rows after attention: those of b, or first tokens */
    int layer;
    const struct net_layer *net;
    struct acts *acts;
    struct layer_acts *a;
};

static struct ctx ctx_make(const struct model *m, struct workspace *ws, const struct batch *b,
                           int layer)
{
    struct acts *acts = ws->acts;
    bool firsts = acts->firsts && layer == m->base->dims.n_layers - 1;

    return (struct ctx){
        m, ws, b, firsts ? &acts->row : b, layer, &m->net->layer[layer], acts, &acts->layer[layer]
    };
}

/* --- the linear maps of one input:  y = x W^T + b, plus what the method adds */

/* The biases of q, k and v are copied side by side; that of a single matrix is used where it is. */
static const real *group_bias(const struct ctx *c, enum group g)
{
    const struct param *const *b = &c->net->p[(int)ROLE_B + group_first(g)];
    int d = b[0]->cols;

    if (group_count(g) == 1)
        return b[0]->value;
    for (int i = 0; i < 3; i++)
        memcpy(c->acts->bias + i * d, b[i]->value, (size_t)d * sizeof(real));
    return c->acts->bias;
}

static void linear_fwd(const struct ctx *c, enum group g, struct mat y, struct mat x)
{
    const struct net_group *n = &c->net->group[g];
    const struct param *const *w = &c->net->p[(int)ROLE_W + group_first(g)];
    const real *bias = group_bias(c, g);

    prof_begin(n->packed ? WORK_FROZEN : WORK_TRAINED);
    if (n->packed)
        packed_fwd(n->packed, y, x, bias);
    for (int i = 0; i < group_count(g) && !n->packed; i++) {
        int at = i * w[0]->rows;
        plain_fwd(param_mat(w[i]), mat_cols(y, at, w[0]->rows), x, bias + at);
    }
    prof_end();
    prof_begin(WORK_ADAPTER);
    if (n->uses)
        c->m->adapt->proj_fwd(c->m, c->ws, g == GROUP_QKV ? c->b : c->row, c->layer, g,
                              c->a->saved[g], x, y);
    prof_end();
}

/* DX = dy W, or DX += dy W when ADD; DX may be empty. */
static void linear_bwd(const struct ctx *c, enum group g, struct mat dx, struct mat dy,
                       struct mat x, bool add)
{
    const struct net_group *n = &c->net->group[g];
    const struct param *const *w = &c->net->p[(int)ROLE_W + group_first(g)];
    const struct param *const *b = &c->net->p[(int)ROLE_B + group_first(g)];

    prof_begin(WORK_ADAPTER);
    if (n->uses && c->m->adapt->proj_out_bwd)
        c->m->adapt->proj_out_bwd(c->m, c->ws, g == GROUP_QKV ? c->b : c->row, c->layer, g,
                                  c->a->saved[g], x, dy);
    prof_end();
    prof_begin(n->packed ? WORK_FROZEN : WORK_TRAINED);
    for (int i = 0; i < group_count(g); i++) {
        struct mat dyi = mat_cols(dy, i * w[0]->rows, w[0]->rows);
        if (b[i]->trainable)
            mat_sum_rows(workspace_grad(c->ws, b[i]), dyi);
        if (w[i]->trainable)
            mat_gemm(workspace_grad_mat(c->ws, w[i]), 1, 1, dyi, TRANS, x, NOTRANS);
        if (dx.x && !n->packed)
            plain_bwd(param_mat(w[i]), dx, dyi, add || i > 0);
    }
    if (dx.x && n->packed)
        packed_bwd(n->packed, dx, dy, add);
    prof_end();
    prof_begin(WORK_ADAPTER);
    if (n->uses && c->m->adapt->proj_bwd)
        c->m->adapt->proj_bwd(c->m, c->ws, g == GROUP_QKV ? c->b : c->row, c->layer, g,
                              c->a->saved[g], x, dy, dx);
    prof_end();
}

/* --- the method's hooks between the linear maps */

static void tap_fwd(const struct ctx *c, enum place p, struct mat h, struct mat res)
{
    if (!c->net->tap[p])
        return;
    prof_begin(WORK_ADAPTER);
    c->m->adapt->tap_fwd(c->m, c->ws, c->row, c->layer, p, c->a->tap_saved[p], h, res);
    prof_end();
}

static void tap_bwd(const struct ctx *c, enum place p, struct mat dh, struct mat dres)
{
    if (!c->net->tap[p])
        return;
    prof_begin(WORK_ADAPTER);
    c->m->adapt->tap_bwd(c->m, c->ws, c->row, c->layer, p, c->a->tap_saved[p], dh, dres);
    prof_end();
}

/* --- attention */

static struct attn_shape attention(const struct ctx *c)
{
    const struct dims *d = &c->m->base->dims;
    struct attn_shape s = { .off = c->b->off,
                            .n_seq = c->b->n_seq,
                            .n_heads = d->n_heads,
                            .d_head = d->d_head,
                            .scale = c->m->net->attn_scale,
                            .causal = c->m->base->arch->causal,
                            .p_drop = c->m->head.attn_dropout,
                            .n_prefix = c->m->n_prefix_kv };

    if (s.n_prefix > 0)
        c->m->adapt->prefix_kv(c->m, c->ws, c->layer, &s.k_prefix, &s.v_prefix, &s.dk_prefix,
                               &s.dv_prefix);
    return s;
}

/* Row s of Y becomes the first row of sequence s of X. */
static void gather_firsts(struct mat y, struct mat x, const int *off)
{
    for (int s = 0; s < y.rows; s++)
        memcpy(mat_row(y, s), mat_row(x, off[s]), (size_t)y.cols * sizeof(real));
}

/* The reverse, in place: row s of X moves to row off[s] and all other rows become 0. Goes from the
 * end, so that no row is overwritten before it has moved (off[s] >= s). */
static void scatter_firsts(struct mat x, const int *off, int n_seq)
{
    size_t bytes = (size_t)x.cols * sizeof(real);

    for (int s = n_seq - 1; s >= 0; s--) {
        memmove(mat_row(x, off[s]), mat_row(x, s), bytes);
        mat_zero(mat_rows(x, off[s] + 1, off[s + 1] - off[s] - 1));
    }
}

/* Y [R,d] = A(a->in). */
static void attention_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;
    struct attn_shape s = attention(c);
    int d = a->x.cols;

    linear_fwd(c, GROUP_QKV, a->qkv, a->in);
    if (a->mask_probs)
        dropout_probs_mask(a->mask_probs, c->m, c->ws, c->b, c->layer);
    prof_begin(WORK_ATTENTION);
    attn_fwd(&s, a->att, a->probs, a->mask_probs, mat_cols(a->qkv, 0, d), mat_cols(a->qkv, d, d),
             mat_cols(a->qkv, 2 * d, d));
    prof_end();
    if (c->row != c->b) {
        gather_firsts(a->o, a->att, c->b->off);
        gather_firsts(a->res, a->x, c->b->off);
    }
    linear_fwd(c, GROUP_O, y, a->o);
}

/* DY [R,d] = dL/dA. If the gradient of the input is needed, it becomes DX [T,d], or is added to DX
 * when ADD. In the last block with cls pooling, the gradient of the residual stream in acts->g
 * moves from first tokens to their places among all rows, too. */
static void attention_bwd(const struct ctx *c, struct mat dx, struct mat dy, bool add)
{
    struct layer_acts *a = c->a;
    struct attn_shape s = attention(c);
    enum stage stop = c->net->stage;
    int d = a->in.cols;
    const struct mat none = { 0 };
    struct mat dqkv = mat_make(c->acts->wide, a->in.rows, 3 * d), datt = c->acts->datt;

    if (stop < STAGE_O)
        return;
    linear_bwd(c, GROUP_O, stop > STAGE_O ? mat_rows(datt, 0, dy.rows) : none, dy, a->o, false);
    if (stop < STAGE_QKV)
        return;
    if (c->row != c->b) {
        scatter_firsts(datt, c->b->off, c->b->n_seq);
        scatter_firsts(c->acts->g, c->b->off, c->b->n_seq);
    }
    prof_begin(WORK_ATTENTION);
    attn_bwd(&s, mat_cols(dqkv, 0, d), mat_cols(dqkv, d, d), mat_cols(dqkv, 2 * d, d), datt,
             a->probs, a->mask_probs, mat_cols(a->qkv, 0, d), mat_cols(a->qkv, d, d),
             mat_cols(a->qkv, 2 * d, d), c->acts->scratch);
    prof_end();
    linear_bwd(c, GROUP_QKV, stop > STAGE_QKV ? dx : none, dqkv, a->in, add);
}

/* --- the MLP */

/* Y [R,d] = M(a->y1). */
static void mlp_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;
    bool slope = c->ws->grad && c->net->stage >= STAGE_UP;

    linear_fwd(c, GROUP_UP, a->u, a->y1);
    prof_begin(WORK_ACT);
    act_fwd(a->a, slope ? a->u : (struct mat){ 0 }, a->u, c->m->base->dims.act);
    prof_end();
    tap_fwd(c, PLACE_ACT, a->a, (struct mat){ 0 });
    linear_fwd(c, GROUP_DOWN, y, a->a);
}

/* DY [R,d] = dL/dM. DX and ADD as in attention_bwd; DX may be DY. */
static void mlp_bwd(const struct ctx *c, struct mat dx, struct mat dy, bool add)
{
    struct layer_acts *a = c->a;
    enum stage stop = c->net->stage;
    const struct mat none = { 0 };
    struct mat du = mat_make(c->acts->wide, dy.rows, c->m->base->dims.d_ffn);

    if (stop < STAGE_DOWN)
        return;
    linear_bwd(c, GROUP_DOWN, stop > STAGE_DOWN ? du : none, dy, a->a, false);
    if (stop < STAGE_UP)
        return;
    tap_bwd(c, PLACE_ACT, du, none);
    prof_begin(WORK_ACT);
    act_bwd(du, du, a->u);
    prof_end();
    linear_bwd(c, GROUP_UP, stop > STAGE_UP ? dx : none, du, a->y1, add);
}

/* --- post-norm: y = LN(res + drop(sub)); the output of the sublayer is in xhat, which then becomes
 * the normalized sum */

static const struct param *const *norm_of(const struct ctx *c, int site)
{
    return &c->net->p[site == SITE_ATTN ? ROLE_NORM1_G : ROLE_NORM2_G];
}

static void drop_fwd(const struct ctx *c, int site, struct mat y, unsigned char *mask)
{
    double drop = c->m->head.hidden_dropout;

    if (mask) {
        dropout_mask(mask, c->m, c->ws, c->row, dropout_sub(c->layer, site), y.cols, drop);
        prof_begin(WORK_DROPOUT);
        dropout(y, y, mask, drop);
        prof_end();
    }
}

/* From the gradient G of the residual stream, that of a sublayer's output before dropout and before
 * the method's hook. Returns G itself, or DD when they differ. */
static struct mat sub_bwd(const struct ctx *c, int site, struct mat g, struct mat dd,
                          const unsigned char *mask)
{
    bool own = c->net->own_dy[site == SITE_MLP];

    if (!mask && !own)
        return g;
    if (own) {
        mat_copy(dd, g);
        tap_bwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, dd, g);
    }
    prof_begin(WORK_DROPOUT);
    if (mask)
        dropout(dd, own ? dd : g, mask, c->m->head.hidden_dropout);
    prof_end();
    return dd;
}

static void add_norm_fwd(const struct ctx *c, int site, struct mat y, struct mat xhat, real *rstd,
                         unsigned char *mask, struct mat res)
{
    const struct param *const *p = norm_of(c, site);

    drop_fwd(c, site, xhat, mask);
    tap_fwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, xhat, res);
    prof_begin(WORK_NORM);
    mat_add(xhat, 1, res);
    layernorm_fwd(y, xhat, rstd, xhat, p[0]->value, p[1]->value, c->m->base->dims.ln_eps);
    prof_end();
}

/* DY, the gradient of the output of the LayerNorm of this site, becomes that of its input. */
static void norm_bwd(const struct ctx *c, int site, struct mat dy, struct mat xhat,
                     const real *rstd)
{
    const struct param *const *p = norm_of(c, site);

    prof_begin(WORK_NORM);
    layernorm_bwd(dy, workspace_grad(c->ws, p[0]), workspace_grad(c->ws, p[1]), dy, xhat, rstd,
                  p[0]->value);
    prof_end();
}

static void post_norm_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;

    attention_fwd(c, a->xhat1);
    add_norm_fwd(c, SITE_ATTN, a->y1, a->xhat1, a->rstd1, a->mask1, a->res);
    mlp_fwd(c, a->xhat2);
    add_norm_fwd(c, SITE_MLP, y, a->xhat2, a->rstd2, a->mask2, a->y1);
}

static void post_norm_bwd(const struct ctx *c)
{
    struct layer_acts *a = c->a;
    enum stage stop = c->net->stage;
    int r = c->row->n_tok;
    struct mat g = mat_rows(c->acts->g, 0, r), dd = mat_rows(c->acts->dd, 0, r);

    norm_bwd(c, SITE_MLP, g, a->xhat2, a->rstd2);
    if (stop < STAGE_DOWN)
        return;
    mlp_bwd(c, g, sub_bwd(c, SITE_MLP, g, dd, a->mask2), true);
    if (stop < STAGE_NORM_MID)
        return;
    norm_bwd(c, SITE_ATTN, g, a->xhat1, a->rstd1);
    if (stop < STAGE_O)
        return;
    attention_bwd(c, c->acts->g, sub_bwd(c, SITE_ATTN, g, dd, a->mask1), true);
}

/* --- pre-norm: n = LN(x), then x += drop(sub), where x is the residual stream */

static void norm_fwd(const struct ctx *c, int site, struct mat n, struct mat xhat, real *rstd,
                     struct mat x)
{
    const struct param *const *p = norm_of(c, site);

    prof_begin(WORK_NORM);
    layernorm_fwd(n, xhat, rstd, x, p[0]->value, p[1]->value, c->m->base->dims.ln_eps);
    prof_end();
}

static void add_sub(const struct ctx *c, int site, struct mat x, unsigned char *mask)
{
    drop_fwd(c, site, c->acts->sub, mask);
    tap_fwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, c->acts->sub, x);
    prof_begin(WORK_NORM);
    mat_add(x, 1, c->acts->sub);
    prof_end();
}

static void pre_norm_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;

    if (y.x != a->x.x) /* a recomputed block keeps its input */
        mat_copy(y, a->x);
    norm_fwd(c, SITE_ATTN, a->in, a->xhat1, a->rstd1, y);
    attention_fwd(c, c->acts->sub);
    add_sub(c, SITE_ATTN, y, a->mask1);
    norm_fwd(c, SITE_MLP, a->y1, a->xhat2, a->rstd2, y);
    mlp_fwd(c, c->acts->sub);
    add_sub(c, SITE_MLP, y, a->mask2);
}

static void pre_norm_bwd(const struct ctx *c)
{
    struct layer_acts *a = c->a;
    enum stage stop = c->net->stage;
    struct mat g = c->acts->g, dd = c->acts->dd;

    if (stop < STAGE_DOWN)
        return;
    mlp_bwd(c, dd, sub_bwd(c, SITE_MLP, g, dd, a->mask2), false);
    if (stop < STAGE_NORM_MID)
        return;
    norm_bwd(c, SITE_MLP, dd, a->xhat2, a->rstd2);
    mat_add(g, 1, dd);
    if (stop < STAGE_O)
        return;
    attention_bwd(c, dd, sub_bwd(c, SITE_ATTN, g, dd, a->mask1), false);
    if (stop < STAGE_NORM_IN)
        return;
    norm_bwd(c, SITE_ATTN, dd, a->xhat1, a->rstd1);
    mat_add(g, 1, dd);
}

/* --- the block */

void block_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               struct mat y)
{
    struct ctx c = ctx_make(m, ws, b, layer);

    if (m->net->pre_norm)
        pre_norm_fwd(&c, y);
    else
        post_norm_fwd(&c, y);
    tap_fwd(&c, PLACE_BLOCK, y, (struct mat){ 0 });
}

void block_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer)
{
    struct ctx c = ctx_make(m, ws, b, layer);

    tap_bwd(&c, PLACE_BLOCK, mat_rows(c.acts->g, 0, c.row->n_tok), (struct mat){ 0 });
    if (m->net->pre_norm)
        pre_norm_bwd(&c);
    else
        post_norm_bwd(&c);
}
