/* prefix_kv.c - prefix tuning: trained keys and values in every layer (Li & Liang 2021, sec. 4).
 *
 *     K_i = [K_p,i; K],  V_i = [V_p,i; V]        K_p,i, V_p,i [l_p, d] of layer i
 *
 * Training them directly is unstable (sec. 4.3). With a width w they are therefore the output of an
 * MLP,
 *
 *     [K_p,0 V_p,0 K_p,1 ..] = tanh(E W1^T + b1) W2^T + b2     E [l_p, d], W1 [w, d], W2 [2Ld, w]
 *
 * of which a trained model needs only the output. It is computed once a pass, and its backward pass
 * runs once, on the sum of what attention adds for every sequence. With width 0 there is no MLP.
 *
 * A prefix gives attention more columns but takes no positions: tokens keep theirs, while
 * past_key_values of transformers shifts them by l_p. Initial values are those of PEFT and torch: E
 * (or K and V themselves) N(0, 1), weights and biases uniform within 1/sqrt(in). */
#include "core/adapt/adapt.h"

#include "core/base/rng.h"
#include "core/math/ops.h"

#include <math.h>
#include <stdlib.h>

struct prefix_kv_cfg {
    long prefix, width;
};
struct prefix_kv {
    int n, width;
    int e, w1, b1, w2, b2; /* indices in m->params; without an MLP only e, [l_p, 2Ld] */
};

#define AT(f) offsetof(struct prefix_kv_cfg, f)
static const struct opt opts[] = {
    { "prefix", 0, OPT_INT, AT(prefix), "8", 1, 65536, NULL,
      "trained keys and values in each layer, l_p" },
    { "prefix_width", 0, OPT_INT, AT(width), "512", 0, 65536, NULL,
      "width of the MLP that computes them during training; 0: train them directly" },
    { .type = OPT_END },
};
#undef AT

static int kv_attach(struct model *m, const void *cfg)
{
    const struct prefix_kv_cfg *c = cfg;
    const struct dims *d = &m->base->dims;
    struct prefix_kv *s = xalloc(1, sizeof *s);
    int all = 2 * d->n_layers * dims_kv_width(d), n = (int)c->prefix, w = (int)c->width;

    m->adapt_state = s;
    m->n_prefix_kv = n;
    *s = (struct prefix_kv){ .n = n, .width = w };
    s->e = adapt_matrix(m, "prefix.embedding.weight", n, w > 0 ? d->d_model : all);
    if (w == 0)
        return 0;
    s->w1 = adapt_matrix(m, "prefix.transform.0.weight", w, d->d_model);
    s->b1 = adapt_vector(m, "prefix.transform.0.bias", w);
    s->w2 = adapt_matrix(m, "prefix.transform.2.weight", all, w);
    s->b2 = adapt_vector(m, "prefix.transform.2.bias", all);
    return 0;
}

static void kv_detach(struct model *m)
{
    free(m->adapt_state);
    m->adapt_state = NULL;
}

/* Each tensor has its own random stream. FAN_IN 0: normal. */
static void draw_values(struct model *m, int at, int fan_in)
{
    const struct prefix_kv *s = m->adapt_state;
    struct param *p = &m->params[at];
    struct rng r = rng_make(m->seed, RNG_INIT, UINT32_C(3) << 30 | (uint32_t)(at - s->e));
    double bound = fan_in > 0 ? 1 / sqrt(fan_in) : 0;

    for (size_t i = 0; i < param_size(p); i++)
        p->value[i] = (real)(fan_in > 0 ? bound * (2 * rng_uniform(&r) - 1) : rng_normal(&r));
}

static void kv_init(struct model *m, const void *cfg)
{
    const struct prefix_kv *s = m->adapt_state;

    (void)cfg;
    draw_values(m, s->e, 0);
    if (s->width == 0)
        return;
    draw_values(m, s->w1, m->base->dims.d_model);
    draw_values(m, s->b1, m->base->dims.d_model);
    draw_values(m, s->w2, s->width);
    draw_values(m, s->b2, s->width);
}

/* --- the MLP */

/* The scratch of a pass: h [l_p, w], all keys and values [l_p, 2Ld], and the gradients of both. */
struct pass {
    struct mat h, kv, dh, dkv;
};

static struct pass pass_of(const struct model *m, const struct workspace *ws)
{
    const struct prefix_kv *s = m->adapt_state;
    int all = 2 * m->base->dims.n_layers * dims_kv_width(&m->base->dims);
    size_t n = (size_t)s->n, w = (size_t)s->width, kv = n * (size_t)all;
    real *scratch = ws->scratch;
    struct pass p = { 0 };

    if (s->width == 0) {
        p.kv = mat_make(m->params[s->e].value, s->n, all);
        if (ws->grad)
            p.dkv = mat_make(ws->grad + m->params[s->e].off, s->n, all);
        return p;
    }
    p.h = mat_make(scratch, s->n, s->width);
    p.kv = mat_make(scratch + n * w, s->n, all);
    if (ws->grad) {
        p.dh = mat_make(scratch + n * w + kv, s->n, s->width);
        p.dkv = mat_make(scratch + 2 * n * w + kv, s->n, all);
    }
    return p;
}

static size_t kv_scratch(const struct model *m, bool grad)
{
    const struct prefix_kv *s = m->adapt_state;
    size_t all = 2 * (size_t)m->base->dims.n_layers * (size_t)dims_kv_width(&m->base->dims);

    return s->width ? (size_t)s->n * ((size_t)s->width + all) * (grad ? 2 : 1) : 0;
}

static struct mat value(const struct model *m, int at)
{
    return param_mat(&m->params[at]);
}

static struct mat grad(const struct model *m, const struct workspace *ws, int at)
{
    return workspace_grad_mat(ws, &m->params[at]);
}

static void kv_pass_begin(const struct model *m, struct workspace *ws)
{
    const struct prefix_kv *s = m->adapt_state;
    struct pass p = pass_of(m, ws);

    if (s->width == 0)
        return;
    mat_gemm(p.h, 0, 1, value(m, s->e), NOTRANS, value(m, s->w1), TRANS);
    mat_add_row(p.h, m->params[s->b1].value);
    act_fwd(p.h, (struct mat){ 0 }, p.h, ACT_TANH);
    mat_gemm(p.kv, 0, 1, p.h, NOTRANS, value(m, s->w2), TRANS);
    mat_add_row(p.kv, m->params[s->b2].value);
    if (ws->grad)
        mat_zero(p.dkv);
}

/*     dW2 += dkv^T h,   db2 += sum dkv,   g = (dkv W2)(1 - h^2)
 *     dW1 += g^T E,     db1 += sum g,     dE += g W1 */
static void kv_pass_end(const struct model *m, struct workspace *ws)
{
    const struct prefix_kv *s = m->adapt_state;
    struct pass p = pass_of(m, ws);

    if (s->width == 0)
        return;
    mat_gemm(grad(m, ws, s->w2), 1, 1, p.dkv, TRANS, p.h, NOTRANS);
    mat_sum_rows(grad(m, ws, s->b2).x, p.dkv);
    mat_gemm(p.dh, 0, 1, p.dkv, NOTRANS, value(m, s->w2), NOTRANS);
    tanh_bwd(p.dh, p.dh, p.h);
    mat_gemm(grad(m, ws, s->w1), 1, 1, p.dh, TRANS, value(m, s->e), NOTRANS);
    mat_sum_rows(grad(m, ws, s->b1).x, p.dh);
    mat_gemm(grad(m, ws, s->e), 1, 1, p.dh, NOTRANS, value(m, s->w1), NOTRANS);
}

static void kv_get(const struct model *m, struct workspace *ws, int layer, struct mat *k,
                   struct mat *v, struct mat *dk, struct mat *dv)
{
    struct pass p = pass_of(m, ws);
    int d = dims_kv_width(&m->base->dims), at = 2 * layer * d;

    *k = mat_cols(p.kv, at, d);
    *v = mat_cols(p.kv, at + d, d);
    *dk = mat_cols(p.dkv, at, d);
    *dv = mat_cols(p.dkv, at + d, d);
}

static long kv_count_inference(const void *cfg, const struct dims *d)
{
    return 2L * d->n_layers * dims_kv_width(d) * ((const struct prefix_kv_cfg *)cfg)->prefix;
}

static long kv_count(const void *cfg, const struct dims *d)
{
    const struct prefix_kv_cfg *c = cfg;
    long w = c->width, n = d->d_model;

    return w ? n * c->prefix + w * (n + 1) + 2 * d->n_layers * dims_kv_width(d) * (w + 1)
             : kv_count_inference(cfg, d);
}

const struct adapt adapt_prefix_kv = {
    .name = "prefix-kv",
    .source = "Li & Liang 2021, sec. 4",
    .opts = opts,
    .cfg_size = sizeof(struct prefix_kv_cfg),
    .attach = kv_attach,
    .init = kv_init,
    .detach = kv_detach,
    .count = kv_count,
    .formula =
        "d l_p + w(d + 1) + 2Ld(w + 1), of which inference needs 2Ld l_p; 2Ld l_p with width w = 0",
    .count_inference = kv_count_inference,
    .prefix_kv = kv_get,
    .scratch = kv_scratch,
    .pass_begin = kv_pass_begin,
    .pass_end = kv_pass_end,
};
