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
    double *loss;       /* [chunks.n] sum over the chunk */
    int *guess;         /* classification: [n] in file order */
    double *value;      /* regression: [n] in file order */
    double *nll;        /* generation: [n] sum over the target's tokens */
    int *tokens, *hits; /* generation: [n] of the target; how many are the most probable ones */
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

/* The targets of a micro-batch whose forward pass is done; returns the sum of their losses. */
static double score_targets(struct evaluation *e, struct workspace *ws, const struct microbatch *mb)
{
    const struct batch *b = &mb->b;
    double *nll = xalloc((size_t)b->n_tok, sizeof *nll), sum = 0;
    bool *hit = xalloc((size_t)b->n_tok, sizeof *hit);

    model_score(e->model, ws, b, nll, hit);
    for (int s = 0; s < b->n_seq; s++) {
        int i = mb->example[s];
        for (int t = b->off[s]; t < b->off[s + 1]; t++) {
            e->nll[i] += nll[t];
            e->hits[i] += hit[t];
        }
        e->tokens[i] = dataset_targets(e->d, i);
        sum += e->nll[i];
    }
    free(hit);
    free(nll);
    return sum;
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
    if (e->nll) {
        e->loss[piece] = score_targets(e, ws, mb);
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

/* What is stored of an example. */
static void outcome_of(const struct evaluation *e, int i, double *label, double *output)
{
    *label = e->value ? e->d->target[i] : e->guess ? e->d->label[i] : e->tokens[i];
    *output = e->value ? e->value[i] : e->guess ? e->guess[i] : e->nll[i];
}

static int report_predictions(const struct evaluation *e, const struct sink *s, const char *name)
{
    for (int i = 0; s->prediction && i < e->d->n; i++) {
        double label, output;
        outcome_of(e, i, &label, &output);
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
                         .value = e->value,
                         .tokens = e->tokens,
                         .hits = e->hits,
                         .nll = e->nll };

    if (sink_point(&job->sink, step, name, "loss", loss) != 0)
        return -1;
    for (int i = 0; i < t->n_metrics; i++) {
        out[i] = metric_find(t->metrics[i])->score(&o);
        if (sink_point(&job->sink, step, name, t->metrics[i], out[i]) != 0)
            return -1;
    }
    return 0;
}

static void evaluation_init(struct evaluation *e, const struct dataset *d, bool regression)
{
    size_t n = (size_t)d->n;

    e->d = d;
    eval_chunks_init(&e->chunks, d);
    e->mb = xalloc((size_t)e->spaces->n, sizeof *e->mb);
    e->loss = xalloc((size_t)e->chunks.n, sizeof *e->loss);
    if (d->generates) {
        e->nll = xalloc(n, sizeof *e->nll);
        e->tokens = xalloc(n, sizeof *e->tokens);
        e->hits = xalloc(n, sizeof *e->hits);
    } else if (regression) {
        e->value = xalloc(n, sizeof *e->value);
    } else {
        e->guess = xalloc(n, sizeof *e->guess);
    }
}

static void evaluation_free(struct evaluation *e)
{
    for (int i = 0; i < e->spaces->n; i++)
        microbatch_free(&e->mb[i]);
    free(e->mb);
    eval_chunks_free(&e->chunks);
    free(e->loss);
    free(e->guess);
    free(e->value);
    free(e->nll);
    free(e->tokens);
    free(e->hits);
}

/* Which of its answers does the model find most probable after each prompt? */
static int guess_answers(struct evaluation *e, struct pool *pool)
{
    struct evaluation all = { .spaces = e->spaces, .model = e->model };
    int k_n = e->d->n_answers;
    struct dataset answered;

    dataset_answered(&answered, e->d);
    evaluation_init(&all, &answered, false);
    pool_run(pool, all.chunks.n, eval_chunk, &all);
    e->guess = xalloc((size_t)e->d->n, sizeof *e->guess);
    for (int i = 0; i < e->d->n && !all.failed; i++) {
        const double *nll = all.nll + (size_t)i * (size_t)k_n;
        for (int k = 1; k < k_n; k++)
            if (nll[k] < nll[e->guess[i]] || (isnan(nll[e->guess[i]]) && !isnan(nll[k])))
                e->guess[i] = k;
    }
    int rc = all.failed ? -1 : 0;
    evaluation_free(&all);
    dataset_free(&answered);
    return rc;
}

int eval_split(struct workspaces *spaces, const struct frozen_cache *cache,
               const struct run_job *job, enum split s, const char *name, long step,
               bool predictions, double *loss, double out[TASK_MAX_METRICS])
{
    const struct dataset *d = job->data.split[s];
    struct evaluation e = { .spaces = spaces,
                            .model = job->model,
                            .frozen = cache ? &cache->split[s] : NULL };
    int rc = -1;

    CHECK(d && d->n > 0, "split %s", split_names[s]);
    evaluation_init(&e, d, job->data.task->regression);
    pool_run(job->pool, e.chunks.n, eval_chunk, &e);
    if (e.failed || (d->n_answers > 0 && guess_answers(&e, job->pool) != 0))
        goto out;
    *loss = 0;
    for (int i = 0; i < e.chunks.n; i++)
        *loss += e.loss[i];
    *loss /= (double)dataset_terms(d, e.chunks.order, d->n);
    rc = score_outputs(&e, job, name, step, *loss, out);
    if (rc == 0 && predictions)
        rc = report_predictions(&e, &job->sink, name);
out:
    evaluation_free(&e);
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
