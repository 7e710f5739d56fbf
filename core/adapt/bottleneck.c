/* bottleneck.c - adapters: small MLPs between the frozen layers, in the four variants that Hu et
 * al. 2021 compare LoRA with.
 *
 *     a(u) = W_up f(W_down u + b_down) + b_up        W_down [r, d], W_up [d, r]
 *
 * H  after attention and after the MLP, on what the sublayer adds to the residual stream (after its
 *    dropout, before the sum):                       h += a(h)
 *    Houlsby et al. 2019, fig. 2
 * P  after the MLP only. The input is what the block would put out without the adapter:
 *                                                    u = LN(h + res),   h += a(u)
 *    with the block's own LayerNorm; then the block adds and normalizes as always, so that this LN
 *    is applied twice. Pfeiffer et al. 2021, as in the code that Hu et al. 2021 released. A
 *    pre-norm block has no LayerNorm there: u = h + res.
 * L  after the block, behind a LayerNorm of its own:  h += a(LN(h))
 *    Lin et al. 2020 (zlinao/VGLM, modeling_vlm.py: LN, down, ReLU, up, residual)
 * D  P in some of the layers, both in training and afterwards: AdapterDrop, Rueckle et al. 2021
 *
 * f is SiLU for H and ReLU for the others. Initial weights are N(0, initializer_range) and biases
 * 0, as in the released code; the update is small at first, but not 0. */
#include "core/adapt/adapt.h"
#include "core/adapt/target.h"

#include "core/base/rng.h"
#include "core/math/ops.h"

#include <stdlib.h>
#include <string.h>

enum kind { KIND_H, KIND_L, KIND_P, KIND_D };
enum init { INIT_BERT, INIT_NEAR_ZERO };

struct bottleneck_cfg {
    long rank;
    int act, init;
    char *drop_layers; /* D only */
};

/* The tensors of an adapter are contiguous in m->params. */
enum { DOWN_W, DOWN_B, UP_W, UP_B, NORM_G, NORM_B };

struct bottleneck {
    enum kind kind;
    int r;
    enum act act;
    int *at; /* [n_layers * N_PLACE] index of DOWN_W in m->params; 0: no adapter there */
};

/* The first key is only that of D. */
static const struct opt opts[] = {
    { "drop_layers", 0, OPT_LIST, offsetof(struct bottleneck_cfg, drop_layers), NULL, 0, 0, NULL,
      "layers without an adapter, such as 0,8-11; without any the same as adapter-p" },
    { "rank", 0, OPT_INT, offsetof(struct bottleneck_cfg, rank), "8", 1, 65536, NULL,
      "width of the bottleneck" },
    { "adapter_act", 0, OPT_CHOICE, offsetof(struct bottleneck_cfg, act), "auto", 0, 0,
      "auto|relu|silu|gelu", "activation; auto is silu for adapter-h and relu for the others" },
    { "adapter_init", 0, OPT_CHOICE, offsetof(struct bottleneck_cfg, init), "bert", 0, 0,
      "bert|near_zero",
      "weights N(0, initializer_range); near_zero: up projections 0, which starts as the base "
      "model" },
    { .type = OPT_END },
};

static enum act act_of(enum kind kind, int choice)
{
    const enum act chosen[] = { kind == KIND_H ? ACT_SILU : ACT_RELU, ACT_RELU, ACT_SILU,
                                ACT_GELU };

    return chosen[choice];
}

/* Mark the layers of LIST; returns how many they are, or -1 (FAIL_USAGE) when one does not exist or
 * no layer is left. */
static int parse_dropped(bool *dropped, int n_layers, const char *list)
{
    int n = layers_parse(dropped, n_layers, "drop_layers", list);

    if (n == n_layers)
        return fail_setting(
            "drop_layers",
            "'drop_layers' is '%s', which leaves none of the %d layers with an adapter", list,
            n_layers);
    return n;
}

static bool has_adapter(enum kind kind, enum place p)
{
    return kind == KIND_H   ? p == PLACE_ATTN || p == PLACE_MLP
           : kind == KIND_L ? p == PLACE_BLOCK
                            : p == PLACE_MLP;
}

/* --- the tensors */

/* The module that a place belongs to: "encoder.layer.0.attention.output", "encoder.layer.0". */
static char *module_of(const struct arch *arch, int layer, enum place p)
{
    char *name = arch_module(arch, layer, p == PLACE_ATTN ? PROJ_O : PROJ_DOWN);

    for (int up = p == PLACE_BLOCK ? 2 : 1; up > 0; up--)
        *strrchr(name, '.') = '\0';
    return name;
}

static int add_adapter(struct model *m, const struct bottleneck *s, int layer, enum place p)
{
    static const char *const name[] = { "down.weight", "down.bias",   "up.weight",
                                        "up.bias",     "norm.weight", "norm.bias" };
    int d = m->base->dims.d_model, at = m->n_params;
    const int rows[] = { s->r, 1, d, 1, 1, 1 }, cols[] = { d, s->r, s->r, d, d, d };
    char *module = module_of(m->base->arch, layer, p);

    for (int i = 0; i <= (s->kind == KIND_L ? NORM_B : UP_B); i++) {
        char *full = xprintf("%s.adapter.%s", module, name[i]);
        if (i == DOWN_W || i == UP_W)
            adapt_matrix(m, full, rows[i], cols[i]);
        else
            adapt_vector(m, full, cols[i]);
        free(full);
    }
    free(module);
    return at;
}

static int adapter_attach(struct model *m, const struct bottleneck_cfg *c, enum kind kind)
{
    const struct dims *d = &m->base->dims;
    struct bottleneck *s = xalloc(1, sizeof *s);
    bool *dropped = xalloc((size_t)d->n_layers, sizeof *dropped);
    int rc = 0;

    m->adapt_state = s;
    *s = (struct bottleneck){ .kind = kind, .r = (int)c->rank, .act = act_of(kind, c->act) };
    if (c->rank > d->d_model)
        rc = fail_setting("rank", "'rank' is %ld, but d_model is %d; a bottleneck cannot be wider",
                          c->rank, d->d_model);
    if (rc == 0 && kind == KIND_D && parse_dropped(dropped, d->n_layers, c->drop_layers) < 0)
        rc = -1;
    s->at = xalloc((size_t)d->n_layers * N_PLACE, sizeof *s->at);
    for (int i = 0; rc == 0 && i < d->n_layers * N_PLACE; i++)
        if (!dropped[i / N_PLACE] && has_adapter(kind, (enum place)(i % N_PLACE)))
            s->at[i] = add_adapter(m, s, i / N_PLACE, (enum place)(i % N_PLACE));
    free(dropped);
    return rc;
}

static void adapter_detach(struct model *m)
{
    struct bottleneck *s = m->adapt_state;

    if (s)
        free(s->at);
    free(s);
    m->adapt_state = NULL;
}

/* Every adapter has its own random stream at every rank, different from those of LoRA. */
static void draw_normal(struct model *m, int r, int unit, int part, struct param *p)
{
    CHECK(unit < 8192, "layers x places = %d", unit);
    uint32_t sub = 1u << 31 | (uint32_t)r << 14 | (uint32_t)unit << 1 | (uint32_t)(part == UP_W);
    struct rng g = rng_make(m->seed, RNG_INIT, sub);

    for (size_t k = 0; k < param_size(p); k++)
        p->value[k] = (real)(m->base->dims.init_range * rng_normal(&g));
}

static void adapter_init(struct model *m, const void *cfg)
{
    const struct bottleneck *s = m->adapt_state;

    for (int i = 0; i < m->base->dims.n_layers * N_PLACE; i++) {
        struct param *p = &m->params[s->at[i]];
        if (!s->at[i])
            continue;
        draw_normal(m, s->r, i, DOWN_W, &p[DOWN_W]);
        if (((const struct bottleneck_cfg *)cfg)->init == INIT_BERT)
            draw_normal(m, s->r, i, UP_W, &p[UP_W]);
        for (int k = 0; s->kind == KIND_L && k < p[NORM_G].cols; k++)
            p[NORM_G].value[k] = 1;
    }
}

static long adapter_count(const struct bottleneck_cfg *c, const struct dims *d, enum kind kind)
{
    long n = d->n_layers, r = c->rank, one = 2 * r * d->d_model + r + d->d_model;

    if (kind == KIND_D) {
        bool *dropped = xalloc((size_t)d->n_layers, sizeof *dropped);
        int drops = parse_dropped(dropped, d->n_layers, c->drop_layers);
        free(dropped);
        if (drops < 0)
            return -1;
        n -= drops;
    }
    return n * (kind == KIND_H ? 2 * one : kind == KIND_L ? one + 2L * d->d_model : one);
}

/* --- forward and backward */

static const struct param *adapter_at(const struct model *m, int layer, enum place p)
{
    const struct bottleneck *s = m->adapt_state;

    return &m->params[s->at[layer * N_PLACE + (int)p]];
}

static bool adapter_taps(const struct model *m, int layer, enum place p)
{
    const struct bottleneck *s = m->adapt_state;

    return s->at[layer * N_PLACE + (int)p] != 0;
}

/* The gain and bias of the LayerNorm before the adapter; false: it has none. */
static bool norm_before(const struct model *m, int layer, const struct param *a,
                        const struct param **g, const struct param **b)
{
    const struct bottleneck *s = m->adapt_state;
    bool own = s->kind == KIND_L, block = s->kind != KIND_H && !own && !m->base->arch->pre_norm;

    *g = own ? &a[NORM_G] : block ? model_role(m, layer, ROLE_NORM2_G) : NULL;
    *b = own ? &a[NORM_B] : block ? model_role(m, layer, ROLE_NORM2_B) : NULL;
    return own || block;
}

/* What backward reads: u [T, d], whose memory du takes; z = f(.) [T, r], whose memory e takes;
 * f'(.) [T, r]; with a LayerNorm xhat [T, d] and rstd [T]. */
struct adapter_acts {
    struct mat u, z, slope, xhat;
    real *rstd;
};

static int adapter_tap_cols(const struct model *m, int layer, enum place p)
{
    const struct bottleneck *s = m->adapt_state;
    const struct param *g, *b;
    int d = m->base->dims.d_model;

    return d + 2 * s->r + (norm_before(m, layer, adapter_at(m, layer, p), &g, &b) ? d + 1 : 0);
}

static struct adapter_acts saved_acts(const struct model *m, struct mat saved, int rows, bool norm)
{
    const struct bottleneck *s = m->adapt_state;
    int d = m->base->dims.d_model;
    size_t td = (size_t)rows * (size_t)d, tr = (size_t)rows * (size_t)s->r;
    real *x = saved.x + td + 2 * tr;

    return (struct adapter_acts){ .u = mat_make(saved.x, rows, d),
                                  .z = mat_make(saved.x + td, rows, s->r),
                                  .slope = mat_make(saved.x + td + tr, rows, s->r),
                                  .xhat = norm ? mat_make(x, rows, d) : (struct mat){ 0 },
                                  .rstd = norm ? x + td : NULL };
}

/* A matrix of contiguous rows as one row: many narrow rows are slow. */
static struct mat as_row(struct mat m)
{
    return m.x ? mat_make(m.x, 1, m.rows * m.cols) : m;
}

/* Evaluation saves nothing, so that without a LayerNorm and a residual u is h itself. */
static void adapter_tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b,
                            int layer, enum place p, struct mat saved, struct mat h, struct mat res)
{
    const struct bottleneck *s = m->adapt_state;
    const struct param *a = adapter_at(m, layer, p), *gain, *bias;
    bool norm = norm_before(m, layer, a, &gain, &bias),
         adds = s->kind == KIND_P || s->kind == KIND_D;
    struct adapter_acts k = saved_acts(m, saved, h.rows, norm);

    (void)b;
    if (!ws->grad)
        k.slope = k.xhat = (struct mat){ 0 };
    if (s->kind == KIND_H && !ws->grad)
        k.u = h;
    else if (s->kind != KIND_L)
        mat_copy(k.u, h);
    if (adds)
        mat_add(k.u, 1, res);
    if (norm)
        layernorm_fwd(k.u, k.xhat, ws->grad ? k.rstd : NULL, adds ? k.u : h, gain->value,
                      bias->value, m->base->dims.ln_eps);
    mat_gemm(k.z, 0, 1, k.u, NOTRANS, param_mat(&a[DOWN_W]), TRANS);
    mat_add_row(k.z, a[DOWN_B].value);
    act_fwd(as_row(k.z), as_row(k.slope), as_row(k.z), s->act);
    mat_add_row(h, a[UP_B].value);
    mat_gemm(h, 1, 1, k.z, NOTRANS, param_mat(&a[UP_W]), TRANS);
}

/*     db_up += sum dh,  dW_up += dh^T z,  e = (dh W_up) f',  db_down += sum e,  dW_down += e^T u
 *     du = e W_down, through the LayerNorm,   dh += du,   with P also dres += du */
static void adapter_tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                            int layer, enum place p, struct mat saved, struct mat dh,
                            struct mat dres)
{
    const struct bottleneck *s = m->adapt_state;
    const struct param *a = adapter_at(m, layer, p), *gain, *bias;
    bool norm = norm_before(m, layer, a, &gain, &bias);
    struct adapter_acts k = saved_acts(m, saved, dh.rows, norm);

    (void)b;
    mat_sum_rows(workspace_grad(ws, &a[UP_B]), dh);
    mat_gemm(workspace_grad_mat(ws, &a[UP_W]), 1, 1, dh, TRANS, k.z, NOTRANS);
    mat_gemm(k.z, 0, 1, dh, NOTRANS, param_mat(&a[UP_W]), NOTRANS);
    act_bwd(as_row(k.z), as_row(k.z), as_row(k.slope));
    mat_sum_rows(workspace_grad(ws, &a[DOWN_B]), k.z);
    mat_gemm(workspace_grad_mat(ws, &a[DOWN_W]), 1, 1, k.z, TRANS, k.u, NOTRANS);
    if (s->kind == KIND_H) {
        mat_gemm(dh, 1, 1, k.z, NOTRANS, param_mat(&a[DOWN_W]), NOTRANS);
        return;
    }
    mat_gemm(k.u, 0, 1, k.z, NOTRANS, param_mat(&a[DOWN_W]), NOTRANS);
    if (norm)
        layernorm_bwd(k.u, workspace_grad(ws, gain), workspace_grad(ws, bias), k.u, k.xhat, k.rstd,
                      gain->value);
    mat_add(dh, 1, k.u);
    if (s->kind != KIND_L)
        mat_add(dres, 1, k.u);
}

/* --- the table */

#define KIND_FUNCTIONS(name, kind)                                                                 \
    static int attach_##name(struct model *m, const void *cfg)                                     \
    {                                                                                              \
        return adapter_attach(m, cfg, kind);                                                       \
    }                                                                                              \
    static long count_##name(const void *cfg, const struct dims *d)                                \
    {                                                                                              \
        return adapter_count(cfg, d, kind);                                                        \
    }
KIND_FUNCTIONS(h, KIND_H)
KIND_FUNCTIONS(l, KIND_L)
KIND_FUNCTIONS(p, KIND_P)
KIND_FUNCTIONS(d, KIND_D)

/* What the four have in common. */
#define BOTTLENECK(letter)                                                                         \
    .name = "adapter-" #letter, .cfg_size = sizeof(struct bottleneck_cfg),                         \
    .attach = attach_##letter, .count = count_##letter, .init = adapter_init,                      \
    .detach = adapter_detach, .taps = adapter_taps, .tap_cols = adapter_tap_cols,                  \
    .tap_fwd = adapter_tap_fwd, .tap_bwd = adapter_tap_bwd

const struct adapt adapt_adapter_h = {
    BOTTLENECK(h),
    .source = "Houlsby et al. 2019; Hu et al. 2021, sec. 5.1: Adapter^H",
    .opts = opts + 1,
    .formula = "2 L (2 d r + r + d)",
};
const struct adapt adapt_adapter_l = {
    BOTTLENECK(l),
    .source = "Lin et al. 2020; Hu et al. 2021, sec. 5.1: Adapter^L",
    .opts = opts + 1,
    .formula = "L (2 d r + r + d), + 2 L d of LayerNorms",
};
const struct adapt adapt_adapter_p = {
    BOTTLENECK(p),
    .source = "Pfeiffer et al. 2021; Hu et al. 2021, sec. 5.1: Adapter^P",
    .opts = opts + 1,
    .formula = "L (2 d r + r + d)",
};
const struct adapt adapt_adapter_d = {
    BOTTLENECK(d),
    .source = "Rueckle et al. 2021: AdapterDrop; Hu et al. 2021, sec. 5.1: Adapter^D",
    .opts = opts,
    .formula = "(L - dropped layers) (2 d r + r + d)",
};
