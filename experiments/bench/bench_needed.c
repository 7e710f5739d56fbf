/* bench_needed.c - how many operations a forward pass or a training step needs at least. */
#include "experiments/bench/bench_needed.h"

struct bench_load bench_needed_load(const struct dataset *d)
{
    struct bench_load l = { .sequences = d->n, .tokens = (double)d->n_tokens };

    for (int i = 0; i < d->n; i++) {
        double len = (double)(d->off[i + 1] - d->off[i]);
        l.squares += len * len;
    }
    return l;
}

/* A model without a classifier predicts tokens. */
static bool is_decoder(const struct model *m)
{
    return m->head.n_labels == 0;
}

/* Rows of the input of a matrix of a block. */
static double input_rows(const struct model *m, const struct param *p, const struct bench_load *l)
{
    bool last = p->layer == m->base->dims.n_layers - 1 && m->head.pooling == POOL_CLS;
    bool all = p->role == (int)ROLE_W + PROJ_K || p->role == (int)ROLE_W + PROJ_V;

    return last && !all && !is_decoder(m) ? l->sequences : l->tokens;
}

static double param_operations(const struct model *m, int i, const struct bench_load *l,
                               bool backward)
{
    const struct param *p = &m->params[i];
    const struct dims *d = &m->base->dims;
    double n = (double)p->rows * p->cols;
    bool own = i >= m->base->n_params && !param_is_head(p);

    if (own && !p->is_vector)
        return n * l->tokens * (backward ? 6 : 2);
    if (p->layer >= 0 && p->role < ROLE_B) {
        int times = 2 + (backward && p->layer >= m->lowest ? 2 : 0);
        return n * input_rows(m, p, l) * (times + (backward && p->trainable ? 2 : 0));
    }
    if (p->role == param_output_role(d) &&
        is_decoder(m)) /* nothing follows the last token of a sequence */
        return n * (l->tokens - l->sequences) * (!backward ? 2 : p->trainable ? 6 : 4);
    return 0;
}

double bench_needed(const struct model *m, const struct bench_load *l, bool backward)
{
    const struct dims *d = &m->base->dims;
    double flop = 0, pairs = is_decoder(m) ? (l->squares + l->tokens) / 2 : l->squares;
    int below = m->lowest < 0 ? 0 : m->lowest;

    for (int i = 0; i < m->n_params; i++)
        flop += param_operations(m, i, l, backward);
    return flop + pairs * dims_q_width(d) *
                      (4.0 * d->n_layers + (backward ? 8.0 * (d->n_layers - below) : 0));
}
