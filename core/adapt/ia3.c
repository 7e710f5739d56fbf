/* ia3.c - trained vectors that scale keys, values and the output of the MLP's activation (Liu et
 * al. 2022, (IA)^3).
 *
 *     y = l (x W^T + b)   for q, k, v, o, up;     y = (l x) W^T + b   for down;     l = 1 initially
 *
 * It cannot be merged: scaling an output also scales its bias, and only matrices are merged. */
#include "core/adapt/adapt.h"
#include "core/adapt/target.h"
#include "core/math/ops.h"

#include <stdlib.h>
#include <string.h>

struct ia3_cfg {
    char *targets;
};
struct ia3 {
    bool on[N_TARGETS];
    int *at; /* [target_slots] index of l in m->params; 0: not adapted */
};

static const struct opt opts[] = {
    { "ia3_targets", 0, OPT_LIST, offsetof(struct ia3_cfg, targets), "k,v,down", 0, 0,
      "q|k|v|o|up|down|gate", "projections whose output is scaled; of down its input" },
    { .type = OPT_END },
};

/* Columns that l of a projection scales. */
static int n_scaled(const struct dims *d, int p)
{
    int out, in;

    target_shape(d, p, &out, &in);
    return p == PROJ_DOWN ? in : out;
}

static int ia3_attach(struct model *m, const void *cfg)
{
    const struct dims *d = &m->base->dims;
    struct ia3 *s = xalloc(1, sizeof *s);

    m->adapt_state = s;
    if (target_parse(s->on, ((const struct ia3_cfg *)cfg)->targets) < 0)
        return -1;
    for (int t = 0; t < N_TARGETS; t++)
        if (s->on[t] && target_check(m, 0, t, 0, "rank") != 0)
            return -1;
    s->at = xalloc((size_t)target_slots(m), sizeof *s->at);
    for (int i = 0; i < target_slots(m); i++)
        if (s->on[i % N_TARGETS])
            s->at[i] =
                target_vector(m, i / N_TARGETS, i % N_TARGETS, "ia3_l", n_scaled(d, i % N_TARGETS));
    return 0;
}

static void ia3_detach(struct model *m)
{
    struct ia3 *s = m->adapt_state;

    if (s)
        free(s->at);
    free(s);
    m->adapt_state = NULL;
}

static void ia3_init(struct model *m, const void *cfg)
{
    const struct ia3 *s = m->adapt_state;

    (void)cfg;
    for (int i = 0; i < target_slots(m); i++)
        for (int j = 0; s->at[i] && j < m->params[s->at[i]].cols; j++)
            m->params[s->at[i]].value[j] = 1;
}

static long ia3_count(const void *cfg, const struct dims *d)
{
    bool on[N_TARGETS];
    long n = 0;

    if (target_parse(on, ((const struct ia3_cfg *)cfg)->targets) < 0)
        return -1;
    for (int p = 0; p < N_PROJ; p++)
        n += on[p] ? n_scaled(d, p) : 0;
    return n * d->n_layers;
}

static const struct param *vector_of(const struct model *m, int layer, int p)
{
    const struct ia3 *s = m->adapt_state;

    return &m->params[s->at[target_slot(layer, p)]];
}

/* --- outputs. Saved: the output of each projection before it is scaled. */

static int output_targets(int target[MAX_GROUP_TARGETS], const struct model *m, enum group g)
{
    const struct ia3 *s = m->adapt_state;

    return g == GROUP_DOWN ? 0 : target_group(target, s->on, g);
}

static bool ia3_uses(const struct model *m, int layer, enum group g)
{
    int target[MAX_GROUP_TARGETS];

    (void)layer;
    return output_targets(target, m, g) > 0;
}

static int ia3_save_cols(const struct model *m, int layer, enum group g)
{
    int target[MAX_GROUP_TARGETS], n = output_targets(target, m, g), cols = 0;

    for (int i = 0; i < n; i++)
        cols += vector_of(m, layer, target[i])->cols;
    return cols;
}

static void ia3_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum group g, struct mat saved, struct mat x, struct mat y)
{
    int target[MAX_GROUP_TARGETS], n = output_targets(target, m, g);

    (void)ws;
    (void)b;
    for (int i = 0; i < n; i++) {
        const struct param *p = vector_of(m, layer, target[i]);
        struct mat yi = target_cols(y, target[i], p->cols), z = mat_make(saved.x, x.rows, p->cols);
        mat_copy(z, yi);
        scale_fwd(yi, yi, p->value);
        saved.x += (size_t)z.rows * (size_t)z.cols;
    }
}

static void ia3_out_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                        int layer, enum group g, struct mat saved, struct mat x, struct mat dy)
{
    int target[MAX_GROUP_TARGETS], n = output_targets(target, m, g);

    (void)b;
    (void)x;
    for (int i = 0; i < n; i++) {
        const struct param *p = vector_of(m, layer, target[i]);
        struct mat z = mat_make(saved.x, dy.rows, p->cols);
        scale_bwd(ws->grad + p->off, target_cols(dy, target[i], p->cols), z, p->value);
        saved.x += (size_t)z.rows * (size_t)z.cols;
    }
}

/* --- the input of down. Saved: the output of the activation. */

static bool ia3_taps(const struct model *m, int layer, enum place p)
{
    (void)layer;
    return p == PLACE_ACT && ((const struct ia3 *)m->adapt_state)->on[PROJ_DOWN];
}

static int ia3_tap_cols(const struct model *m, int layer, enum place p)
{
    (void)p;
    return vector_of(m, layer, PROJ_DOWN)->cols;
}

static void ia3_tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b,
                        int layer, enum place p, struct mat saved, struct mat h, struct mat res)
{
    (void)ws;
    (void)b;
    (void)p;
    (void)res;
    mat_copy(saved, h);
    scale_fwd(h, h, vector_of(m, layer, PROJ_DOWN)->value);
}

static void ia3_tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                        int layer, enum place p, struct mat saved, struct mat dh, struct mat dres)
{
    const struct param *v = vector_of(m, layer, PROJ_DOWN);

    (void)b;
    (void)p;
    (void)dres;
    scale_bwd(ws->grad + v->off, dh, saved, v->value);
}

const struct adapt adapt_ia3 = {
    .name = "ia3",
    .source = "Liu et al. 2022 (arXiv 2205.05638)",
    .opts = opts,
    .cfg_size = sizeof(struct ia3_cfg),
    .starts_as_base = true,
    .bwd_without_x = true,
    .attach = ia3_attach,
    .init = ia3_init,
    .detach = ia3_detach,
    .count = ia3_count,
    .formula = "L sum over targets of out (of in for down); by default L (2d + f)",
    .uses = ia3_uses,
    .save_cols = ia3_save_cols,
    .proj_fwd = ia3_fwd,
    .proj_out_bwd = ia3_out_bwd,
    .taps = ia3_taps,
    .tap_cols = ia3_tap_cols,
    .tap_fwd = ia3_tap_fwd,
    .tap_bwd = ia3_tap_bwd,
};
