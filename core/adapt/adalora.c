/* adalora.c - a budget of ranks that training distributes over the matrices (Zhang et al. 2023,
 * AdaLoRA).
 *
 *     y += s drop(x) Q^T diag(l) P^T,   s = alpha / (r + 1e-5)      Q [r, in], l [r], P [out, r]
 *     loss += w mean over all Q and P of |Q Q^T - I|, |P^T P - I|   (Frobenius norm)
 *
 * A triplet is a row of Q, an entry of l and a column of P. The importance of a parameter w with
 * gradient g is
 *
 *     I = |w g|,   M = b1 M + (1 - b1) I,   U = b2 U + (1 - b2) |I - M|,   importance = M U
 *
 * and that of a triplet is the importance of its l plus the means over its row and over its column.
 * After tinit steps, in every deltat-th step the l of the least important triplets are set to 0, so
 * that as many are left as the budget says; the budget falls from all triplets to target_rank for
 * each matrix with the cube of the remaining time. tfinal steps before the end the choice becomes
 * final. Of triplets that are equally important the later ones go, so that the budget is met
 * exactly.
 *
 * The regularizer, the scale and the initial values are those of the released code and of PEFT (the
 * paper squares the norms). M and U use w and g of the same step, as in the paper; PEFT uses w
 * after the step's update. */
#include "core/adapt/pairs.h"

#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct adalora_cfg {
    struct lora_cfg lora; /* rank: the initial one */
    long target_rank, deltat;
    double tinit, tfinal, orth, beta1, beta2;
};
struct adalora {
    struct pairs p;
    struct adalora_cfg c;
    int *lambda; /* [target_slots] index of l in m->params */
};

#define AT(field) offsetof(struct adalora_cfg, field)
static const struct opt opts[] = {
    { "init_rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "12", 1, 65536, NULL,
      "initial rank of each matrix" },
    { "target_rank", 0, OPT_INT, AT(target_rank), "8", 1, 65536, NULL,
      "final rank, as a mean over the matrices" },
    PAIRS_ALPHA("alpha / init_rank"),
    PAIRS_TARGETS,
    PAIRS_DROPOUT,
    PAIRS_PATTERNS,
    { "tinit", 0, OPT_REAL, AT(tinit), "0.1", 0, 1e9, NULL,
      "steps before ranks are first cut; below 1, a share of all steps" },
    { "tfinal", 0, OPT_REAL, AT(tfinal), "0.3", 0, 1e9, NULL,
      "steps after the last cut; below 1, a share of all steps" },
    { "deltat", 0, OPT_INT, AT(deltat), "1", 1, 1e9, NULL, "steps between two cuts" },
    { "orth_reg", 0, OPT_REAL, AT(orth), "0.5", 0, 1e6, NULL,
      "weight of the regularizer that keeps P and Q orthogonal" },
    { "worth_beta1", 0, OPT_REAL, AT(beta1), "0.85", 0, 0.999999, NULL,
      "decay of the moving mean of a parameter's importance" },
    { "worth_beta2", 0, OPT_REAL, AT(beta2), "0.85", 0, 0.999999, NULL,
      "decay of the moving mean of its deviation from that mean" },
    { .type = OPT_END },
};
#undef AT

static void adalora_factors(struct factors *f, const struct model *m, const struct workspace *ws,
                            int layer, enum group g);

static double adalora_scale(double alpha, int r)
{
    return alpha / ((double)r + 1e-5);
}

static int count_pairs(const struct model *m)
{
    int n = 0;

    for (int i = 0; i < target_slots(m); i++)
        n += pairs_of(m)->pair[i].a != 0;
    return n;
}

static long count_triplets(const struct model *m)
{
    long n = 0;

    for (int i = 0; i < target_slots(m); i++)
        n += pairs_of(m)->pair[i].r;
    return n;
}

static int adalora_attach(struct model *m, const void *cfg)
{
    const struct adalora_cfg *c = cfg;
    struct adalora *s = pairs_attach(m, sizeof *s, &c->lora, adalora_scale, A_TRAINS);

    if (!s)
        return -1;
    s->p.factors = adalora_factors;
    s->c = *c;
    if (c->tinit < 1 && c->tfinal < 1 && c->tinit + c->tfinal >= 1)
        return fail_setting(
            "tinit,tfinal",
            "'tinit' is %g and 'tfinal' is %g of all steps, which leaves no step for cutting "
            "ranks; their sum must be below 1",
            c->tinit, c->tfinal);
    long n = count_pairs(m), all = count_triplets(m);
    if (all != n * c->lora.rank && n * c->target_rank > all)
        return fail_setting("target_rank,rank_pattern",
                            "'target_rank' is %ld for each of %ld matrices, but with "
                            "'rank_pattern' they have %ld ranks together",
                            c->target_rank, n, all);
    if (all == n * c->lora.rank && c->target_rank > c->lora.rank)
        return fail_setting("target_rank,init_rank",
                            "'target_rank' is %ld, but 'init_rank' is only %ld", c->target_rank,
                            c->lora.rank);
    s->lambda = xalloc((size_t)target_slots(m), sizeof *s->lambda);
    for (int i = 0; i < target_slots(m); i++)
        if (s->p.pair[i].a)
            s->lambda[i] =
                target_matrix(m, i / N_TARGETS, i % N_TARGETS, "lora_E", s->p.pair[i].r, 1);
    return 0;
}

static void adalora_detach(struct model *m)
{
    struct adalora *s = m->adapt_state;

    if (s)
        free(s->lambda);
    pairs_detach(m);
}

static void adalora_init(struct model *m, const void *cfg)
{
    const struct pairs *s = pairs_of(m);

    (void)cfg;
    for (int i = 0; i < target_slots(m); i++) {
        if (!s->pair[i].a)
            continue;
        struct rng r = rng_make(m->seed, RNG_INIT, pairs_stream(s, i / N_TARGETS, i % N_TARGETS));
        const struct param *both[] = { &m->params[s->pair[i].a], &m->params[s->pair[i].b] };
        for (int k = 0; k < 2; k++)
            for (size_t j = 0; j < param_size(both[k]); j++)
                both[k]->value[j] = (real)(0.02 * rng_normal(&r));
    }
}

static long triplets_size(long r, long out, long in)
{
    return r * (in + out + 1);
}

static long adalora_count(const void *cfg, const struct dims *d)
{
    return pairs_sum(cfg, d, triplets_size);
}

/* --- products: diag(l) Q is computed once a pass, and its gradient is passed on to l and Q at the
 * end. The scratch of a pass has diag(l) Q of all inputs in order, those of one input stacked, then
 * their gradients. */

/* How many values the diag(l) Q before an input have. */
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

static size_t adalora_scratch(const struct model *m, bool grad)
{
    return before(m, m->base->dims.n_layers, 0) * (grad ? 2 : 1);
}

static void adalora_factors(struct factors *f, const struct model *m, const struct workspace *ws,
                            int layer, enum group g)
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
    return mat_rows(all, f->t[i].at, f->t[i].r);
}

static const struct param *lambda_of(const struct model *m, int layer, int t)
{
    return &m->params[((const struct adalora *)m->adapt_state)->lambda[target_slot(layer, t)]];
}

static void adalora_pass_begin(const struct model *m, struct workspace *ws)
{
    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        struct factors plain, f;
        pairs_tensors(&plain, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        adalora_factors(&f, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        if (f.da.x)
            mat_zero(f.da);
        for (int i = 0; i < f.n; i++) {
            const real *lambda = lambda_of(m, at / N_GROUP, f.t[i].target)->value;
            struct mat to = rows_of(f.a, &f, i), q = rows_of(plain.a, &f, i);
            for (int k = 0; k < f.t[i].r; k++)
                for (int j = 0; j < q.cols; j++)
                    mat_row(to, k)[j] = lambda[k] * mat_row(q, k)[j];
        }
    }
}

/*     dQ += diag(l) d(diag(l) Q),   dl_k += <d(diag(l) Q)_k, Q_k> */
static void adalora_pass_end(const struct model *m, struct workspace *ws)
{
    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++) {
        struct factors plain, f;
        pairs_tensors(&plain, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        adalora_factors(&f, m, ws, at / N_GROUP, (enum group)(at % N_GROUP));
        for (int i = 0; i < f.n; i++) {
            const struct param *p = lambda_of(m, at / N_GROUP, f.t[i].target);
            struct mat d = rows_of(f.da, &f, i), q = rows_of(plain.a, &f, i),
                       dq = rows_of(plain.da, &f, i);
            for (int k = 0; k < f.t[i].r; k++) {
                mat_add(mat_rows(dq, k, 1), p->value[k], mat_rows(d, k, 1));
                ws->grad[p->off + k] += (real)vec_dot(mat_row(d, k), mat_row(q, k), (size_t)q.cols);
            }
        }
    }
}

/* --- the regularizer: d|X X^T - I| / dX = 2 (X X^T - I) X / |X X^T - I| for Q, likewise for P^T */

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

static struct mat part_of(const struct param *p, real *values)
{
    return mat_make(values + p->off, p->rows, p->cols);
}

static void regularize(const struct model *m, real *grad)
{
    const struct adalora *s = m->adapt_state;
    real weight = (real)(s->c.orth / (2.0 * count_pairs(m)));

    for (int i = 0; i < target_slots(m) && s->c.orth > 0; i++) {
        if (!s->p.pair[i].a)
            continue;
        const struct param *q = &m->params[s->p.pair[i].a], *p = &m->params[s->p.pair[i].b];
        orth_bwd(part_of(q, grad), part_of(q, m->theta), NOTRANS, weight);
        orth_bwd(part_of(p, grad), part_of(p, m->theta), TRANS, weight);
    }
}

/* --- the budget. m->opt_state has M, then U; after the last cut M is 1 for each l that is left. */

static long steps_of(double t, long total)
{
    return t < 1 ? (long)(t * (double)total) : t < (double)total ? (long)t : total;
}

/* The step of the last cut: tfinal before the end, or tinit when the numbers of steps leave nothing
 * between. */
static long last_cut(const struct adalora *s, long total)
{
    long first = steps_of(s->c.tinit, total), last = total - steps_of(s->c.tfinal, total);

    last = last > first ? last : first;
    return last > 1 ? last : 1;
}

static void adalora_step_grad(const struct model *m, real *grad, long step, long total)
{
    const struct adalora *s = m->adapt_state;
    real *mean = m->opt_state, *dev = m->opt_state + m->n_train;
    real b1 = (real)s->c.beta1, b2 = (real)s->c.beta2;

    regularize(m, grad);
    if (step > last_cut(s, total))
        return;
    for (size_t i = 0; i < m->n_train; i++) {
        real now = (real)fabs(m->theta[i] * grad[i]);
        mean[i] = b1 * mean[i] + (1 - b1) * now;
        dev[i] = b2 * dev[i] + (1 - b2) * (real)fabs(now - mean[i]);
    }
}

struct triplet {
    double importance;
    size_t at; /* of its l in theta */
};

static double importance_at(const struct model *m, size_t i)
{
    return (double)m->opt_state[i] * (double)m->opt_state[m->n_train + i];
}

static int all_triplets(struct triplet *out, const struct model *m)
{
    const struct adalora *s = m->adapt_state;
    int n = 0;

    for (int i = 0; i < target_slots(m); i++) {
        if (!s->p.pair[i].a)
            continue;
        const struct param *q = &m->params[s->p.pair[i].a], *p = &m->params[s->p.pair[i].b];
        int r = s->p.pair[i].r;
        for (int k = 0; k < r; k++) {
            size_t at = (size_t)m->params[s->lambda[i]].off + (size_t)k;
            double row = 0, col = 0;
            for (int j = 0; j < q->cols; j++)
                row += importance_at(m, (size_t)q->off + (size_t)k * (size_t)q->cols + (size_t)j);
            for (int j = 0; j < p->rows; j++)
                col += importance_at(m, (size_t)p->off + (size_t)j * (size_t)r + (size_t)k);
            out[n++] = (struct triplet){ importance_at(m, at) + row / q->cols + col / p->rows, at };
        }
    }
    return n;
}

/* The most important first. */
static int by_importance(const void *a, const void *b)
{
    const struct triplet *p = a, *q = b;

    return p->importance != q->importance ? (p->importance < q->importance ? 1 : -1)
           : p->at < q->at                ? -1
                                          : 1;
}

static void cut_ranks(struct model *m, long budget, bool final)
{
    int all = (int)count_triplets(m);
    struct triplet *t = xalloc((size_t)all, sizeof *t);

    all_triplets(t, m);
    qsort(t, (size_t)all, sizeof *t, by_importance);
    for (int i = 0; i < all; i++) {
        if (i >= budget)
            m->theta[t[i].at] = 0;
        if (final)
            m->opt_state[t[i].at] = i < budget;
    }
    free(t);
}

/* After the last cut: AdamW's moments move an l that was cut, so set it to 0 again. */
static void reset_cut(struct model *m)
{
    const struct adalora *s = m->adapt_state;

    for (int i = 0; i < target_slots(m); i++)
        for (int k = 0; s->lambda[i] && k < s->p.pair[i].r; k++) {
            size_t at = (size_t)m->params[s->lambda[i]].off + (size_t)k;
            m->theta[at] *= m->opt_state[at];
        }
}

static void adalora_step_done(struct model *m, long step, long total)
{
    const struct adalora *s = m->adapt_state;
    long first = steps_of(s->c.tinit, total), last = last_cut(s, total), n = count_pairs(m);
    long most = count_triplets(m), least = n * s->c.target_rank;

    if (step > last) {
        reset_cut(m);
    } else if (step == last) {
        cut_ranks(m, least, true);
    } else if (step > first && step % s->c.deltat == 0) {
        double left = 1 - (double)(step - first) / (double)(last - first);
        cut_ranks(m, (long)((double)(most - least) * left * left * left + (double)least), false);
    }
}

/* w += sign s P diag(l) Q */
static void adalora_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    struct mat q, b;
    int t = target_of_proj(pairs_on(m, layer), p);

    if (t < 0)
        return;
    lora_matrices(m, layer, p, &q, &b);
    const real *lambda = lambda_of(m, layer, t)->value;
    struct mat scaled =
        mat_make(xalloc((size_t)q.rows * (size_t)q.cols, sizeof(real)), q.rows, q.cols);
    for (int k = 0; k < q.rows; k++)
        mat_add(mat_rows(scaled, k, 1), lambda[k], mat_rows(q, k, 1));
    mat_gemm(w, 1, (real)sign * (real)pairs_at(m, layer, t)->scale, b, NOTRANS, scaled, NOTRANS);
    free(scaled.x);
}

const struct adapt adapt_adalora = {
    PAIRS_METHOD,
    .name = "adalora",
    .source = "Zhang et al. 2023 (arXiv 2303.10512)",
    .opts = opts,
    .cfg_size = sizeof(struct adalora_cfg),
    .attach = adalora_attach,
    .init = adalora_init,
    .detach = adalora_detach,
    .count = adalora_count,
    .formula = "L r sum over targets of (in + out + 1), r = init_rank",
    .scratch = adalora_scratch,
    .pass_begin = adalora_pass_begin,
    .pass_end = adalora_pass_end,
    .n_vectors = 2,
    .step_grad = adalora_step_grad,
    .step_done = adalora_step_done,
    .merge = adalora_merge,
};
