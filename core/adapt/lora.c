/* lora.c - low-rank adaptation (Hu et al. 2021, sec. 4.1).
 *
 *     h = drop(x) A^T,   y += s h B^T,   s = alpha / r         A [r,in], B [out,r]
 *
 * Each adapted matrix has a pair of its own, q, k and v too. The projections that read one input
 * have their A one below the other in theta, so that drop(x) A^T is a single thin product for all
 * of them; they share one dropout mask (PEFT draws one for each), and the product with W sees x
 * without dropout. The target qkv is one pair for all three, as PEFT has it on a fused matrix. */
#include "core/adapt/adapt.h"

#include "core/base/prof.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    int a, b; /* indices in the model's params; 0: not adapted (params[0] is the base's) */
};
struct lora {
    int r;
    real scale;
    double dropout;
    bool on[N_LORA_TARGETS];
    struct pair *pair; /* [n_layers * N_LORA_TARGETS] */
};

const char *const lora_targets[N_LORA_TARGETS + 1] = {
    "q", "k", "v", "o", "up", "down", "qkv", NULL
};

/* The first projection of a target, and how many it has side by side. */
static enum proj target_first(int t)
{
    return t == LORA_QKV ? PROJ_Q : (enum proj)t;
}

static void target_shape(const struct dims *d, int t, int *out, int *in)
{
    proj_shape(d, target_first(t), out, in);
    *out *= t == LORA_QKV ? 3 : 1;
}

/* The target T is adapted and reads the input of group G. */
static bool is_on(const struct lora *s, int t, enum group g)
{
    return s->on[t] && proj_group(target_first(t)) == g;
}

static const struct opt opts[] = {
    { "rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "8", 1, 65536, NULL,
      "rows of A and columns of B" },
    { "alpha", 0, OPT_REAL, offsetof(struct lora_cfg, alpha), "16", 1e-6, 1e6, NULL,
      "the update is scaled by alpha / rank" },
    { "targets", 0, OPT_LIST, offsetof(struct lora_cfg, targets), "q,v", 0, 0,
      "q|k|v|o|up|down|qkv",
      "matrices of each block that are adapted; qkv: GPT-2's fused one, as PEFT does" },
    { "lora_dropout", 0, OPT_REAL, offsetof(struct lora_cfg, dropout), "0", 0, 0.99, NULL,
      "dropout on the input of A" },
    { "init", 0, OPT_CHOICE, offsetof(struct lora_cfg, init), "kaiming", 0, 0,
      "kaiming|gaussian|peft_gaussian",
      "A: uniform to 1/sqrt(in), normal with initializer_range, or normal with 1/rank; B is 0" },
    { .type = OPT_END },
};

/* Marks the targets of the list; returns how many, -1 (FAIL_USAGE) for a word that is none. */
static int parse_targets(bool on[N_LORA_TARGETS], const char *list)
{
    int n = 0;

    memset(on, 0, N_LORA_TARGETS * sizeof *on);
    for (const char *s = list ? list : ""; *s;) {
        size_t len = strcspn(s, ",");
        int t = 0;
        while (t < N_LORA_TARGETS &&
               (strlen(lora_targets[t]) != len || strncmp(s, lora_targets[t], len) != 0))
            t++;
        if (t == N_LORA_TARGETS)
            return fail(FAIL_USAGE, "'targets' has '%.*s'; q, k, v, o, up, down and qkv are known",
                        (int)len, s);
        n += !on[t];
        on[t] = true;
        s += len + (s[len] == ',');
    }
    if (on[LORA_QKV] && (on[PROJ_Q] || on[PROJ_K] || on[PROJ_V]))
        return fail(FAIL_USAGE, "'targets' has qkv and a part of it ('%s')", list);
    return n > 0 ? n : fail(FAIL_USAGE, "'targets' is empty");
}

/* How many targets of this input are adapted. */
static int n_on(const struct lora *s, enum group g)
{
    int n = 0;

    for (int t = 0; t < N_LORA_TARGETS; t++)
        n += is_on(s, t, g);
    return n;
}

static int add_param(struct model *m, const struct lora *s, int layer, int t, char which)
{
    const struct arch *arch = m->base->arch;
    char *module = t == LORA_QKV ? stored_module(arch, layer, PROJ_Q)
                                 : xstrdup(arch->proj_name(layer, (enum proj)t));
    char *name = xprintf("%s.lora_%c.weight", module, which);
    int out, in, at;

    target_shape(&m->base->dims, t, &out, &in);
    at = which == 'A' ? adapt_param(m, name, s->r, in) : adapt_param(m, name, out, s->r);
    m->params[at].is_vector = false; /* also with rank 1 */
    free(name);
    free(module);
    return at;
}

static int check_targets(const struct model *m, const struct lora *s)
{
    if (s->on[LORA_QKV] && !stored_together(m->base->arch))
        return fail(FAIL_USAGE, "'targets' has qkv, but %s has q, k and v as matrices of their own",
                    m->base->arch->name);
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        int out, in;
        target_shape(&m->base->dims, t, &out, &in);
        if (s->on[t] && (s->r > out || s->r > in))
            return fail(FAIL_USAGE, "'rank' is %d, but '%s' is a matrix of %d x %d", s->r,
                        lora_targets[t], out, in);
    }
    return 0;
}

static int attach(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    const struct dims *d = &m->base->dims;
    struct lora *s = xalloc(1, sizeof *s);

    m->adapt_state = s;
    *s = (struct lora){ .r = (int)c->rank,
                        .scale = (real)(c->alpha / (double)c->rank),
                        .dropout = c->dropout };
    if (parse_targets(s->on, c->targets) < 0 || check_targets(m, s) != 0)
        return -1;
    s->pair = xalloc((size_t)d->n_layers * N_LORA_TARGETS, sizeof *s->pair);
    for (int i = 0; i < d->n_layers * N_GROUP; i++) {
        int layer = i / N_GROUP;
        enum group g = (enum group)(i % N_GROUP);
        for (int t = 0; t < N_LORA_TARGETS; t++)
            if (is_on(s, t, g))
                s->pair[layer * N_LORA_TARGETS + t].a = add_param(m, s, layer, t, 'A');
        for (int t = 0; t < N_LORA_TARGETS; t++)
            if (is_on(s, t, g))
                s->pair[layer * N_LORA_TARGETS + t].b = add_param(m, s, layer, t, 'B');
    }
    return 0;
}

static void detach(struct model *m)
{
    struct lora *s = m->adapt_state;

    if (s)
        free(s->pair);
    free(s);
    m->adapt_state = NULL;
}

/* Every matrix of every rank has a stream of its own: were the A of rank 8 the first rows of the A
 * of rank 64, the subspaces of two ranks would look alike before any training. */
static uint32_t init_stream(const struct lora *s, int pair)
{
    CHECK(pair < 4096, "layers x projections = %d", pair);
    return (uint32_t)s->r << 12 | (uint32_t)pair;
}

/* B stays 0. The released code and PEFT draw A by kaiming_uniform_(a = sqrt 5), which is U(-b, b)
 * with b = 1/sqrt(in); the paper says Gaussian and no sigma; PEFT's "gaussian" has sigma 1/r. */
static void init(struct model *m, const void *cfg)
{
    const struct lora_cfg *c = cfg;
    const struct lora *s = m->adapt_state;
    double sigma = c->init == LORA_INIT_PEFT_GAUSSIAN ? 1.0 / s->r : m->base->dims.init_range;

    for (int i = 0; i < m->base->dims.n_layers * N_LORA_TARGETS; i++) {
        int layer = i / N_LORA_TARGETS, first = (int)target_first(i % N_LORA_TARGETS);
        if (!s->pair[i].a)
            continue;
        struct rng r = rng_make(m->seed, RNG_INIT, init_stream(s, layer * N_PROJ + first));
        struct param *a = &m->params[s->pair[i].a];
        double bound = 1 / sqrt(a->cols);
        for (size_t k = 0; k < (size_t)a->rows * (size_t)a->cols; k++)
            a->value[k] = (real)(c->init == LORA_INIT_KAIMING ? bound * (2 * rng_uniform(&r) - 1)
                                                              : sigma * rng_normal(&r));
    }
}

static long count(const void *cfg, const struct dims *d)
{
    const struct lora_cfg *c = cfg;
    bool on[N_LORA_TARGETS];
    long n = 0;

    if (parse_targets(on, c->targets) < 0)
        return -1;
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        int out, in;
        target_shape(d, t, &out, &in);
        n += on[t] ? (long)out + in : 0;
    }
    return n * c->rank * d->n_layers;
}

void lora_pair(const struct model *m, int layer, int t, struct mat *a, struct mat *b)
{
    const struct lora *s = m->adapt_state;

    *a = *b = (struct mat){ 0 };
    if (m->adapt != &adapt_lora || !s->on[t])
        return;
    const struct pair *at = &s->pair[layer * N_LORA_TARGETS + t];
    *a = mat_make(m->params[at->a].value, s->r, m->params[at->a].cols);
    *b = mat_make(m->params[at->b].value, m->params[at->b].rows, s->r);
}

void lora_matrices(const struct model *m, int layer, enum proj p, struct mat *a, struct mat *b)
{
    lora_pair(m, layer, (int)p, a, b);
    if (a->x || proj_group(p) != GROUP_QKV)
        return;
    lora_pair(m, layer, LORA_QKV, a, b);
    if (b->x)
        *b = mat_rows(*b, (int)p * (b->rows / 3), b->rows / 3);
}

static bool uses(const struct model *m, int layer, enum group g)
{
    (void)layer;
    return n_on(m->adapt_state, g) > 0;
}

/* What a group keeps: h [T, n r], and with dropout drop(x) [T,in] and the mask, a byte for each
 * number. */
struct kept {
    struct mat h, xd;
    unsigned char *mask;
};

static int group_in(const struct model *m, enum group g)
{
    return g == GROUP_DOWN ? m->base->dims.d_ffn : m->base->dims.d_model;
}

static int keep_cols(const struct model *m, int layer, enum group g)
{
    const struct lora *s = m->adapt_state;
    int in = group_in(m, g), size = (int)sizeof(real);

    (void)layer;
    return n_on(s, g) * s->r + (s->dropout > 0 ? in + (in + size - 1) / size : 0);
}

static struct kept cut(const struct lora *s, enum group g, struct mat keep, struct mat x)
{
    size_t t = (size_t)x.rows, n = (size_t)n_on(s, g) * (size_t)s->r;
    struct kept k = { .h = mat_make(keep.x, x.rows, (int)n), .xd = x };

    if (s->dropout > 0) {
        k.xd = mat_make(keep.x + t * n, x.rows, x.cols);
        k.mask = (unsigned char *)(keep.x + t * (n + (size_t)x.cols));
    }
    return k;
}

/* The A of all projections of the group as one matrix, from VALUES laid out as theta. */
static struct mat stacked_a(const struct model *m, int layer, enum group g, real *values)
{
    const struct lora *s = m->adapt_state;
    int t = 0;

    while (!is_on(s, t, g))
        t++;
    const struct param *a = &m->params[s->pair[layer * N_LORA_TARGETS + t].a];
    return mat_make(values + a->off, n_on(s, g) * s->r, a->cols);
}

/* The columns of a group's output that belong to a target of OUT columns. */
static struct mat target_cols(struct mat y, int t, int out)
{
    return t == PROJ_K || t == PROJ_V ? mat_cols(y, t * out, out) : mat_cols(y, 0, out);
}

static void proj_fwd(const struct model *m, struct lane *l, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat y)
{
    const struct lora *s = m->adapt_state;
    struct kept k = cut(s, g, keep, x);
    int i = 0;

    if (k.mask && l->train) {
        lane_keep(k.mask, m, l, b, dropout_sub(layer, SITE_ADAPT + (int)g), x.cols, s->dropout);
        prof_begin(WORK_DROPOUT);
        dropout(k.xd, x, k.mask, s->dropout);
        prof_end();
    } else {
        k.xd = x;
    }
    mat_gemm(k.h, 0, 1, k.xd, NOTRANS, stacked_a(m, layer, g, m->theta), TRANS);
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        if (!is_on(s, t, g))
            continue;
        struct mat a, w;
        lora_pair(m, layer, t, &a, &w);
        mat_gemm(target_cols(y, t, w.rows), 1, s->scale, mat_cols(k.h, i++ * s->r, s->r), NOTRANS,
                 w, TRANS);
    }
}

/*     dB += s dy^T h,   e = s dy B,   dA += e^T drop(x),   dx += drop(e A)
 *
 * e takes the place of h. */
static void proj_bwd(const struct model *m, struct lane *l, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat dy, struct mat dx)
{
    const struct lora *s = m->adapt_state;
    struct kept k = cut(s, g, keep, x);
    bool drops = k.mask && l->train;
    int i = 0;

    (void)b;
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        if (!is_on(s, t, g))
            continue;
        const struct param *w = &m->params[s->pair[layer * N_LORA_TARGETS + t].b];
        struct mat h = mat_cols(k.h, i++ * s->r, s->r), dyp = target_cols(dy, t, w->rows);
        mat_gemm(mat_make(l->grad + w->off, w->rows, w->cols), 1, s->scale, dyp, TRANS, h, NOTRANS);
        mat_gemm(h, 0, s->scale, dyp, NOTRANS, mat_make(w->value, w->rows, w->cols), NOTRANS);
    }
    mat_gemm(stacked_a(m, layer, g, l->grad), 1, 1, k.h, TRANS, drops ? k.xd : x, NOTRANS);
    if (!dx.x)
        return;
    if (!drops) {
        mat_gemm(dx, 1, 1, k.h, NOTRANS, stacked_a(m, layer, g, m->theta), NOTRANS);
        return;
    }
    mat_gemm(k.xd, 0, 1, k.h, NOTRANS, stacked_a(m, layer, g, m->theta), NOTRANS);
    prof_begin(WORK_DROPOUT);
    dropout(k.xd, k.xd, k.mask, s->dropout);
    prof_end();
    mat_add(dx, 1, k.xd);
}

static void merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    const struct lora *s = m->adapt_state;
    struct mat a, b;

    lora_matrices(m, layer, p, &a, &b);
    if (a.x)
        mat_gemm(w, 1, (real)sign * s->scale, b, NOTRANS, a, NOTRANS);
}

const struct adapt adapt_lora = {
    .name = "lora",
    .source = "Hu et al. 2021, sec. 4.1",
    .opts = opts,
    .cfg_size = sizeof(struct lora_cfg),
    .starts_as_base = true,
    .attach = attach,
    .init = init,
    .detach = detach,
    .count = count,
    .formula = "L r sum over targets of (in + out); 2 n_M d r for square matrices",
    .uses = uses,
    .keep_cols = keep_cols,
    .proj_fwd = proj_fwd,
    .proj_bwd = proj_bwd,
    .merge = merge,
};
