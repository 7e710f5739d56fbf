/* prefix.c - trained rows in every sequence (Hu et al. 2021, sec. 5.1, after Li & Liang 2021).
 *
 *     [CLS] a b [SEP]   becomes   [CLS] p_1 .. p_lp a b [SEP] i_1 .. i_li
 *
 * prefix-embed: the rows' embeddings are trained, d (l_p + l_i) numbers; every block then computes
 * them as it computes any token. prefix-layer: after every block they are overwritten by vectors of
 * that block's own, so that each block reads trained rows, L d (l_p + l_i) numbers. What the last block
 * makes of them nobody reads: its input is the last that is trained.
 *
 * Rows take positions of the model, and time, as tokens do. Initial values are words' embeddings, as
 * Li & Liang advise (sec. 7.4), of words drawn at random; inside the model as the first block reads
 * them, which are numbers of the size that the other blocks read, too. */
#include "core/adapt/adapt.h"

#include "core/base/rng.h"

#include <stdlib.h>
#include <string.h>

enum prefix_init { INIT_VOCAB, INIT_NORMAL };
struct prefix_cfg {
    long prefix, infix;
    int init; /* enum prefix_init */
};
struct prefix {
    int *layer; /* prefix-layer: params of the rows that come after block i, i < L - 1; else NULL */
};

#define AT(f) offsetof(struct prefix_cfg, f)
static const struct opt opts[] = {
    { "prefix", 0, OPT_INT, AT(prefix), "8", 0, 65536, NULL,
      "l_p: trained rows before the text (prefix-kv: keys and values of each layer)" },
    { "infix", 0, OPT_INT, AT(infix), "0", 0, 65536, NULL,
      "l_i: trained rows after the text; not for decoders" },
    { "prefix_init", 0, OPT_CHOICE, AT(init), "vocab", 0, 0, "vocab|normal",
      "the rows at first: embeddings of random words, or normal with initializer_range" },
    { .type = OPT_END },
};
#undef AT

static int n_rows(const void *cfg)
{
    const struct prefix_cfg *c = cfg;

    return (int)(c->prefix + c->infix);
}

static int check(const struct prefix_cfg *c)
{
    return c->prefix + c->infix > 0
               ? 0
               : fail(FAIL_USAGE, "'prefix' and 'infix' are both 0, so nothing is inserted");
}

static int attach(struct model *m, const void *cfg, bool layers)
{
    const struct prefix_cfg *c = cfg;
    struct prefix *s = xalloc(1, sizeof *s);
    int n = n_rows(c), d = m->base->dims.d_model;

    m->adapt_state = s;
    if (check(c) != 0)
        return -1;
    m->n_prefix = (int)c->prefix;
    m->n_infix = (int)c->infix;
    m->soft = adapt_param(m, "prefix.embedding.weight", n, d);
    m->params[m->soft].is_vector = false; /* also a single row */
    if (!layers)
        return 0;
    s->layer = xalloc((size_t)m->base->dims.n_layers, sizeof *s->layer);
    for (int i = 0; i + 1 < m->base->dims.n_layers; i++) {
        char *name = xprintf("prefix.layer.%d.weight", i);
        s->layer[i] = adapt_param(m, name, n, d);
        m->params[s->layer[i]].is_vector = false;
        free(name);
    }
    return 0;
}

static int embed_attach(struct model *m, const void *cfg)
{
    return attach(m, cfg, false);
}

static int layer_attach(struct model *m, const void *cfg)
{
    return attach(m, cfg, true);
}

static void detach(struct model *m)
{
    struct prefix *s = m->adapt_state;

    if (s)
        free(s->layer);
    free(s);
    m->adapt_state = NULL;
}

/* --- initial values */

/* The model's tensor outside blocks with this role, or NULL. */
static const struct param *outside(const struct model *m, enum role r)
{
    for (int i = 0; i < m->n_params; i++)
        if (m->params[i].layer < 0 && m->params[i].role == r)
            return &m->params[i];
    return NULL;
}

static struct mat value(const struct model *m, int at)
{
    const struct param *p = &m->params[at];

    return mat_make(p->value, p->rows, p->cols);
}

/* Each tensor has a stream of its own; another length of the prefix begins with the same rows. */
static void draw(struct mat x, const struct model *m, const struct prefix_cfg *c, int tensor)
{
    const struct param *word = outside(m, ROLE_WORD);
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

/* As the first block reads words, less position and type. */
static void as_block_input(struct mat x, const struct model *m)
{
    const struct param *g = outside(m, ROLE_EMB_G), *b = outside(m, ROLE_EMB_B);

    if (!g)
        return;
    real *rstd = xalloc((size_t)x.rows, sizeof *rstd);
    real *xhat = xalloc((size_t)x.rows * (size_t)x.cols, sizeof *xhat);
    layernorm_fwd(x, mat_make(xhat, x.rows, x.cols), rstd, x, g->value, b->value,
                  m->base->dims.ln_eps);
    free(xhat);
    free(rstd);
}

static void init(struct model *m, const void *cfg)
{
    const struct prefix *s = m->adapt_state;

    draw(value(m, m->soft), m, cfg, 0);
    for (int i = 0; s->layer && i + 1 < m->base->dims.n_layers; i++) {
        draw(value(m, s->layer[i]), m, cfg, i + 1);
        as_block_input(value(m, s->layer[i]), m);
    }
}

/* --- prefix-layer: the rows of a block's output */

static bool taps(const struct model *m, int layer, enum place p)
{
    return p == PLACE_BLOCK && layer + 1 < m->base->dims.n_layers;
}

static void tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat h, struct mat res)
{
    const struct prefix *s = m->adapt_state;
    struct mat x = value(m, s->layer[layer]);

    (void)ws, (void)p, (void)keep, (void)res;
    for (int i = 0; i < b->n_seq; i++)
        for (int k = 0; k < x.rows; k++)
            memcpy(mat_row(h, soft_row(m, b->off, i, k)), mat_row(x, k),
                   (size_t)x.cols * sizeof(real));
}

/* What was overwritten has no gradient. */
static void tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat dh, struct mat dres)
{
    const struct prefix *s = m->adapt_state;
    const struct param *x = &m->params[s->layer[layer]];
    struct mat dx = mat_make(ws->grad + x->off, x->rows, x->cols);

    (void)p, (void)keep, (void)dres;
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
    return (long)d->d_model * n_rows(cfg);
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
    .init = init,
    .detach = detach,
    .count = embed_count,
    .formula = "d (l_p + l_i)",
    .rows = n_rows,
};

const struct adapt adapt_prefix_layer = {
    .name = "prefix-layer",
    .source = "Hu et al. 2021, sec. 5.1: PreLayer",
    .opts = opts,
    .cfg_size = sizeof(struct prefix_cfg),
    .attach = layer_attach,
    .init = init,
    .detach = detach,
    .count = layer_count,
    .formula = "L d (l_p + l_i)",
    .rows = n_rows,
    .taps = taps,
    .tap_fwd = tap_fwd,
    .tap_bwd = tap_bwd,
};
