/* eval.c - evaluation of a split: threads compute micro-batches of examples of similar length; the
 * outputs are scored in file order. */
#include "core/train/eval.h"
#include "core/train/microbatches.h"

#include <math.h>
#include <stdlib.h>

struct evaluation {
    struct workspaces *spaces;
    const struct model *model;
    const struct frozen_cache_split *frozen;
    const struct dataset *d;
    struct microbatch *mb; /* [threads] */
    struct eval_chunks chunks;
    double *loss;  /* [chunks.n] sum over the chunk */
    int *guess;    /* classification: [n] in file order */
    double *value; /* regression: [n] in file order */
    volatile int failed;
};

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void eval_chunks_init(struct eval_chunks *c, const struct dataset *d)
{
    size_t n = (size_t)d->n, load = 0;
    uint64_t *key = xalloc(n, sizeof *key);

    *c = (struct eval_chunks){ .order = xalloc(n, sizeof *c->order) };
    c->from = xalloc(n + 1, sizeof *c->from);
    for (size_t i = 0; i < n; i++)
        key[i] = (UINT64_C(0xFFFFFFFF) - (d->off[i + 1] - d->off[i])) << 32 | i;
    qsort(key, n, sizeof *key, compare_keys);
    for (size_t k = 0; k < n; k++) {
        int i = c->order[k] = (int)(key[k] & 0xFFFFFFFF);
        size_t len = d->off[i + 1] - d->off[i];
        if (k == 0 || load + len > TOKENS_PER_MICROBATCH) {
            c->from[c->n++] = (int)k;
            load = 0;
        }
        load += len;
    }
    c->from[c->n] = d->n;
    free(key);
}

void eval_chunks_free(struct eval_chunks *c)
{
    free(c->order);
    free(c->from);
    *c = (struct eval_chunks){ 0 };
}

/* The index of the largest element, the first if several are equal; NaN is never the largest,
 * unless all are. */
static int argmax(const real *z, int n)
{
    int best = 0;

    for (int j = 1; j < n; j++)
        if (z[j] > z[best] || (isnan(z[best]) && !isnan(z[j])))
            best = j;
    return best;
}

static void eval_chunk(void *arg, int piece, int thread)
{
    struct evaluation *e = arg;
    struct workspace *ws = workspaces_get(e->spaces, thread, NULL);
    struct microbatch *mb = &e->mb[thread];
    const struct eval_chunks *c = &e->chunks;
    int from = c->from[piece];
    struct mat dl;

    if (!ws) {
        e->failed = 1;
        return;
    }
    ws->train = false;
    microbatch_fill(mb, e->d, c->order + from, c->from[piece + 1] - from, 0);
    if (frozen_cache_fwd(e->frozen, e->model, ws, mb) != 0) {
        e->failed = 1;
        return;
    }
    e->loss[piece] = model_loss(e->model, ws, &mb->b, 1, &dl);
    for (int s = 0; s < mb->b.n_seq; s++) {
        const real *z = mat_row(ws->logits, s);
        if (e->value)
            e->value[mb->example[s]] = (double)z[0];
        else
            e->guess[mb->example[s]] = argmax(z, ws->logits.cols);
    }
}

static int report_predictions(const struct evaluation *e, const struct sink *s, const char *name)
{
    for (int i = 0; s->prediction && i < e->d->n; i++) {
        double label = e->value ? e->d->target[i] : e->d->label[i];
        double output = e->value ? e->value[i] : e->guess[i];
        if (s->prediction(s->self, name, e->d->line[i], label, output) != 0)
            return -1;
    }
    return 0;
}

static int score_outputs(const struct evaluation *e, const struct run_job *job, const char *name,
                         long step, double loss, double *out)
{
    const struct task *t = job->data.task;
    struct outcome o = { .n = e->d->n,
                         .n_classes = t->regression ? 0 : t->n_labels,
                         .label = e->d->label,
                         .guess = e->guess,
                         .target = e->d->target,
                         .value = e->value };

    if (sink_point(&job->sink, step, name, "loss", loss) != 0)
        return -1;
    for (int i = 0; i < t->n_metrics; i++) {
        out[i] = metric_find(t->metrics[i])->score(&o);
        if (sink_point(&job->sink, step, name, t->metrics[i], out[i]) != 0)
            return -1;
    }
    return 0;
}

int eval_split(struct workspaces *spaces, const struct frozen_cache *cache,
               const struct run_job *job, enum split s, const char *name, long step,
               bool predictions, double *loss, double out[TASK_MAX_METRICS])
{
    const struct dataset *d = job->data.split[s];
    struct evaluation e = {
        .spaces = spaces, .model = job->model, .d = d, .frozen = cache ? &cache->split[s] : NULL
    };
    int rc = -1;

    CHECK(d && d->n > 0, "split %s", split_names[s]);
    eval_chunks_init(&e.chunks, d);
    e.mb = xalloc((size_t)spaces->n, sizeof *e.mb);
    e.loss = xalloc((size_t)e.chunks.n, sizeof *e.loss);
    if (job->data.task->regression)
        e.value = xalloc((size_t)d->n, sizeof *e.value);
    else
        e.guess = xalloc((size_t)d->n, sizeof *e.guess);
    pool_run(job->pool, e.chunks.n, eval_chunk, &e);
    if (e.failed)
        goto out;
    *loss = 0;
    for (int i = 0; i < e.chunks.n; i++)
        *loss += e.loss[i];
    *loss /= d->n;
    rc = score_outputs(&e, job, name, step, *loss, out);
    if (rc == 0 && predictions)
        rc = report_predictions(&e, &job->sink, name);
out:
    for (int i = 0; i < spaces->n; i++)
        microbatch_free(&e.mb[i]);
    free(e.mb);
    eval_chunks_free(&e.chunks);
    free(e.loss);
    free(e.guess);
    free(e.value);
    return rc;
}

int eval_run(const struct run_job *job, enum split s, long step, bool predictions, double *loss,
             double out[TASK_MAX_METRICS])
{
    struct workspaces spaces;

    workspaces_init(&spaces, job->model, pool_threads(job->pool));
    int rc = eval_split(&spaces, NULL, job, s, split_names[s], step, predictions, loss, out);
    workspaces_free(&spaces);
    return rc;
}

bool eval_beats(double a, double than, enum metric_goal goal)
{
    if (isnan(a) || isnan(than))
        return isnan(than) && !isnan(a);
    return goal == GOAL_MAX ? a > than : a < than;
}
