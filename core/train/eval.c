/* eval.c - evaluation of a split: micro-batches of like lengths, shared out to threads, scored in
 * file order. */
#include "core/train/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void workspaces_init(struct workspaces *spaces, const struct model *m, int threads)
{
    *spaces = (struct workspaces){ .model = m, .n = threads };
    spaces->ws = xalloc((size_t)threads, sizeof *spaces->ws);
    spaces->ready = xalloc((size_t)threads, sizeof *spaces->ready);
}

void workspaces_free(struct workspaces *spaces)
{
    for (int i = 0; i < spaces->n; i++) {
        if (!spaces->ready[i])
            continue;
        spaces->ws[i].grad = NULL; /* it was lent */
        workspace_free(&spaces->ws[i]);
    }
    free(spaces->ws);
    free(spaces->ready);
    *spaces = (struct workspaces){ 0 };
}

struct workspace *workspaces_get(struct workspaces *spaces, int thread, real *grad)
{
    static _Thread_local bool thread_ready;
    struct workspace *ws = &spaces->ws[thread];

    if (!thread_ready)
        math_thread_init();
    thread_ready = true;
    if (!spaces->ready[thread]) {
        if (workspace_init(ws, spaces->model, false) != 0)
            return NULL;
        spaces->ready[thread] = true;
    }
    ws->grad = grad;
    return ws;
}

int sink_point(const struct sink *s, long step, const char *split, const char *name, double value)
{
    return s->point ? s->point(s->self, step, split, name, value) : 0;
}

struct evaluation {
    struct workspaces *spaces;
    const struct model *model;
    const struct frozen_cache_split *kept;
    const struct dataset *d;
    struct microbatch *mb; /* [threads] */
    struct chunks chunks;
    double *loss; /* of each chunk */
    int *guess;   /* [n] in file order, or */
    double *value;
    volatile int failed;
};

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void chunks_cut(struct chunks *e, const struct dataset *d)
{
    size_t n = (size_t)d->n, load = 0;
    uint64_t *key = xalloc(n, sizeof *key);

    *e = (struct chunks){ .order = xalloc(n, sizeof *e->order) };
    e->from = xalloc(n + 1, sizeof *e->from);
    for (size_t i = 0; i < n; i++)
        key[i] = (UINT64_C(0xFFFFFFFF) - (d->off[i + 1] - d->off[i])) << 32 | i;
    qsort(key, n, sizeof *key, by_key);
    for (size_t k = 0; k < n; k++) {
        int i = e->order[k] = (int)(key[k] & 0xFFFFFFFF);
        size_t len = d->off[i + 1] - d->off[i];
        if (k == 0 || load + len > TOKENS_PER_MICROBATCH) {
            e->from[e->n++] = (int)k;
            load = 0;
        }
        load += len;
    }
    e->from[e->n] = d->n;
    free(key);
}

void chunks_free(struct chunks *e)
{
    free(e->order);
    free(e->from);
    *e = (struct chunks){ 0 };
}

/* The first of the largest; what is not a number is not large. */
static int largest(const real *z, int n)
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
    const struct chunks *k = &e->chunks;
    int from = k->from[piece];
    struct mat dl;

    if (!ws) {
        e->failed = 1;
        return;
    }
    ws->train = false;
    batch_fill(mb, e->d, k->order + from, k->from[piece + 1] - from, 0);
    if (frozen_cache_fwd(e->kept, e->model, ws, mb) != 0) {
        e->failed = 1;
        return;
    }
    e->loss[piece] = model_loss(e->model, ws, &mb->b, 1, &dl);
    for (int s = 0; s < mb->b.n_seq; s++) {
        const real *z = mat_row(ws->logits, s);
        if (e->value)
            e->value[mb->example[s]] = (double)z[0];
        else
            e->guess[mb->example[s]] = largest(z, ws->logits.cols);
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

static int score(const struct evaluation *e, const struct run_job *job, const char *name, long step,
                 double loss, double *out)
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

int evaluate(struct workspaces *spaces, const struct frozen_cache *k, const struct run_job *job,
             enum split s, const char *name, long step, bool predictions, double *loss,
             double out[TASK_MAX_METRICS])
{
    const struct dataset *d = job->data.split[s];
    struct evaluation e = {
        .spaces = spaces, .model = job->model, .d = d, .kept = k ? &k->split[s] : NULL
    };
    int rc = -1;

    CHECK(d && d->n > 0, "split %s", split_names[s]);
    chunks_cut(&e.chunks, d);
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
    rc = score(&e, job, name, step, *loss, out);
    if (rc == 0 && predictions)
        rc = report_predictions(&e, &job->sink, name);
out:
    for (int i = 0; i < spaces->n; i++)
        microbatch_free(&e.mb[i]);
    free(e.mb);
    chunks_free(&e.chunks);
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
    int rc = evaluate(&spaces, NULL, job, s, split_names[s], step, predictions, loss, out);
    workspaces_free(&spaces);
    return rc;
}
