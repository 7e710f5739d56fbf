/* pairs.c - pairs A, B beside frozen matrices: their targets, their tensors and their products. */
#include "core/adapt/pairs.h"

#include "core/base/prof.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- tensors */

static int add_param(struct model *m, const struct pairs *s, int layer, int t, char which,
                     enum pairs_a a)
{
    char *module = target_module(m, layer, t);
    char *name = xprintf("%s.lora_%c.weight", module, which);
    int out, in, at;

    target_shape(&m->base->dims, t, &out, &in);
    if (which == 'A')
        at = a == A_FIXED ? adapt_fixed(m, name, s->r, in) : adapt_param(m, name, s->r, in);
    else
        at = adapt_param(m, name, out, s->r);
    m->params[at].is_vector = false; /* also with rank 1 */
    free(name);
    free(module);
    return at;
}

void *pairs_attach(struct model *m, size_t size, const struct lora_cfg *c, double scale,
                   enum pairs_a a)
{
    struct pairs *s = xalloc(1, size);
    int n = m->base->dims.n_layers * N_GROUP;

    m->adapt_state = s;
    *s = (struct pairs){ .r = (int)c->rank, .scale = (real)scale, .dropout = c->dropout };
    if (pairs_targets(s->on, c->targets) < 0 || check_targets(m, s->on, s->r) != 0)
        return NULL;
    s->pair = xalloc((size_t)m->base->dims.n_layers * N_LORA_TARGETS, sizeof *s->pair);
    for (int i = 0; i < n; i++) {
        int target[MAX_SIDE], layer = i / N_GROUP;
        int k = targets_of(target, s->on, (enum group)(i % N_GROUP));
        struct pair *pair = &s->pair[layer * N_LORA_TARGETS];
        for (int j = 0; j < k; j++)
            pair[target[j]].a = add_param(m, s, layer, target[j], 'A', a);
        for (int j = 0; j < k; j++)
            pair[target[j]].b = add_param(m, s, layer, target[j], 'B', a);
    }
    return s;
}

void pairs_detach(struct model *m)
{
    struct pairs *s = m->adapt_state;

    if (s)
        free(s->pair);
    free(s);
    m->adapt_state = NULL;
}

uint32_t pairs_stream(const struct pairs *s, int layer, int target)
{
    int at = layer * N_PROJ + (int)target_first(target);

    CHECK(at < 4096, "layers x projections = %d", at);
    return (uint32_t)s->r << 12 | (uint32_t)at;
}

/* The released code and PEFT draw A by kaiming_uniform_(a = sqrt 5), which is U(-b, b) with b =
 * 1/sqrt(in); the paper says Gaussian and no sigma; PEFT's "gaussian" has sigma 1/r. */
void pairs_init(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    const struct pairs *s = pairs_of(m);
    double sigma = c->init == LORA_INIT_PEFT_GAUSSIAN ? 1.0 / s->r : m->base->dims.init_range;

    for (int i = 0; i < m->base->dims.n_layers * N_LORA_TARGETS; i++) {
        if (!s->pair[i].a)
            continue;
        struct rng r =
            rng_make(m->seed, RNG_INIT, pairs_stream(s, i / N_LORA_TARGETS, i % N_LORA_TARGETS));
        struct param *a = &m->params[s->pair[i].a];
        double bound = 1 / sqrt(a->cols);
        for (size_t k = 0; k < (size_t)a->rows * (size_t)a->cols; k++)
            a->value[k] = (real)(c->init == LORA_INIT_KAIMING ? bound * (2 * rng_uniform(&r) - 1)
                                                              : sigma * rng_normal(&r));
    }
}

long pairs_sum(const struct lora_cfg *c, const struct dims *d, long each, long per_in, long per_out)
{
    bool on[N_LORA_TARGETS];
    long n = 0;

    if (pairs_targets(on, c->targets) < 0)
        return -1;
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        int out, in;
        target_shape(d, t, &out, &in);
        n += on[t] ? each + per_in * in + per_out * out : 0;
    }
    return n * d->n_layers;
}

long pairs_count(const void *cfg, const struct dims *d)
{
    const struct lora_cfg *c = cfg;

    return pairs_sum(c, d, 0, c->rank, c->rank);
}

/* --- what multiplies */

static struct mat value_of(const struct param *p, int rows)
{
    return mat_make(p->value, rows, p->cols);
}

static struct mat grad_of(const struct workspace *ws, const struct param *p, int rows)
{
    return p->trainable && ws && ws->grad ? mat_make(ws->grad + p->off, rows, p->cols)
                                          : (struct mat){ 0 };
}

void pairs_tensors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g)
{
    const struct pairs *s = pairs_of(m);

    *f = (struct factors){ .w = s->r, .r = s->r };
    f->n = targets_of(f->target, s->on, g);
    if (f->n == 0)
        return;
    const struct param *a = &m->params[pairs_at(s, layer, f->target[0])->a];
    f->a = value_of(a, f->n * s->r);
    f->da = grad_of(ws, a, f->n * s->r);
    for (int i = 0; i < f->n; i++) {
        const struct param *b = &m->params[pairs_at(s, layer, f->target[i])->b];
        f->b[i] = value_of(b, b->rows);
        f->db[i] = grad_of(ws, b, b->rows);
    }
}

void pairs_factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g)
{
    const struct pairs *s = pairs_of(m);

    (s->factors ? s->factors : pairs_tensors)(f, m, ws, layer, g);
}

void lora_pair(const struct model *m, int layer, int t, struct mat *a, struct mat *b)
{
    const struct pairs *s = m->adapt->pairs ? pairs_of(m) : NULL;

    *a = *b = (struct mat){ 0 };
    if (!s || !s->on[t])
        return;
    *a = value_of(&m->params[pairs_at(s, layer, t)->a], s->r);
    *b = value_of(&m->params[pairs_at(s, layer, t)->b], m->params[pairs_at(s, layer, t)->b].rows);
}

void lora_matrices(const struct model *m, int layer, enum proj p, struct mat *a, struct mat *b)
{
    lora_pair(m, layer, (int)p, a, b);
    if (a->x || proj_group(p) != GROUP_QKV)
        return;
    lora_pair(m, layer, LORA_QKV, a, b);
    if (b->x)
        *b = mat_rows(*b, (int)p * (b->rows / 3), b->rows / 3);
}

/* --- dropout on the input */

int drop_cols(double p, int in)
{
    int size = (int)sizeof(real);

    return p > 0 ? in + (in + size - 1) / size : 0;
}

struct dropped drop_at(const struct workspace *ws, double p, real *keep, struct mat x)
{
    if (!(p > 0) || !ws->train)
        return (struct dropped){ .x = x };
    return (struct dropped){ mat_make(keep, x.rows, x.cols),
                             (unsigned char *)(keep + (size_t)x.rows * (size_t)x.cols) };
}

void drop_fwd(const struct dropped *k, const struct model *m, const struct workspace *ws,
              const struct batch *b, int layer, enum group g, struct mat x, double p)
{
    if (!k->mask)
        return;
    dropout_mask(k->mask, m, ws, b, dropout_sub(layer, SITE_ADAPT + (int)g), x.cols, p);
    prof_begin(WORK_DROPOUT);
    dropout(k->x, x, k->mask, p);
    prof_end();
}

void drop_bwd(const struct dropped *k, struct mat dx, struct mat e, struct mat a, double p)
{
    if (!dx.x)
        return;
    if (!k->mask) {
        mat_gemm(dx, 1, 1, e, NOTRANS, a, NOTRANS);
        return;
    }
    mat_gemm(k->x, 0, 1, e, NOTRANS, a, NOTRANS);
    prof_begin(WORK_DROPOUT);
    dropout(k->x, k->x, k->mask, p);
    prof_end();
    mat_add(dx, 1, k->x);
}

/* --- hooks */

bool pairs_uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_SIDE];

    (void)layer;
    return targets_of(target, pairs_of(m)->on, g) > 0;
}

static int group_in(const struct model *m, enum group g)
{
    return g == GROUP_DOWN ? m->base->dims.d_ffn : m->base->dims.d_model;
}

/* h [T, n w], then what dropout keeps. */
int pairs_keep_cols(const struct model *m, int layer, enum group g)
{
    struct factors f;

    pairs_factors(&f, m, NULL, layer, g);
    return f.n * f.w + drop_cols(pairs_of(m)->dropout, group_in(m, g));
}

void pairs_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat keep, struct mat x, struct mat y)
{
    const struct pairs *s = pairs_of(m);
    struct factors f;

    pairs_factors(&f, m, ws, layer, g);
    struct mat h = mat_make(keep.x, x.rows, f.n * f.w);
    struct dropped k = drop_at(ws, s->dropout, keep.x + (size_t)x.rows * (size_t)h.cols, x);
    drop_fwd(&k, m, ws, b, layer, g, x, s->dropout);
    mat_gemm(h, 0, 1, k.x, NOTRANS, f.a, TRANS);
    for (int i = 0; i < f.n; i++)
        mat_gemm(target_cols(y, f.target[i], f.b[i].rows), 1, s->scale, mat_cols(h, i * f.w, f.w),
                 NOTRANS, f.b[i], TRANS);
}

/*     dB += s dy^T h,   e = s dy B,   dA += e^T drop(x),   dx += drop(e A)
 *
 * e takes the place of h. */
void pairs_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat keep, struct mat x, struct mat dy, struct mat dx)
{
    const struct pairs *s = pairs_of(m);
    struct factors f;

    (void)b;
    pairs_factors(&f, m, ws, layer, g);
    struct mat h = mat_make(keep.x, x.rows, f.n * f.w);
    struct dropped k = drop_at(ws, s->dropout, keep.x + (size_t)x.rows * (size_t)h.cols, x);
    for (int i = 0; i < f.n; i++) {
        struct mat hi = mat_cols(h, i * f.w, f.w), dyi = target_cols(dy, f.target[i], f.b[i].rows);
        mat_gemm(f.db[i], 1, s->scale, dyi, TRANS, mat_cols(hi, 0, f.r), NOTRANS);
        mat_gemm(hi, 0, s->scale, dyi, NOTRANS, f.b[i], NOTRANS);
    }
    if (f.da.x && f.r == f.w)
        mat_gemm(f.da, 1, 1, h, TRANS, k.x, NOTRANS);
    for (int i = 0; i < f.n && f.da.x && f.r < f.w; i++)
        mat_gemm(mat_rows(f.da, i * f.r, f.r), 1, 1, mat_cols(h, i * f.w, f.r), TRANS, k.x,
                 NOTRANS);
    drop_bwd(&k, dx, h, f.a, s->dropout);
}

void pairs_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    struct mat a, b;

    lora_matrices(m, layer, p, &a, &b);
    if (a.x)
        mat_gemm(w, 1, (real)sign * pairs_of(m)->scale, b, NOTRANS, a, NOTRANS);
}
