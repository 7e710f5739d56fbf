/* calibrate.c - how long the runs of a study will take, from a few timed micro-batches. */
#include "experiments/estimate/calibrate.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/estimate/texts_cost.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/footprint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MICROBATCH_TOKENS = 128, MOST_MICROBATCHES = 64, MOST_EXAMPLES = 48 };
/* Seconds for all measurements together, and the least and the most for one of them. */
static const double total_s = 8, shortest_s = 0.05, longest_s = 0.25;
/* Gradient norm and AdamW, per parameter and optimizer step: limited by memory bandwidth. */
static const double optimizer_s = 4e-9;

/* Runs whose speed differs only through the number of trainable parameters. The time per token is a
 * property of model and method. The task does not matter: it only supplies the examples, and inputs
 * with the same bound on their length are about equally long. */
struct speed_group {
    const struct recipe *few, *many; /* the runs with the fewest and the most parameters */
    const struct recipe *texts;      /* a run that generates texts, or NULL */
    char *id;
    double few_s, many_s; /* training, per token */
    double eval_s;        /* evaluation, per token */
    double texts_s;       /* generation, per token of a beam */
};

static char *group_id(const struct recipe *r)
{
    return xprintf("%s|%s|%ld|%d|%d", r->run.model, r->method->name, r->train.max_len,
                   r->train.pooling, train_recompute(&r->train));
}

/* --- seconds per token */

/* A model and the micro-batches on which it is timed. */
struct timed_model {
    struct model model;
    struct workspace ws;
    struct microbatch mb[MOST_MICROBATCHES];
    int n;
};

static int timed_model_init(struct timed_model *t, const struct recipe *r, const struct run_data *d)
{
    const struct dataset *set = d->split[SPLIT_TRAIN];
    int idx[MOST_EXAMPLES], n = set->n < MOST_EXAMPLES ? set->n : MOST_EXAMPLES;
    struct loaded_model *in = loaded_model(r->session, r->model);
    struct head h = recipe_head(r, d->task);

    *t = (struct timed_model){ 0 };
    if (!in || model_init(&t->model, &in->base, &h, r->method, r->method_cfg, 1, false) != 0)
        return -1;
    if (workspace_init(&t->ws, &t->model, true) != 0) {
        model_free(&t->model);
        return -1;
    }
    for (int i = 0; i < n; i++)
        idx[i] = (int)((long)i * set->n / n);
    t->n = microbatch_split(t->mb, MOST_MICROBATCHES, MICROBATCH_TOKENS,
                            microbatch_pair_cost(&in->base.dims), set, idx, n, 0);
    t->ws.batch_slots = n;
    return 0;
}

static void timed_model_free(struct timed_model *t)
{
    for (int i = 0; i < MOST_MICROBATCHES; i++)
        microbatch_free(&t->mb[i]);
    workspace_free(&t->ws);
    model_free(&t->model);
}

static int timed_model_pass(struct timed_model *t, int i, bool train)
{
    struct mat dlogits;

    if (stop_check() != 0)
        return -1;
    t->ws.train = train;
    if (model_fwd(&t->model, &t->ws, &t->mb[i].b) != 0)
        return -1;
    if (train) {
        model_loss(&t->model, &t->ws, &t->mb[i].b, 1, &dlogits);
        model_bwd(&t->model, &t->ws, &t->mb[i].b, dlogits);
    }
    return 0;
}

/* Seconds per token of the fastest pass, after two passes that warm everything up. The fastest,
 * because other programs that run now need not run later. -1 after fail. */
static double fastest_pass(struct timed_model *t, bool train, double time_s)
{
    double best = INFINITY, start;

    for (int i = 0; i < t->n && i < 2; i++)
        if (timed_model_pass(t, i, train) != 0)
            return -1;
    start = now_mono();
    for (int i = 0; now_mono() - start < time_s || isinf(best); i = (i + 1) % t->n) {
        double t0 = now_mono();
        if (timed_model_pass(t, i, train) != 0)
            return -1;
        double took = (now_mono() - t0) / (double)t->mb[i].b.n_tok;
        best = took < best ? took : best;
    }
    return best;
}

/* EVAL_S may be NULL. */
static int measure_recipe(double *train_s, double *eval_s, const struct recipe *r, double time_s)
{
    struct run_data d;
    struct timed_model t;

    if (data_all(&d, r) != 0 || timed_model_init(&t, r, &d) != 0)
        return -1;
    *train_s = fastest_pass(&t, true, time_s);
    if (eval_s && *train_s >= 0)
        *eval_s = fastest_pass(&t, false, time_s);
    timed_model_free(&t);
    return *train_s < 0 || (eval_s && *eval_s < 0) ? -1 : 0;
}

/* --- groups of runs */

static struct speed_group *group_find(struct speed_group *g, int n, const char *id)
{
    for (int i = 0; i < n; i++)
        if (strcmp(g[i].id, id) == 0)
            return &g[i];
    return NULL;
}

static size_t n_trainable(const struct recipe *r)
{
    return r->footprint->n_train;
}

static struct speed_group *groups_of(const struct study *s, const bool *pending, int *n)
{
    struct speed_group *g = NULL;

    *n = 0;
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        if (pending && !pending[i])
            continue;
        const struct recipe *texts = r->run.generate_n != 0 ? r : NULL;
        char *id = group_id(r);
        struct speed_group *at = group_find(g, *n, id);
        if (!at) {
            g = xgrow(g, (size_t)*n + 1, sizeof *g);
            g[(*n)++] = (struct speed_group){ .few = r, .many = r, .texts = texts, .id = id };
            continue;
        }
        free(id);
        at->texts = at->texts ? at->texts : texts;
        if (n_trainable(r) < n_trainable(at->few))
            at->few = r;
        if (n_trainable(r) > n_trainable(at->many))
            at->many = r;
    }
    return g;
}

static bool group_has_two_sizes(const struct speed_group *g)
{
    return n_trainable(g->many) > n_trainable(g->few);
}

/* Seconds of one measurement: training and evaluation of the run with few parameters, training
 * alone of the one with many. */
static double measurement_seconds(const struct speed_group *g, int n)
{
    int measurements = 0;

    for (int i = 0; i < n; i++)
        measurements += group_has_two_sizes(&g[i]) ? 3 : 2;
    return fmin(longest_s, fmax(shortest_s, total_s / fmax(measurements, 1)));
}

static int measure_texts(double *token_s, const struct recipe *r)
{
    struct run_data d;
    struct timed_model t;

    if (data_all(&d, r) != 0 || timed_model_init(&t, r, &d) != 0)
        return -1;
    int rc = texts_cost_measure(token_s, &t.model, r, &d);
    timed_model_free(&t);
    return rc;
}

static int group_measure(struct speed_group *g, double time_s)
{
    if (measure_recipe(&g->few_s, &g->eval_s, g->few, time_s) != 0)
        return -1;
    g->many_s = g->few_s;
    if (group_has_two_sizes(g) && measure_recipe(&g->many_s, NULL, g->many, time_s) != 0)
        return -1;
    if (g->texts && measure_texts(&g->texts_s, g->texts) != 0)
        return -1;
    if (g->many_s < g->few_s) /* noise: more parameters never take less time */
        g->many_s = g->few_s;
    return 0;
}

/* Linear between the two measured sizes. */
static double token_seconds(const struct speed_group *g, const struct recipe *r)
{
    double few = (double)n_trainable(g->few), many = (double)n_trainable(g->many);

    if (many <= few)
        return g->few_s;
    return g->few_s + (g->many_s - g->few_s) * ((double)n_trainable(r) - few) / (many - few);
}

/* --- one run */

/* The share of a forward pass that later epochs read from the frozen-prefix cache: the layers below
 * the lowest trained one, unless dropout acts in them. */
static double cached_share(const struct recipe *r)
{
    bool fixed = r->train.hidden_dropout <= 0 && r->train.attn_dropout <= 0;

    return fixed ? (double)r->footprint->frozen / r->model->dims.n_layers : 0;
}

static void evaluation_seconds(double *each, double *once, const struct run_data *d,
                               const struct train_cfg *c, double token_s)
{
    const struct dataset *test = d->split[SPLIT_TEST], *reported = d->split[train_reports(c)];
    bool apart = train_apart(c);

    *each = (double)d->split[run_selects(d)]->n_tokens * token_s;
    if (apart && (c->report == REPORT_DEV || c->report_curve))
        *each += (double)reported->n_tokens * token_s;
    if (apart) /* with the chosen parameters only */
        *once = (double)reported->n_tokens * token_s / 2;
    else
        *once = test ? (double)test->n_tokens * token_s : 0;
}

static int estimate_run(struct plan_run *p, const struct speed_group *g)
{
    const struct recipe *r = &p->recipe;
    const struct train_cfg *c = &r->train;
    struct run_data d;

    if (data_all(&d, r) != 0)
        return -1;
    const struct dataset *train = d.split[SPLIT_TRAIN];
    struct train_cfg one_epoch = *c;
    one_epoch.steps = 0;
    one_epoch.epochs = 1;
    double steps = n_trainable(r) ? (double)train_steps(c, train, recipe_order_seed(r)) : 0,
           per_epoch = (double)train_steps(&one_epoch, train, recipe_order_seed(r));
    double tokens = steps / per_epoch * (double)train->n_tokens;
    double evals =
        1 + (double)(long)((steps - 1) / (c->eval_every > 0 ? (double)c->eval_every : per_epoch));
    double each_s, once_s; /* of an evaluation; of what is scored at the end */
    evaluation_seconds(&each_s, &once_s, &d, c, g->eval_s);
    double cached = cached_share(r), repeated = fmax(0, tokens - (double)train->n_tokens);
    double token_s = token_seconds(g, r);
    double forward_s = fmin(g->eval_s, token_s); /* noise: a part never takes more than the whole */

    p->texts_s = texts_cost_seconds(r, &d, forward_s, g->texts_s);
    p->cost_s = p->texts_s + tokens * token_s - cached * repeated * forward_s +
                steps * (double)n_trainable(r) * optimizer_s +
                (evals - cached * (evals - 1)) * each_s + (2 - cached) * once_s;
    p->eval_s = fmax(each_s, once_s);
    return 0;
}

int calibrate_study(struct study *s, const bool *pending)
{
    int n, rc = 0;
    struct speed_group *g = groups_of(s, pending, &n);

    math_thread_init();
    double time_s = measurement_seconds(g, n);
    for (int i = 0; i < n && rc == 0; i++) {
        progress("timing a few steps: %d of %d", i + 1, n);
        rc = group_measure(&g[i], time_s);
    }
    progress_end();
    for (int i = 0; i < s->n_runs && rc == 0; i++) {
        if (pending && !pending[i])
            continue;
        char *id = group_id(&s->runs[i].recipe);
        rc = estimate_run(&s->runs[i], group_find(g, n, id));
        free(id);
    }
    for (int i = 0; i < n; i++)
        free(g[i].id);
    free(g);
    return rc;
}
