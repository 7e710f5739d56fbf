/* need.c - the memory that a run needs, from its examples and before any weights are packed. */
#include "core/train/need.h"
#include "core/base/rng.h"
#include "core/train/eval.h"
#include "core/train/microbatches.h"
#include "core/train/order.h"
#include "core/train/step.h"

#include <stdlib.h>

/* The largest workspace of SAMPLES batches is close to that of all. Products have at most MOST_ROWS
 * rows; larger ones are cut. */
enum { SAMPLES = 256, MOST_ROWS = 128 };
#define HUGE_PAGE ((size_t)2 << 20)

/* What the micro-batches so far need; the arrays say which numbers of rows occur. */
struct survey {
    const struct model *m;
    size_t workspace; /* bytes of the largest */
    int microbatches; /* of a batch, at most */
    bool trained[MOST_ROWS + 1], evaluated[MOST_ROWS + 1], firsts[MOST_ROWS + 1];
};

/* Products of N rows are cut into pieces of two sizes. */
static void survey_rows(bool *rows, int n)
{
    int pieces = (n + MOST_ROWS - 1) / MOST_ROWS;

    rows[n / pieces] = true;
    rows[(n + pieces - 1) / pieces] = true;
}

static void survey_microbatch(struct survey *s, const struct batch *b, bool train)
{
    size_t bytes = workspace_bytes(s->m, b, train, train);

    s->workspace = bytes > s->workspace ? bytes : s->workspace;
    survey_rows(train ? s->trained : s->evaluated, b->n_tok);
    if (s->m->head.pooling == POOL_CLS)
        survey_rows(s->firsts, b->n_seq);
}

static void survey_training(struct survey *s, const struct train_cfg *c, const struct dataset *d)
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
        n = order_batch(c, d, order + at, d->n - at);
        int n_mb = microbatches_cut(mb, s->m, d, order + at, (int)n, 0);
        for (int i = 0; i < n_mb; i++)
            survey_microbatch(s, &mb[i].b, true);
        s->microbatches = n_mb > s->microbatches ? n_mb : s->microbatches;
    }
    for (int i = 0; i < MAX_MICROBATCHES; i++)
        microbatch_free(&mb[i]);
    free(mb);
    free(order);
}

static void survey_evaluation(struct survey *s, const struct dataset *d)
{
    struct microbatch mb = { 0 };
    struct eval_chunks c;

    eval_chunks_init(&c, d);
    for (int i = 0; i < c.n; i++) {
        microbatch_fill(&mb, d, c.order + c.from[i], c.from[i + 1] - c.from[i], 0);
        survey_microbatch(s, &mb.b, false);
    }
    eval_chunks_free(&c);
    microbatch_free(&mb);
}

struct train_need train_need(const struct model *m, const struct train_cfg *c,
                             const struct run_data *d, int threads)
{
    struct survey s = { .m = m };
    struct train_need need = { 0 };
    int grads = step_vectors(m->n_train);

    survey_training(&s, c, d->split[SPLIT_TRAIN]);
    for (int k = 0; k < N_SPLITS; k++)
        if (d->split[k] && k != SPLIT_TRAIN)
            survey_evaluation(&s, d->split[k]);
    grads = grads < s.microbatches ? grads : s.microbatches; /* the others are never touched */
    /* The pages of an arena are large, and the last one takes RAM as a whole. */
    size_t workspace = (s.workspace + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    need.bytes = (size_t)(grads + 4) * m->n_train * sizeof(real) + (size_t)threads * workspace;
    for (int i = 0; i <= MOST_ROWS; i++) {
        need.rows[ROWS_TRAINED] += s.trained[i];
        need.rows[ROWS_EVALUATED] += s.evaluated[i] && !s.trained[i];
        need.rows[ROWS_FIRSTS] += s.firsts[i] && !s.trained[i] && !s.evaluated[i];
    }
    return need;
}
