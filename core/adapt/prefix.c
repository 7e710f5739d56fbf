/* prefix.c - virtual tokens in every sequence (Hu et al. 2021, sec. 5.1, after Li & Liang 2021).
 *
 *     [CLS] a b [SEP]   becomes   [CLS] p_1 .. p_lp a b [SEP] i_1 .. i_li
 *
 * prefix-embed trains the embeddings of the virtual tokens, d (l_p + l_i) parameters; every block
 * then computes them like any other token. prefix-layer also overwrites their rows after every
 * block with vectors of that block, so that each block reads trained rows, L d (l_p + l_i)
 * parameters. The rows after the last block are not overwritten, because nothing reads them.
 *
 * Virtual tokens take positions of the model, and time, like other tokens. They start as the
 * embeddings of random words, as Li & Liang recommend (sec. 7.4); rows inside the model start as
 * the first block reads such embeddings, which has the scale of what the other blocks read, too. */
#include "core/adapt/adapt.h"

#include "core/base/rng.h"
#include "core/math/ops.h"
#include "core/nn/soft.h"

#include <stdlib.h>
#include <string.h>

enum prefix_init { INIT_VOCAB, INIT_NORMAL };
struct prefix_cfg {
    long prefix, infix;
    int init; /* enum prefix_init */
};
struct prefix {
    int *layer; /* [L] index in m->params of the rows after block i < L - 1; NULL: prefix-embed */
};

#define AT(f) offsetof(struct prefix_cfg, f)
static const struct opt opts[] = {
    { "prefix", 0, OPT_INT, AT(prefix), "8", 0, 65536, NULL,
      "virtual tokens before the text, l_p (prefix-kv: keys and values in each layer)" },
    { "infix", 0, OPT_INT, AT(infix), "0", 0, 65536, NULL,
      "virtual tokens after the text, l_i; not for decoders" },
    { "prefix_init", 0, OPT_CHOICE, AT(init), "vocab", 0, 0, "vocab|normal",
      "initial values: embeddings of random words, or normal with standard deviation "
      "initializer_range" },
    { .type = OPT_END },
};
#undef AT

static int prefix_rows(const void *cfg)
{
    const struct prefix_cfg *c = cfg;

    return (int)(c->prefix + c->infix);
}

static int prefix_attach(struct model *m, const void *cfg, bool layers)
{
    const struct prefix_cfg *c = cfg;
    struct prefix *s = xalloc(1, sizeof *s);
    int n = prefix_rows(c), d = m->base->dims.d_model;

    m->adapt_state = s;
    if (n == 0)
        return fail_setting("prefix,infix",
                            "'prefix' and 'infix' are both 0; one of them must be at least 1");
    m->n_prefix = (int)c->prefix;
    m->n_infix = (int)c->infix;
    m->soft = adapt_matrix(m, "prefix.embedding.weight", n, d);
    if (!layers)
        return 0;
    s->layer = xalloc((size_t)m->base->dims.n_layers, sizeof *s->layer);
    for (int i = 0; i + 1 < m->base->dims.n_layers; i++) {
        char *name = xprintf("prefix.layer.%d.weight", i);
        s->layer[i] = adapt_matrix(m, name, n, d);
        free(name);
    }
    return 0;
}

static int embed_attach(struct model *m, const void *cfg)
{
    return prefix_attach(m, cfg, false);
}

static int layer_attach(struct model *m, const void *cfg)
{
    return prefix_attach(m, cfg, true);
}

static void prefix_detach(struct model *m)
{
    struct prefix *s = m->adapt_state;

    if (s)
        free(s->layer);
    free(s);
    m->adapt_state = NULL;
}

/* --- initial values */

/* Each tensor has its own random stream. Prefixes of different lengths begin with the same rows. */
static void draw_rows(struct mat x, const struct model *m, const struct prefix_cfg *c, int tensor)
{
    const struct param *word = model_role(m, -1, ROLE_WORD);
    struct rng r = rng_make(m->seed, RNG_INIT, UINT32_C(1) << 31 | (uint32_t)tensor);

    for (int i = 0; i < x.rows; i++) {
        real *row = mat_row(x, i);
        if (c->init == INIT_VOCAB) {
            uint32_t w = rng_below(&r, (uint32_t)word->rows);
            memcpy(row, word->value + (size_t)w * (size_t)x.cols, (size_t)x.cols * sizeof *row);
        }
        for (int j = 0; c->init == INIT_NORMAL && j < x.cols; j++)
            row[j] = (real)(m->base->dims.init_range * rng_normal(&r));
    }
}

/* What the first block would read for words X, without position and type. */
static void as_block_input(struct mat x, const struct model *m)
{
    const struct param *g = model_role(m, -1, ROLE_EMB_G), *b = model_role(m, -1, ROLE_EMB_B);

    if (!g)
        return;
    real *rstd = xalloc((size_t)x.rows, sizeof *rstd);
    real *xhat = xalloc((size_t)x.rows * (size_t)x.cols, sizeof *xhat);
    layernorm_fwd(x, mat_make(xhat, x.rows, x.cols), rstd, x, g->value, b->value,
                  m->base->dims.ln_eps);
    free(xhat);
    free(rstd);
}

static void prefix_init(struct model *m, const void *cfg)
{
    const struct prefix *s = m->adapt_state;

    draw_rows(param_mat(&m->params[m->soft]), m, cfg, 0);
    for (int i = 0; s->layer && i + 1 < m->base->dims.n_layers; i++) {
        draw_rows(param_mat(&m->params[s->layer[i]]), m, cfg, i + 1);
        as_block_input(param_mat(&m->params[s->layer[i]]), m);
    }
}

/* --- prefix-layer: overwriting rows of a block's output. Sequences that continue have their
 * virtual tokens in the cache of keys and values. */

static bool layer_taps(const struct model *m, int layer, enum place p)
{
    return p == PLACE_BLOCK && layer + 1 < m->base->dims.n_layers;
}

static void layer_tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b,
                          int layer, enum place p, struct mat saved, struct mat h, struct mat res)
{
    const struct prefix *s = m->adapt_state;
    struct mat x = param_mat(&m->params[s->layer[layer]]);

    (void)p, (void)saved, (void)res;
    for (int i = 0; i < b->n_seq && !workspace_continues(ws); i++)
        for (int k = 0; k < x.rows; k++)
            memcpy(mat_row(h, soft_row(m, b->off, i, k)), mat_row(x, k),
                   (size_t)x.cols * sizeof(real));
}

/* Rows that were overwritten have no gradient. */
static void layer_tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                          int layer, enum place p, struct mat saved, struct mat dh, struct mat dres)
{
    const struct prefix *s = m->adapt_state;
    const struct param *x = &m->params[s->layer[layer]];
    struct mat dx = mat_make(ws->grad + x->off, x->rows, x->cols);

    (void)p, (void)saved, (void)dres;
    for (int i = 0; i < b->n_seq; i++)
        for (int k = 0; k < dx.rows; k++) {
            struct mat row = mat_rows(dh, soft_row(m, b->off, i, k), 1);
            mat_add(mat_rows(dx, k, 1), 1, row);
            mat_zero(row);
        }
}

/* --- the methods */

static long embed_count(const void *cfg, const struct dims *d)
{
    return (long)d->d_model * prefix_rows(cfg);
}

static long layer_count(const void *cfg, const struct dims *d)
{
    return d->n_layers * embed_count(cfg, d);
}

const struct adapt adapt_prefix_embed = {
    .name = "prefix-embed",
    .source = "Hu et al. 2021, sec. 5.1: PreEmbed",
    .opts = opts,
    .cfg_size = sizeof(struct prefix_cfg),
    .attach = embed_attach,
    .init = prefix_init,
    .detach = prefix_detach,
    .count = embed_count,
    .formula = "d (l_p + l_i)",
    .rows = prefix_rows,
};

const struct adapt adapt_prefix_layer = {
    .name = "prefix-layer",
    .source = "Hu et al. 2021, sec. 5.1: PreLayer",
    .opts = opts,
    .cfg_size = sizeof(struct prefix_cfg),
    .attach = layer_attach,
    .init = prefix_init,
    .detach = prefix_detach,
    .count = layer_count,
    .formula = "L d (l_p + l_i)",
    .rows = prefix_rows,
    .taps = layer_taps,
    .tap_fwd = layer_tap_fwd,
    .tap_bwd = layer_tap_bwd,
};
