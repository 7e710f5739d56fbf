/* pairs.c - pairs A, B beside frozen matrices: their tensors, initial values and products. */
#include "core/adapt/pairs.h"

#include "core/adapt/input_drop.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>

const struct opt pairs_opts[] = { PAIRS_RANK,    PAIRS_ALPHA("alpha / rank"),
                                  PAIRS_TARGETS, PAIRS_DROPOUT,
                                  PAIRS_INIT,    { .type = OPT_END } };

/* --- tensors */

static int add_a(struct model *m, const struct pairs *s, int layer, int t, enum pairs_a a)
{
    static const char suffix[] = "lora_A.weight";
    int out, in;

    target_shape(&m->base->dims, t, &out, &in);
    return a == A_FIXED ? target_fixed(m, layer, t, suffix, s->r, in)
                        : target_matrix(m, layer, t, suffix, s->r, in);
}

static int add_b(struct model *m, const struct pairs *s, int layer, int t)
{
    int out, in;

    target_shape(&m->base->dims, t, &out, &in);
    return target_matrix(m, layer, t, "lora_B.weight", out, s->r);
}

void *pairs_attach(struct model *m, size_t size, const struct lora_cfg *c, double scale,
                   enum pairs_a a)
{
    struct pairs *s = xalloc(1, size);
    int n = m->base->dims.n_layers * N_GROUP;

    m->adapt_state = s;
    *s = (struct pairs){ .r = (int)c->rank, .scale = (real)scale, .dropout = c->dropout };
    if (target_parse(s->on, c->targets) < 0 || target_check(m, s->on, s->r) != 0)
        return NULL;
    s->pair = xalloc((size_t)target_slots(m), sizeof *s->pair);
    for (int i = 0; i < n; i++) {
        int target[MAX_GROUP_TARGETS], layer = i / N_GROUP;
        int k = target_group(target, s->on, (enum group)(i % N_GROUP));
        struct pair *pair = &s->pair[target_slot(layer, 0)];
        for (int j = 0; j < k; j++)
            pair[target[j]].a = add_a(m, s, layer, target[j], a);
        for (int j = 0; j < k; j++)
            pair[target[j]].b = add_b(m, s, layer, target[j]);
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
    return (uint32_t)s->r << 12 | proj_stream(layer, target_first(target));
}

/* The released code and PEFT draw A with kaiming_uniform_(a = sqrt 5), which is U(-b, b) with b =
 * 1/sqrt(in). The paper says Gaussian and gives no sigma; PEFT's "gaussian" has sigma 1/r. */
void pairs_init(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    const struct pairs *s = pairs_of(m);
    double sigma = c->init == LORA_INIT_PEFT_GAUSSIAN ? 1.0 / s->r : m->base->dims.init_range;

    for (int i = 0; i < target_slots(m); i++) {
        if (!s->pair[i].a)
            continue;
        struct rng r = rng_make(m->seed, RNG_INIT, pairs_stream(s, i / N_TARGETS, i % N_TARGETS));
        struct param *a = &m->params[s->pair[i].a];
        double bound = 1 / sqrt(a->cols);
        for (size_t k = 0; k < param_size(a); k++)
            a->value[k] = (real)(c->init == LORA_INIT_KAIMING ? bound * (2 * rng_uniform(&r) - 1)
                                                              : sigma * rng_normal(&r));
    }
}

long pairs_sum(const struct lora_cfg *c, const struct dims *d, long each, long per_in, long per_out)
{
    bool on[N_TARGETS];
    long n = 0;

    if (target_parse(on, c->targets) < 0)
        return -1;
    for (int t = 0; t < N_TARGETS; t++) {
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

/* ROWS rows from the beginning of P, and of the tensors behind it. */
static struct mat rows_from(const struct param *p, int rows)
{
    return mat_make(p->value, rows, p->cols);
}

static struct mat grad_from(const struct workspace *ws, const struct param *p, int rows)
{
    return p->trainable && ws && ws->grad ? mat_make(ws->grad + p->off, rows, p->cols)
                                          : (struct mat){ 0 };
}

void pairs_tensors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g)
{
    const struct pairs *s = pairs_of(m);
    const struct pair *pair = &s->pair[target_slot(layer, 0)];

    *f = (struct factors){ .w = s->r, .r = s->r };
    f->n = target_group(f->target, s->on, g);
    if (f->n == 0)
        return;
    const struct param *a = &m->params[pair[f->target[0]].a];
    f->a = rows_from(a, f->n * s->r);
    f->da = grad_from(ws, a, f->n * s->r);
    for (int i = 0; i < f->n; i++) {
        const struct param *b = &m->params[pair[f->target[i]].b];
        f->b[i] = rows_from(b, b->rows);
        f->db[i] = grad_from(ws, b, b->rows);
    }
}

void pairs_factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g)
{
    const struct pairs *s = pairs_of(m);

    (s->factors ? s->factors : pairs_tensors)(f, m, ws, layer, g);
}

/* --- hooks */

bool pairs_uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_GROUP_TARGETS];

    (void)layer;
    return target_group(target, pairs_of(m)->on, g) > 0;
}

/* h [T, n w], then what dropout saves. */
int pairs_save_cols(const struct model *m, int layer, enum group g)
{
    struct factors f;
    int out, in;

    pairs_factors(&f, m, NULL, layer, g);
    group_shape(&m->base->dims, g, &out, &in);
    return f.n * f.w + input_drop_cols(pairs_of(m)->dropout, in);
}

void pairs_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat saved, struct mat x, struct mat y)
{
    const struct pairs *s = pairs_of(m);
    struct factors f;

    pairs_factors(&f, m, ws, layer, g);
    struct mat h = mat_make(saved.x, x.rows, f.n * f.w);
    real *rest = saved.x + (size_t)x.rows * (size_t)h.cols;
    struct input_drop k = input_drop_at(ws, s->dropout, rest, x);
    input_drop_fwd(&k, m, ws, b, layer, g, x, s->dropout);
    mat_gemm(h, 0, 1, k.x, NOTRANS, f.a, TRANS);
    for (int i = 0; i < f.n; i++)
        mat_gemm(target_cols(y, f.target[i], f.b[i].rows), 1, s->scale, mat_cols(h, i * f.w, f.w),
                 NOTRANS, f.b[i], TRANS);
}

/*     dB += s dy^T h,   e = s dy B,   dA += e^T drop(x),   dx += drop(e A)
 *
 * e takes the memory of h. */
void pairs_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat saved, struct mat x, struct mat dy, struct mat dx)
{
    const struct pairs *s = pairs_of(m);
    struct factors f;

    (void)b;
    pairs_factors(&f, m, ws, layer, g);
    struct mat h = mat_make(saved.x, x.rows, f.n * f.w);
    real *rest = saved.x + (size_t)x.rows * (size_t)h.cols;
    struct input_drop k = input_drop_at(ws, s->dropout, rest, x);
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
    input_drop_bwd(&k, dx, h, f.a, s->dropout);
}

void pairs_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    struct mat a, b;

    lora_matrices(m, layer, p, &a, &b);
    if (a.x)
        mat_gemm(w, 1, (real)sign * pairs_of(m)->scale, b, NOTRANS, a, NOTRANS);
}
