/* vera.c - one frozen random pair for all matrices, and two trained vectors for each matrix
 * (Kopiczko et al. 2024, VeRA).
 *
 *     y += b (d (drop(x) A^T) B^T)       d [r] = d_initial, b [out] = 0 initially
 *
 * A [r, largest in] and B [largest out, r] are drawn once; a matrix uses as many of their columns
 * and rows as it needs, from the first. Both are uniform within sqrt(6 / fan_in), as in PEFT.
 * Projections that read the same input share drop(x) A^T. */
#include "core/adapt/input_drop.h"
#include "core/adapt/pairs.h"
#include "core/adapt/ranks.h"

#include "core/base/rng.h"
#include "core/math/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct vera_cfg {
    struct lora_cfg lora;
    double d_initial;
};
struct vectors {
    int d, b; /* indices in m->params; 0: not adapted */
};
struct vera {
    int r, a, b; /* a, b: indices of A and B in m->params */
    double dropout;
    bool *on;           /* [target_slots] is it adapted? */
    struct vectors *at; /* [target_slots] */
};

static const struct opt opts[] = {
    { "rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "256", 1, 65536, NULL,
      "rank of A and B, which all matrices share" },
    PAIRS_TARGETS,
    PAIRS_LAYERS,
    PAIRS_DROPOUT,
    { "d_initial", 0, OPT_REAL, offsetof(struct vera_cfg, d_initial), "0.1", -1e3, 1e3, NULL,
      "initial value of the vectors d" },
    { .type = OPT_END },
};

static int vera_attach(struct model *m, const void *cfg)
{
    const struct vera_cfg *c = cfg;
    struct vera *s = xalloc(1, sizeof *s);
    int most_out = 0, most_in = 0;

    m->adapt_state = s;
    *s = (struct vera){ .r = (int)c->lora.rank, .dropout = c->lora.dropout };
    s->on = xalloc((size_t)target_slots(m), sizeof *s->on);
    s->at = xalloc((size_t)target_slots(m), sizeof *s->at);
    struct rank *ranks = ranks_make(&c->lora, &m->base->dims);
    for (int i = 0; ranks && i < target_slots(m); i++)
        s->on[i] = ranks[i].r > 0;
    free(ranks);
    if (!ranks)
        return -1;
    for (int i = 0; i < target_slots(m); i++) {
        int out, in, layer = i / N_TARGETS, t = i % N_TARGETS;
        if (!s->on[i])
            continue;
        if (target_check(m, layer, t, 0, "rank") != 0)
            return -1;
        target_shape(&m->base->dims, t, &out, &in);
        s->at[i].d = target_vector(m, layer, t, "vera_lambda_d", s->r);
        s->at[i].b = target_vector(m, layer, t, "vera_lambda_b", out);
        most_out = out > most_out ? out : most_out;
        most_in = in > most_in ? in : most_in;
    }
    s->a = adapt_fixed(m, "vera_A", s->r, most_in);
    s->b = adapt_fixed(m, "vera_B", most_out, s->r);
    return 0;
}

static void vera_detach(struct model *m)
{
    struct vera *s = m->adapt_state;

    if (s) {
        free(s->at);
        free(s->on);
    }
    free(s);
    m->adapt_state = NULL;
}

static void draw_uniform(const struct model *m, int at, uint32_t stream)
{
    const struct param *p = &m->params[at];
    struct rng r = rng_make(m->seed, RNG_INIT, stream);
    double bound = sqrt(6.0 / p->cols);

    for (size_t i = 0; i < param_size(p); i++)
        p->value[i] = (real)(bound * (2 * rng_uniform(&r) - 1));
}

static void vera_init(struct model *m, const void *cfg)
{
    const struct vera *s = m->adapt_state;

    draw_uniform(m, s->a, (uint32_t)s->r << 1);
    draw_uniform(m, s->b, (uint32_t)s->r << 1 | 1);
    for (int i = 0; i < target_slots(m); i++)
        for (int k = 0; s->at[i].d && k < s->r; k++)
            m->params[s->at[i].d].value[k] = (real)((const struct vera_cfg *)cfg)->d_initial;
}

static long vectors_size(long r, long out, long in)
{
    (void)in;
    return r + out;
}

static long vera_count(const void *cfg, const struct dims *d)
{
    return pairs_sum(cfg, d, vectors_size);
}

/* --- products. Saved: h [T, r], memory of the same size, z [T, out] of each target, then what
 * dropout saves. */

struct target {
    const struct param *d, *b;
    struct mat rows; /* the rows of B that it uses, [out, r] */
    int t;
};

/* The columns of A that an input of IN columns uses. */
static struct mat shared_a(const struct model *m, int in)
{
    const struct vera *s = m->adapt_state;
    const struct param *a = &m->params[s->a];

    return mat_cols(mat_make(a->value, s->r, a->cols), 0, in);
}

static struct target target_at(const struct model *m, int layer, int t)
{
    const struct vera *s = m->adapt_state;
    const struct vectors *at = &s->at[target_slot(layer, t)];
    const struct param *b = &m->params[at->b];

    return (struct target){ &m->params[at->d], b, mat_make(m->params[s->b].value, b->cols, s->r),
                            t };
}

static int group_targets(int target[MAX_GROUP_TARGETS], const struct model *m, int layer,
                         enum group g)
{
    return target_group(target, ((const struct vera *)m->adapt_state)->on + target_slot(layer, 0),
                        g);
}

static bool vera_uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_GROUP_TARGETS];

    return group_targets(target, m, layer, g) > 0;
}

static int vera_save_cols(const struct model *m, int layer, enum group g)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_GROUP_TARGETS], n = group_targets(target, m, layer, g), out, in = 0,
                                   cols = 2 * s->r;

    for (int i = 0; i < n; i++) {
        target_shape(&m->base->dims, target[i], &out, &in);
        cols += out;
    }
    return cols + input_drop_cols(s->dropout, in);
}

/* The next N columns of saved memory. */
static struct mat next_saved(real **saved, int rows, int n)
{
    struct mat x = mat_make(*saved, rows, n);

    *saved += (size_t)rows * (size_t)n;
    return x;
}

static void vera_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat saved, struct mat x, struct mat y)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_GROUP_TARGETS], n = group_targets(target, m, layer, g);
    real *at = saved.x;
    struct mat h = next_saved(&at, x.rows, s->r), hd = next_saved(&at, x.rows, s->r),
               z[MAX_GROUP_TARGETS];

    for (int i = 0; i < n; i++)
        z[i] = next_saved(&at, x.rows, target_at(m, layer, target[i]).b->cols);
    struct input_drop k = input_drop_at(ws, s->dropout, at, x);
    input_drop_fwd(&k, m, ws, b, layer, g, x, s->dropout);
    mat_gemm(h, 0, 1, k.x, NOTRANS, shared_a(m, x.cols), TRANS);
    for (int i = 0; i < n; i++) {
        struct target t = target_at(m, layer, target[i]);
        scale_fwd(hd, h, t.d->value);
        mat_gemm(z[i], 0, 1, hd, NOTRANS, t.rows, TRANS);
        scale_add(target_cols(y, t.t, z[i].cols), z[i], t.b->value);
    }
}

/*     db += sum dy z,   e = (b dy) B,   dd += sum e h,   dx += drop(sum over targets of (d e) A) */
static void vera_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat saved, struct mat x, struct mat dy, struct mat dx)
{
    const struct vera *s = m->adapt_state;
    int target[MAX_GROUP_TARGETS], n = group_targets(target, m, layer, g);
    real *at = saved.x;
    struct mat h = next_saved(&at, x.rows, s->r), e = next_saved(&at, x.rows, s->r),
               z[MAX_GROUP_TARGETS];

    (void)b;
    for (int i = 0; i < n; i++)
        z[i] = next_saved(&at, x.rows, target_at(m, layer, target[i]).b->cols);
    struct input_drop k = input_drop_at(ws, s->dropout, at, x);
    for (int i = 0; i < n; i++) {
        struct target t = target_at(m, layer, target[i]);
        struct mat dyi = target_cols(dy, t.t, z[i].cols);
        scale_sum(ws->grad + t.b->off, dyi, z[i]);
        scale_fwd(z[i], dyi, t.b->value);
        mat_gemm(e, 0, 1, z[i], NOTRANS, t.rows, NOTRANS);
        scale_bwd(ws->grad + t.d->off, e, h, t.d->value);
        if (dx.x)
            input_drop_bwd(&k, dx, e, shared_a(m, x.cols), s->dropout);
    }
}

/* w += sign diag(b) B diag(d) A */
static void vera_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    const struct vera *s = m->adapt_state;
    int at = target_of_proj(s->on + target_slot(layer, 0), p);

    if (at < 0)
        return;
    struct target t = target_at(m, layer, at);
    int first = at == TARGET_QKV ? (int)p * w.rows : 0;
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
    .bwd_without_x = true,
    .attach = vera_attach,
    .init = vera_init,
    .detach = vera_detach,
    .count = vera_count,
    .formula = "L sum over targets of (r + out)",
    .uses = vera_uses,
    .save_cols = vera_save_cols,
    .proj_fwd = vera_fwd,
    .proj_bwd = vera_bwd,
    .merge = vera_merge,
};
