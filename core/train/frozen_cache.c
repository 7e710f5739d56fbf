/* frozen_cache.c - the output of the frozen lower layers, computed once per example. */
#include "core/train/frozen_cache.h"

#include <stdlib.h>

/* The number of rows of example I. */
static size_t frozen_rows(const struct model *m, const struct dataset *d, int i)
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

/* The whole split or nothing: a partly cached micro-batch would have to be computed anyway. */
static void cache_split(struct frozen_cache_split *s, const struct model *m,
                        const struct dataset *d, size_t *budget)
{
    size_t bytes = frozen_cache_bytes(m, d), d_model = (size_t)m->base->dims.d_model, at = 0;

    if (bytes > *budget)
        return;
    s->data = malloc(bytes);
    if (!s->data)
        return;
    *budget -= bytes;
    s->row = xalloc((size_t)d->n, sizeof *s->row);
    s->known = xalloc((size_t)d->n, sizeof *s->known);
    for (int i = 0; i < d->n; i++) {
        s->row[i] = s->data + at;
        at += frozen_rows(m, d, i) * d_model;
    }
}

void frozen_cache_init(struct frozen_cache *c, const struct model *m, const struct run_data *d,
                       size_t budget)
{
    const struct head *h = &m->head;

    *c = (struct frozen_cache){ 0 };
    if (m->lowest <= 0)
        return;
    if (h->hidden_dropout > 0 || h->attn_dropout > 0) {
        detail("the output of the %d frozen layers (of %d) changes in every epoch because of "
               "dropout; with hidden_dropout=0 attn_dropout=0 it is computed only once",
               m->lowest, m->base->dims.n_layers);
        return;
    }
    if (!model_frozen_is_fixed(m))
        return;
    for (int s = 0; s < N_SPLITS; s++)
        if (d->split[s])
            cache_split(&c->split[s], m, d->split[s], &budget);
}

void frozen_cache_free(struct frozen_cache *c)
{
    for (int s = 0; s < N_SPLITS; s++) {
        free(c->split[s].data);
        free(c->split[s].row);
        free(c->split[s].known);
    }
    *c = (struct frozen_cache){ 0 };
}

int frozen_cache_fwd(const struct frozen_cache_split *s, const struct model *m,
                     struct workspace *ws, const struct microbatch *mb)
{
    if (!s || !s->data)
        return model_fwd(m, ws, &mb->b);
    ws->frozen = s->row;
    ws->frozen_at = mb->example;
    ws->frozen_known = true;
    for (int i = 0; i < mb->b.n_seq; i++)
        ws->frozen_known &= s->known[mb->example[i]];
    int rc = model_fwd(m, ws, &mb->b);
    ws->frozen = NULL;
    for (int i = 0; i < mb->b.n_seq && rc == 0; i++)
        s->known[mb->example[i]] = true;
    return rc;
}
