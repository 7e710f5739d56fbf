/* ia3.c - vectors that scale keys, values and what the MLP's activation gives (Liu et al. 2022, (IA)^3).
 *
 *     y = l (x W^T + b)   of q, k, v, o and up,      y = (l x) W^T + b   of down         l = 1 at first
 *
 * Not merged: a scaled output takes its bias along, and merging is of matrices. */
#include "core/adapt/pairs.h"

#include <stdlib.h>
#include <string.h>

struct ia3_cfg {
    char *targets;
};
struct ia3 {
    bool on[N_LORA_TARGETS];
    int *at; /* [n_layers * N_PROJ] indices in params; 0: not there */
};

static const struct opt opts[] = {
    { "ia3_targets", 0, OPT_LIST, offsetof(struct ia3_cfg, targets), "k,v,down", 0, 0,
      "q|k|v|o|up|down", "projections whose output is scaled; of down the input" },
    { .type = OPT_END },
};

static int attach(struct model *m, const void *cfg)
{
    const struct dims *d = &m->base->dims;
    struct ia3 *s = xalloc(1, sizeof *s);

    m->adapt_state = s;
    if (pairs_targets(s->on, ((const struct ia3_cfg *)cfg)->targets) < 0)
        return -1;
    s->at = xalloc((size_t)d->n_layers * N_PROJ, sizeof *s->at);
    for (int i = 0; i < d->n_layers * N_PROJ; i++) {
        int out, in, p = i % N_PROJ;
        if (!s->on[p])
            continue;
        target_shape(d, p, &out, &in);
        char *module = target_module(m, i / N_PROJ, p), *name = xprintf("%s.ia3_l", module);
        s->at[i] = adapt_param(m, name, 1, p == PROJ_DOWN ? in : out);
        free(name);
        free(module);
    }
    return 0;
}

static void detach(struct model *m)
{
    struct ia3 *s = m->adapt_state;

    if (s)
        free(s->at);
    free(s);
    m->adapt_state = NULL;
}

static void init(struct model *m, const void *cfg)
{
    const struct ia3 *s = m->adapt_state;

    (void)cfg;
    for (int i = 0; i < m->base->dims.n_layers * N_PROJ; i++)
        for (int j = 0; s->at[i] && j < m->params[s->at[i]].cols; j++)
            m->params[s->at[i]].value[j] = 1;
}

static long count(const void *cfg, const struct dims *d)
{
    bool on[N_LORA_TARGETS];
    long n = 0;

    if (pairs_targets(on, ((const struct ia3_cfg *)cfg)->targets) < 0)
        return -1;
    for (int p = 0; p < N_PROJ; p++) {
        int out, in;
        target_shape(d, p, &out, &in);
        n += !on[p] ? 0 : p == PROJ_DOWN ? in : out;
    }
    return n * d->n_layers;
}

static const struct param *vector(const struct model *m, int layer, int p)
{
    const struct ia3 *s = m->adapt_state;

    return &m->params[s->at[layer * N_PROJ + p]];
}

/* --- outputs. Kept: those of each projection before they are scaled. */

static int outputs(int target[MAX_SIDE], const struct model *m, enum group g)
{
    const struct ia3 *s = m->adapt_state;

    return g == GROUP_DOWN ? 0 : targets_of(target, s->on, g);
}

static bool uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_SIDE];

    (void)layer;
    return outputs(target, m, g) > 0;
}

static int keep_cols(const struct model *m, int layer, enum group g)
{
    int target[MAX_SIDE], n = outputs(target, m, g), cols = 0;

    for (int i = 0; i < n; i++)
        cols += vector(m, layer, target[i])->cols;
    return cols;
}

static void proj_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat y)
{
    int target[MAX_SIDE], n = outputs(target, m, g);

    (void)ws;
    (void)b;
    for (int i = 0; i < n; i++) {
        const struct param *p = vector(m, layer, target[i]);
        struct mat yi = target_cols(y, target[i], p->cols), z = mat_make(keep.x, x.rows, p->cols);
        mat_copy(z, yi);
        scale_fwd(yi, yi, p->value);
        keep.x += (size_t)z.rows * (size_t)z.cols;
    }
}

static void proj_out_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                         int layer, enum group g, struct mat keep, struct mat x, struct mat dy)
{
    int target[MAX_SIDE], n = outputs(target, m, g);

    (void)b;
    (void)x;
    for (int i = 0; i < n; i++) {
        const struct param *p = vector(m, layer, target[i]);
        struct mat z = mat_make(keep.x, dy.rows, p->cols);
        scale_bwd(ws->grad + p->off, target_cols(dy, target[i], p->cols), z, p->value);
        keep.x += (size_t)z.rows * (size_t)z.cols;
    }
}

/* --- the input of down. Kept: the activation's output. */

static bool taps(const struct model *m, int layer, enum place p)
{
    (void)layer;
    return p == PLACE_ACT && ((const struct ia3 *)m->adapt_state)->on[PROJ_DOWN];
}

static int tap_cols(const struct model *m, int layer, enum place p)
{
    (void)p;
    return vector(m, layer, PROJ_DOWN)->cols;
}

static void tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat h, struct mat res)
{
    (void)ws;
    (void)b;
    (void)p;
    (void)res;
    mat_copy(keep, h);
    scale_fwd(h, h, vector(m, layer, PROJ_DOWN)->value);
}

static void tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat dh, struct mat dres)
{
    const struct param *v = vector(m, layer, PROJ_DOWN);

    (void)b;
    (void)p;
    (void)dres;
    scale_bwd(ws->grad + v->off, dh, keep, v->value);
}

const struct adapt adapt_ia3 = {
    .name = "ia3",
    .source = "Liu et al. 2022 (arXiv 2205.05638)",
    .opts = opts,
    .cfg_size = sizeof(struct ia3_cfg),
    .starts_as_base = true,
    .forgets_x = true,
    .attach = attach,
    .init = init,
    .detach = detach,
    .count = count,
    .formula = "L sum over targets of out, of down in: L (2d + f)",
    .uses = uses,
    .keep_cols = keep_cols,
    .proj_fwd = proj_fwd,
    .proj_out_bwd = proj_out_bwd,
    .taps = taps,
    .tap_cols = tap_cols,
    .tap_fwd = tap_fwd,
    .tap_bwd = tap_bwd,
};
