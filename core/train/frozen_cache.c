/* kept.c - what the frozen part of a model computes from an example, kept for the next epoch. */
#include "core/train/parts.h"

#include <stdlib.h>

/* Rows at the border of example I. */
static size_t rows(const struct model *m, const struct dataset *d, int i)
{
    return m->lowest == m->base->dims.n_layers ? 1 : d->off[i + 1] - d->off[i];
}

size_t frozen_cache_bytes(const struct model *m, const struct dataset *d)
{
    size_t n = m->lowest == m->base->dims.n_layers ? (size_t)d->n : d->n_tokens;

    return n * (size_t)m->base->dims.d_model * sizeof(real) +
           (size_t)d->n * (sizeof(real *) + sizeof(bool));
}

size_t train_frozen_cache_bytes(const struct model *m, const struct run_data *d)
{
    size_t bytes = 0;

    if (m->lowest <= 0 || m->head.hidden_dropout > 0 || m->head.attn_dropout > 0)
        return 0;
    for (int s = 0; s < N_SPLITS; s++)
        bytes += d->split[s] ? frozen_cache_bytes(m, d->split[s]) : 0;
    return bytes;
}

/* All of a split or nothing, so that a second epoch is as fast as it can be or as it was. */
static void add_split(struct frozen_cache_split *k, const struct model *m, const struct dataset *d,
                      size_t *budget)
{
    size_t bytes = frozen_cache_bytes(m, d), d_model = (size_t)m->base->dims.d_model, at = 0;

    if (bytes > *budget)
        return;
    k->data = malloc(bytes);
    if (!k->data)
        return;
    *budget -= bytes;
    k->row = xalloc((size_t)d->n, sizeof *k->row);
    k->known = xalloc((size_t)d->n, sizeof *k->known);
    for (int i = 0; i < d->n; i++) {
        k->row[i] = k->data + at;
        at += rows(m, d, i) * d_model;
    }
}

void frozen_cache_init(struct frozen_cache *k, const struct model *m, const struct run_data *d,
                       size_t budget)
{
    const struct head *h = &m->head;

    *k = (struct frozen_cache){ 0 };
    if (m->lowest <= 0)
        return;
    if (h->hidden_dropout > 0 || h->attn_dropout > 0) {
        detail(
            "%d of %d layers are frozen, but dropout makes every pass through them another; with "
            "hidden_dropout=0 attn_dropout=0 their output is computed once",
            m->lowest, m->base->dims.n_layers);
        return;
    }
    if (!model_frozen_is_fixed(m))
        return;
    for (int s = 0; s < N_SPLITS; s++)
        if (d->split[s])
            add_split(&k->split[s], m, d->split[s], &budget);
}

void frozen_cache_free(struct frozen_cache *k)
{
    for (int s = 0; s < N_SPLITS; s++) {
        free(k->split[s].data);
        free(k->split[s].row);
        free(k->split[s].known);
    }
    *k = (struct frozen_cache){ 0 };
}

int frozen_cache_fwd(const struct frozen_cache_split *k, const struct model *m,
                     struct workspace *ws, const struct microbatch *mb)
{
    if (!k || !k->data)
        return model_fwd(m, ws, &mb->b);
    ws->frozen = k->row;
    ws->frozen_at = mb->example;
    ws->frozen_known = true;
    for (int i = 0; i < mb->b.n_seq; i++)
        ws->frozen_known &= k->known[mb->example[i]];
    int rc = model_fwd(m, ws, &mb->b);
    ws->frozen = NULL;
    for (int i = 0; i < mb->b.n_seq && rc == 0; i++)
        k->known[mb->example[i]] = true;
    return rc;
}
