/* pass.c - a micro-batch through a whole model and back: embeddings, blocks, pooling, classifier,
 * loss. decoder.c has the end of a decoder.
 *
 *     x_0 = drop(LN(word + position + type))    x_l+1 = block_l(x_l)    (decoders: no LN, no type;
 *                                               with rotary positions: no position)
 *     cls:  p = f(W_p x[first] + b_p)           mean:  p = mean of the sequence's rows of x
 *           p = x[first] without a pooler
 *     logits = W_c h + b_c,   h = drop(scale p),   with a dense layer in the head
 *                             h = drop(f(W_d drop(scale p) + b_d)) */
#include "core/nn/pass.h"

#include "core/os/prof.h"
#include "core/math/ops.h"
#include "core/nn/acts.h"
#include "core/weights/base_model_impl.h"
#include "core/nn/block.h"
#include "core/nn/conv.h"
#include "core/nn/decoder.h"
#include "core/nn/positions.h"
#include "core/nn/soft.h"

#include <string.h>

/* The embeddings of virtual tokens, or their gradient, in a vector laid out as theta. */
static struct mat soft_mat(const struct model *m, real *values)
{
    return soft_rows(m)
               ? mat_make(values + m->params[m->soft].off, soft_rows(m), m->params[m->soft].cols)
               : (struct mat){ 0 };
}

/* A table of embeddings, of positions or token types, which an architecture may lack. */
static struct mat table_mat(const struct model *m, enum role r)
{
    const struct param *p = m->net->p[r];

    return p ? param_mat(p) : (struct mat){ 0 };
}

static struct mat table_grad(const struct model *m, const struct workspace *ws, enum role r)
{
    const struct param *p = m->net->p[r];

    return p ? workspace_grad_mat(ws, p) : (struct mat){ 0 };
}

/* The rows of the table of positions. Where it begins with rows for padding, a token of padding in
 * a text has the last of these and does not count, as in transformers. */
static const int *position_rows(const struct model *m, const struct acts *a, const struct batch *b)
{
    const struct dims *d = &m->base->dims;

    for (int s = 0; a->pos && s < b->n_seq; s++)
        for (int t = b->off[s], n = d->pos_offset; t < b->off[s + 1]; t++)
            a->pos[t] = b->ids[t] == d->pad_id ? d->pad_id : n++;
    return a->pos ? a->pos : b->pos;
}

static void embeddings_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;
    struct mat x = a->layer[0].x;
    double drop = m->head.hidden_dropout;

    embed_fwd(x, b->ids, position_rows(m, a, b), b->types, param_mat(p[ROLE_WORD]),
              table_mat(m, ROLE_POS), table_mat(m, ROLE_TYPE), soft_mat(m, m->theta));
    base_model_rows_read(m->base, p[ROLE_WORD], b->n_tok);
    prof_begin(WORK_NORM);
    if (p[ROLE_EMB_G])
        layernorm_fwd(x, a->xhat0, a->rstd0, x, p[ROLE_EMB_G]->value, p[ROLE_EMB_B]->value,
                      m->base->dims.ln_eps);
    prof_end();
    if (a->mask0) {
        dropout_mask(a->mask0, m, ws, b, dropout_sub(-1, SITE_EMBED), x.cols, drop);
        prof_begin(WORK_DROPOUT);
        dropout(x, x, a->mask0, drop);
        prof_end();
    }
}

/* The table of rotary positions. Sequences that continue need that of their new tokens only. */
static void rotary_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    double theta = m->base->dims.rope_theta;

    a->rope_row = b->pos;
    if (!a->rope.x)
        return;
    if (!workspace_continues(ws)) {
        rope_table(a->rope, NULL, theta);
        return;
    }
    rope_table(a->rope, b->pos, theta);
    a->rope_row = a->row_off; /* 0, 1, .. */
}

static void embeddings_bwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (a->mask0)
        dropout(a->g, a->g, a->mask0, m->head.hidden_dropout);
    if (p[ROLE_EMB_G])
        layernorm_bwd(a->g, workspace_grad(ws, p[ROLE_EMB_G]), workspace_grad(ws, p[ROLE_EMB_B]),
                      a->g, a->xhat0, a->rstd0, p[ROLE_EMB_G]->value);
    embed_bwd(workspace_grad_mat(ws, p[ROLE_WORD]), table_grad(m, ws, ROLE_POS),
              table_grad(m, ws, ROLE_TYPE), soft_mat(m, ws->grad), b->ids, a->pos ? a->pos : b->pos,
              b->types, a->g);
}

/* Copy the output X of the frozen layers to the frozen-prefix cache, or from it when it is known
 * there: ALL rows of each sequence, or one. That one is its first row among ALL tokens with
 * FIRST_OF_TOKENS, else row s of X. */
static void copy_frozen(const struct workspace *ws, const struct batch *b, struct mat x, bool all,
                        bool first_of_tokens)
{
    for (int s = 0; s < b->n_seq; s++) {
        int from = all || first_of_tokens ? b->off[s] : s, n = all ? b->off[s + 1] - b->off[s] : 1;
        struct mat here = mat_rows(x, from, n),
                   cached = mat_make(ws->frozen[ws->frozen_at[s]], n, x.cols);
        mat_copy(ws->frozen_known ? here : cached, ws->frozen_known ? cached : here);
    }
}

static bool layers_alike(const struct model *m, int n_layers)
{
    bool alike = true;

    for (int i = 0; i < n_layers && alike; i++)
        for (int g = 0; g < N_GROUP; g++) {
            const struct packed *p = m->net->layer[i].group[g].packed;
            alike &= p && packed_rows_alike(p);
        }
    return alike;
}

bool model_rows_alike(const struct model *m)
{
    const struct lmhead *lm = &m->net->lm;
    bool alike = layers_alike(m, m->base->dims.n_layers);

    if (lm->w.x && !lm->chunk)
        return alike && plain_rows_alike();
    for (int c = 0; alike && lm->w.x && c < lmhead_chunks(lm->w.rows); c++)
        alike = packed_rows_alike(lm->chunk[c]);
    return alike;
}

bool model_frozen_is_fixed(const struct model *m)
{
    return m->lowest > 0 && m->head.hidden_dropout <= 0 && m->head.attn_dropout <= 0 &&
           layers_alike(m, m->lowest);
}

/* The activation of the pooler, or of the head's dense layer. */
static enum act dense_act(const struct model *m)
{
    const struct arch_head *h = m->base->arch->head;

    return h->dense_is_pooler ? m->base->dims.dense_act : h->act;
}

static void pooling_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    bool cached = ws->frozen && m->lowest == m->base->dims.n_layers;

    if (m->head.pooling == POOL_MEAN) {
        if (!cached || !ws->frozen_known)
            pool_fwd(ws->pooled, ws->hidden, b->off, POOL_MEAN);
        if (cached)
            copy_frozen(ws, b, ws->pooled, false, false);
        return;
    }
    if (cached)
        copy_frozen(ws, b, ws->hidden, false, !a->firsts);
    if (a->firsts)
        mat_copy(a->first, ws->hidden);
    else
        pool_fwd(a->first, ws->hidden, b->off, POOL_CLS);
    if (!m->net->p[ROLE_POOL_W]) {
        mat_copy(ws->pooled, a->first);
        return;
    }
    mat_gemm(ws->pooled, 0, 1, a->first, NOTRANS, param_mat(m->net->p[ROLE_POOL_W]), TRANS);
    mat_add_row(ws->pooled, m->net->p[ROLE_POOL_B]->value);
    act_fwd(ws->pooled, a->slope, ws->pooled, dense_act(m));
}

/* From a->dpool = dL/dp to dL/dx in a->g, which is [S,d] when only first tokens were computed. */
static void pooling_bwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    bool below = m->lowest < m->base->dims.n_layers;
    const struct param *w = m->net->p[ROLE_POOL_W], *bias = m->net->p[ROLE_POOL_B];

    if (m->head.pooling == POOL_MEAN) {
        if (below)
            pool_bwd(a->g, a->dpool, b->off, POOL_MEAN);
        return;
    }
    if (w) {
        act_bwd(a->dpool, a->dpool, a->slope);
        if (bias->trainable)
            mat_sum_rows(workspace_grad(ws, bias), a->dpool);
        if (w->trainable)
            mat_gemm(workspace_grad_mat(ws, w), 1, 1, a->dpool, TRANS, a->first, NOTRANS);
    }
    if (!below)
        return;
    struct mat dfirst = a->firsts ? mat_rows(a->g, 0, b->n_seq) : a->first;
    if (w)
        mat_gemm(dfirst, 0, 1, a->dpool, NOTRANS, param_mat(w), NOTRANS);
    else
        mat_copy(dfirst, a->dpool);
    if (!a->firsts)
        pool_bwd(a->g, dfirst, b->off, POOL_CLS);
}

static void scale_mat(struct mat m, double by)
{
    for (int i = 0; by != 1 && i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, i)[j] *= (real)by;
}

static void dense_fwd(const struct model *m, struct workspace *ws)
{
    struct acts *a = ws->acts;
    double drop = m->head.classifier_dropout;

    mat_gemm(a->dense, 0, 1, ws->pooled, NOTRANS, param_mat(m->net->p[ROLE_DENSE_W]), TRANS);
    mat_add_row(a->dense, m->net->p[ROLE_DENSE_B]->value);
    act_fwd(a->dense, a->dense_slope, a->dense, dense_act(m));
    if (a->mask_dense) {
        dropout_mask(a->mask_dense, m, ws, &a->row, dropout_sub(-1, SITE_DENSE), a->dense.cols,
                     drop);
        dropout(a->dense, a->dense, a->mask_dense, drop);
    }
}

/* DX = the gradient of the dense layer's input from that of its output, DY, which it overwrites. */
static void dense_bwd(const struct model *m, struct workspace *ws, struct mat dx, struct mat dy)
{
    struct acts *a = ws->acts;
    const struct param *w = m->net->p[ROLE_DENSE_W];

    if (a->mask_dense)
        dropout(dy, dy, a->mask_dense, m->head.classifier_dropout);
    act_bwd(dy, dy, a->dense_slope);
    mat_gemm(workspace_grad_mat(ws, w), 1, 1, dy, TRANS, ws->pooled, NOTRANS);
    mat_sum_rows(workspace_grad(ws, m->net->p[ROLE_DENSE_B]), dy);
    mat_gemm(dx, 0, 1, dy, NOTRANS, param_mat(w), NOTRANS);
}

static void head_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    struct mat in = ws->pooled;
    double drop = m->head.classifier_dropout;

    pooling_fwd(m, ws, b);
    scale_mat(ws->pooled, m->head.pool_scale);
    if (a->mask_head) {
        dropout_mask(a->mask_head, m, ws, &a->row, dropout_sub(-1, SITE_HEAD), ws->pooled.cols,
                     drop);
        dropout(ws->pooled, ws->pooled, a->mask_head, drop);
    }
    if (a->dense.x) {
        dense_fwd(m, ws);
        in = a->dense;
    }
    mat_gemm(ws->logits, 0, 1, in, NOTRANS, param_mat(m->net->p[ROLE_HEAD_W]), TRANS);
    mat_add_row(ws->logits, m->net->p[ROLE_HEAD_B]->value);
}

static void head_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                     struct mat dlogits)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p, *w = p[ROLE_HEAD_W];
    bool dense = a->dense.x, pooler = m->head.pooling == POOL_CLS && p[ROLE_POOL_W] &&
                                      (p[ROLE_POOL_W]->trainable || p[ROLE_POOL_B]->trainable);

    mat_gemm(workspace_grad_mat(ws, w), 1, 1, dlogits, TRANS, dense ? a->dense : ws->pooled,
             NOTRANS);
    mat_sum_rows(workspace_grad(ws, p[ROLE_HEAD_B]), dlogits);
    if (m->lowest == m->base->dims.n_layers && !pooler && !dense)
        return;
    mat_gemm(dense ? a->ddense : a->dpool, 0, 1, dlogits, NOTRANS, param_mat(w), NOTRANS);
    if (dense)
        dense_bwd(m, ws, a->dpool, a->ddense);
    if (a->mask_head)
        dropout(a->dpool, a->dpool, a->mask_head, m->head.classifier_dropout);
    scale_mat(a->dpool, m->head.pool_scale);
    pooling_bwd(m, ws, b);
}

/* Where the last block writes its output, with the rows of virtual tokens. */
static struct mat last_output(const struct model *m, struct workspace *ws)
{
    struct acts *a = ws->acts;

    return m->net->pre_norm ? a->out : a->long_y.x ? a->long_y : ws->hidden;
}

/* Copy the rows of real tokens of X, the hidden states after I blocks, to the caller's memory. */
static void copy_layer_out(const struct model *m, const struct workspace *ws, const struct batch *b,
                           const struct batch *e, int i, struct mat x)
{
    struct mat out = mat_make(ws->layer_out[i], b->n_tok, x.cols);

    if (soft_rows(m))
        soft_remove(out, x, m, e->off, e->n_seq);
    else
        mat_copy(out, x);
}

int model_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    int n = m->base->dims.n_layers;

    CHECK(!ws->frozen || (m->lowest > 0 && !ws->all_hidden),
          "frozen-prefix cache with lowest layer %d", m->lowest);
    CHECK(!ws->kv || !(ws->frozen || ws->layer_out || ws->grad || ws->train || ws->all_logits),
          "a pass of %d tokens with a cache", b->n_tok);
    CHECK(!ws->layer_out || (ws->all_hidden && !ws->frozen), "%d", ws->all_hidden);
    if (acts_ready(ws, m, b) != 0)
        return -1;
    const struct batch *e = acts_batch(a, b);
    bool known = ws->frozen && ws->frozen_known;
    prof_begin(WORK_ADAPTER);
    if (m->adapt->pass_begin)
        m->adapt->pass_begin(m, ws);
    prof_end();
    positions_fwd(m, ws, e);
    rotary_fwd(m, ws, e);
    if (!known)
        embeddings_fwd(m, ws, e);
    for (int i = known ? m->lowest : 0; i < n; i++) {
        if (ws->frozen && i == m->lowest)
            copy_frozen(ws, b, a->layer[i].x, true, false);
        if (ws->layer_out)
            copy_layer_out(m, ws, b, e, i, a->layer[i].x);
        struct mat y = i + 1 < n ? a->layer[i + 1].x : last_output(m, ws);
        if (i == 0)
            conv_fwd(m, ws, e);
        block_fwd(m, ws, e, i, y);
        if (i == 0)
            conv_join(m, ws, y);
    }
    if (ws->layer_out)
        copy_layer_out(m, ws, b, e, n, last_output(m, ws));
    prof_begin(WORK_LOSS);
    if (a->long_y.x)
        soft_remove(m->net->pre_norm ? a->long_y : ws->hidden, last_output(m, ws), m, e->off,
                    e->n_seq);
    if (m->base->arch->causal)
        decoder_fwd(m, ws, b);
    else
        head_fwd(m, ws, b);
    prof_end();
    return 0;
}

void model_bwd(const struct model *m, struct workspace *ws, const struct batch *b, struct mat dout)
{
    const struct acts *a = ws->acts;
    const struct batch *e = acts_batch(a, b);
    int n = m->base->dims.n_layers;

    CHECK(ws->grad && a->n_tok == e->n_tok && a->n_seq == b->n_seq, "%d tokens, %d in forward",
          e->n_tok, a->n_tok);
    prof_begin(WORK_LOSS);
    if (m->base->arch->causal)
        decoder_bwd(m, ws, dout);
    else
        head_bwd(m, ws, b, dout);
    if (a->long_y.x) {
        mat_copy(mat_rows(a->long_y, 0, b->n_tok), mat_rows(a->g, 0, b->n_tok));
        soft_insert(a->g, a->long_y, m, e->off, e->n_seq);
    }
    prof_end();
    for (int i = n - 1; i >= 0 && i >= m->lowest; i--) {
        /* The activations of the highest recomputed block are still there. */
        if (acts_recomputed(m, i) && i + 1 < n && acts_recomputed(m, i + 1))
            block_fwd(m, ws, e, i, a->layer[i + 1].x);
        if (i == 0)
            conv_join_bwd(m, ws);
        block_bwd(m, ws, e, i);
        if (i == 0)
            conv_bwd(m, ws, e);
    }
    positions_bwd(m, ws);
    if (m->lowest < 0)
        embeddings_bwd(m, ws, e);
    prof_begin(WORK_ADAPTER);
    if (m->adapt->pass_end)
        m->adapt->pass_end(m, ws);
    prof_end();
}

double model_loss(const struct model *m, struct workspace *ws, const struct batch *b, double weight,
                  struct mat *dout)
{
    const struct acts *a = ws->acts;
    struct mat d = ws->grad && dout ? a->dlogits : (struct mat){ 0 };

    if (m->base->arch->causal)
        return decoder_loss(m, ws, b, weight, dout);
    if (dout)
        *dout = d;
    if (m->head.regression) {
        CHECK(b->target, "%d sequences", b->n_seq);
        return mse(d, ws->logits, b->target, weight);
    }
    CHECK(b->label, "%d sequences", b->n_seq);
    return xent(d, ws->logits, b->label, weight);
}

void model_product(const struct model *m, int layer, enum group g, struct mat y, struct mat x)
{
    const struct net_layer *net = &m->net->layer[layer];

    if (net->group[g].packed) {
        packed_fwd(net->group[g].packed, y, x, NULL);
        return;
    }
    for (int i = 0, at = 0; i < group_count(&m->base->dims, g); i++) {
        const struct param *w = net->p[(int)ROLE_W + (int)group_proj(g, i)];
        plain_fwd(param_mat(w), mat_cols(y, at, w->rows), x, NULL);
        at += w->rows;
    }
}
