/* pairs.c - pairs A, B beside frozen matrices: their tensors, initial values and products. */
#include "core/adapt/pairs.h"

#include "core/adapt/input_drop.h"
#include "core/adapt/ranks.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>

const struct opt pairs_opts[] = { PAIRS_RANK,         PAIRS_ALPHA("alpha / rank"),
                                  PAIRS_TARGETS,      PAIRS_DROPOUT,
                                  PAIRS_INIT,         PAIRS_PATTERNS,
                                  { .type = OPT_END } };

double pairs_scale(double alpha, int r)
{
    return alpha / (double)r;
}

double pairs_scale_root(double alpha, int r)
{
    return alpha / sqrt((double)r);
}

/* --- tensors */

static int add_a(struct model *m, int r, int layer, int t, enum pairs_a a)
{
    static const char suffix[] = "lora_A.weight";
    int out, in;

    target_shape(&m->base->dims, t, &out, &in);
    return a == A_FIXED ? target_fixed(m, layer, t, suffix, r, in)
                        : target_matrix(m, layer, t, suffix, r, in);
}

static int add_b(struct model *m, int r, int layer, int t)
{
    int out, in;

    target_shape(&m->base->dims, t, &out, &in);
    return target_matrix(m, layer, t, "lora_B.weight", out, r);
}

/* The ranks and scales of all pairs. */
static int set_ranks(struct model *m, const struct lora_cfg *c,
                     double (*scale)(double alpha, int r))
{
    struct pairs *s = pairs_of(m);
    struct rank *at = ranks_make(c, &m->base->dims);
    int rc = at ? 0 : -1;

    for (int i = 0; i < target_slots(m) && rc == 0; i++) {
        if (at[i].r == 0)
            continue;
        s->on[i] = true;
        s->pair[i].r = at[i].r;
        s->pair[i].scale = scale(at[i].alpha, at[i].r);
        rc = target_check(m, i / N_TARGETS, i % N_TARGETS, at[i].r,
                          at[i].r == (int)c->rank ? "rank" : "rank_pattern");
    }
    free(at);
    return rc;
}

void *pairs_attach(struct model *m, size_t size, const struct lora_cfg *c,
                   double (*scale)(double alpha, int r), enum pairs_a a)
{
    struct pairs *s = xalloc(1, size);
    int n = m->base->dims.n_layers * N_GROUP;

    m->adapt_state = s;
    *s = (struct pairs){ .dropout = c->dropout };
    s->on = xalloc((size_t)target_slots(m), sizeof *s->on);
    s->pair = xalloc((size_t)target_slots(m), sizeof *s->pair);
    if (set_ranks(m, c, scale) != 0)
        return NULL;
    for (int i = 0; i < n; i++) {
        int target[MAX_GROUP_TARGETS], layer = i / N_GROUP;
        int k = target_group(target, pairs_on(m, layer), (enum group)(i % N_GROUP));
        struct pair *pair = &s->pair[target_slot(layer, 0)];
        for (int j = 0; j < k; j++)
            pair[target[j]].a = add_a(m, pair[target[j]].r, layer, target[j], a);
        for (int j = 0; j < k; j++)
            pair[target[j]].b = add_b(m, pair[target[j]].r, layer, target[j]);
    }
    return s;
}

void pairs_detach(struct model *m)
{
    struct pairs *s = m->adapt_state;

    if (s) {
        free(s->pair);
        free(s->on);
    }
    free(s);
    m->adapt_state = NULL;
}

uint32_t pairs_stream(const struct pairs *s, int layer, int target)
{
    return (uint32_t)s->pair[target_slot(layer, target)].r << 12 |
           proj_stream(layer, target_first(target));
}

/* The released code and PEFT draw A with kaiming_uniform_(a = sqrt 5), which is U(-b, b) with b =
 * 1/sqrt(in). The paper says Gaussian and gives no sigma; PEFT's "gaussian" has sigma 1/r. */
void pairs_init(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    const struct pairs *s = pairs_of(m);

    for (int i = 0; i < target_slots(m); i++) {
        if (!s->pair[i].a)
            continue;
        struct rng r = rng_make(m->seed, RNG_INIT, pairs_stream(s, i / N_TARGETS, i % N_TARGETS));
        struct param *a = &m->params[s->pair[i].a];
        double bound = 1 / sqrt(a->cols), sigma = c->init == LORA_INIT_PEFT_GAUSSIAN
                                                      ? 1.0 / s->pair[i].r
                                                      : m->base->dims.init_range;
        for (size_t k = 0; k < param_size(a); k++)
            a->value[k] = (real)(c->init == LORA_INIT_KAIMING ? bound * (2 * rng_uniform(&r) - 1)
                                                              : sigma * rng_normal(&r));
    }
}

long pairs_sum(const struct lora_cfg *c, const struct dims *d,
               long (*size)(long r, long out, long in))
{
    struct rank *at = ranks_make(c, d);
    long n = 0;

    for (int i = 0; at && i < d->n_layers * N_TARGETS; i++) {
        int out, in;
        target_shape(d, i % N_TARGETS, &out, &in);
        n += at[i].r > 0 ? size(at[i].r, out, in) : 0;
    }
    free(at);
    return at ? n : -1;
}

static long pair_size(long r, long out, long in)
{
    return r * (in + out);
}

long pairs_count(const void *cfg, const struct dims *d)
{
    return pairs_sum(cfg, d, pair_size);
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
    int target[MAX_GROUP_TARGETS], rows = 0;

    *f = (struct factors){ .n = target_group(target, pairs_on(m, layer), g) };
    for (int i = 0; i < f->n; i++) {
        const struct pair *p = pairs_at(m, layer, target[i]);
        const struct param *b = &m->params[p->b];
        f->t[i] = (struct factor){ .target = target[i],
                                   .w = p->r,
                                   .r = p->r,
                                   .at = rows,
                                   .dat = rows,
                                   .scale = (real)p->scale,
                                   .b = rows_from(b, b->rows),
                                   .db = grad_from(ws, b, b->rows) };
        rows += p->r;
    }
    if (f->n == 0)
        return;
    const struct param *a = &m->params[pairs_at(m, layer, target[0])->a];
    f->a = rows_from(a, rows);
    f->da = grad_from(ws, a, rows);
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

    return target_group(target, pairs_on(m, layer), g) > 0;
}

/* Columns of h, the product with the stacked A. */
static int h_cols(const struct factors *f)
{
    int cols = 0;

    for (int i = 0; i < f->n; i++)
        cols += f->t[i].w;
    return cols;
}

/* h [T, h_cols], then what dropout saves. */
int pairs_save_cols(const struct model *m, int layer, enum group g)
{
    struct factors f;
    int out, in;

    pairs_factors(&f, m, NULL, layer, g);
    group_shape(&m->base->dims, g, &out, &in);
    return h_cols(&f) + input_drop_cols(pairs_of(m)->dropout, in);
}

void pairs_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat saved, struct mat x, struct mat y)
{
    const struct pairs *s = pairs_of(m);
    struct factors f;

    pairs_factors(&f, m, ws, layer, g);
    struct mat h = mat_make(saved.x, x.rows, h_cols(&f));
    real *rest = saved.x + (size_t)x.rows * (size_t)h.cols;
    struct input_drop k = input_drop_at(ws, s->dropout, rest, x);
    input_drop_fwd(&k, m, ws, b, layer, g, x, s->dropout);
    mat_gemm(h, 0, 1, k.x, NOTRANS, f.a, TRANS);
    for (int i = 0; i < f.n; i++) {
        const struct factor *t = &f.t[i];
        mat_gemm(target_cols(y, t->target, t->b.rows), 1, t->scale, mat_cols(h, t->at, t->w),
                 NOTRANS, t->b, TRANS);
    }
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
    struct mat h = mat_make(saved.x, x.rows, h_cols(&f));
    real *rest = saved.x + (size_t)x.rows * (size_t)h.cols;
    struct input_drop k = input_drop_at(ws, s->dropout, rest, x);
    for (int i = 0; i < f.n; i++) {
        const struct factor *t = &f.t[i];
        struct mat hi = mat_cols(h, t->at, t->w), dyi = target_cols(dy, t->target, t->b.rows);
        mat_gemm(t->db, 1, t->scale, dyi, TRANS, mat_cols(hi, 0, t->r), NOTRANS);
        mat_gemm(hi, 0, t->scale, dyi, NOTRANS, t->b, NOTRANS);
    }
    if (f.da.x && f.da.rows == h.cols)
        mat_gemm(f.da, 1, 1, h, TRANS, k.x, NOTRANS);
    for (int i = 0; i < f.n && f.da.x && f.da.rows < h.cols; i++)
        mat_gemm(mat_rows(f.da, f.t[i].dat, f.t[i].r), 1, 1, mat_cols(h, f.t[i].at, f.t[i].r),
                 TRANS, k.x, NOTRANS);
    input_drop_bwd(&k, dx, h, f.a, s->dropout);
}

void pairs_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    int t = target_of_proj(pairs_on(m, layer), p);
    struct mat a, b;

    lora_matrices(m, layer, p, &a, &b);
    if (a.x)
        mat_gemm(w, 1, (real)sign * (real)pairs_at(m, layer, t)->scale, b, NOTRANS, a, NOTRANS);
}
