/* dropout.c - dropout masks from counters. */
#include "core/nn/dropout.h"

#include "core/os/prof.h"
#include "core/base/rng.h"
#include "core/nn/model.h"

/* The counter at which the bytes of sequence S begin. STRIDE is at least the bytes that a sequence
 * can have, a multiple of 8. */
static uint64_t first_byte(const struct workspace *ws, const struct batch *b, int s,
                           uint64_t stride)
{
    return (ws->step * (uint64_t)ws->batch_slots + (uint64_t)b->slot[s]) * stride;
}

/* Extra rows have streams of their own. */
static void mask_extra(unsigned char *mask, const struct workspace *ws, const struct batch *b,
                       uint32_t sub, int width, double p, int n_rows)
{
    uint64_t stride = ((uint64_t)width + 7) / 8 * 8;

    for (int i = 0; i < b->n_extra; i++)
        rng_keep(mask + (size_t)i * (size_t)width, (size_t)width, p, ws->seed, sub | 1u << 31,
                 (ws->step * (uint64_t)n_rows + (uint64_t)(b->extra_first + i)) * stride);
}

void dropout_mask(unsigned char *mask, const struct model *m, const struct workspace *ws,
                  const struct batch *b, uint32_t sub, int width, double p)
{
    uint64_t stride = ((uint64_t)m->base->dims.max_pos * (uint64_t)width + 7) / 8 * 8;

    prof_begin(WORK_DROPOUT);
    for (int s = 0; s < b->n_seq; s++) {
        size_t n = (size_t)(b->off[s + 1] - b->off[s]) * (size_t)width;
        rng_keep(mask, n, p, ws->seed, sub, first_byte(ws, b, s, stride));
        mask += n;
    }
    mask_extra(mask, ws, b, sub, width, p, 2 * m->base->dims.rel.span);
    prof_end();
}

void dropout_probs_mask(unsigned char *mask, const struct model *m, const struct workspace *ws,
                        const struct batch *b, int layer)
{
    const struct dims *d = &m->base->dims;
    uint64_t pos = (uint64_t)d->max_pos, prefix = (uint64_t)m->n_prefix_kv;
    uint64_t stride = ((uint64_t)d->n_heads * pos * (prefix + pos) + 7) / 8 * 8;

    prof_begin(WORK_DROPOUT);
    for (int s = 0; s < b->n_seq; s++) {
        size_t len = (size_t)(b->off[s + 1] - b->off[s]);
        size_t n = (size_t)d->n_heads * len * ((size_t)prefix + len);
        rng_keep(mask, n, m->head.attn_dropout, ws->seed, dropout_sub(layer, SITE_PROBS),
                 first_byte(ws, b, s, stride));
        mask += n;
    }
    prof_end();
}
