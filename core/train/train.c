/* train.c - the training loop: batch, micro-batches, step, report, evaluation, training
 * checkpoint. */
#include "core/train/train.h"
#include "core/os/prof.h"
#include "core/nn/method.h"
#include "core/train/choice.h"
#include "core/train/microbatches.h"
#include "core/train/step.h"

#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_EVERY = 10, MOST_REPORTS = 200, CKPT_EVERY_S = 60 };

struct trainer {
    const struct run_job *job;
    struct model *m;
    const struct dataset *d;
    long total, report_every;
    struct order order;
    int batch_slots;       /* examples per step, at most */
    struct microbatch *mb; /* [MAX_MICROBATCHES] of the current batch */
    int n_mb;
    struct workspaces spaces;
    struct frozen_cache frozen;
    struct optim_step step;
    double *loss;  /* [step.n_grads] sum of the losses whose gradients are in each vector */
    double weight; /* 1 / terms of the step's loss (dataset_terms) */
    atomic_int failed;
    real *best; /* theta of the best evaluation; NULL: not needed */
    struct choice choice;
    bool own_best;
    struct ckpt st;
    double last_ckpt;
    const char *why; /* what diverged, or NULL */
    double lr, norm; /* of the last step */
};

/* The word embeddings, of which a micro-batch changes only the rows of its ids. N = 0: they do not
 * train, or the model is a decoder, where they may be the output layer, too, which changes every
 * row. */
static struct sparse_rows word_rows(const struct model *m)
{
    for (int i = 0; i < m->n_params && !m->base->arch->causal; i++) {
        const struct param *p = &m->params[i];
        if (p->role == ROLE_WORD && p->trainable)
            return (struct sparse_rows){ (size_t)p->off, p->rows, p->cols };
    }
    return (struct sparse_rows){ 0 };
}

static int trainer_init(struct trainer *t, struct run_job *job)
{
    const struct train_cfg *c = job->cfg;
    const struct dataset *d = job->data.split[SPLIT_TRAIN];
    size_t n = job->model->n_train;
    int grads = step_vectors(n);

    *t = (struct trainer){ .job = job, .m = job->model, .d = d };
    CHECK(d && d->n > 0 && job->data.split[run_selects(&job->data)],
          "a run needs a train split and one that selects");
    order_init(&t->order, c, d, job->order_seed);
    long most = c->batch_tokens ? d->n : c->batch * c->accumulate;
    t->batch_slots = most < INT_MAX ? (int)most : INT_MAX;
    t->total = n > 0 ? train_steps(c, d, job->order_seed) : 0; /* otherwise it is only evaluated */
    t->report_every = (t->total + MOST_REPORTS - 1) / MOST_REPORTS;
    if (t->report_every < REPORT_EVERY)
        t->report_every = REPORT_EVERY;
    if (c->log_every > 0)
        t->report_every = c->log_every;
    t->last_ckpt = now_mono();
    workspaces_init(&t->spaces, t->m, pool_threads(job->pool));
    long first;
    order_step(&t->order, 0, &first);
    if (t->total > t->order.n_steps) /* more than one pass over the examples */
        frozen_cache_init(&t->frozen, t->m, &job->data, job->cache_bytes);
    t->mb = xalloc(MAX_MICROBATCHES, sizeof *t->mb);
    t->loss = xalloc((size_t)grads, sizeof *t->loss);
    t->best = job->best_theta;
    if (!t->best && (job->data.split[SPLIT_TEST] || choice_apart(job))) {
        t->own_best = true;
        t->best = malloc((n + 1) * sizeof *t->best);
        if (!t->best)
            return fail(FAIL_MEMORY, "no memory for a second copy of %zu trainable parameters", n);
    }
    if (t->best)
        memcpy(t->best, t->m->theta, n * sizeof *t->best);
    struct sparse_rows rows = word_rows(t->m);
    if (step_init(&t->step, job->pool, n, grads, &rows) != 0)
        return -1;
    step_rates(&t->step, t->m);
    t->choice = (struct choice){ .job = job,
                                 .spaces = &t->spaces,
                                 .cache = &t->frozen,
                                 .st = &t->st,
                                 .best = t->best,
                                 .spare = t->step.m };
    return 0;
}

static void trainer_free(struct trainer *t)
{
    workspaces_free(&t->spaces);
    step_free(&t->step);
    for (int i = 0; i < MAX_MICROBATCHES; i++)
        microbatch_free(&t->mb[i]);
    free(t->mb);
    order_free(&t->order);
    frozen_cache_free(&t->frozen);
    free(t->loss);
    if (t->own_best)
        free(t->best);
}

/* --- one step */

/* Gradient vector G is the sum over the micro-batches G, G + n_grads, ... in this order, whichever
 * thread computes it. */
static void vector_gradient(void *arg, int g, int thread)
{
    struct trainer *t = arg;
    struct workspace *ws = workspaces_get(&t->spaces, thread, t->step.grad[g]);

    if (!ws) {
        atomic_store(&t->failed, 1);
        return;
    }
    ws->train = true;
    ws->seed = t->job->seed;
    ws->step = (uint64_t)t->st.step;
    ws->batch_slots = t->batch_slots;
    prof_begin(WORK_OTHER);
    for (int i = g; i < t->n_mb && !atomic_load(&t->failed); i += t->step.n_grads) {
        const struct batch *b = &t->mb[i].b;
        struct mat dlogits;
        if (frozen_cache_fwd(&t->frozen.split[SPLIT_TRAIN], t->m, ws, &t->mb[i]) != 0) {
            atomic_store(&t->failed, 1);
            break;
        }
        prof_begin(WORK_LOSS);
        t->loss[g] += model_loss(t->m, ws, b, t->weight, &dlogits);
        prof_end();
        model_bwd(t->m, ws, b, dlogits);
        step_touch(&t->step, g, b->ids, b->n_tok);
    }
    prof_end();
}

/* The gradient of the mean loss over the terms of the step's loss, in *n_used gradient vectors. */
static int batch_gradients(struct trainer *t, const int *idx, long n, int *n_used)
{
    *n_used = 0;
    for (int i = 0; i < t->step.n_grads; i++)
        t->loss[i] = 0;
    t->weight = 1 / (double)dataset_terms(t->d, idx, n);
    for (long at = 0, some; at < n; at += some) {
        some = order_batch(t->job->cfg, t->d, idx + at, n - at);
        prof_begin(WORK_OTHER);
        t->n_mb = microbatches_cut(t->mb, t->m, t->d, idx + at, (int)some, (int)at);
        prof_end();
        for (int i = 0; i < t->n_mb; i++)
            t->st.tokens += t->mb[i].b.n_tok;
        int grads = t->n_mb < t->step.n_grads ? t->n_mb : t->step.n_grads;
        pool_run(t->job->pool, grads, vector_gradient, t);
        if (atomic_load(&t->failed))
            return -1;
        *n_used = grads > *n_used ? grads : *n_used;
    }
    return 0;
}

/* One step from t->st.step. If the loss or the norm is not finite, sets t->why and leaves theta as
 * it is. */
static int train_step(struct trainer *t)
{
    const struct train_cfg *c = t->job->cfg;
    double loss = 0, scale = 1;
    long n;
    int n_used;
    const int *idx = order_step(&t->order, t->st.step, &n);

    if (batch_gradients(t, idx, n, &n_used) != 0)
        return -1;
    for (int i = 0; i < t->step.n_grads; i++)
        loss += t->loss[i];
    t->norm = step_norm(&t->step, n_used);
    if (t->m->adapt->step_grad) {
        t->m->adapt->step_grad(t->m, t->step.grad[0], t->st.step + 1, t->total);
        t->norm = step_norm_again(&t->step);
    }
    t->lr = train_lr(c, t->st.step, t->total);
    t->st.loss_sum += loss;
    t->st.loss_n += dataset_terms(t->d, idx, n);
    t->st.examples += n;
    t->st.step++;
    t->why = !isfinite(loss) ? "loss" : !isfinite(t->norm) ? "gradient norm" : NULL;
    if (t->why)
        return 0;
    if (c->clip > 0 && c->clip / (t->norm + 1e-6) < 1) /* as torch.nn.utils.clip_grad_norm_ */
        scale = c->clip / (t->norm + 1e-6);
    struct adamw opt = { t->lr, c->beta1, c->beta2, c->eps, c->weight_decay, t->st.step };
    step_apply(&t->step, t->m->theta, scale, &opt);
    if (t->m->adapt->step_done)
        t->m->adapt->step_done(t->m, t->st.step, t->total);
    return 0;
}

static int report_step(struct trainer *t)
{
    const struct sink *s = &t->job->sink;
    long step = t->st.step;
    double mean = t->st.loss_sum / (double)t->st.loss_n;

    if (step % t->report_every != 0 && step != t->total && !t->why)
        return 0;
    t->st.loss_sum = 0;
    t->st.loss_n = 0;
    if (sink_point(s, step, "train", "loss", mean) != 0 ||
        sink_point(s, step, "train", "lr", t->lr) != 0)
        return -1;
    return sink_point(s, step, "train", "grad_norm", t->norm);
}

/* --- evaluations */

static int evaluate(struct trainer *t)
{
    double t0 = now_mono();
    int rc = choice_evaluate(&t->choice);

    t->st.eval_s += now_mono() - t0;
    t->why = t->choice.why;
    return rc;
}

/* After the last step. */
static int finish(struct trainer *t)
{
    double t0 = now_mono();
    int rc = choice_finish(&t->choice);

    t->st.eval_s += now_mono() - t0;
    t->why = t->choice.why;
    return rc;
}

/* Is there an evaluation after this step? t->order is in its epoch. */
static bool eval_is_due(const struct trainer *t)
{
    long every = t->job->cfg->eval_every, step = t->st.step;

    if (step >= t->total)
        return false;
    return every > 0 ? step % every == 0 : step == t->order.first + t->order.n_steps;
}

/* --- training checkpoints and the loop */

enum { MOST_VECTORS = 8 };

static int ckpt_vectors(const struct trainer *t, real *vec[MOST_VECTORS])
{
    int n = 3;

    vec[0] = t->m->theta;
    vec[1] = t->step.m;
    vec[2] = t->step.v;
    if (t->best)
        vec[n++] = t->best;
    for (int i = 0; i < t->m->adapt->n_vectors; i++) {
        CHECK(n < MOST_VECTORS, "%d vectors", n);
        vec[n++] = t->m->opt_state + (size_t)i * t->m->n_train;
    }
    return n;
}

static int trainer_save(struct trainer *t)
{
    real *vec[MOST_VECTORS];
    int n = ckpt_vectors(t, vec);

    const struct sink *s = &t->job->sink;

    t->last_ckpt = now_mono();
    if (!t->job->ckpt_path)
        return 0;
    if (s->settle && s->settle(s->self) != 0)
        return -1;
    return ckpt_save(t->job->ckpt_path, t->job->run_key, &t->st, (const real *const *)vec, n,
                     t->m->n_train);
}

static int trainer_resume(struct trainer *t)
{
    real *vec[MOST_VECTORS];
    int n = ckpt_vectors(t, vec);

    if (!t->job->ckpt_path)
        return 0;
    int rc = ckpt_load(t->job->ckpt_path, t->job->run_key, &t->st, vec, n, t->m->n_train);
    if (rc != 1)
        return rc;
    step_resumed(&t->step);
    detail("resumed from '%s' at step %ld of %ld", t->job->ckpt_path, t->st.step, t->total);
    return 0;
}

/* Between two steps. 1: stop here; 0: go on; -1: failed. */
static int pause_training(struct trainer *t)
{
    const struct sink *s = &t->job->sink;
    double every = t->job->ckpt_every_s > 0 ? t->job->ckpt_every_s : CKPT_EVERY_S;
    int tick = s->tick ? s->tick(s->self, t->st.step, t->total, t->st.tokens) : TICK_GO_ON;
    bool stop = tick != TICK_GO_ON || stop_requested();

    if (tick == TICK_ABANDON)
        return 1;
    if ((stop || now_mono() - t->last_ckpt >= every) && trainer_save(t) != 0)
        return -1;
    return stop;
}

static int train_loop(struct trainer *t, enum run_end *end)
{
    *end = RUN_DONE;
    while (t->st.step < t->total) {
        double t0 = now_mono();
        if (train_step(t) != 0)
            return -1;
        t->st.train_s += now_mono() - t0;
        if (report_step(t) != 0 || (!t->why && eval_is_due(t) && evaluate(t) != 0))
            return -1;
        if (t->why || choice_stops(&t->choice))
            break;
        int rc = pause_training(t);
        if (rc < 0)
            return -1;
        if (rc > 0) {
            *end = RUN_STOPPED;
            return 0;
        }
    }
    if (!t->why && finish(t) != 0)
        return -1;
    if (t->why)
        *end = RUN_DIVERGED;
    return 0;
}

int train_run(struct run_job *job, struct run_result *r)
{
    struct trainer t;

    *r = (struct run_result){ 0 };
    if (train_cfg_check(job->cfg, job->data.task) != 0)
        return -1;
    int rc = trainer_init(&t, job);
    if (rc == 0)
        rc = trainer_resume(&t);
    if (rc == 0)
        rc = train_loop(&t, &r->end);
    r->steps = t.st.step;
    r->best_step = t.st.best_step;
    r->examples = t.st.examples;
    r->tokens = t.st.tokens;
    r->train_s = t.st.train_s;
    r->eval_s = t.st.eval_s;
    r->why = t.why;
    r->diverged_step = t.why ? t.st.step : 0;
    trainer_free(&t);
    return rc;
}
