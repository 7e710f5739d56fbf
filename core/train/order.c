/* order.c - the examples of a step: the order of its epoch, cut by examples or by tokens. */
#include "core/train/order.h"
#include "core/base/rng.h"

#include <stdlib.h>

long order_batch(const struct train_cfg *c, const struct dataset *d, const int *idx, long n)
{
    size_t room = (size_t)c->batch_tokens;
    long k = 0;

    if (c->batch_tokens == 0)
        return n < c->batch ? n : c->batch;
    for (; k < n; k++) {
        size_t len = d->off[idx[k] + 1] - d->off[idx[k]];
        if (k > 0 && len > room)
            break;
        room -= len < room ? len : room;
    }
    return k;
}

void order_init(struct order *o, const struct train_cfg *c, const struct dataset *d, uint64_t seed)
{
    *o = (struct order){ .cfg = c, .d = d, .seed = seed };
    o->idx = xalloc((size_t)d->n, sizeof *o->idx);
    o->from = xalloc((size_t)d->n + 1, sizeof *o->from);
}

void order_free(struct order *o)
{
    free(o->idx);
    free(o->from);
    *o = (struct order){ 0 };
}

/* The order of epoch E, and where its steps begin. */
static void order_shuffle(struct order *o, long e)
{
    struct rng r = rng_make(o->seed, RNG_ORDER, (uint32_t)e);
    long n = o->d->n;

    for (int i = 0; i < n; i++)
        o->idx[i] = i;
    if (o->cfg->order == ORDER_RANDOM)
        rng_shuffle(&r, o->idx, (int)n);
    o->n_steps = 0;
    for (long at = 0; at < n;) {
        for (long k = 0; k < o->cfg->accumulate && at < n; k++)
            at += order_batch(o->cfg, o->d, o->idx + at, n - at);
        o->from[++o->n_steps] = (int)at;
    }
    o->epoch = e;
}

const int *order_step(struct order *o, long s, long *n)
{
    if (o->n_steps == 0 || s < o->first) {
        order_shuffle(o, 0);
        o->first = 0;
    }
    while (s >= o->first + o->n_steps) {
        /* cut by examples, all epochs have the same number of steps, and those between are
         * skipped */
        long skip = o->cfg->batch_tokens ? 1 : (s - o->first) / o->n_steps;
        o->first += skip * o->n_steps;
        order_shuffle(o, o->epoch + skip);
    }
    const int *from = o->from + (s - o->first);
    *n = from[1] - from[0];
    return o->idx + from[0];
}

long train_epochs_steps(const struct train_cfg *c, const struct dataset *d, uint64_t seed,
                        long epochs)
{
    struct order o;
    long steps = 0, n;

    order_init(&o, c, d, seed);
    for (long e = 0; e < (c->batch_tokens ? epochs : 1); e++) {
        order_step(&o, steps, &n);
        steps += o.n_steps;
    }
    order_free(&o);
    return c->batch_tokens ? steps : steps * epochs;
}

long train_steps(const struct train_cfg *c, const struct dataset *d, uint64_t seed)
{
    return c->steps > 0 ? c->steps : train_epochs_steps(c, d, seed, c->epochs);
}
