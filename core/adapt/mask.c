/* mask.c - methods that add nothing and train a part of the model's own parameters: all of them,
 * the biases, the top layers, or only the head. In formulas L layers, d = d_model, f = d_ffn, V
 * words, P positions, S token types. The formulas are those of BERT and GPT-2; the functions also
 * count models without biases or pooler, with gated MLPs, with narrower keys and values, with a
 * bias by relative position, and with disentangled attention. */
#include "core/adapt/adapt.h"

/* Part of the base model that the head uses: not the pooler with mean pooling. */
static bool is_used(const struct model *m, const struct param *p)
{
    return p->role < ROLE_HEAD_W && !(param_is_pooler(p) && m->head.pooling == POOL_MEAN);
}

/* Linear maps and norms either all have biases, or none has. */
static bool has_biases(const struct dims *d)
{
    const struct arch *a = arch_find(d->arch);

    return !a || arch_has(a, ROLE_B);
}

/* LACK: what adapt_lack says of the model and this method. */
static int refuse_lack(const struct model *m, const char *method, const char *lack)
{
    return lack ? fail(FAIL_USAGE, "method '%s' trains %s, which %s models do not have", method,
                       lack, m->base->arch->name)
                : 0;
}

static long block_count(const struct dims *d)
{
    long w = d->d_model, n = 2 * w * (has_biases(d) ? 2 : 1) + dims_own_pos(d) * (w * w + w);

    for (int p = 0; p < N_PROJ; p++) {
        int out, in;
        if (!proj_exists(d, (enum proj)p))
            continue;
        proj_shape(d, (enum proj)p, &out, &in);
        n += (long)out * in + (has_biases(d) ? out : 0);
    }
    return n;
}

/* Does the model have a pooler, and the head use it? */
static bool has_pooler(const struct dims *d)
{
    const struct arch *a = arch_find(d->arch);

    return d->pooling == POOL_CLS && !d->no_pooler && (!a || arch_has_pooler(a));
}

static long pooler_count(const struct dims *d)
{
    long n = d->d_model;

    return has_pooler(d) ? n * n + n : 0;
}

/* --- full fine-tuning */

/* What DeBERTa has beside BERT's tensors outside the blocks: the table of relative positions with
 * its LayerNorm, and the convolution with its own. */
static long disentangled_count(const struct dims *d)
{
    long n = d->d_model;

    return 2 * d->rel.span * n + (d->rel.norm ? 2 * n : 0) +
           (d->conv > 0 ? d->conv * n * n + 3 * n : 0);
}

static int ft_attach(struct model *m, const void *cfg)
{
    (void)cfg;
    for (int i = 0; i < m->n_params; i++)
        m->params[i].trainable |= is_used(m, &m->params[i]);
    return 0;
}

static long ft_count(const void *cfg, const struct dims *d)
{
    long n = d->d_model;

    (void)cfg;
    long positions = dims_has_pos(d) ? d->pos_offset + d->max_pos : 0;
    long tables = d->vocab * (d->untied ? 2L : 1L) + positions + d->n_types;

    return (tables + (has_biases(d) ? 2 : 1)) * n + d->n_layers * block_count(d) + pooler_count(d) +
           (long)d->rel_buckets * d->n_heads + disentangled_count(d);
}

/* Methods without options. A struct needs a member. */
struct no_cfg {
    char none;
};
static const struct opt no_opts[] = { { .type = OPT_END } };

const struct adapt adapt_ft = {
    .name = "ft",
    .source = "Hu et al. 2021, sec. 5.1: full fine-tuning",
    .opts = no_opts,
    .cfg_size = sizeof(struct no_cfg),
    .starts_as_base = true,
    .attach = ft_attach,
    .count = ft_count,
    .formula = "(V+P+S+2)d + L(4d^2 + 2df + 9d + f), + d^2 + d of the pooler with cls pooling",
};

/* --- only the head */

static const char *head_lack(const struct dims *d)
{
    const struct arch *a = arch_find(d->arch);

    return a && a->causal ? "a classifier" : NULL;
}

static int head_attach(struct model *m, const void *cfg)
{
    (void)cfg;
    return refuse_lack(m, "head", head_lack(&m->base->dims));
}

static long head_count(const void *cfg, const struct dims *d)
{
    (void)cfg;
    (void)d;
    return 0;
}

const struct adapt adapt_head = {
    .name = "head",
    .source = "linear probe: only the classifier",
    .opts = no_opts,
    .cfg_size = sizeof(struct no_cfg),
    .starts_as_base = true,
    .lack = head_lack,
    .attach = head_attach,
    .count = head_count,
    .formula = "0",
};

/* --- biases */

struct bitfit_cfg {
    bool norms;
};
static const struct opt bitfit_opts[] = {
    { "bitfit_norms", 0, OPT_BOOL, offsetof(struct bitfit_cfg, norms), "true", 0, 0, NULL,
      "also train the biases of LayerNorms, as the released code does" },
    { .type = OPT_END },
};

static const char *bitfit_lack(const struct dims *d)
{
    return has_biases(d) ? NULL : "biases";
}

static int bitfit_attach(struct model *m, const void *cfg)
{
    bool norms = ((const struct bitfit_cfg *)cfg)->norms;

    if (refuse_lack(m, "bitfit", bitfit_lack(&m->base->dims)) != 0)
        return -1;
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        bool linear = (p->role >= ROLE_B && p->role < ROLE_NORM1_G) || p->role == ROLE_POOL_B ||
                      p->role == ROLE_POS_K_B || p->role == ROLE_POS_Q_B || p->role == ROLE_CONV_B;
        bool norm = p->role == ROLE_NORM1_B || p->role == ROLE_NORM2_B || p->role == ROLE_EMB_B ||
                    p->role == ROLE_FINAL_B || p->role == ROLE_REL_B || p->role == ROLE_CONV_NORM_B;
        p->trainable |= (linear || (norm && norms)) && is_used(m, p);
    }
    return 0;
}

static long bitfit_count(const void *cfg, const struct dims *d)
{
    long n = d->d_model, norms = ((const struct bitfit_cfg *)cfg)->norms;

    if (!has_biases(d))
        return 0;
    long conv = d->conv > 0 ? n + n * norms : 0;
    return d->n_layers * ((5 + dims_own_pos(d)) * n + d->d_ffn + 2 * n * norms) + n * norms +
           (d->rel.norm ? n * norms : 0) + conv + (has_pooler(d) ? n : 0);
}

const struct adapt adapt_bitfit = {
    .name = "bitfit",
    .source = "Zaken et al. 2021; Hu et al. 2021, sec. 5.1: bias-only",
    .opts = bitfit_opts,
    .cfg_size = sizeof(struct bitfit_cfg),
    .starts_as_base = true,
    .lack = bitfit_lack,
    .attach = bitfit_attach,
    .count = bitfit_count,
    .formula = "L(5d + f) + (2L+1)d of LayerNorms, + d of the pooler with cls pooling",
};

/* --- the top layers */

struct topk_cfg {
    long layers;
};
static const struct opt topk_opts[] = {
    { "top_layers", 0, OPT_INT, offsetof(struct topk_cfg, layers), "2", 1, 1000, NULL,
      "how many of the last blocks to train, with the pooler when pooling is cls" },
    { .type = OPT_END },
};

static int topk_attach(struct model *m, const void *cfg)
{
    long k = ((const struct topk_cfg *)cfg)->layers, n = m->base->dims.n_layers;

    if (k > n)
        return fail_setting("top_layers", "'top_layers' is %ld, but the model has %ld layers", k,
                            n);
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        p->trainable |= (p->layer >= n - k || param_is_pooler(p)) && is_used(m, p);
    }
    return 0;
}

static long topk_count(const void *cfg, const struct dims *d)
{
    return ((const struct topk_cfg *)cfg)->layers * block_count(d) + pooler_count(d);
}

const struct adapt adapt_topk = {
    .name = "topk",
    .source = "Li & Liang 2021; Hu et al. 2021, table 3: FT-Top2",
    .opts = topk_opts,
    .cfg_size = sizeof(struct topk_cfg),
    .starts_as_base = true,
    .attach = topk_attach,
    .count = topk_count,
    .formula = "k(4d^2 + 2df + 9d + f), + d^2 + d of the pooler with cls pooling",
};
