/* memory.c - what a run will take, from the examples it will see and before anything is packed. */
#include "core/base/rng.h"
#include "core/train/parts.h"

#include <stdlib.h>
#include <string.h>

/* Batches that are cut to see how large a workspace gets: the largest of so many is close to that of all.
 * Products are cut at MOST_ROWS rows. */
enum { SAMPLES = 256, MOST_ROWS = 128 };
#define HUGE_PAGE ((size_t)2 << 20)

/* What was seen of micro-batches. */
struct seen {
    const struct model *m;
    size_t workspace; /* the largest */
    int parts;        /* most of one batch */
    bool trained[MOST_ROWS + 1], evaluated[MOST_ROWS + 1], firsts[MOST_ROWS + 1];
};

static void see_rows(bool *rows, int n)
{
    int pieces = (n + MOST_ROWS - 1) / MOST_ROWS;

    rows[n / pieces] = true;
    rows[(n + pieces - 1) / pieces] = true;
}

static void see(struct seen *s, const struct batch *b, bool train)
{
    size_t bytes = workspace_bytes(s->m, b, train, train);

    s->workspace = bytes > s->workspace ? bytes : s->workspace;
    see_rows(train ? s->trained : s->evaluated, b->n_tok);
    if (s->m->head.pooling == POOL_CLS)
        see_rows(s->firsts, b->n_seq);
}

static void see_training(struct seen *s, const struct train_cfg *c, const struct dataset *d)
{
    struct microbatch *mb = xalloc(MAX_MICROBATCHES, sizeof *mb);
    int *order = xalloc((size_t)d->n, sizeof *order);
    struct rng r = rng_make(1, RNG_ORDER, 0);
    long todo = train_steps(c, d, 1) * c->accumulate;

    todo = todo < SAMPLES ? todo : SAMPLES;
    for (int i = 0; i < d->n; i++)
        order[i] = i;
    rng_shuffle(&r, order, d->n);
    for (long at = 0, n; at < d->n && todo-- > 0; at += n) {
        n = batch_take(c, d, order + at, d->n - at);
        int parts = train_split(mb, s->m, d, order + at, (int)n, 0);
        for (int i = 0; i < parts; i++)
            see(s, &mb[i].b, true);
        s->parts = parts > s->parts ? parts : s->parts;
    }
    for (int i = 0; i < MAX_MICROBATCHES; i++)
        microbatch_free(&mb[i]);
    free(mb);
    free(order);
}

static void see_evaluation(struct seen *s, const struct dataset *d)
{
    struct microbatch mb = { 0 };
    struct chunks k;

    chunks_cut(&k, d);
    for (int i = 0; i < k.n; i++) {
        batch_fill(&mb, d, k.order + k.from[i], k.from[i + 1] - k.from[i], 0);
        see(s, &mb.b, false);
    }
    chunks_free(&k);
    microbatch_free(&mb);
}

struct train_need train_need(const struct model *m, const struct train_cfg *c,
                             const struct run_data *d, int threads)
{
    struct seen s = { .m = m };
    struct train_need need = { 0 };
    int slots = update_slots(m->n_train);

    see_training(&s, c, d->split[SPLIT_TRAIN]);
    for (int k = 0; k < N_SPLITS; k++)
        if (d->split[k] && k != SPLIT_TRAIN)
            see_evaluation(&s, d->split[k]);
    slots = slots < s.parts ? slots : s.parts; /* the rest is never touched */
    /* Pages of an arena are large: what is touched of the last one counts as a whole. */
    size_t workspace = (s.workspace + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    need.bytes = (size_t)(slots + 4) * m->n_train * sizeof(real) + (size_t)threads * workspace;
    for (int i = 0; i <= MOST_ROWS; i++) {
        need.rows[ROWS_TRAINED] += s.trained[i];
        need.rows[ROWS_EVALUATED] += s.evaluated[i] && !s.trained[i];
        need.rows[ROWS_FIRSTS] += s.firsts[i] && !s.trained[i] && !s.evaluated[i];
    }
    return need;
}
