/* adalora.c - a budget of ranks that training spreads over the matrices (Zhang et al. 2023, AdaLoRA).
 *
 *     y += s drop(x) Q^T diag(l) P^T,   s = alpha / (r + 1e-5)      Q [r,in], l [r], P [out,r]
 *     loss += w mean over all Q and P of |Q Q^T - I|, |P^T P - I|   (Frobenius)
 *
 * A triplet is a row of Q, a number of l and a column of P. What a number w with gradient g is worth:
 *
 *     I = |w g|,   M = b1 M + (1 - b1) I,   U = b2 U + (1 - b2) |I - M|,   worth = M U
 *
 * and of a triplet the worth of its l and the means over its row and column. After tinit steps the l of
 * the least worth become 0 in every deltat-th step, so that as many are left as the budget says, which
 * falls from all to target_rank a matrix with the cube of the time left; tfinal steps before the end the
 * choice is final. Regulariser, scale and initial values are those of the released code and PEFT (the
 * paper squares the norms). M and U are of w and g of the same step, as in the paper; PEFT takes w after
 * the step's update. Of equals the later ones go, so that the budget is met exactly. */
#include "core/adapt/pairs.h"

#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct adalora_cfg {
    struct lora_cfg lora; /* rank: at first */
    long target_rank, deltat;
    double tinit, tfinal, orth, beta1, beta2;
};
struct adalora {
    struct pairs p;
    struct adalora_cfg c;
    int *lambda; /* index in params of each pair's l */
};

#define AT(field) offsetof(struct adalora_cfg, field)
static const struct opt opts[] = {
    { "init_rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "12", 1, 65536, NULL,
      "triplets of each matrix at first" },
    { "target_rank", 0, OPT_INT, AT(target_rank), "8", 1, 65536, NULL,
      "triplets that are left in the end, as a mean over matrices" },
    { "alpha", 0, OPT_REAL, offsetof(struct lora_cfg, alpha), "16", 1e-6, 1e6, NULL,
      "the update is scaled by alpha / init_rank" },
    PAIRS_TARGETS,
    PAIRS_DROPOUT,
    { "tinit", 0, OPT_REAL, AT(tinit), "0.1", 0, 1e9, NULL,
      "steps before ranks are cut, below 1 a share of all" },
    { "tfinal", 0, OPT_REAL, AT(tfinal), "0.3", 0, 1e9, NULL,
      "steps after the last cut, below 1 a share of all" },
    { "deltat", 0, OPT_INT, AT(deltat), "1", 1, 1e9, NULL, "steps between two cuts" },
    { "orth_reg", 0, OPT_REAL, AT(orth), "0.5", 0, 1e6, NULL,
      "weight of the orthogonality of P, Q" },
    { "worth_beta1", 0, OPT_REAL, AT(beta1), "0.85", 0, 0.999999, NULL,
      "decay of the mean of what a number is worth" },
    { "worth_beta2", 0, OPT_REAL, AT(beta2), "0.85", 0, 0.999999, NULL,
      "decay of the mean of its deviation" },
    { .type = OPT_END },
};

static int n_pairs(const struct model *m)
{
    return m->base->dims.n_layers * N_LORA_TARGETS;
}

static void factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                    enum group g);

static int attach(struct model *m, const void *cfg)
{
    const struct adalora_cfg *c = cfg;
    double scale = c->lora.alpha / ((double)c->lora.rank + 1e-5);
    struct adalora *s = pairs_attach(m, sizeof *s, &c->lora, scale, A_TRAINS);

    if (!s)
        return -1;
    s->p.factors = factors;
    s->c = *c;
    if (c->tinit < 1 && c->tfinal < 1 && c->tinit + c->tfinal >= 1)
        return fail(FAIL_USAGE,
                    "'tinit' is %g and 'tfinal' is %g of all steps: no step between is left for "
                    "cutting ranks; their sum must be below 1",
                    c->tinit, c->tfinal);
    if (c->target_rank > c->lora.rank)
        return fail(FAIL_USAGE, "'target_rank' is %ld, more than 'init_rank' %ld", c->target_rank,
                    c->lora.rank);
    s->lambda = xalloc((size_t)n_pairs(m), sizeof *s->lambda);
    for (int i = 0; i < n_pairs(m); i++) {
        if (!s->p.pair[i].a)
            continue;
        char *module = target_module(m, i / N_LORA_TARGETS, i % N_LORA_TARGETS);
        char *name = xprintf("%s.lora_E", module);
        s->lambda[i] = adapt_param(m, name, s->p.r, 1);
        m->params[s->lambda[i]].is_vector = false;
        free(name);
        free(module);
    }
    return 0;
}

static void detach(struct model *m)
{
    struct adalora *s = m->adapt_state;

    if (s)
        free(s->lambda);
    pairs_detach(m);
}

static void init(struct model *m, const void *cfg)
{
    const struct pairs *s = pairs_of(m);

    (void)cfg;
    for (int i = 0; i < n_pairs(m); i++) {
        if (!s->pair[i].a)
            continue;
        struct rng r =
            rng_make(m->seed, RNG_INIT, pairs_stream(s, i / N_LORA_TARGETS, i % N_LORA_TARGETS));
        const struct param *both[] = { &m->params[s->pair[i].a], &m->params[s->pair[i].b] };
        for (int k = 0; k < 2; k++)
            for (size_t j = 0; j < (size_t)both[k]->rows * (size_t)both[k]->cols; j++)
                both[k]->value[j] = (real)(0.02 * rng_normal(&r));
    }
}

static long count(const void *cfg, const struct dims *d)
{
    const struct lora_cfg *c = cfg;

    return pairs_sum(c, d, c->rank, c->rank, c->rank);
}

/* --- products: of diag(l) Q, computed once a pass, and its gradient, given to l and Q at the end. Both lie
 * in the numbers of the pass in the order of inputs, those of the targets of an input one below the
 * other. */

/* How many numbers all diag(l) Q have, up to an input. */
static size_t before(const struct model *m, int layer, int group)
{
    size_t n = 0;

    for (int at = 0; at < layer * N_GROUP + group; at++) {
        struct factors f;
        pairs_tensors(&f, m, NULL, at / N_GROUP, (enum group)(at % N_GROUP));
        n += (size_t)f.a.rows * (size_t)f.a.cols;
    }
    return n;
}

static size_t scratch(const struct model *m, bool grad)
{
    return before(m, m->base->dims.n_layers, 0) * (grad ? 2 : 1);
}

static void factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                    enum group g)
{
    pairs_tensors(f, m, ws, layer, g);
    if (!ws || f->n == 0)
        return;
    size_t all = before(m, m->base->dims.n_layers, 0), at = before(m, layer, (int)g);
    f->a.x = ws->scratch + at;
    if (f->da.x)
        f->da.x = ws->scratch + all + at;
}

static struct mat rows_of(struct mat all, const struct factors *f, int i)
{
    return mat_rows(all, i * f->r, f->r);
}

static const struct param *lambda_of(const struct model *m, int layer, int t)
{
    return &m->params[((const struct adalora *)m->adapt_state)->lambda[layer * N_LORA_TARGETS + t]];
}

static void pass_begin(const struct model *m, struct workspace *ws)
{
    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        struct factors plain, f;
        pairs_tensors(&plain, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        factors(&f, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        if (f.da.x)
            mat_zero(f.da);
        for (int i = 0; i < f.n; i++) {
            const real *lambda = lambda_of(m, at / N_GROUP, f.target[i])->value;
            struct mat to = rows_of(f.a, &f, i), q = rows_of(plain.a, &f, i);
            for (int k = 0; k < f.r; k++)
                for (int j = 0; j < q.cols; j++)
                    mat_row(to, k)[j] = lambda[k] * mat_row(q, k)[j];
        }
    }
}

/*     dQ += diag(l) d(diag(l) Q),   dl_k += <d(diag(l) Q)_k, Q_k> */
static void pass_end(const struct model *m, struct workspace *ws)
{
    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        struct factors plain, f;
        pairs_tensors(&plain, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        factors(&f, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        for (int i = 0; i < f.n; i++) {
            const struct param *p = lambda_of(m, at / N_GROUP, f.target[i]);
            struct mat d = rows_of(f.da, &f, i), q = rows_of(plain.a, &f, i),
                       dq = rows_of(plain.da, &f, i);
            for (int k = 0; k < f.r; k++) {
                mat_add(mat_rows(dq, k, 1), p->value[k], mat_rows(d, k, 1));
                ws->grad[p->off + k] += (real)vec_dot(mat_row(d, k), mat_row(q, k), (size_t)q.cols);
            }
        }
    }
}

/* --- the regulariser: d|X X^T - I| / dX = 2 (X X^T - I) X / |X X^T - I| of Q, likewise of P^T. */

static void orth_bwd(struct mat dx, struct mat x, enum trans t, real weight)
{
    int r = t ? x.cols : x.rows;
    struct mat c = mat_make(xalloc((size_t)r * (size_t)r, sizeof(real)), r, r);

    mat_gemm(c, 0, 1, x, t, x, t ? NOTRANS : TRANS);
    for (int k = 0; k < r; k++)
        mat_row(c, k)[k] -= 1;
    double norm = vec_norm(c.x, (size_t)r * (size_t)r);
    real by = norm > 0 ? (real)(2 * (double)weight / norm) : 0;
    if (t)
        mat_gemm(dx, 1, by, x, NOTRANS, c, NOTRANS);
    else
        mat_gemm(dx, 1, by, c, NOTRANS, x, NOTRANS);
    free(c.x);
}

static struct mat of(const struct param *p, real *values)
{
    return mat_make(values + p->off, p->rows, p->cols);
}

static int pairs_in(const struct model *m)
{
    int n = 0;

    for (int i = 0; i < n_pairs(m); i++)
        n += pairs_of(m)->pair[i].a != 0;
    return n;
}

static void regularise(const struct model *m, real *grad)
{
    const struct adalora *s = m->adapt_state;
    real weight = (real)(s->c.orth / (2.0 * pairs_in(m)));

    for (int i = 0; i < n_pairs(m) && s->c.orth > 0; i++) {
        if (!s->p.pair[i].a)
            continue;
        const struct param *q = &m->params[s->p.pair[i].a], *p = &m->params[s->p.pair[i].b];
        orth_bwd(of(q, grad), of(q, m->theta), NOTRANS, weight);
        orth_bwd(of(p, grad), of(p, m->theta), TRANS, weight);
    }
}

/* --- the budget. m->opt_state: M, then U; after the last cut M holds 1 for every l that is left. */

static long steps_of(double t, long total)
{
    return t < 1 ? (long)(t * (double)total) : t < (double)total ? (long)t : total;
}

/* The step of the last cut: tfinal before the end, but not before tinit, where numbers of steps leave
 * nothing between. */
static long last_cut(const struct adalora *s, long total)
{
    long first = steps_of(s->c.tinit, total), last = total - steps_of(s->c.tfinal, total);

    last = last > first ? last : first;
    return last > 1 ? last : 1;
}

static void step_grad(const struct model *m, real *grad, long step, long total)
{
    const struct adalora *s = m->adapt_state;
    real *mean = m->opt_state, *dev = m->opt_state + m->n_train;
    real b1 = (real)s->c.beta1, b2 = (real)s->c.beta2;

    regularise(m, grad);
    if (step > last_cut(s, total))
        return;
    for (size_t i = 0; i < m->n_train; i++) {
        real worth = (real)fabs(m->theta[i] * grad[i]);
        mean[i] = b1 * mean[i] + (1 - b1) * worth;
        dev[i] = b2 * dev[i] + (1 - b2) * (real)fabs(worth - mean[i]);
    }
}

struct triplet {
    double worth;
    size_t at; /* of its l in theta */
};

static double worth_at(const struct model *m, size_t i)
{
    return (double)m->opt_state[i] * (double)m->opt_state[m->n_train + i];
}

static int all_triplets(struct triplet *out, const struct model *m)
{
    const struct adalora *s = m->adapt_state;
    int n = 0, r = s->p.r;

    for (int i = 0; i < n_pairs(m); i++) {
        if (!s->p.pair[i].a)
            continue;
        const struct param *q = &m->params[s->p.pair[i].a], *p = &m->params[s->p.pair[i].b];
        for (int k = 0; k < r; k++) {
            size_t at = (size_t)m->params[s->lambda[i]].off + (size_t)k;
            double row = 0, col = 0;
            for (int j = 0; j < q->cols; j++)
                row += worth_at(m, (size_t)q->off + (size_t)k * (size_t)q->cols + (size_t)j);
            for (int j = 0; j < p->rows; j++)
                col += worth_at(m, (size_t)p->off + (size_t)j * (size_t)r + (size_t)k);
            out[n++] = (struct triplet){ worth_at(m, at) + row / q->cols + col / p->rows, at };
        }
    }
    return n;
}

/* Those of most worth first. */
static int by_worth(const void *a, const void *b)
{
    const struct triplet *p = a, *q = b;

    return p->worth != q->worth ? (p->worth < q->worth ? 1 : -1) : p->at < q->at ? -1 : 1;
}

static void cut(struct model *m, long budget, bool final)
{
    int all = pairs_in(m) * pairs_of(m)->r;
    struct triplet *t = xalloc((size_t)all, sizeof *t);

    all_triplets(t, m);
    qsort(t, (size_t)all, sizeof *t, by_worth);
    for (int i = 0; i < all; i++) {
        if (i >= budget)
            m->theta[t[i].at] = 0;
        if (final)
            m->opt_state[t[i].at] = i < budget;
    }
    free(t);
}

/* After the last cut: what AdamW's moments move stays 0. */
static void mask(struct model *m)
{
    const struct adalora *s = m->adapt_state;

    for (int i = 0; i < n_pairs(m); i++)
        for (int k = 0; s->lambda[i] && k < s->p.r; k++) {
            size_t at = (size_t)m->params[s->lambda[i]].off + (size_t)k;
            m->theta[at] *= m->opt_state[at];
        }
}

static void step_done(struct model *m, long step, long total)
{
    const struct adalora *s = m->adapt_state;
    long first = steps_of(s->c.tinit, total), last = last_cut(s, total), n = pairs_in(m);
    long most = n * s->p.r, least = n * s->c.target_rank;

    if (step > last) {
        mask(m);
    } else if (step == last) {
        cut(m, least, true);
    } else if (step > first && step % s->c.deltat == 0) {
        double left = 1 - (double)(step - first) / (double)(last - first);
        cut(m, (long)((double)(most - least) * left * left * left + (double)least), false);
    }
}

/* w += sign s P diag(l) Q */
static void merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    struct mat q, b;

    lora_matrices(m, layer, p, &q, &b);
    if (!q.x)
        return;
    bool fused = pairs_of(m)->on[LORA_QKV] && proj_group(p) == GROUP_QKV;
    const real *lambda = lambda_of(m, layer, fused ? LORA_QKV : (int)p)->value;
    struct mat scaled =
        mat_make(xalloc((size_t)q.rows * (size_t)q.cols, sizeof(real)), q.rows, q.cols);
    for (int k = 0; k < q.rows; k++)
        mat_add(mat_rows(scaled, k, 1), lambda[k], mat_rows(q, k, 1));
    mat_gemm(w, 1, (real)sign * pairs_of(m)->scale, b, NOTRANS, scaled, NOTRANS);
    free(scaled.x);
}

const struct adapt adapt_adalora = {
    .name = "adalora",
    .source = "Zhang et al. 2023 (arXiv 2303.10512)",
    .opts = opts,
    .cfg_size = sizeof(struct adalora_cfg),
    .starts_as_base = true,
    .pairs = true,
    .attach = attach,
    .init = init,
    .detach = detach,
    .count = count,
    .formula = "L r sum over targets of (in + out + 1), r at first",
    .uses = pairs_uses,
    .keep_cols = pairs_keep_cols,
    .proj_fwd = pairs_fwd,
    .proj_bwd = pairs_bwd,
    .scratch = scratch,
    .pass_begin = pass_begin,
    .pass_end = pass_end,
    .n_vectors = 2,
    .step_grad = step_grad,
    .step_done = step_done,
    .merge = merge,
};
