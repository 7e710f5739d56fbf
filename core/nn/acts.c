/* acts.c - the memory of a micro-batch in flight: what backward reads has a place of its own, the
 * rest lies in buffers that all layers share; and the dropout masks. */
#include "core/nn/impl.h"

#include "core/base/prof.h"
#include "core/base/rng.h"

#include <stdlib.h>

enum { ALIGN = 64 };
enum shared {
    SH_X,
    SH_IN,
    SH_QKV,
    SH_PROBS,
    SH_ATT,
    SH_O,
    SH_RES,
    SH_XHAT,
    SH_RSTD,
    SH_Y1,
    SH_U,
    SH_A,
    SH_KEEP,
    SH_TAP,
    SH_MASK,
    SH_MASK_PROBS,
    N_SHARED
};

/* Hands out memory in order; without memory (mem NULL) it only counts. */
struct plan {
    unsigned char *mem;
    size_t used;
    struct {
        void *at;
        size_t bytes;
    } shared[N_SHARED];
};

static void *take(struct plan *p, size_t n, size_t size)
{
    size_t at = p->used;

    p->used += (n * size + ALIGN - 1) / ALIGN * ALIGN;
    return p->mem ? p->mem + at : NULL;
}

static struct mat take_mat(struct plan *p, int rows, int cols)
{
    return mat_make(take(p, (size_t)rows * (size_t)cols, sizeof(real)), rows, cols);
}

/* Memory of its own when backward reads it (KEPT), else the shared buffer WHICH. */
static void *pick(struct plan *p, bool kept, enum shared which, size_t n, size_t size)
{
    if (kept)
        return take(p, n, size);
    if (p->shared[which].bytes < n * size) {
        p->shared[which].at = take(p, n, size);
        p->shared[which].bytes = n * size;
    }
    return p->shared[which].at;
}

static struct mat pick_mat(struct plan *p, bool kept, enum shared which, int rows, int cols)
{
    return mat_make(pick(p, kept, which, (size_t)rows * (size_t)cols, sizeof(real)), rows, cols);
}

static void plan_keeps(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                       enum stage stage, int n_tok, int n_row)
{
    for (int g = 0; g < N_GROUP; g++) {
        a->keep[g] = (struct mat){ 0 };
        if (!m->net->layer[layer].group[g].uses || !m->adapt->keep_cols)
            continue;
        int cols = m->adapt->keep_cols(m, layer, (enum group)g);
        a->keep[g] = pick_mat(p, stage >= group_stage((enum group)g), SH_KEEP,
                              g == GROUP_QKV ? n_tok : n_row, cols);
    }
}

static void plan_taps(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                      bool grad, int n_row)
{
    for (int i = 0; i < N_PLACE; i++) {
        a->tap[i] = (struct mat){ 0 };
        if (!m->net->layer[layer].tap[i] || !m->adapt->tap_cols)
            continue;
        a->tap[i] = pick_mat(p, grad, SH_TAP, n_row, m->adapt->tap_cols(m, layer, (enum place)i));
    }
}

bool acts_again(const struct model *m, int layer)
{
    int low = m->lowest < 0 ? 0 : m->lowest;

    return layer >= low && layer < low + m->head.recompute;
}

/* Attention: what is read by its backward is kept from STAGE_QKV on. */
static void plan_attention(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                           enum stage stage, const struct acts_shape *s, bool firsts)
{
    const struct net_group *group = m->net->layer[layer].group;
    int t = s->n_tok, d = m->base->dims.d_model;
    bool qkv = stage >= STAGE_QKV, keep_o = stage >= STAGE_O && group[GROUP_O].keep_x;
    bool keep_in = qkv && group[GROUP_QKV].keep_x, pre = m->net->pre_norm;

    if (!s->grad || !acts_again(m, layer))
        a->x = pick_mat(p, keep_in && !pre, SH_X, t, d);
    a->in = pre ? pick_mat(p, keep_in, SH_IN, t, d) : a->x;
    a->qkv = pick_mat(p, qkv, SH_QKV, t, 3 * d);
    a->probs = pick(p, qkv, SH_PROBS, s->n_probs, sizeof(real));
    a->keep_probs =
        s->train && m->head.attn_dropout > 0 ? pick(p, qkv, SH_MASK_PROBS, s->n_probs, 1) : NULL;
    a->att = pick_mat(p, keep_o && !firsts, SH_ATT, t, d);
    a->o = firsts ? pick_mat(p, keep_o, SH_O, s->n_seq, d) : a->att;
    a->res = firsts ? pick_mat(p, false, SH_RES, s->n_seq, d) : a->x;
}

static void plan_layer(struct plan *p, struct layer_acts *a, const struct model *m, int layer,
                       const struct acts_shape *s, bool firsts)
{
    const struct dims *d = &m->base->dims;
    const struct net_group *group = m->net->layer[layer].group;
    enum stage stage = s->grad ? m->net->layer[layer].stage : STAGE_NONE;
    int r = firsts ? s->n_seq : s->n_tok;
    bool drop = s->train && m->head.hidden_dropout > 0;
    bool keep_a = stage >= STAGE_DOWN && group[GROUP_DOWN].keep_x, pre = m->net->pre_norm;
    bool norm1 = stage >= (pre ? STAGE_NORM_IN : STAGE_NORM_MID);
    bool norm2 = stage >= (pre ? STAGE_NORM_MID : STAGE_NORM_OUT);
    size_t n_mask = (size_t)r * (size_t)d->d_model;

    plan_attention(p, a, m, layer, stage, s, firsts);
    a->xhat1 = pick_mat(p, norm1, SH_XHAT, r, d->d_model);
    a->rstd1 = pick(p, norm1, SH_RSTD, (size_t)r, sizeof(real));
    a->keep1 = drop ? pick(p, stage >= STAGE_O, SH_MASK, n_mask, 1) : NULL;
    a->y1 = pick_mat(p, stage >= STAGE_UP && group[GROUP_UP].keep_x, SH_Y1, r, d->d_model);
    a->u = pick_mat(p, stage >= STAGE_UP, SH_U, r, d->d_ffn);
    a->a = stage >= STAGE_UP || keep_a ? pick_mat(p, keep_a, SH_A, r, d->d_ffn) : a->u;
    a->xhat2 = pick_mat(p, norm2, SH_XHAT, r, d->d_model);
    a->rstd2 = pick(p, norm2, SH_RSTD, (size_t)r, sizeof(real));
    a->keep2 = drop ? pick(p, stage >= STAGE_DOWN, SH_MASK, n_mask, 1) : NULL;
    plan_keeps(p, a, m, layer, stage, s->n_tok, r);
    plan_taps(p, a, m, layer, s->grad, r);
}

/* Blocks that are computed again: each has its input, and one place holds the rest of whichever was
 * computed last. */
static void plan_again(struct plan *p, struct acts *a, const struct model *m,
                       const struct acts_shape *s)
{
    int n = m->base->dims.n_layers;
    size_t end = p->used;

    for (int i = 0; i < n; i++) {
        struct plan one = *p; /* what it adds to the shared buffers lies in that place, too */
        if (!acts_again(m, i))
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
    int wide = 3 * d->d_model > d->d_ffn ? 3 * d->d_model : d->d_ffn;

    if (!m->base->arch->causal) {
        a->dlogits = take_mat(p, s->n_seq, m->head.n_labels);
        a->dpool = take_mat(p, s->n_seq, d->d_model);
    }
    if (m->lowest == d->n_layers)
        return;
    a->g = take_mat(p, s->n_tok, d->d_model);
    a->dd = take_mat(p, s->n_tok, d->d_model);
    a->datt = take_mat(p, s->n_tok, d->d_model);
    a->wide = take(p, (size_t)s->n_tok * (size_t)wide, sizeof(real));
    a->scratch = take(p, attn_scratch(s->max_len, m->n_prefix_kv), sizeof(real));
}

static void plan_pooling(struct plan *p, struct acts *a, const struct model *m,
                         const struct acts_shape *s)
{
    int d = m->base->dims.d_model;

    a->first = take_mat(p, s->n_seq, d);
    a->tanh = take_mat(p, s->n_seq, d);
    a->keep_head = s->train && m->head.classifier_dropout > 0
                       ? take(p, (size_t)s->n_seq * (size_t)d, 1)
                       : NULL;
}

static void plan_decoder(struct plan *p, struct acts *a, const struct model *m,
                         const struct acts_shape *s)
{
    int d = m->base->dims.d_model;

    a->out = pick_mat(p, false, SH_X, s->n_tok, d);
    a->sub = take_mat(p, s->n_tok, d);
    a->xhat_f = pick_mat(p, s->grad, SH_XHAT, s->n_tok, d);
    a->rstd_f = pick(p, s->grad, SH_RSTD, (size_t)s->n_tok, sizeof(real));
    a->lm_scratch = take(p, lmhead_scratch(d, s->n_tok), 1);
}

size_t acts_plan(struct acts *a, unsigned char *mem, const struct model *m,
                 const struct acts_shape *s)
{
    const struct dims *d = &m->base->dims;
    struct plan p = { .mem = mem };
    bool bottom = s->grad && m->lowest < 0;

    a->firsts = m->head.pooling == POOL_CLS && !s->all_hidden;
    a->n_tok = s->n_tok;
    a->n_seq = s->n_seq;
    a->long_y = (struct mat){ 0 };
    if (soft_rows(m) && !a->firsts)
        a->long_y = take_mat(&p, s->n_tok, d->d_model);
    a->method = m->adapt->scratch ? take(&p, m->adapt->scratch(m, s->grad), sizeof(real)) : NULL;
    a->row_off = take(&p, (size_t)s->n_seq + 1, sizeof(int));
    a->bias = take(&p, (size_t)d->d_model * 3, sizeof(real));
    if (m->net->p[ROLE_EMB_G]) {
        a->xhat0 = pick_mat(&p, bottom, SH_XHAT, s->n_tok, d->d_model);
        a->rstd0 = pick(&p, bottom, SH_RSTD, (size_t)s->n_tok, sizeof(real));
    }
    a->keep0 = s->train && m->head.hidden_dropout > 0
                   ? pick(&p, bottom, SH_MASK, (size_t)s->n_tok * (size_t)d->d_model, 1)
                   : NULL;
    for (int i = 0; i < d->n_layers; i++)
        if (s->grad && acts_again(m, i))
            a->layer[i].x = take_mat(&p, s->n_tok, d->d_model);
        else
            plan_layer(&p, &a->layer[i], m, i, s, a->firsts && i == d->n_layers - 1);
    if (s->grad)
        plan_again(&p, a, m, s);
    if (m->base->arch->causal)
        plan_decoder(&p, a, m, s);
    else
        plan_pooling(&p, a, m, s);
    if (s->grad)
        plan_backward(&p, a, m, s);
    return p.used;
}

/* The lane's own results lie behind the activations. */
static size_t results_plan(struct workspace *ws, unsigned char *mem, const struct model *m,
                           const struct acts_shape *s)
{
    const struct dims *d = &m->base->dims;
    struct plan p = { .mem = mem };
    bool firsts = m->head.pooling == POOL_CLS && !s->all_hidden;

    int n_tok = s->n_tok - s->n_seq * soft_rows(m);

    ws->hidden = take_mat(&p, firsts ? s->n_seq : n_tok, d->d_model);
    if (m->base->arch->causal) {
        ws->pooled = (struct mat){ 0 };
        ws->logits = s->all_logits ? take_mat(&p, n_tok, d->vocab) : (struct mat){ 0 };
        return p.used;
    }
    ws->pooled = take_mat(&p, s->n_seq, d->d_model);
    ws->logits = take_mat(&p, s->n_seq, m->head.n_labels);
    return p.used;
}

static struct acts_shape shape_of(const struct model *m, const struct batch *b)
{
    int soft = soft_rows(m);
    struct acts_shape s = { .n_tok = b->n_tok + b->n_seq * soft,
                            .n_seq = b->n_seq,
                            .max_len = b->max_len + soft };

    for (int i = 0; i < b->n_seq; i++) {
        size_t len = (size_t)(b->off[i + 1] - b->off[i] + soft);
        CHECK(len > (size_t)soft && len <= (size_t)s.max_len, "sequence %d of %zu tokens", i, len);
        s.n_probs += (size_t)m->base->dims.n_heads * len * ((size_t)m->n_prefix_kv + len);
    }
    CHECK(b->n_seq > 0 && b->off[0] == 0 && b->off[b->n_seq] == b->n_tok, "%d", b->n_tok);
    return s;
}

size_t workspace_bytes(const struct model *m, const struct batch *b, bool grad, bool train)
{
    struct acts a = { .layer = xalloc((size_t)m->base->dims.n_layers, sizeof *a.layer) };
    struct acts_shape s = shape_of(m, b);
    struct workspace ws = { 0 };

    s.grad = grad;
    s.train = train;
    size_t bytes = acts_plan(&a, NULL, m, &s) + results_plan(&ws, NULL, m, &s);
    bytes += soft_rows(m) ? soft_bytes(s.n_seq, s.n_tok) : 0;
    free(a.layer);
    return bytes;
}

int acts_ready(struct workspace *ws, const struct model *m, const struct batch *b)
{
    struct acts *a = ws->acts;
    struct acts_shape s = shape_of(m, b);

    s.grad = ws->grad != NULL;
    s.train = ws->train;
    s.all_hidden = ws->all_hidden;
    s.all_logits = ws->all_logits;
    size_t bytes = acts_plan(a, NULL, m, &s), all = bytes + results_plan(ws, NULL, m, &s);
    size_t ints = soft_rows(m) ? soft_bytes(s.n_seq, s.n_tok) : 0;
    all += ints;
    if (all > ws->mem.size) {
        arena_free(&ws->mem);
        if (arena_init(&ws->mem, all + all / 8) != 0)
            return -1;
    }
    arena_rewind(&ws->mem, 0);
    unsigned char *mem = arena_get(&ws->mem, all, 1);
    acts_plan(a, mem, m, &s);
    ws->scratch = a->method;
    results_plan(ws, mem + bytes, m, &s);
    a->soft = (struct batch){ 0 };
    if (ints)
        soft_batch(&a->soft, mem + all - ints, m, b);
    for (int i = 0; i <= b->n_seq; i++)
        a->row_off[i] = i;
    a->row = (struct batch){
        .n_seq = b->n_seq, .n_tok = b->n_seq, .max_len = 1, .off = a->row_off, .slot = b->slot
    };
    return 0;
}

int workspace_init(struct workspace *ws, const struct model *m, bool grad)
{
    struct acts *a = xalloc(1, sizeof *a);

    *ws = (struct workspace){ .acts = a, .batch_slots = 1 };
    a->layer = xalloc((size_t)m->base->dims.n_layers, sizeof *a->layer);
    if (grad && !(ws->grad = calloc(m->n_train, sizeof *ws->grad))) {
        workspace_free(ws);
        return fail(FAIL_MEMORY, "no memory for a gradient of %.1f million numbers",
                    1e-6 * (double)m->n_train);
    }
    return 0;
}

void workspace_free(struct workspace *ws)
{
    struct acts *a = ws->acts;

    arena_free(&ws->mem);
    if (a)
        free(a->layer);
    free(a);
    free(ws->grad);
    *ws = (struct workspace){ 0 };
}

void dropout_mask(unsigned char *keep, const struct model *m, const struct workspace *ws,
                  const struct batch *b, uint32_t sub, int width, double p)
{
    uint64_t stride = ((uint64_t)m->base->dims.max_pos * (uint64_t)width + 7) / 8 * 8;

    prof_begin(WORK_DROPOUT);
    for (int s = 0; s < b->n_seq; s++) {
        size_t n = (size_t)(b->off[s + 1] - b->off[s]) * (size_t)width;
        uint64_t place = ws->step * (uint64_t)ws->batch_slots + (uint64_t)b->slot[s];
        rng_keep(keep, n, p, ws->seed, sub, place * stride);
        keep += n;
    }
    prof_end();
}
