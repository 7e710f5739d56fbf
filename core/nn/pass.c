/* pass.c - a micro-batch through the whole model and back: embeddings, blocks, pooling, classifier,
 * loss. A decoder's end is decoder.c.
 *
 *     x0 = drop(LN(word + position + type))      x_l+1 = block_l(x_l)      decoders: without LN, type
 *     cls:  p = tanh(W_p x[first] + b_p)         mean:  p = mean over the sequence's rows
 *     logits = W_c drop(scale p) + b_c */
#include "core/nn/impl.h"

#include "core/base/prof.h"

#include <string.h>

/* The embeddings of rows that a method inserts, or their gradient, from a vector laid out as theta. */
static struct mat soft_mat(const struct model *m, real *values)
{
    return soft_rows(m)
               ? mat_make(values + m->params[m->soft].off, soft_rows(m), m->params[m->soft].cols)
               : (struct mat){ 0 };
}

static void embeddings_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;
    struct mat x = a->layer[0].x;
    double drop = m->head.hidden_dropout;

    embed_fwd(x, b->ids, b->pos, b->types, param_mat(p[ROLE_WORD]), param_mat(p[ROLE_POS]),
              maybe_mat(p[ROLE_TYPE]), soft_mat(m, m->theta));
    base_model_rows_read(m->base, p[ROLE_WORD], b->n_tok);
    prof_begin(WORK_NORM);
    if (p[ROLE_EMB_G])
        layernorm_fwd(x, a->xhat0, a->rstd0, x, p[ROLE_EMB_G]->value, p[ROLE_EMB_B]->value,
                      m->base->dims.ln_eps);
    prof_end();
    if (a->keep0) {
        dropout_mask(a->keep0, m, ws, b, dropout_sub(-1, SITE_EMBED), x.cols, drop);
        prof_begin(WORK_DROPOUT);
        dropout(x, x, a->keep0, drop);
        prof_end();
    }
}

static void embeddings_bwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (a->keep0)
        dropout(a->g, a->g, a->keep0, m->head.hidden_dropout);
    if (p[ROLE_EMB_G])
        layernorm_bwd(a->g, param_grad(ws, p[ROLE_EMB_G]), param_grad(ws, p[ROLE_EMB_B]), a->g,
                      a->xhat0, a->rstd0, p[ROLE_EMB_G]->value);
    embed_bwd(param_grad_mat(ws, p[ROLE_WORD]), param_grad_mat(ws, p[ROLE_POS]),
              maybe_grad_mat(ws, p[ROLE_TYPE]), soft_mat(m, ws->grad), b->ids, b->pos, b->types,
              a->g);
}

/* The rows of X at the border, to or from where they are kept: ALL of each sequence, or its first
 * one, or one row a sequence. */
static void frozen_rows(const struct workspace *ws, const struct batch *b, struct mat x, bool all,
                        bool first_of_tokens)
{
    for (int s = 0; s < b->n_seq; s++) {
        int from = all || first_of_tokens ? b->off[s] : s, n = all ? b->off[s + 1] - b->off[s] : 1;
        struct mat here = mat_rows(x, from, n),
                   kept = mat_make(ws->frozen[ws->frozen_at[s]], n, x.cols);
        mat_copy(ws->frozen_known ? here : kept, ws->frozen_known ? kept : here);
    }
}

bool model_frozen_is_fixed(const struct model *m)
{
    bool fixed = m->lowest > 0 && m->head.hidden_dropout <= 0 && m->head.attn_dropout <= 0;

    for (int i = 0; i < m->lowest && fixed; i++)
        for (int g = 0; g < N_GROUP; g++) {
            const struct packed *p = m->net->layer[i].group[g].packed;
            fixed &= p && packed_rows_alike(p);
        }
    return fixed;
}

static void pooling_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    bool border = ws->frozen && m->lowest == m->base->dims.n_layers;

    if (m->head.pooling == POOL_MEAN) {
        if (!border || !ws->frozen_known)
            pool_fwd(ws->pooled, ws->hidden, b->off, POOL_MEAN);
        if (border)
            frozen_rows(ws, b, ws->pooled, false, false);
        return;
    }
    if (border)
        frozen_rows(ws, b, ws->hidden, false, !a->firsts);
    if (a->firsts)
        mat_copy(a->first, ws->hidden);
    else
        pool_fwd(a->first, ws->hidden, b->off, POOL_CLS);
    mat_gemm(a->tanh, 0, 1, a->first, NOTRANS, param_mat(m->net->p[ROLE_POOL_W]), TRANS);
    mat_add_row(a->tanh, m->net->p[ROLE_POOL_B]->value);
    act_fwd(a->tanh, (struct mat){ 0 }, a->tanh, ACT_TANH);
    mat_copy(ws->pooled, a->tanh);
}

/* a->dpool = dL/d p becomes dL/d x in a->g: [S,d] of first rows when only those were computed. */
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
    tanh_bwd(a->dpool, a->dpool, a->tanh);
    if (bias->trainable)
        mat_sum_rows(param_grad(ws, bias), a->dpool);
    if (w->trainable)
        mat_gemm(param_grad_mat(ws, w), 1, 1, a->dpool, TRANS, a->first, NOTRANS);
    if (!below)
        return;
    struct mat dfirst = a->firsts ? mat_rows(a->g, 0, b->n_seq) : a->first;
    mat_gemm(dfirst, 0, 1, a->dpool, NOTRANS, param_mat(w), NOTRANS);
    if (!a->firsts)
        pool_bwd(a->g, dfirst, b->off, POOL_CLS);
}

static void scale(struct mat m, double by)
{
    for (int i = 0; by != 1 && i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, i)[j] *= (real)by;
}

static void head_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    double drop = m->head.classifier_dropout;

    pooling_fwd(m, ws, b);
    scale(ws->pooled, m->head.pool_scale);
    if (a->keep_head) {
        dropout_mask(a->keep_head, m, ws, &a->row, dropout_sub(-1, SITE_HEAD), ws->pooled.cols,
                     drop);
        dropout(ws->pooled, ws->pooled, a->keep_head, drop);
    }
    mat_gemm(ws->logits, 0, 1, ws->pooled, NOTRANS, param_mat(m->net->head_w), TRANS);
    mat_add_row(ws->logits, m->net->head_b->value);
}

static void head_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                     struct mat dlogits)
{
    struct acts *a = ws->acts;
    const struct param *w = m->net->head_w, *bias = m->net->head_b, *pool = m->net->p[ROLE_POOL_W];
    bool pooler =
        m->head.pooling == POOL_CLS && (pool->trainable || m->net->p[ROLE_POOL_B]->trainable);

    mat_gemm(param_grad_mat(ws, w), 1, 1, dlogits, TRANS, ws->pooled, NOTRANS);
    mat_sum_rows(param_grad(ws, bias), dlogits);
    if (m->lowest == m->base->dims.n_layers && !pooler)
        return;
    mat_gemm(a->dpool, 0, 1, dlogits, NOTRANS, param_mat(w), NOTRANS);
    if (a->keep_head)
        dropout(a->dpool, a->dpool, a->keep_head, m->head.classifier_dropout);
    scale(a->dpool, m->head.pool_scale);
    pooling_bwd(m, ws, b);
}

/* The last hidden states are of real tokens: those of inserted rows are left out of it. */
static struct mat last_rows(const struct model *m, struct workspace *ws)
{
    struct acts *a = ws->acts;

    return m->net->pre_norm ? a->out : a->long_y.x ? a->long_y : ws->hidden;
}

/* The rows of real tokens of X, what stands after I blocks, to who wants them. */
static void show_layer(const struct model *m, const struct workspace *ws, const struct batch *b,
                       const struct batch *e, int i, struct mat x)
{
    struct mat out = mat_make(ws->layer_out[i], b->n_tok, x.cols);

    if (soft_rows(m))
        soft_out(out, x, m, e->off, e->n_seq);
    else
        mat_copy(out, x);
}

int model_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    int n = m->base->dims.n_layers;

    CHECK(!ws->frozen || (m->lowest > 0 && !ws->all_hidden), "border at %d", m->lowest);
    CHECK(!ws->layer_out || (ws->all_hidden && !ws->frozen), "%d", ws->all_hidden);
    if (acts_ready(ws, m, b) != 0)
        return -1;
    const struct batch *e = acts_batch(a, b);
    bool known = ws->frozen && ws->frozen_known;
    prof_begin(WORK_ADAPTER);
    if (m->adapt->pass_begin)
        m->adapt->pass_begin(m, ws);
    prof_end();
    if (!known)
        embeddings_fwd(m, ws, e);
    for (int i = known ? m->lowest : 0; i < n; i++) {
        if (ws->frozen && i == m->lowest)
            frozen_rows(ws, b, a->layer[i].x, true, false);
        if (ws->layer_out)
            show_layer(m, ws, b, e, i, a->layer[i].x);
        block_fwd(m, ws, e, i, i + 1 < n ? a->layer[i + 1].x : last_rows(m, ws));
    }
    if (ws->layer_out)
        show_layer(m, ws, b, e, n, last_rows(m, ws));
    prof_begin(WORK_LOSS);
    if (a->long_y.x)
        soft_out(m->net->pre_norm ? a->long_y : ws->hidden, last_rows(m, ws), m, e->off, e->n_seq);
    if (m->base->arch->causal)
        decoder_fwd(m, ws);
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
        soft_in(a->g, a->long_y, m, e->off, e->n_seq);
    }
    prof_end();
    for (int i = n - 1; i >= 0 && i >= m->lowest; i--) {
        /* What the highest of them kept is still there. */
        if (acts_again(m, i) && i + 1 < n && acts_again(m, i + 1))
            block_fwd(m, ws, e, i, a->layer[i + 1].x);
        block_bwd(m, ws, e, i);
    }
    if (m->lowest < 0)
        embeddings_bwd(m, ws, e);
    prof_begin(WORK_ADAPTER);
    if (m->adapt->pass_end)
        m->adapt->pass_end(m, ws);
    prof_end();
}

int batch_targets(const struct model *m, const struct batch *b)
{
    int n = 0;

    if (!m->base->arch->causal)
        return b->n_seq;
    for (int t = 0; b->next && t < b->n_tok; t++)
        n += b->next[t] >= 0;
    return n;
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
