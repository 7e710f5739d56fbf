/* calibrate.c - seconds of runs before they run: a few timed micro-batches of each geometry. */
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/footprint.h"
#include "experiments/estimate/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 128, LANES = 64, EXAMPLES = 48 };
static const double most_s = 0.25;   /* of one measurement, */
static const double least_s = 0.05;  /* and of one of many, which share */
static const double all_s = 8;       /* so long */
static const double update_s = 4e-9; /* norm and AdamW, a number and step: bound by memory */

/* Runs whose speed differs only by the number of trained numbers. What a token costs is of its model and
 * method: a task is only where the examples come from, and texts of one bound are about as long. */
struct speed {
    const struct recipe *few, *many; /* those that train the fewest and the most */
    char *id;
    double few_s, many_s; /* a token of training */
    double eval_s;        /* a token of evaluation */
};

static char *group_id(const struct recipe *r)
{
    return xprintf("%s|%s|%ld|%d|%d", r->run.model, r->method->name, r->train.max_len,
                   r->train.pooling, train_recompute(&r->train));
}

/* --- seconds a token */

struct bench {
    struct model model;
    struct workspace ws;
    struct microbatch mb[LANES];
    int n;
};

static int bench_init(struct bench *b, const struct recipe *r, const struct run_data *d)
{
    const struct dataset *set = d->split[SPLIT_TRAIN];
    int idx[EXAMPLES], n = set->n < EXAMPLES ? set->n : EXAMPLES;
    struct loaded_model *in = loaded_model(r->session, r->model);
    struct head h = recipe_head(r, d->task);

    *b = (struct bench){ 0 };
    if (!in || model_init(&b->model, &in->base, &h, r->method, r->method_cfg, 1, false) != 0)
        return -1;
    if (workspace_init(&b->ws, &b->model, true) != 0) {
        model_free(&b->model);
        return -1;
    }
    for (int i = 0; i < n; i++)
        idx[i] = (int)((long)i * set->n / n);
    b->n = microbatch_split(b->mb, LANES, TOKENS, microbatch_pair_cost(&in->base.dims), set, idx, n, 0);
    b->ws.batch_slots = n;
    return 0;
}

static void bench_free(struct bench *b)
{
    for (int i = 0; i < LANES; i++)
        microbatch_free(&b->mb[i]);
    workspace_free(&b->ws);
    model_free(&b->model);
}

static int pass(struct bench *b, int i, bool train)
{
    struct mat dlogits;

    if (stop_check() != 0)
        return -1;
    b->ws.train = train;
    if (model_fwd(&b->model, &b->ws, &b->mb[i].b) != 0)
        return -1;
    if (train) {
        model_loss(&b->model, &b->ws, &b->mb[i].b, 1, &dlogits);
        model_bwd(&b->model, &b->ws, &b->mb[i].b, dlogits);
    }
    return 0;
}

/* Seconds a token of the best pass, after one that warms everything up: what else runs on this
 * machine now need not run later. -1 after fail. */
static double measure(struct bench *b, bool train, double time_s)
{
    double best = INFINITY, start;

    for (int i = 0; i < b->n && i < 2; i++)
        if (pass(b, i, train) != 0)
            return -1;
    start = now_mono();
    for (int i = 0; now_mono() - start < time_s || isinf(best); i = (i + 1) % b->n) {
        double t0 = now_mono();
        if (pass(b, i, train) != 0)
            return -1;
        double took = (now_mono() - t0) / (double)b->mb[i].b.n_tok;
        best = took < best ? took : best;
    }
    return best;
}

static int measure_recipe(double *train_s, double *eval_s, const struct recipe *r, double time_s)
{
    struct run_data d;
    struct bench b;

    if (data_all(&d, r) != 0 || bench_init(&b, r, &d) != 0)
        return -1;
    *train_s = measure(&b, true, time_s);
    if (eval_s && *train_s >= 0)
        *eval_s = measure(&b, false, time_s);
    bench_free(&b);
    return *train_s < 0 || (eval_s && *eval_s < 0) ? -1 : 0;
}

/* --- groups */

static struct speed *find_group(struct speed *g, int n, const char *id)
{
    for (int i = 0; i < n; i++)
        if (strcmp(g[i].id, id) == 0)
            return &g[i];
    return NULL;
}

static size_t trained(const struct recipe *r)
{
    return r->footprint->n_train;
}

static struct speed *make_groups(const struct study *s, const bool *pending, int *n)
{
    struct speed *g = NULL;

    *n = 0;
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        if (pending && !pending[i])
            continue;
        char *id = group_id(r);
        struct speed *at = find_group(g, *n, id);
        if (!at) {
            g = xgrow(g, (size_t)*n + 1, sizeof *g);
            g[(*n)++] = (struct speed){ r, r, id, 0, 0, 0 };
            continue;
        }
        free(id);
        if (trained(r) < trained(at->few))
            at->few = r;
        if (trained(r) > trained(at->many))
            at->many = r;
    }
    return g;
}

static bool differ(const struct speed *g)
{
    return trained(g->many) > trained(g->few);
}

static double measurement_s(const struct speed *g, int n)
{
    int all = 0;

    for (int i = 0; i < n; i++)
        all += differ(&g[i]) ? 3 : 2;
    return fmin(most_s, fmax(least_s, all_s / fmax(all, 1)));
}

static int measure_group(struct speed *g, double time_s)
{
    if (measure_recipe(&g->few_s, &g->eval_s, g->few, time_s) != 0)
        return -1;
    g->many_s = g->few_s;
    if (differ(g) && measure_recipe(&g->many_s, NULL, g->many, time_s) != 0)
        return -1;
    if (g->many_s < g->few_s) /* noise: more numbers never take less */
        g->many_s = g->few_s;
    return 0;
}

static double token_s(const struct speed *g, const struct recipe *r)
{
    double few = (double)trained(g->few), many = (double)trained(g->many), n = (double)trained(r);

    return many > few ? g->few_s + (g->many_s - g->few_s) * (n - few) / (many - few) : g->few_s;
}

/* The share of a forward pass that later epochs read instead (core/train/frozen_cache.c): layers below the
 * lowest trained one, where no dropout acts. */
static double kept_share(const struct recipe *r)
{
    const struct model_facts *m = r->model;
    bool fixed = r->train.hidden_dropout <= 0 && r->train.attn_dropout <= 0;

    return fixed ? (double)r->footprint->frozen / m->dims.n_layers : 0;
}

static int cost(struct plan_run *p, const struct speed *g)
{
    const struct recipe *r = &p->recipe;
    const struct train_cfg *c = &r->train;
    struct run_data d;

    if (data_all(&d, r) != 0)
        return -1;
    const struct dataset *train = d.split[SPLIT_TRAIN], *dev = d.split[SPLIT_DEV],
                         *test = d.split[SPLIT_TEST];
    struct train_cfg once = *c;
    once.steps = 0;
    once.epochs = 1;
    double steps = (double)train_steps(c, train, recipe_order_seed(r)),
           per_epoch = (double)train_steps(&once, train, recipe_order_seed(r));
    double tokens = steps / per_epoch * (double)train->n_tokens;
    double evals =
        1 + (double)(long)((steps - 1) / (c->eval_every > 0 ? (double)c->eval_every : per_epoch));
    double dev_s = (double)dev->n_tokens * g->eval_s,
           test_s = test ? (double)test->n_tokens * g->eval_s : 0;
    double kept = kept_share(r), again = fmax(0, tokens - (double)train->n_tokens);
    double pass_s = fmin(g->eval_s, token_s(g, r)); /* noise: forward alone never takes more */

    p->cost_s = tokens * token_s(g, r) - kept * again * pass_s +
                steps * (double)trained(r) * update_s + (evals - kept * (evals - 1)) * dev_s +
                (2 - kept) * test_s;
    p->eval_s = dev_s > test_s ? dev_s : test_s;
    return 0;
}

int study_calibrate(struct study *s, const bool *pending)
{
    int n, rc = 0;
    struct speed *g = make_groups(s, pending, &n);

    math_thread_init();
    double time_s = measurement_s(g, n);
    for (int i = 0; i < n && rc == 0; i++) {
        progress("timing a few steps: %d of %d", i + 1, n);
        rc = measure_group(&g[i], time_s);
    }
    progress_end();
    for (int i = 0; i < s->n_runs && rc == 0; i++) {
        if (pending && !pending[i])
            continue;
        char *id = group_id(&s->runs[i].recipe);
        rc = cost(&s->runs[i], find_group(g, n, id));
        free(id);
    }
    for (int i = 0; i < n; i++)
        free(g[i].id);
    free(g);
    return rc;
}
