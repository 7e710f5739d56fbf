/* bench_task.c - training steps of a recipe on its task's real batches, timed.
 *
 * Needed operations of a step, as if nothing were computed twice or for padding:
 *     2 P a token forward, 2 P a token for the input gradient, with P the numbers of the linear
 *     layers of the blocks (from the lowest one that anything is trained in), 2 a number for the
 *     gradient of a trained one of them, 6 a number of the adapter's matrices, and 4 L^2 d forward
 *     and 8 L^2 d backward for each layer's attention. */
#include "experiments/bench.h"
#include "core/base/pool.h"
#include "experiments/listing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_STEPS = 3, DEFAULT_STEPS = 30, LANE_TOKENS = 128 };

/* What the sink sees: the time at the end of every step and the tokens until then. */
struct watch {
    double *at, *tokens;
    long n, want;
};

static int tick(void *self, long step, long steps, double tokens)
{
    struct watch *w = self;

    (void)steps;
    if (w->n < w->want) {
        w->at[w->n] = now_mono();
        w->tokens[w->n++] = tokens;
    }
    progress("step %ld of %ld", step, w->want);
    return w->n == w->want;
}

/* --- needed operations */

static double mean_square_length(const struct dataset *d)
{
    double sum = 0;

    for (int i = 0; i < d->n; i++) {
        double len = (double)(d->off[i + 1] - d->off[i]);
        sum += len * len;
    }
    return sum / (double)d->n_tokens; /* a token: each sees so many others */
}

/* Rows of a tensor's product for one token: in the last block with pooling cls most are of first
 * tokens only. */
static double rows_of(const struct model *m, const struct param *p, double tokens_a_sequence)
{
    bool last = p->layer == m->base->dims.n_layers - 1 && m->head.pooling == POOL_CLS;

    return last && p->role != (int)ROLE_W + PROJ_K && p->role != (int)ROLE_W + PROJ_V
               ? 1 / tokens_a_sequence
               : 1;
}

/* Operations a token of a training step. */
static double needed(const struct model *m, const struct dataset *d)
{
    const struct dims *k = &m->base->dims;
    int backward = k->n_layers - (m->lowest < 0 ? 0 : m->lowest);
    double length = (double)d->n_tokens / d->n, flop = 0;

    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        double n = (double)p->rows * p->cols;
        bool adapter = i >= m->base->n_params && !strstr(p->name, "classifier.");
        if (adapter && !p->is_vector)
            flop += 6 * n;
        if (p->layer >= 0 && p->role < ROLE_B)
            flop += n * rows_of(m, p, length) *
                    (2 + (p->layer >= m->lowest ? 2 : 0) + (p->trainable ? 2 : 0));
    }
    return flop + mean_square_length(d) * k->d_model * (4.0 * k->n_layers + 8.0 * backward);
}

/* --- the run */

struct timing {
    double ms, tok_s, ex_s, seconds;
    double needed, gemm; /* GFLOP/s */
    long steps;
};

static int time_steps(struct timing *t, const struct recipe *r, struct model *m,
                      const struct run_data *data, struct pool *pool)
{
    struct train_cfg c = r->train;
    struct watch w = { .want = t->steps + FIRST_STEPS };
    struct run_result res;
    int rc = -1;

    c.steps = w.want +
              1; /* one more, so that the last that is timed ends like the others: no evaluation */
    c.eval_every = w.want + 2;
    w.at = xalloc((size_t)w.want, sizeof *w.at);
    w.tokens = xalloc((size_t)w.want, sizeof *w.tokens);
    struct run_job job = { .model = m,
                           .cfg = &c,
                           .data = *data,
                           .seed = (uint64_t)r->run.seed,
                           .pool = pool,
                           .sink = { .self = &w, .tick = tick } };
    if (train_run(&job, &res) != 0)
        goto out;
    if (res.end == RUN_DIVERGED) {
        fail(FAIL_RUN, "step %ld: %s is not finite", res.diverged_step, res.why);
        goto out;
    }
    if (w.n < w.want) {
        fail(FAIL_STOPPED, "stopped");
        goto out;
    }
    long first = FIRST_STEPS - 1, last = w.want - 1;
    t->seconds = w.at[last] - w.at[first];
    t->tok_s = (w.tokens[last] - w.tokens[first]) / t->seconds;
    const struct dataset *set = data->split[SPLIT_TRAIN];
    t->ex_s = t->tok_s * set->n / (double)set->n_tokens;
    for (long i = last; i > first; i--)
        w.at[i] = 1e3 * (w.at[i] - w.at[i - 1]);
    t->ms = bench_median(w.at + first + 1, (int)t->steps);
    rc = 0;
out:
    progress_end();
    free(w.at);
    free(w.tokens);
    return rc;
}

static int report(const struct recipe *r, const struct model *m, const struct timing *t,
                  const struct bench_cfg *c)
{
    static const char *const cols[] = { "model",          "task",          "method",
                                        "threads",        "batch",         "steps",
                                        "trainable",      "ms_step",       "tokens_per_s",
                                        "examples_per_s", "needed_gflops", "gemm_gflops",
                                        "ratio",          "peak_rss_mb",   NULL };
    const double x[] = { (double)c->threads,
                         (double)r->train.batch,
                         (double)t->steps,
                         (double)m->n_train,
                         t->ms,
                         round(t->tok_s),
                         t->ex_s,
                         t->needed,
                         t->gemm,
                         t->needed / t->gemm,
                         (double)peak_rss_bytes() / 1e6 };
    const char *cells[ARRAY_LEN(x) + 3] = { r->run.model, r->run.task, r->run.method };
    char text[ARRAY_LEN(x)][40];
    struct rows rows;

    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        cells[i + 3] = listing_number(text[i], x[i], 4);
    listing_init(&rows, cols);
    listing_add(&rows, cells);
    return listing_print(&rows, c->format);
}

static int measure(const struct recipe *r, const struct bench_cfg *c)
{
    struct timing t = { .steps = r->train.steps > 0 ? r->train.steps : DEFAULT_STEPS };
    struct run_data data;
    struct model m = { 0 };
    struct inputs *in = inputs_get(r->run.model);
    struct pool *pool = pool_new((int)c->threads);
    int rc = -1;

    if (!in || !pool || data_all(&data, r) != 0)
        goto out;
    data.split[SPLIT_TEST] = NULL;
    struct head head = recipe_head(r, data.task);
    if (model_init(&m, &in->base, &head, r->method, r->method_cfg, (uint64_t)r->run.seed, false) !=
        0)
        goto out;
    double before = bench_model_rate(&in->base.dims, LANE_TOKENS, c->seconds, (int)c->threads);
    if (time_steps(&t, r, &m, &data, pool) != 0)
        goto out;
    double after = bench_model_rate(&in->base.dims, LANE_TOKENS, c->seconds, (int)c->threads);
    t.gemm = (before + after) / 2;
    t.needed = 1e-9 * t.tok_s * needed(&m, data.split[SPLIT_TRAIN]);
    rc = report(r, &m, &t, c);
out:
    model_free(&m);
    pool_free(pool);
    return rc;
}

int bench_task(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct recipe r = { 0 };
    int rc = bench_settings(&v, n, words);

    if (rc == 0)
        rc = recipe_resolve(&r, &v);
    if (rc == 0)
        rc = measure(&r, c);
    recipe_free(&r);
    settings_free(&v);
    return rc;
}
