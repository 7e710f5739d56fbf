/* merge.c - a decoder with the updates of its method in its weights. */
#include "core/nn/net.h"

#include <stdlib.h>
#include <string.h>

static const struct adapt merged = { .name = "merged" };

/* The weights of a group with their updates, one below the other, packed for forward products.
 * Errors: NULL after FAIL_MEMORY. */
static struct packed *pack_updated(const struct model *m, int layer, enum group g)
{
    const struct net_layer *l = &m->net->layer[layer];
    int n = group_count(&m->base->dims, g), at = 0;
    struct mat part[3] = { 0 };
    size_t size = 0;

    for (int i = 0; i < n; i++)
        size += param_size(l->p[(int)ROLE_W + (int)group_proj(g, i)]);
    real *x = malloc(size * sizeof *x);
    if (!x) {
        fail(FAIL_MEMORY, "no memory for the merged weights of layer %d", layer);
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        const struct param *p = l->p[(int)ROLE_W + (int)group_proj(g, i)];
        part[i] = mat_make(x + (size_t)at * (size_t)p->cols, p->rows, p->cols);
        param_read(part[i].x, p);
        if (m->adapt->merge)
            m->adapt->merge(m, layer, group_proj(g, i), part[i], 1);
        at += p->rows;
    }
    struct packed *packed = packed_new(part, n, NOTRANS, false, PRECISION_F32);
    free(x);
    return packed;
}

static int merge_layers(struct model *to, const struct model *m)
{
    struct net *net = to->net;

    for (int i = 0; i < m->base->dims.n_layers * N_GROUP; i++) {
        struct net_group *to_g = &net->layer[i / N_GROUP].group[i % N_GROUP];
        if (!to_g->uses && !to_g->trained)
            continue;
        to_g->packed = net->own[net->n_own] =
            pack_updated(m, i / N_GROUP, (enum group)(i % N_GROUP));
        if (!to_g->packed)
            return -1;
        net->n_own++;
        to_g->uses = to_g->trained = false;
    }
    return 0;
}

size_t model_merge_bytes(const struct model *m, bool mergeable)
{
    size_t bytes = 0;
    int out, in;

    if (!mergeable || m->head.precision != PRECISION_F32)
        return 0;
    for (int i = 0; i < m->base->dims.n_layers * N_GROUP; i++) {
        const struct net_group *g = &m->net->layer[i / N_GROUP].group[i % N_GROUP];
        group_shape(&m->base->dims, (enum group)(i % N_GROUP), &out, &in);
        bytes += g->uses || g->trained ? packed_size(out, in, false, PRECISION_F32) : 0;
    }
    return bytes;
}

int model_merge(struct model *to, const struct model *m, bool mergeable)
{
    size_t n = (size_t)m->base->dims.n_layers;

    *to = (struct model){ 0 };
    CHECK(m->base->arch->causal, "merging of %s", m->base->arch->name);
    if (!mergeable || m->head.precision != PRECISION_F32)
        return 1;
    *to = (struct model){ .base = m->base,
                          .head = m->head,
                          .n_total = m->n_total,
                          .adapt = &merged,
                          .lowest = m->base->dims.n_layers,
                          .seed = m->seed };
    to->n_params = m->base->n_params; /* so that model_free frees no name of M's */
    to->params = xalloc((size_t)to->n_params, sizeof *to->params);
    memcpy(to->params, m->params, (size_t)to->n_params * sizeof *to->params);
    for (int i = 0; i < to->n_params; i++)
        to->params[i].trainable = false;
    to->net = xalloc(1, sizeof *to->net);
    *to->net = *m->net;
    to->net->lm_mean = NULL; /* M's; only a loss needs it */
    to->net->lm.mean = NULL;
    to->net->own = xalloc(n * N_GROUP, sizeof *to->net->own);
    to->net->layer = xalloc(n, sizeof *to->net->layer);
    memcpy(to->net->layer, m->net->layer, n * sizeof *to->net->layer);
    for (size_t i = 0; i < n; i++)
        to->net->layer[i].stage = STAGE_NONE;
    if (merge_layers(to, m) == 0)
        return 0;
    model_free(to);
    return -1;
}
