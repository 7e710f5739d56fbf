/* dora.c - LoRA on the direction of each row of a matrix, with the length of the row trained on its
 * own (Liu et al. 2024, DoRA).
 *
 *     W'_i = m_i (W_i + s (B A)_i) / n_i,   n_i = |W_i + s (B A)_i|,   m = |W_i| initially
 *     y = c (x W^T + s drop(x) A^T B^T) + b,   c = m / n
 *
 * The gradient treats n as a constant (sec. 4.3 there). It is computed once a pass from
 *
 *     n_i^2 = |W_i|^2 + 2 s B_i (W A^T)_i + s^2 B_i (A A^T) B_i^T
 *
 * so that W + s B A is never in memory: W A^T is the frozen product applied to the rows of A. One m
 * for each output is PEFT's reading of the paper. With dropout, in PEFT x W^T also sees the dropped
 * input; here only A does. */
#include "core/adapt/pairs.h"

#include "core/math/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dora {
    struct pairs p;
    int *magnitude;  /* [target_slots] index of m in m->params */
    double **square; /* [target_slots] |W_i|^2 [out] of each pair */
    real *held;      /* norms of all pairs that no longer follow A and B; NULL: they do */
};

static int attach_scaled(struct model *m, const void *cfg, double (*scale)(double alpha, int r))
{
    struct dora *s = pairs_attach(m, sizeof *s, cfg, scale, A_TRAINS);

    if (!s)
        return -1;
    s->magnitude = xalloc((size_t)target_slots(m), sizeof *s->magnitude);
    s->square = xalloc((size_t)target_slots(m), sizeof *s->square);
    for (int i = 0; i < target_slots(m); i++)
        if (s->p.pair[i].a)
            s->magnitude[i] =
                target_vector(m, i / N_TARGETS, i % N_TARGETS, "lora_magnitude_vector",
                              m->params[s->p.pair[i].b].rows);
    return 0;
}

static int dora_attach(struct model *m, const void *cfg)
{
    return attach_scaled(m, cfg, pairs_scale);
}

static int rsdora_attach(struct model *m, const void *cfg)
{
    return attach_scaled(m, cfg, pairs_scale_root);
}

static void dora_detach(struct model *m)
{
    struct dora *s = m->adapt_state;

    for (int i = 0; s && s->square && i < target_slots(m); i++)
        free(s->square[i]);
    if (s) {
        free(s->square);
        free(s->magnitude);
        free(s->held);
    }
    pairs_detach(m);
}

static void dora_init(struct model *m, const void *cfg)
{
    struct dora *s = m->adapt_state;

    pairs_init(m, cfg);
    for (int i = 0; i < target_slots(m); i++) {
        if (!s->p.pair[i].a)
            continue;
        struct mat w = target_weight(m, i / N_TARGETS, i % N_TARGETS);
        real *magnitude = m->params[s->magnitude[i]].value;
        s->square[i] = xalloc((size_t)w.rows, sizeof **s->square);
        for (int o = 0; o < w.rows; o++) {
            s->square[i][o] = vec_dot(mat_row(w, o), mat_row(w, o), (size_t)w.cols);
            magnitude[o] = (real)sqrt(s->square[i][o]);
        }
        free(w.x);
    }
}

static long dora_size(long r, long out, long in)
{
    return r * (in + out) + out;
}

static long dora_count(const void *cfg, const struct dims *d)
{
    return pairs_sum(cfg, d, dora_size);
}

/* --- norms. The scratch of a pass has for each pair, in the order of slots, [out] values each of
 * c, 1 / n, the bias, and the gradient of c; then memory for computing norms. */

enum { PER_OUTPUT = 4 };
struct outputs {
    int n;
    real *c, *inverse, *bias, *dc;
};

static int outputs_before(const struct model *m, int pair)
{
    const struct pairs *s = pairs_of(m);
    int n = 0;

    for (int i = 0; i < pair; i++)
        n += s->pair[i].a ? m->params[s->pair[i].b].rows : 0;
    return n;
}

static struct outputs outputs_of(const struct model *m, real *scratch, int layer, int target)
{
    int pair = target_slot(layer, target), n = m->params[pairs_of(m)->pair[pair].b].rows;
    real *x = scratch + (size_t)outputs_before(m, pair) * PER_OUTPUT;

    return (struct outputs){ n, x, x + n, x + 2 * n, x + 3 * n };
}

static int group_out(const struct model *m, enum group g)
{
    int out, in;

    group_shape(&m->base->dims, g, &out, &in);
    return out;
}

/* Memory of group_norms for the largest group: W A^T, A A^T, B A A^T. */
static size_t work_size(const struct model *m)
{
    const struct pairs *s = pairs_of(m);
    size_t most = 0, r = 0;

    for (int i = 0; i < target_slots(m); i++)
        r = (size_t)s->pair[i].r > r ? (size_t)s->pair[i].r : r;
    for (int g = 0; g < N_GROUP; g++) {
        size_t out = (size_t)group_out(m, (enum group)g);
        size_t n = MAX_GROUP_TARGETS * r * out + r * r + out * r;
        most = n > most ? n : most;
    }
    return most;
}

static size_t dora_scratch(const struct model *m, bool grad)
{
    (void)grad;
    return (size_t)outputs_before(m, target_slots(m)) * PER_OUTPUT + work_size(m);
}

/* The norms n of target I of F. WA [r, out] are its columns of A W^T. */
static void target_norms(real *norm, const struct factors *f, int i, const double *square,
                         struct mat wa, real *work)
{
    int w = f->t[i].w;
    double s = (double)f->t[i].scale;
    struct mat a = mat_rows(f->a, f->t[i].at, w), b = f->t[i].b;
    struct mat aa = mat_make(work, w, w), ba = mat_make(work + w * w, b.rows, w);

    mat_gemm(aa, 0, 1, a, NOTRANS, a, TRANS);
    mat_gemm(ba, 0, 1, b, NOTRANS, aa, NOTRANS);
    for (int o = 0; o < b.rows; o++) {
        const real *bo = mat_row(b, o);
        double cross = 0;
        for (int k = 0; k < w; k++)
            cross += (double)bo[k] * (double)mat_row(wa, k)[o];
        double own = vec_dot(bo, mat_row(ba, o), (size_t)w);
        norm[o] = (real)sqrt(fmax(square[o] + 2 * s * cross + s * s * own, 0));
    }
}

/* The norms n of all pairs of an input, those of target i to TO[i]. */
static void group_norms(real *const to[MAX_GROUP_TARGETS], const struct model *m, int layer,
                        enum group g, real *work)
{
    const struct dora *s = m->adapt_state;
    struct factors f;

    pairs_factors(&f, m, NULL, layer, g);
    if (f.n == 0)
        return;
    struct mat wa = mat_make(work, f.a.rows, group_out(m, g));
    work += (size_t)wa.rows * (size_t)wa.cols;
    model_product(m, layer, g, wa, f.a);
    for (int i = 0; i < f.n; i++) {
        int t = f.t[i].target;
        target_norms(to[i], &f, i, s->square[target_slot(layer, t)],
                     target_cols(mat_rows(wa, f.t[i].at, f.t[i].w), t, f.t[i].b.rows), work);
    }
}

static void dora_pass_begin(const struct model *m, struct workspace *ws)
{
    const struct dora *s = m->adapt_state;
    real *x = ws->scratch, *work = x + (size_t)outputs_before(m, target_slots(m)) * PER_OUTPUT;

    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        int layer = at / N_GROUP, target[MAX_GROUP_TARGETS];
        int n = target_group(target, pairs_on(m, layer), (enum group)(at % N_GROUP));
        real *to[MAX_GROUP_TARGETS] = { 0 };
        for (int i = 0; i < n; i++)
            to[i] = outputs_of(m, x, layer, target[i]).inverse;
        if (!s->held)
            group_norms(to, m, layer, (enum group)(at % N_GROUP), work);
        for (int i = 0; i < n; i++) {
            int pair = target_slot(layer, target[i]);
            struct outputs o = outputs_of(m, x, layer, target[i]);
            const real *magnitude = m->params[s->magnitude[pair]].value;
            if (s->held)
                memcpy(o.inverse, s->held + outputs_before(m, pair), (size_t)o.n * sizeof(real));
            for (int j = 0; j < o.n; j++) {
                real length = o.inverse[j]; /* a row of zeros has no direction and stays 0 */
                o.c[j] = length > 0 ? magnitude[j] / length : 0; /* exactly 1 initially */
                o.inverse[j] = length > 0 ? 1 / length : 0;
            }
            target_bias(o.bias, m, layer, target[i]);
        }
    }
}

static void dora_hold(struct model *m)
{
    struct dora *s = m->adapt_state;
    real *held = xalloc((size_t)outputs_before(m, target_slots(m)), sizeof *held);
    real *work = xalloc(work_size(m), sizeof *work);

    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        int layer = at / N_GROUP, target[MAX_GROUP_TARGETS];
        int n = target_group(target, pairs_on(m, layer), (enum group)(at % N_GROUP));
        real *to[MAX_GROUP_TARGETS] = { 0 };
        for (int i = 0; i < n; i++)
            to[i] = held + outputs_before(m, target_slot(layer, target[i]));
        group_norms(to, m, layer, (enum group)(at % N_GROUP), work);
    }
    free(work);
    free(s->held);
    s->held = held;
}

/* --- hooks. Saved after what pairs save: z = x W^T + s h B^T [T, out] of each target. */

static int dora_save_cols(const struct model *m, int layer, enum group g)
{
    int target[MAX_GROUP_TARGETS], n = target_group(target, pairs_on(m, layer), g), cols = 0;

    for (int i = 0; i < n; i++)
        cols += m->params[pairs_of(m)->pair[target_slot(layer, target[i])].b].rows;
    return pairs_save_cols(m, layer, g) + cols;
}

static void dora_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat saved, struct mat x, struct mat y)
{
    int target[MAX_GROUP_TARGETS], n = target_group(target, pairs_on(m, layer), g);
    real *z = saved.x + (size_t)x.rows * (size_t)pairs_save_cols(m, layer, g);

    pairs_fwd(m, ws, b, layer, g, saved, x, y);
    for (int i = 0; i < n; i++) {
        struct outputs o = outputs_of(m, ws->scratch, layer, target[i]);
        rescale_fwd(target_cols(y, target[i], o.n), mat_make(z, x.rows, o.n), o.c, o.bias);
        z += (size_t)x.rows * (size_t)o.n;
    }
}

/* A bias that trains gets c times its gradient from the frozen product, and the rest here. */
static void bias_bwd(const struct model *m, struct workspace *ws, int layer, int t, struct mat dy,
                     const struct outputs *o)
{
    for (int p = (int)target_first(t), at = 0; at < o->n; p++) {
        const struct param *b = model_role(m, layer, (int)ROLE_B + p);
        if (!b)
            return;
        for (int i = 0; i < dy.rows && b->trainable; i++)
            for (int j = 0; j < b->cols; j++)
                ws->grad[b->off + j] += (1 - o->c[at + j]) * mat_row(dy, i)[at + j];
        at += b->cols;
    }
}

static void dora_out_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                         int layer, enum group g, struct mat saved, struct mat x, struct mat dy)
{
    const struct dora *s = m->adapt_state;
    int target[MAX_GROUP_TARGETS], n = target_group(target, pairs_on(m, layer), g);
    real *z = saved.x + (size_t)x.rows * (size_t)pairs_save_cols(m, layer, g);

    (void)b;
    for (int i = 0; i < n; i++) {
        struct outputs o = outputs_of(m, ws->scratch, layer, target[i]);
        struct mat dyi = target_cols(dy, target[i], o.n);
        real *dm = ws->grad + m->params[s->magnitude[target_slot(layer, target[i])]].off;
        bias_bwd(m, ws, layer, target[i], dyi, &o);
        memset(o.dc, 0, (size_t)o.n * sizeof *o.dc);
        scale_bwd(o.dc, dyi, mat_make(z, x.rows, o.n), o.c);
        for (int j = 0; j < o.n; j++)
            dm[j] += o.dc[j] * o.inverse[j];
        z += (size_t)x.rows * (size_t)o.n;
    }
}

/* w += sign (W' - W), with the base model's W. */
static void dora_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    const struct dora *s = m->adapt_state;
    int t = target_of_proj(pairs_on(m, layer), p);
    struct mat a, b;

    if (t < 0)
        return;
    lora_matrices(m, layer, p, &a, &b);
    const real *magnitude = m->params[s->magnitude[target_slot(layer, t)]].value +
                            (t == TARGET_QKV ? (int)p * w.rows : 0);
    struct mat old = target_weight(m, layer, (int)p), new = target_weight(m, layer, (int)p);
    mat_gemm(new, 1, (real)pairs_at(m, layer, t)->scale, b, NOTRANS, a, NOTRANS);
    for (int o = 0; o < w.rows; o++) {
        real n = (real)vec_norm(mat_row(new, o), (size_t)w.cols), by = n > 0 ? magnitude[o] / n : 0;
        for (int j = 0; j < w.cols; j++)
            mat_row(w, o)[j] += (real)sign * (by * mat_row(new, o)[j] - mat_row(old, o)[j]);
    }
    free(new.x);
    free(old.x);
}

#define DORA_METHOD                                                                                \
    PAIRS_METHOD, .init = dora_init, .detach = dora_detach, .count = dora_count,                   \
                  .formula = "L sum over targets of (r (in + out) + out)",                         \
                  .save_cols = dora_save_cols, .proj_fwd = dora_fwd, .proj_out_bwd = dora_out_bwd, \
                  .scratch = dora_scratch, .pass_begin = dora_pass_begin, .hold = dora_hold,       \
                  .merge = dora_merge

const struct adapt adapt_dora = {
    DORA_METHOD,
    .name = "dora",
    .source = "Liu et al. 2024 (arXiv 2402.09353)",
    .attach = dora_attach,
};

/* DoRA with the scale of rsLoRA, s = alpha / sqrt(r): use_dora and use_rslora in PEFT. */
static const struct opt rsdora_opts[] = { PAIRS_RANK,         PAIRS_ALPHA("alpha / sqrt(rank)"),
                                          PAIRS_TARGETS,      PAIRS_DROPOUT,
                                          PAIRS_INIT,         PAIRS_PATTERNS,
                                          { .type = OPT_END } };

const struct adapt adapt_rsdora = {
    DORA_METHOD,         .name = "rsdora",        .source = "Liu et al. 2024; Kalajdzievski 2023",
    .opts = rsdora_opts, .attach = rsdora_attach,
};
