/* acts.c - laying out the memory of a micro-batch in flight. */
#include "core/nn/acts.h"

#include "core/nn/positions.h"
#include "core/nn/soft.h"

enum { ALIGN = 64 };
enum shared {
    SH_X,
    SH_IN,
    SH_QKV,
    SH_POS,
    SH_PROBS,
    SH_ATT,
    SH_O,
    SH_RES,
    SH_XHAT,
    SH_RSTD,
    SH_Y1,
    SH_U,
    SH_A,
    SH_SAVED,
    SH_TAP,
    SH_MASK,
    SH_MASK_PROBS,
    N_SHARED
};

/* Memory that is handed out in order; with MEM NULL it is only counted. */
struct plan {
    unsigned char *mem;
    size_t used;
    struct {
        void *at;
        size_t bytes;
    } shared[N_SHARED];
};

static void *plan_own(struct plan *p, size_t n, size_t size)
{
    size_t at = p->used;

    p->used += (n * size + ALIGN - 1) / ALIGN * ALIGN;
    return p->mem ? p->mem + at : NULL;
}

static struct mat plan_own_mat(struct plan *p, int rows, int cols)
{
    return mat_make(plan_own(p, (size_t)rows * (size_t)cols, sizeof(real)), rows, cols);
}

/* Memory of its own when it is SAVED for backward, else the shared buffer WHICH. */
static void *plan_buffer(struct plan *p, bool saved, enum shared which, size_t n, size_t size)
{
    if (saved)
        return plan_own(p, n, size);
    if (p->shared[which].bytes < n * size) {
        p->shared[which].at = plan_own(p, n, size);
        p->shared[which].bytes = n * size;
    }
    return p->shared[which].at;
}

static struct mat plan_mat(struct plan *p, bool saved, enum shared which, int rows, int cols)
{
    return mat_make(plan_buffer(p, saved, which, (size_t)rows * (size_t)cols, sizeof(real)), rows,
                    cols);
}

static void plan_saved(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                       enum stage stage, int n_in, int n_row)
{
    for (int g = 0; g < N_GROUP; g++) {
        a->saved[g] = (struct mat){ 0 };
        if (!m->net->layer[layer].group[g].uses || !m->adapt->save_cols)
            continue;
        int cols = m->adapt->save_cols(m, layer, (enum group)g);
        a->saved[g] = plan_mat(p, stage >= group_stage((enum group)g), SH_SAVED,
                               g == GROUP_QKV ? n_in : n_row, cols);
    }
}

static void plan_taps(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                      bool grad, int n_row)
{
    for (int i = 0; i < N_PLACE; i++) {
        a->tap_saved[i] = (struct mat){ 0 };
        if (!m->net->layer[layer].tap[i] || !m->adapt->tap_cols)
            continue;
        a->tap_saved[i] =
            plan_mat(p, grad, SH_TAP, n_row, m->adapt->tap_cols(m, layer, (enum place)i));
    }
}

bool acts_recomputed(const struct model *m, int layer)
{
    int low = m->lowest < 0 ? 0 : m->lowest;

    return layer >= low && layer < low + m->head.recompute;
}

/* What attention's backward pass reads is saved from STAGE_QKV on. */
static void plan_attention(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                           enum stage stage, const struct acts_shape *s, bool firsts)
{
    const struct net_group *group = m->net->layer[layer].group;
    int t = s->n_tok, n = t + s->n_behind, d = m->base->dims.d_model, q = m->net->q_width;
    bool qkv = stage >= STAGE_QKV, save_o = stage >= STAGE_O && group[GROUP_O].save_x;
    bool save_in = qkv && group[GROUP_QKV].save_x, pre = m->net->pre_norm;

    if (layer == 0 && m->net->p[ROLE_CONV_W])
        save_in |= s->grad && m->net->p[ROLE_CONV_W]->trainable;
    if (!s->grad || !acts_recomputed(m, layer))
        a->x = mat_rows(plan_mat(p, save_in && !pre, SH_X, n, d), 0, t);
    a->in = pre ? plan_mat(p, save_in, SH_IN, n, d) : mat_make(a->x.x, n, d);
    a->qkv = plan_mat(p, qkv, SH_QKV, n, q + 2 * m->net->kv_width);
    a->pos = m->base->dims.rel.own ? plan_mat(p, qkv, SH_POS, 2 * s->n_rel, d) : (struct mat){ 0 };
    a->probs = plan_buffer(p, qkv, SH_PROBS, s->n_probs, sizeof(real));
    a->mask_probs = s->train && m->head.attn_dropout > 0
                        ? plan_buffer(p, qkv, SH_MASK_PROBS, s->n_probs, 1)
                        : NULL;
    a->att = plan_mat(p, save_o && !firsts, SH_ATT, t, q);
    a->o = firsts ? plan_mat(p, save_o, SH_O, s->n_seq, q) : a->att;
    a->res = firsts ? plan_mat(p, false, SH_RES, s->n_seq, d) : a->x;
}

static void plan_layer(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                       const struct acts_shape *s, bool firsts)
{
    const struct dims *d = &m->base->dims;
    const struct net_group *group = m->net->layer[layer].group;
    enum stage stage = s->grad ? m->net->layer[layer].stage : STAGE_NONE;
    int r = firsts ? s->n_seq : s->n_tok;
    bool drop = s->train && m->head.hidden_dropout > 0;
    bool save_a = stage >= STAGE_DOWN && group[GROUP_DOWN].save_x, pre = m->net->pre_norm;
    bool norm1 = stage >= (pre ? STAGE_NORM_IN : STAGE_NORM_MID);
    bool norm2 = stage >= (pre ? STAGE_NORM_MID : STAGE_NORM_OUT);
    size_t n_mask = (size_t)r * (size_t)d->d_model;

    plan_attention(p, a, m, layer, stage, s, firsts);
    a->xhat1 = plan_mat(p, norm1, SH_XHAT, r, d->d_model);
    a->rstd1 = plan_buffer(p, norm1, SH_RSTD, (size_t)r, sizeof(real));
    a->mask1 = drop ? plan_buffer(p, stage >= STAGE_O, SH_MASK, n_mask, 1) : NULL;
    a->y1 = plan_mat(p, stage >= STAGE_UP && group[GROUP_UP].save_x, SH_Y1, r, d->d_model);
    a->u = plan_mat(p, stage >= STAGE_UP, SH_U, r, m->net->up_width);
    a->a = stage >= STAGE_UP || save_a || d->gated ? plan_mat(p, save_a, SH_A, r, d->d_ffn) : a->u;
    a->xhat2 = plan_mat(p, norm2, SH_XHAT, r, d->d_model);
    a->rstd2 = plan_buffer(p, norm2, SH_RSTD, (size_t)r, sizeof(real));
    a->mask2 = drop ? plan_buffer(p, stage >= STAGE_DOWN, SH_MASK, n_mask, 1) : NULL;
    plan_saved(p, a, m, layer, stage, s->n_tok + s->n_behind, r);
    plan_taps(p, a, m, layer, s->grad, r);
}

/* Recomputed blocks: each has memory for its input, and all share memory for the rest, which
 * belongs to whichever was computed last. */
static void plan_recomputed(struct plan *p, struct acts *a, const struct model *m,
                            const struct acts_shape *s)
{
    int n = m->base->dims.n_layers;
    size_t end = p->used;

    for (int i = 0; i < n; i++) {
        struct plan one = *p; /* a copy: its new shared buffers are part of that memory, too */
        if (!acts_recomputed(m, i))
            continue;
        plan_layer(&one, &a->layer[i], m, i, s, a->firsts && i == n - 1);
        end = one.used > end ? one.used : end;
    }
    p->used = end;
}

static void plan_backward(struct plan *p, struct acts *a, const struct model *m,
                          const struct acts_shape *s)
{
    const struct dims *d = &m->base->dims;
    int qkv = m->net->q_width + 2 * m->net->kv_width;
    int up = m->net->up_width + (d->gated ? d->d_ffn : 0), wide = qkv > up ? qkv : up;

    if (!m->base->arch->causal) {
        a->dlogits = plan_own_mat(p, s->n_seq, m->head.n_labels);
        a->dpool = plan_own_mat(p, s->n_seq, d->d_model);
    }
    if (m->lowest == d->n_layers)
        return;
    a->g = mat_rows(plan_own_mat(p, s->n_tok + s->n_behind, d->d_model), 0, s->n_tok);
    a->dd = plan_own_mat(p, s->n_tok, d->d_model);
    a->datt = plan_own_mat(p, s->n_tok, m->net->q_width);
    a->wide = plan_own(p, (size_t)(s->n_tok + s->n_behind) * (size_t)wide, sizeof(real));
    a->drel = m->net->rel_trains ? plan_own_mat(p, s->n_rel, d->d_model) : (struct mat){ 0 };
    a->dpos = d->rel.own ? plan_own_mat(p, 2 * s->n_rel, d->d_model) : (struct mat){ 0 };
    a->scratch = plan_own(p, attn_scratch(s->max_len, m->n_prefix_kv), sizeof(real));
}

static void plan_pooling(struct plan *p, struct acts *a, const struct model *m,
                         const struct acts_shape *s)
{
    int d = m->base->dims.d_model;

    a->first = plan_own_mat(p, s->n_seq, d);
    a->slope = plan_own_mat(p, s->n_seq, d);
    bool dense = m->net->p[ROLE_DENSE_W], drop = s->train && m->head.classifier_dropout > 0;
    size_t n_mask = (size_t)s->n_seq * (size_t)d;
    a->mask_head =
        drop && !(dense && m->base->arch->head->dense_is_pooler) ? plan_own(p, n_mask, 1) : NULL;
    a->dense = (struct mat){ 0 };
    if (!dense)
        return;
    a->dense = plan_own_mat(p, s->n_seq, d);
    a->mask_dense = drop ? plan_own(p, n_mask, 1) : NULL;
    a->dense_slope = s->grad ? plan_own_mat(p, s->n_seq, d) : (struct mat){ 0 };
    a->ddense = s->grad ? plan_own_mat(p, s->n_seq, d) : (struct mat){ 0 };
}

static void plan_decoder(struct plan *p, struct acts *a, const struct model *m,
                         const struct acts_shape *s)
{
    int d = m->base->dims.d_model;

    a->out = plan_mat(p, false, SH_X, s->n_tok, d);
    a->sub = plan_own_mat(p, s->n_tok, d);
    a->xhat_f = plan_mat(p, s->grad, SH_XHAT, s->n_tok, d);
    a->rstd_f = plan_buffer(p, s->grad, SH_RSTD, (size_t)s->n_tok, sizeof(real));
    a->lm_scratch = plan_own(p, lmhead_scratch(d, s->n_tok), 1);
    a->last = s->last_logits ? plan_own_mat(p, s->n_seq, d) : (struct mat){ 0 };
}

static void plan_results(struct plan *p, struct workspace *ws, const struct model *m,
                         const struct acts_shape *s, bool firsts)
{
    const struct dims *d = &m->base->dims;
    int n_tok = s->n_tok - s->n_seq * s->soft;
    int n_logits = s->all_logits ? n_tok : s->last_logits ? s->n_seq : 0;

    ws->hidden = plan_own_mat(p, firsts ? s->n_seq : n_tok, d->d_model);
    if (m->base->arch->causal) {
        ws->pooled = (struct mat){ 0 };
        ws->logits = n_logits ? plan_own_mat(p, n_logits, d->vocab) : (struct mat){ 0 };
        return;
    }
    ws->pooled = plan_own_mat(p, s->n_seq, d->d_model);
    ws->logits = plan_own_mat(p, s->n_seq, m->head.n_labels);
}

static void plan_embeddings(struct plan *p, struct acts *a, const struct model *m,
                            const struct acts_shape *s)
{
    int d = m->base->dims.d_model;
    bool bottom = s->grad && m->lowest < 0;
    size_t n_mask = (size_t)s->n_tok * (size_t)d;

    if (m->net->p[ROLE_EMB_G]) {
        a->xhat0 = plan_mat(p, bottom, SH_XHAT, s->n_tok, d);
        a->rstd0 = plan_buffer(p, bottom, SH_RSTD, (size_t)s->n_tok, sizeof(real));
    }
    a->mask0 =
        s->train && m->head.hidden_dropout > 0 ? plan_buffer(p, bottom, SH_MASK, n_mask, 1) : NULL;
}

static void plan_positions(struct plan *p, struct acts *a, const struct model *m,
                           const struct acts_shape *s)
{
    const struct dims *d = &m->base->dims;
    const struct param *table = m->net->p[ROLE_REL_BIAS];
    bool drop = s->train && m->head.hidden_dropout > 0;
    int n = 2 * s->max_len - 1;

    a->pos = d->pos_offset ? plan_own(p, (size_t)s->n_tok, sizeof(int)) : NULL;
    a->terms = (struct attn_positions){ .n = s->max_len };
    a->rel = a->drel = (struct mat){ 0 };
    a->n_behind = s->n_behind;
    a->rel_first = 0;
    if (table)
        a->terms.bias = plan_own_mat(p, d->n_heads, n);
    if (table && table->trainable && s->grad)
        a->terms.dbias = plan_own_mat(p, d->n_heads, n);
    if (s->n_rel == 0)
        return;
    a->rel = plan_own_mat(p, s->n_rel, d->d_model);
    a->xhat_rel = plan_own_mat(p, s->n_rel, d->d_model);
    a->rel_x = d->rel.own ? plan_own_mat(p, s->n_rel, d->d_model) : (struct mat){ 0 };
    a->rstd_rel = plan_own(p, (size_t)s->n_rel, sizeof(real));
    a->mask_rel = drop ? plan_own(p, (size_t)s->n_rel * (size_t)d->d_model, 1) : NULL;
    a->rel_row = plan_own(p, (size_t)n, sizeof(int));
    a->terms.row = a->rel_row;
    a->terms.scratch = plan_own(p, attn_positions_scratch(s->max_len), sizeof(real));
}

static void plan_conv(struct plan *p, struct acts *a, const struct model *m,
                      const struct acts_shape *s)
{
    int d = m->base->dims.d_model, width = m->base->dims.conv;
    bool drop = s->train && m->head.hidden_dropout > 0, saved = s->grad && m->lowest <= 0;

    a->conv = (struct mat){ 0 };
    if (width == 0)
        return;
    a->conv = plan_own_mat(p, s->n_tok, d);
    a->conv_cols = plan_own_mat(p, s->n_tok, width * d);
    a->conv_slope = saved ? plan_own_mat(p, s->n_tok, d) : (struct mat){ 0 };
    a->xhat_conv = saved ? plan_own_mat(p, s->n_tok, d) : a->conv;
    a->rstd_conv = plan_own(p, (size_t)s->n_tok, sizeof(real));
    a->mask_conv = drop ? plan_own(p, (size_t)s->n_tok * (size_t)d, 1) : NULL;
}

size_t acts_plan(struct acts *a, struct workspace *ws, unsigned char *mem, const struct model *m,
                 const struct acts_shape *s)
{
    const struct dims *d = &m->base->dims;
    struct plan p = { .mem = mem };

    a->firsts = m->head.pooling == POOL_CLS && !s->all_hidden &&
                (d->n_layers > 1 || d->conv == 0); /* the convolution reads all rows */
    a->n_tok = s->n_tok;
    a->n_seq = s->n_seq;
    a->long_y = (struct mat){ 0 };
    if (s->soft && !a->firsts)
        a->long_y = plan_own_mat(&p, s->n_tok, d->d_model);
    a->method =
        m->adapt->scratch ? plan_own(&p, m->adapt->scratch(m, s->grad), sizeof(real)) : NULL;
    a->row_off = plan_own(&p, (size_t)s->n_seq + 1, sizeof(int));
    a->bias = plan_own(&p, (size_t)(m->net->q_width + 2 * m->net->kv_width), sizeof(real));
    a->rope = d->rope_theta > 0 ? plan_own_mat(&p, s->n_rope, d->d_head) : (struct mat){ 0 };
    plan_positions(&p, a, m, s);
    plan_conv(&p, a, m, s);
    plan_embeddings(&p, a, m, s);
    for (int i = 0; i < d->n_layers; i++)
        if (s->grad && acts_recomputed(m, i))
            a->layer[i].x =
                mat_rows(plan_own_mat(&p, s->n_tok + s->n_behind, d->d_model), 0, s->n_tok);
        else
            plan_layer(&p, &a->layer[i], m, i, s, a->firsts && i == d->n_layers - 1);
    if (s->grad)
        plan_recomputed(&p, a, m, s);
    if (m->base->arch->causal)
        plan_decoder(&p, a, m, s);
    else
        plan_pooling(&p, a, m, s);
    if (s->grad)
        plan_backward(&p, a, m, s);
    plan_results(&p, ws, m, s, a->firsts);
    a->soft_mem = s->soft ? plan_own(&p, soft_bytes(s->n_seq, s->n_tok), 1) : NULL;
    return p.used;
}

struct acts_shape acts_shape(const struct model *m, const struct batch *b, const struct kv_pass *kv)
{
    bool on = kv && kv->seen;
    int soft = on ? 0 : soft_rows(m);
    struct acts_shape s = { .n_tok = b->n_tok + b->n_seq * soft,
                            .n_seq = b->n_seq,
                            .max_len = b->max_len + soft,
                            .soft = soft };

    s.n_rope = on ? s.n_tok : s.max_len;
    for (int i = 0; i < b->n_seq; i++) {
        size_t len = (size_t)(b->off[i + 1] - b->off[i] + soft), seen = len;
        CHECK(len > (size_t)soft && len <= (size_t)s.max_len, "sequence %d of %zu tokens", i, len);
        CHECK(!on || len == 1, "%zu tokens of sequence %d at once", len, i);
        if (on)
            seen = (size_t)kv->n_seen[i];
        s.n_probs += (size_t)m->base->dims.n_heads * len * ((size_t)m->n_prefix_kv + seen);
    }
    s.n_rel = positions_rows(m, s.max_len, NULL);
    s.n_behind = m->base->dims.rel.own ? 0 : s.n_rel;
    CHECK(b->n_seq > 0 && b->off[0] == 0 && b->off[b->n_seq] == b->n_tok, "%d", b->n_tok);
    return s;
}

int acts_ready(struct workspace *ws, const struct model *m, const struct batch *b)
{
    struct acts *a = ws->acts;
    struct acts_shape s = acts_shape(m, b, ws->kv);

    s.grad = ws->grad != NULL;
    s.train = ws->train;
    s.all_hidden = ws->all_hidden;
    s.all_logits = ws->all_logits;
    s.last_logits = ws->last_logits;
    size_t bytes = acts_plan(a, ws, NULL, m, &s);
    if (bytes > ws->mem.size) {
        arena_free(&ws->mem);
        if (arena_init(&ws->mem, bytes + bytes / 8) != 0)
            return -1;
    }
    arena_rewind(&ws->mem, 0);
    acts_plan(a, ws, arena_get(&ws->mem, bytes, 1), m, &s);
    ws->scratch = a->method;
    a->soft = (struct batch){ 0 };
    if (a->soft_mem)
        soft_batch(&a->soft, a->soft_mem, m, b);
    for (int i = 0; i <= b->n_seq; i++)
        a->row_off[i] = i;
    a->row = (struct batch){
        .n_seq = b->n_seq, .n_tok = b->n_seq, .max_len = 1, .off = a->row_off, .slot = b->slot
    };
    return 0;
}
