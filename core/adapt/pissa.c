/* pissa.c - LoRA that starts from the principal part of W (Meng et al. 2024, PiSSA).
 *
 *     W = U S V^T,   B0 = U_r sqrt(S_r / s),   A0 = sqrt(S_r / s) V_r^T
 *     y += s drop(x) (A^T B^T - A0^T B0^T),    A = A0, B = B0 initially
 *
 * The paper subtracts s B0 A0 from W. Here W is shared by all models, so B0 and A0 stay beside it
 * as tensors that do not train, and both products are one product of rank 2 r, of [A; A0] and [B,
 * -B0]: the first pass is that of the base model up to rounding. The SVD is computed in double
 * precision, which takes 0.1 s for a matrix of 384 x 384 and 0.4 s for one of 768 x 768; its
 * leading part is cached for later runs in the same process. */
#include "core/adapt/pairs.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct pissa {
    struct pairs p;
    struct pair *first; /* [target_slots] A0, B0 */
};

static const struct opt opts[] = { PAIRS_RANK,     PAIRS_ALPHA("alpha / rank"),
                                   PAIRS_TARGETS,  PAIRS_DROPOUT,
                                   PAIRS_PATTERNS, { .type = OPT_END } };

/* --- the principal part of a matrix, cached by weights, layer and target */

struct principal {
    char weights[65];
    int layer, target, rank;
    double *u, *s, *vt; /* [out,rank], [rank], [rank,in] */
    struct principal *next;
};
static struct principal *cache; /* until the process ends */
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

enum { CACHE_RANK = 64 }; /* cache at least this rank, for later runs of another rank */

static void principal_free(struct principal *p)
{
    free(p->u);
    free(p->s);
    free(p->vt);
    free(p);
}

static struct principal *decompose(const struct model *m, int layer, int target, int rank)
{
    struct mat w = target_weight(m, layer, target);
    size_t out = (size_t)w.rows, in = (size_t)w.cols, k = out < in ? out : in, n = out * in;
    struct principal *p = xalloc(1, sizeof *p);
    double *a = xalloc(n, sizeof *a), *u = xalloc(out * k, sizeof *u);

    *p = (struct principal){ .layer = layer, .target = target };
    memcpy(p->weights, m->base->weights_sha256, sizeof p->weights);
    p->rank = rank > CACHE_RANK ? rank : CACHE_RANK < (int)k ? CACHE_RANK : (int)k;
    p->s = xalloc(k, sizeof *p->s);
    p->vt = xalloc(k * in, sizeof *p->vt);
    p->u = xalloc(out * (size_t)p->rank, sizeof *p->u);
    for (size_t i = 0; i < n; i++)
        a[i] = (double)w.x[i];
    int rc = mat_svd(u, p->s, p->vt, a, w.rows, w.cols);
    for (size_t i = 0; i < out; i++)
        memcpy(p->u + i * (size_t)p->rank, u + i * k, (size_t)p->rank * sizeof *u);
    p->vt = xgrow(p->vt, (size_t)p->rank * in, sizeof *p->vt);
    free(u);
    free(a);
    free(w.x);
    if (rc == 0)
        return p;
    principal_free(p);
    return NULL;
}

/* The principal part of a target, of at least that rank, from the cache or into it. A random base
 * model has no hash to find it by; then the caller frees *TEMPORARY. */
static const struct principal *principal_of(struct principal **temporary, const struct model *m,
                                            int layer, int target, int rank)
{
    struct principal **p = &cache;

    *temporary = NULL;
    if (!*m->base->weights_sha256)
        return *temporary = decompose(m, layer, target, rank);
    while (*p && ((*p)->layer != layer || (*p)->target != target ||
                  strcmp((*p)->weights, m->base->weights_sha256) != 0))
        p = &(*p)->next;
    if (!*p || (*p)->rank < rank) {
        struct principal *new = decompose(m, layer, target, rank), *old = *p;
        if (!new)
            return NULL;
        new->next = old ? old->next : NULL;
        *p = new;
        if (old)
            principal_free(old);
    }
    return *p;
}

/* --- tensors */

static void pissa_factors(struct factors *f, const struct model *m, const struct workspace *ws,
                          int layer, enum group g);

static int pissa_attach(struct model *m, const void *cfg)
{
    struct pissa *s = pairs_attach(m, sizeof *s, cfg, pairs_scale, A_TRAINS);

    if (!s)
        return -1;
    s->p.factors = pissa_factors;
    s->first = xalloc((size_t)target_slots(m), sizeof *s->first);
    for (int i = 0; i < target_slots(m); i++) {
        int out, in, layer = i / N_TARGETS, t = i % N_TARGETS;
        if (!s->p.pair[i].a)
            continue;
        target_shape(&m->base->dims, t, &out, &in);
        s->first[i].a = target_fixed(m, layer, t, "lora_A0.weight", s->p.pair[i].r, in);
        s->first[i].b = target_fixed(m, layer, t, "lora_B0.weight", out, s->p.pair[i].r);
    }
    return 0;
}

static void pissa_detach(struct model *m)
{
    struct pissa *s = m->adapt_state;

    if (s)
        free(s->first);
    pairs_detach(m);
}

/* The tensors AT of a pair of rank R with the scale S. */
static void set_pair(struct model *m, const struct pair *at, int r, real s,
                     const struct principal *p)
{
    struct param *a = &m->params[at->a], *b = &m->params[at->b];

    for (int k = 0; k < r; k++) {
        double root = sqrt(p->s[k] / (double)s);
        for (int j = 0; j < a->cols; j++)
            a->value[(size_t)k * (size_t)a->cols + (size_t)j] =
                (real)(root * p->vt[(size_t)k * (size_t)a->cols + (size_t)j]);
        for (int i = 0; i < b->rows; i++)
            b->value[(size_t)i * (size_t)r + (size_t)k] =
                (real)(root * p->u[(size_t)i * (size_t)p->rank + (size_t)k]);
    }
}

/* A matrix has no SVD when its values are not finite, which base_model_load refuses, or when memory
 * runs out; neither can be handled here. */
static void pissa_init(struct model *m, const void *cfg)
{
    const struct pissa *s = m->adapt_state;

    (void)cfg;
    pthread_mutex_lock(&cache_lock);
    for (int i = 0; i < target_slots(m); i++) {
        int layer = i / N_TARGETS, t = i % N_TARGETS;
        if (!s->p.pair[i].a)
            continue;
        const struct pair *pair = &s->p.pair[i];
        struct principal *temporary;
        const struct principal *p = principal_of(&temporary, m, layer, t, pair->r);
        CHECK(p, "%s", fail_text());
        set_pair(m, pair, pair->r, (real)pair->scale, p);
        set_pair(m, &s->first[i], pair->r, (real)pair->scale, p);
        if (temporary)
            principal_free(temporary);
    }
    pthread_mutex_unlock(&cache_lock);
}

/* --- products. The scratch of a pass has for each input [A; A0] of its targets, stacked, then [B,
 * -B0] of each. */

static struct mat next_scratch(real **x, int rows, int cols)
{
    struct mat m = mat_make(*x, rows, cols);

    *x += (size_t)rows * (size_t)cols;
    return m;
}

/* Rows of [A; A0] of all targets. */
static int wide_rows(const struct factors *f)
{
    int n = 0;

    for (int i = 0; i < f->n; i++)
        n += 2 * f->t[i].r;
    return n;
}

/* How many values of scratch are before those of an input. */
static size_t before(const struct model *m, int layer, int group)
{
    size_t n = 0;

    for (int at = 0; at < layer * N_GROUP + group; at++) {
        struct factors f;
        pairs_tensors(&f, m, NULL, at / N_GROUP, (enum group)(at % N_GROUP));
        n += (size_t)wide_rows(&f) * (size_t)f.a.cols;
        for (int i = 0; i < f.n; i++)
            n += (size_t)f.t[i].b.rows * 2 * (size_t)f.t[i].r;
    }
    return n;
}

static size_t pissa_scratch(const struct model *m, bool grad)
{
    (void)grad;
    return before(m, m->base->dims.n_layers, 0);
}

static void pissa_factors(struct factors *f, const struct model *m, const struct workspace *ws,
                          int layer, enum group g)
{
    pairs_tensors(f, m, ws, layer, g);
    for (int i = 0; i < f->n; i++) {
        f->t[i].w = 2 * f->t[i].r;
        f->t[i].at = 2 * f->t[i].dat;
    }
    if (!ws || f->n == 0)
        return;
    real *x = ws->scratch + before(m, layer, (int)g);
    f->a = next_scratch(&x, wide_rows(f), f->a.cols);
    for (int i = 0; i < f->n; i++)
        f->t[i].b = next_scratch(&x, f->t[i].b.rows, f->t[i].w);
}

static void fill_scratch(const struct model *m, real **x, int layer, enum group g)
{
    const struct pissa *s = m->adapt_state;
    struct factors f;

    pairs_tensors(&f, m, NULL, layer, g);
    if (f.n == 0)
        return;
    struct mat a = next_scratch(x, wide_rows(&f), f.a.cols);
    for (int i = 0; i < f.n; i++) {
        const struct factor *t = &f.t[i];
        const struct pair *first = &s->first[target_slot(layer, t->target)];
        struct mat b = next_scratch(x, t->b.rows, 2 * t->r), b0 = mat_cols(b, t->r, t->r);
        const struct param *pa = &m->params[first->a], *pb = &m->params[first->b];
        mat_copy(mat_rows(a, 2 * t->at, t->r), mat_rows(f.a, t->at, t->r));
        mat_copy(mat_rows(a, 2 * t->at + t->r, t->r), mat_make(pa->value, t->r, pa->cols));
        mat_copy(mat_cols(b, 0, t->r), t->b);
        mat_zero(b0);
        mat_add(b0, -1, mat_make(pb->value, pb->rows, t->r));
    }
}

static void pissa_pass_begin(const struct model *m, struct workspace *ws)
{
    real *x = ws->scratch;

    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++)
        fill_scratch(m, &x, at / N_GROUP, (enum group)(at % N_GROUP));
}

static void pissa_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    const struct pissa *s = m->adapt_state;
    int t = target_of_proj(pairs_on(m, layer), p);

    if (t < 0)
        return;
    const struct pair *first = &s->first[target_slot(layer, t)];
    const struct param *a = &m->params[first->a], *b = &m->params[first->b];
    struct mat all = mat_make(b->value, b->rows, b->cols);
    struct mat b0 = t == TARGET_QKV ? mat_rows(all, (int)p * w.rows, w.rows) : all;
    pairs_merge(m, layer, p, w, sign);
    mat_gemm(w, 1, -(real)sign * (real)pairs_at(m, layer, t)->scale, b0, NOTRANS,
             mat_make(a->value, a->rows, a->cols), NOTRANS);
}

const struct adapt adapt_pissa = {
    PAIRS_METHOD,
    .name = "pissa",
    .source = "Meng et al. 2024 (arXiv 2404.02948)",
    .opts = opts,
    .attach = pissa_attach,
    .init = pissa_init,
    .detach = pissa_detach,
    .scratch = pissa_scratch,
    .pass_begin = pissa_pass_begin,
    .merge = pissa_merge,
};
