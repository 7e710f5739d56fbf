/* memory.c - what a run will take, from the examples it will see and before anything is packed. */
#include "core/base/rng.h"
#include "core/train/parts.h"

#include <stdlib.h>
#include <string.h>

/* Batches that are cut to see how large a lane gets: the largest of so many is close to that of all.
 */
enum { SAMPLES = 256 };
#define HUGE_PAGE ((size_t)2 << 20)

/* Pages of an arena are large: what is touched of the last one counts as a whole. */
static size_t arena_bytes(size_t used)
{
    return (used + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Of a lane in training; *most is how many lanes a batch has, at most. */
static size_t training_lane(const struct model *m, const struct train_cfg *c,
                            const struct dataset *d, int *most)
{
    struct microbatch *mb = xalloc(MAX_LANES, sizeof *mb);
    int *order = xalloc((size_t)d->n, sizeof *order);
    struct rng r = rng_make(1, RNG_ORDER, 0);
    long todo = train_steps(c, d->n) * c->accumulate;
    double pair = batch_pair_cost(&m->base->dims);
    size_t bytes = 0;

    todo = todo < SAMPLES ? todo : SAMPLES;
    *most = 0;
    for (int i = 0; i < d->n; i++)
        order[i] = i;
    rng_shuffle(&r, order, d->n);
    for (long at = 0; at < d->n && todo-- > 0; at += c->batch) {
        int n = (int)(d->n - at < c->batch ? d->n - at : c->batch);
        int lanes = batch_split(mb, MAX_LANES, TOKENS_PER_LANE, pair, d, order + at, n, 0);
        for (int i = 0; i < lanes; i++)
            bytes = larger(bytes, lane_bytes(m, &mb[i].b, true, true));
        *most = lanes > *most ? lanes : *most;
    }
    for (int i = 0; i < MAX_LANES; i++)
        microbatch_free(&mb[i]);
    free(mb);
    free(order);
    return bytes;
}

/* Of a lane in evaluation: a chunk of the longest examples. */
static size_t evaluation_lane(const struct model *m, const struct dataset *d)
{
    enum { MOST = TOKENS_PER_LANE };
    int off[MOST + 1], len = d->max_tokens, n = len > 0 ? TOKENS_PER_LANE / len : 0;
    struct batch b = { .max_len = len, .off = off };

    if (len == 0)
        return 0;
    b.n_seq = n < 1 ? 1 : n < d->n ? n : d->n;
    b.n_tok = b.n_seq * len;
    for (int i = 0; i <= b.n_seq; i++)
        off[i] = i * len;
    return lane_bytes(m, &b, false, false);
}

size_t train_bytes(const struct model *m, const struct train_cfg *c, const struct run_data *d,
                   int threads)
{
    int slots = update_slots(m->n_train), most;
    size_t lane = training_lane(m, c, d->split[SPLIT_TRAIN], &most);

    for (int s = 0; s < N_SPLITS; s++)
        if (d->split[s])
            lane = larger(lane, evaluation_lane(m, d->split[s]));
    slots = slots < most ? slots : most; /* the rest is never touched */
    return (size_t)(slots + 4) * m->n_train * sizeof(real) + (size_t)threads * arena_bytes(lane);
}
