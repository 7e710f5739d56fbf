/* vera.c - one random pair for all matrices, and two vectors for each (Kopiczko et al. 2024, VeRA).
 *
 *     y += b (d (drop(x) A^T) B^T)       d [r] = d_initial, b [out] = 0 at first
 *
 * A [r, largest in] and B [largest out, r] are drawn once and frozen; a matrix takes the first columns and
 * rows of its size. Both are uniform to sqrt(6 / fan_in), as PEFT has them. Projections that read one
 * input share drop(x) A^T. */
#include "core/adapt/pairs.h"

#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct vera_cfg {
    struct lora_cfg lora;
    double d_initial;
};
struct vera {
    int r, a, b; /* a, b: indices in params */
    double dropout;
    bool on[N_LORA_TARGETS];
    struct pair *at; /* the vectors d and b of each target of each layer, as in struct pairs */
};

static const struct opt opts[] = {
    { "rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "256", 1, 65536, NULL,
      "rows of A and columns of B, which all matrices share" },
    PAIRS_TARGETS,
    PAIRS_DROPOUT,
    { "d_initial", 0, OPT_REAL, offsetof(struct vera_cfg, d_initial), "0.1", -1e3, 1e3, NULL,
      "first value of the vectors d" },
    { .type = OPT_END },
};

static int add_vector(struct model *m, int layer, int t, char which, int n)
{
    char *module = target_module(m, layer, t);
    char *name = xprintf("%s.vera_lambda_%c", module, which);
    int at = adapt_param(m, name, 1, n);

    free(name);
    free(module);
    return at;
}

static int attach(struct model *m, const void *cfg)
{
    const struct vera_cfg *c = cfg;
    const struct dims *d = &m->base->dims;
    struct vera *s = xalloc(1, sizeof *s);
    int most_out = 0, most_in = 0;

    m->adapt_state = s;
    *s = (struct vera){ .r = (int)c->lora.rank, .dropout = c->lora.dropout };
    if (pairs_targets(s->on, c->lora.targets) < 0 || check_targets(m, s->on, 0) != 0)
        return -1;
    s->at = xalloc((size_t)d->n_layers * N_LORA_TARGETS, sizeof *s->at);
    for (int i = 0; i < d->n_layers * N_LORA_TARGETS; i++) {
        int out, in, t = i % N_LORA_TARGETS;
        if (!s->on[t])
            continue;
        target_shape(d, t, &out, &in);
        s->at[i].a = add_vector(m, i / N_LORA_TARGETS, t, 'd', s->r);
        s->at[i].b = add_vector(m, i / N_LORA_TARGETS, t, 'b', out);
        most_out = out > most_out ? out : most_out;
        most_in = in > most_in ? in : most_in;
    }
    s->a = adapt_fixed(m, "vera_A", s->r, most_in);
    s->b = adapt_fixed(m, "vera_B", most_out, s->r);
    m->params[s->a].is_vector = m->params[s->b].is_vector = false;
    return 0;
}

static void detach(struct model *m)
{
    struct vera *s = m->adapt_state;

    if (s)
        free(s->at);
    free(s);
    m->adapt_state = NULL;
}

static void draw(const struct model *m, int at, uint32_t stream)
{
    const struct param *p = &m->params[at];
    struct rng r = rng_make(m->seed, RNG_INIT, stream);
    double bound = sqrt(6.0 / p->cols);

    for (size_t i = 0; i < (size_t)p->rows * (size_t)p->cols; i++)
        p->value[i] = (real)(bound * (2 * rng_uniform(&r) - 1));
}

static void init(struct model *m, const void *cfg)
{
    const struct vera *s = m->adapt_state;

    draw(m, s->a, (uint32_t)s->r << 1);
    draw(m, s->b, (uint32_t)s->r << 1 | 1);
    for (int i = 0; i < m->base->dims.n_layers * N_LORA_TARGETS; i++)
        for (int k = 0; s->at[i].a && k < s->r; k++)
            m->params[s->at[i].a].value[k] = (real)((const struct vera_cfg *)cfg)->d_initial;
}

static long count(const void *cfg, const struct dims *d)
{
    const struct lora_cfg *c = cfg;

    return pairs_sum(c, d, c->rank, 0, 1);
}

/* --- products. Kept: h [T,r], a place of the same size, z [T,out] of each target, then what dropout
 * keeps. */

struct target {
    const struct param *d, *b;
    struct mat rows; /* of B */
    int t;
};

static struct mat shared_a(const struct model *m, int in)
{
    const struct vera *s = m->adapt_state;
    const struct param *a = &m->params[s->a];

    return mat_cols(mat_make(a->value, s->r, a->cols), 0, in);
}

static struct target target_at(const struct model *m, int layer, int t)
{
    const struct vera *s = m->adapt_state;
    const struct pair *at = &s->at[layer * N_LORA_TARGETS + t];
    const struct param *b = &m->params[at->b];

    return (struct target){ &m->params[at->a], b, mat_make(m->params[s->b].value, b->cols, s->r),
                            t };
}

static bool uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_SIDE];

    (void)layer;
    return targets_of(target, ((const struct vera *)m->adapt_state)->on, g) > 0;
}

static int keep_cols(const struct model *m, int layer, enum group g)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_SIDE], n = targets_of(target, s->on, g), out, in = 0, cols = 2 * s->r;

    (void)layer;
    for (int i = 0; i < n; i++) {
        target_shape(&m->base->dims, target[i], &out, &in);
        cols += out;
    }
    return cols + drop_cols(s->dropout, in);
}

/* N columns of what is kept. */
static struct mat next(real **keep, int rows, int n)
{
    struct mat x = mat_make(*keep, rows, n);

    *keep += (size_t)rows * (size_t)n;
    return x;
}

static void proj_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat y)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_SIDE], n = targets_of(target, s->on, g);
    real *at = keep.x;
    struct mat h = next(&at, x.rows, s->r), hd = next(&at, x.rows, s->r), z[MAX_SIDE];

    for (int i = 0; i < n; i++)
        z[i] = next(&at, x.rows, target_at(m, layer, target[i]).b->cols);
    struct dropped k = drop_at(ws, s->dropout, at, x);
    drop_fwd(&k, m, ws, b, layer, g, x, s->dropout);
    mat_gemm(h, 0, 1, k.x, NOTRANS, shared_a(m, x.cols), TRANS);
    for (int i = 0; i < n; i++) {
        struct target t = target_at(m, layer, target[i]);
        scale_fwd(hd, h, t.d->value);
        mat_gemm(z[i], 0, 1, hd, NOTRANS, t.rows, TRANS);
        scale_add(target_cols(y, t.t, z[i].cols), z[i], t.b->value);
    }
}

/*     db += sum dy z,   e = (b dy) B,   dd += sum e h,   dx += drop(sum over targets of (d e) A) */
static void proj_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat dy, struct mat dx)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_SIDE], n = targets_of(target, s->on, g);
    real *at = keep.x;
    struct mat h = next(&at, x.rows, s->r), e = next(&at, x.rows, s->r), z[MAX_SIDE];

    (void)b;
    for (int i = 0; i < n; i++)
        z[i] = next(&at, x.rows, target_at(m, layer, target[i]).b->cols);
    struct dropped k = drop_at(ws, s->dropout, at, x);
    for (int i = 0; i < n; i++) {
        struct target t = target_at(m, layer, target[i]);
        struct mat dyi = target_cols(dy, t.t, z[i].cols);
        scale_sum(ws->grad + t.b->off, dyi, z[i]);
        scale_fwd(z[i], dyi, t.b->value);
        mat_gemm(e, 0, 1, z[i], NOTRANS, t.rows, NOTRANS);
        scale_bwd(ws->grad + t.d->off, e, h, t.d->value);
        if (dx.x)
            drop_bwd(&k, dx, e, shared_a(m, x.cols), s->dropout);
    }
}

/* w += sign diag(b) B diag(d) A */
static void merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    const struct vera *s = m->adapt_state;
    bool fused = s->on[LORA_QKV] && proj_group(p) == GROUP_QKV;

    if (!fused && !s->on[p])
        return;
    struct target t = target_at(m, layer, fused ? LORA_QKV : (int)p);
    int first = fused ? (int)p * w.rows : 0;
    struct mat b = mat_make(xalloc((size_t)w.rows * (size_t)s->r, sizeof(real)), w.rows, s->r);
    scale_fwd(b, mat_rows(t.rows, first, w.rows), t.d->value);
    for (int i = 0; i < w.rows; i++)
        for (int k = 0; k < s->r; k++)
            mat_row(b, i)[k] *= t.b->value[first + i];
    mat_gemm(w, 1, (real)sign, b, NOTRANS, shared_a(m, w.cols), NOTRANS);
    free(b.x);
}

const struct adapt adapt_vera = {
    .name = "vera",
    .source = "Kopiczko et al. 2024 (arXiv 2310.11454)",
    .opts = opts,
    .cfg_size = sizeof(struct vera_cfg),
    .starts_as_base = true,
    .forgets_x = true,
    .attach = attach,
    .init = init,
    .detach = detach,
    .count = count,
    .formula = "L sum over targets of (r + out)",
    .uses = uses,
    .keep_cols = keep_cols,
    .proj_fwd = proj_fwd,
    .proj_bwd = proj_bwd,
    .merge = merge,
};
