/* block.c - one transformer block, forward and backward.
 *
 *     A(n) = W_o attention(W_qkv n + b) + b_o      M(n) = W_down f(W_up n + b_up) + b_down
 *
 * Llama's block (Touvron et al. 2023, sec. 2.2) has no biases, RMSNorm for LayerNorm, queries and
 * keys that are rotated by their positions, fewer heads of keys and values than of queries, and
 *
 *     M(n) = W_down (W_up n * f(W_gate n))
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
#include "core/nn/hooks.h"
#include "core/nn/linear.h"
#include "core/nn/norm.h"
#include "core/nn/positions.h"
#include "core/nn/rows.h"

#include <string.h>

static struct ctx ctx_make(const struct model *m, struct workspace *ws, const struct batch *b,
                           int layer)
{
    struct acts *acts = ws->acts;
    bool firsts = acts->firsts && layer == m->base->dims.n_layers - 1;
    struct ctx c = { m,
                     ws,
                     b,
                     firsts ? &acts->row : b,
                     *b,
                     layer,
                     &m->net->layer[layer],
                     acts,
                     &acts->layer[layer] };

    c.qkv.n_extra = acts->n_behind;
    c.qkv.extra_first = acts->rel_first;
    return c;
}

/* --- attention */

static struct attn_shape attention(const struct ctx *c)
{
    const struct dims *d = &c->m->base->dims;
    struct attn_shape s = { .off = c->b->off,
                            .n_seq = c->b->n_seq,
                            .n_heads = d->n_heads,
                            .n_kv_heads = dims_kv_heads(d),
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

/* Queries, keys, and values, or their gradients, in the columns of M. */
struct qkv {
    struct mat q, k, v;
};

static struct qkv qkv_of(const struct ctx *c, struct mat m)
{
    int q = c->m->net->q_width, kv = c->m->net->kv_width;

    return (struct qkv){ mat_cols(m, 0, q), mat_cols(m, q, kv), mat_cols(m, q + kv, kv) };
}

/* Rotate queries and keys by their positions, or with SIGN -1 their gradients back. */
static void rotate(const struct ctx *c, struct qkv x, int sign)
{
    if (!c->acts->rope.x)
        return;
    rope(x.q, c->acts->rope, c->acts->rope_row, sign);
    rope(x.k, c->acts->rope, c->acts->rope_row, sign);
}

/* Keep the keys and values of a pass in its cache. */
static void keep_kv(const struct ctx *c, struct qkv x)
{
    const struct kv_pass *kv = c->ws->kv;
    struct mat k = kv_cache_keys(kv->cache, c->layer), v = kv_cache_values(kv->cache, c->layer);

    for (int t = 0; t < x.k.rows; t++) {
        mat_copy(mat_rows(k, kv->row[t], 1), mat_rows(x.k, t, 1));
        mat_copy(mat_rows(v, kv->row[t], 1), mat_rows(x.v, t, 1));
    }
}

/* Attention of the new tokens of sequences that continue. */
static void attend_cached(const struct ctx *c, const struct attn_shape *s, struct mat q)
{
    const struct kv_pass *kv = c->ws->kv;

    attn_next(s, c->a->att, c->a->probs, q, kv_cache_keys(kv->cache, c->layer),
              kv_cache_values(kv->cache, c->layer), kv->seen, kv->n_seen);
}

/* The rows of tokens, without those behind them. */
static struct mat tokens_of(const struct ctx *c, struct mat m)
{
    return mat_rows(m, 0, c->b->n_tok);
}

static struct mat behind_tokens(const struct ctx *c, struct mat m)
{
    return mat_rows(m, c->b->n_tok, c->acts->n_behind);
}

/* Y [R,d] = A(a->in). */
static void attention_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;
    struct attn_shape s = attention(c);
    struct qkv x = qkv_of(c, tokens_of(c, a->qkv));

    if (c->acts->n_behind > 0)
        positions_put(c->m, c->ws, c->layer, behind_tokens(c, a->in));
    linear_fwd(c, GROUP_QKV, a->qkv, a->in);
    positions_project(c->m, c->ws, c->layer);
    s.positions = positions_terms(c->m, c->ws, c->layer, (struct mat){ 0 });
    if (a->mask_probs)
        dropout_probs_mask(a->mask_probs, c->m, c->ws, c->b, c->layer);
    prof_begin(WORK_ATTENTION);
    rotate(c, x, 1);
    if (c->ws->kv)
        keep_kv(c, x);
    if (workspace_continues(c->ws))
        attend_cached(c, &s, x.q);
    else
        attn_fwd(&s, a->att, a->probs, a->mask_probs, x.q, x.k, x.v);
    prof_end();
    if (c->row != c->b) {
        rows_gather(a->o, a->att, c->b->off);
        rows_gather(a->res, a->x, c->b->off);
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
    const struct mat none = { 0 };
    int n = c->net->rel_grad ? a->in.rows : c->b->n_tok;
    struct mat dqkv = mat_make(c->acts->wide, n, a->qkv.cols), datt = c->acts->datt;
    struct qkv x = qkv_of(c, tokens_of(c, a->qkv)), dx_of = qkv_of(c, tokens_of(c, dqkv));

    if (stop < STAGE_O)
        return;
    linear_bwd(c, GROUP_O, stop > STAGE_O ? mat_rows(datt, 0, dy.rows) : none, dy, a->o, false);
    if (stop < STAGE_QKV)
        return;
    if (c->row != c->b) {
        rows_scatter(datt, c->b->off, c->b->n_seq);
        rows_scatter(c->acts->g, c->b->off, c->b->n_seq);
    }
    s.positions = positions_terms(c->m, c->ws, c->layer, dqkv);
    prof_begin(WORK_ATTENTION);
    attn_bwd(&s, dx_of.q, dx_of.k, dx_of.v, datt, a->probs, a->mask_probs, x.q, x.k, x.v,
             c->acts->scratch);
    rotate(c, dx_of, -1);
    prof_end();
    positions_project_bwd(c->m, c->ws, c->layer);
    if (n > c->b->n_tok) /* DX is the acts' g, which has room for these rows, too */
        mat_zero(behind_tokens(c, dx = mat_make(dx.x, n, dx.cols)));
    linear_bwd(c, GROUP_QKV, stop > STAGE_QKV ? dx : none, dqkv, mat_rows(a->in, 0, n), add);
    if (n > c->b->n_tok && c->m->net->rel_trains)
        positions_take(c->m, c->ws, c->layer, behind_tokens(c, dx));
}

/* --- the MLP */

/* Y [R,d] = M(a->y1). */
static void mlp_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;
    const struct dims *d = &c->m->base->dims;
    bool slope = c->ws->grad && c->net->stage >= STAGE_UP;

    linear_fwd(c, GROUP_UP, a->u, a->y1);
    prof_begin(WORK_ACT);
    if (d->gated)
        gated_fwd(a->a, slope ? a->u : (struct mat){ 0 }, a->u, d->act);
    else
        act_fwd(a->a, slope ? a->u : (struct mat){ 0 }, a->u, d->act);
    prof_end();
    hooks_tap_fwd(c, PLACE_ACT, a->a, (struct mat){ 0 });
    linear_fwd(c, GROUP_DOWN, y, a->a);
}

/* DY [R,d] = dL/dM. DX and ADD as in attention_bwd; DX may be DY. */
static void mlp_bwd(const struct ctx *c, struct mat dx, struct mat dy, bool add)
{
    struct layer_acts *a = c->a;
    enum stage stop = c->net->stage;
    const struct mat none = { 0 };
    bool gated = c->m->base->dims.gated;
    struct mat du = mat_make(c->acts->wide, dy.rows, a->u.cols), da = du;

    if (stop < STAGE_DOWN)
        return;
    if (gated) /* da is behind du */
        da = mat_make(du.x + (size_t)du.rows * (size_t)du.cols, dy.rows, a->a.cols);
    linear_bwd(c, GROUP_DOWN, stop > STAGE_DOWN ? da : none, dy, a->a, false);
    if (stop < STAGE_UP)
        return;
    hooks_tap_bwd(c, PLACE_ACT, da, none);
    prof_begin(WORK_ACT);
    if (gated)
        gated_bwd(du, da, a->u);
    else
        act_bwd(du, da, a->u);
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
        hooks_tap_bwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, dd, g);
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
    hooks_tap_fwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, xhat, res);
    prof_begin(WORK_NORM);
    mat_add(xhat, 1, res);
    norm_fwd(c->m, p, y, xhat, rstd, xhat);
    prof_end();
}

/* DY, the gradient of the output of the LayerNorm of this site, becomes that of its input. */
static void site_norm_bwd(const struct ctx *c, int site, struct mat dy, struct mat xhat,
                          const real *rstd)
{
    const struct param *const *p = norm_of(c, site);

    prof_begin(WORK_NORM);
    norm_bwd(c->m, c->ws, p, dy, xhat, rstd);
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

    site_norm_bwd(c, SITE_MLP, g, a->xhat2, a->rstd2);
    if (stop < STAGE_DOWN)
        return;
    mlp_bwd(c, g, sub_bwd(c, SITE_MLP, g, dd, a->mask2), true);
    if (stop < STAGE_NORM_MID)
        return;
    site_norm_bwd(c, SITE_ATTN, g, a->xhat1, a->rstd1);
    if (stop < STAGE_O)
        return;
    attention_bwd(c, c->acts->g, sub_bwd(c, SITE_ATTN, g, dd, a->mask1), true);
}

/* --- pre-norm: n = LN(x), then x += drop(sub), where x is the residual stream */

static void site_norm_fwd(const struct ctx *c, int site, struct mat n, struct mat xhat, real *rstd,
                          struct mat x)
{
    const struct param *const *p = norm_of(c, site);

    prof_begin(WORK_NORM);
    norm_fwd(c->m, p, n, xhat, rstd, x);
    prof_end();
}

static void add_sub(const struct ctx *c, int site, struct mat x, unsigned char *mask)
{
    drop_fwd(c, site, c->acts->sub, mask);
    hooks_tap_fwd(c, site == SITE_MLP ? PLACE_MLP : PLACE_ATTN, c->acts->sub, x);
    prof_begin(WORK_NORM);
    mat_add(x, 1, c->acts->sub);
    prof_end();
}

static void pre_norm_fwd(const struct ctx *c, struct mat y)
{
    struct layer_acts *a = c->a;

    if (y.x != a->x.x) /* a recomputed block keeps its input */
        mat_copy(y, a->x);
    site_norm_fwd(c, SITE_ATTN, a->in, a->xhat1, a->rstd1, y);
    attention_fwd(c, c->acts->sub);
    add_sub(c, SITE_ATTN, y, a->mask1);
    site_norm_fwd(c, SITE_MLP, a->y1, a->xhat2, a->rstd2, y);
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
    site_norm_bwd(c, SITE_MLP, dd, a->xhat2, a->rstd2);
    mat_add(g, 1, dd);
    if (stop < STAGE_O)
        return;
    attention_bwd(c, dd, sub_bwd(c, SITE_ATTN, g, dd, a->mask1), false);
    if (stop < STAGE_NORM_IN)
        return;
    site_norm_bwd(c, SITE_ATTN, dd, a->xhat1, a->rstd1);
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
    hooks_tap_fwd(&c, PLACE_BLOCK, y, (struct mat){ 0 });
}

void block_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer)
{
    struct ctx c = ctx_make(m, ws, b, layer);

    hooks_tap_bwd(&c, PLACE_BLOCK, mat_rows(c.acts->g, 0, c.row->n_tok), (struct mat){ 0 });
    if (m->net->pre_norm)
        pre_norm_bwd(&c);
    else
        post_norm_bwd(&c);
}
