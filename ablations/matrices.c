/* matrices.c - which matrices should be adapted? A score for each before any is trained: how
 * strongly the loss pulls at it at the pretrained point. Hu et al. 2021, section 8, question 3.
 *
 *     score(W) = || mean over batches of dL/dW ||_F / sqrt(numbers of W)
 *
 * L: mean loss of a batch of training examples, after some steps in which the classifier alone
 * was trained (a random one pulls at random). The norm of the mean, not the mean of norms: a
 * single batch's gradient is mostly noise, which does not pull the same way in the next. */
#include "ablations/analysis.h"
#include "ablations/common/study_runs.h"
#include "core/base/pool.h"
#include "experiments/recipe/inputs.h"
#include "experiments/run/run_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct matrices_cfg {
    char *study;
    long batches, head_steps, seed;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct matrices_cfg, study), "choice", 0, 0, NULL,
      "a study file: its base says model, task, batch" },
    { "batches", 0, OPT_INT, offsetof(struct matrices_cfg, batches), "16", 1, 100000, NULL,
      "batches of training examples" },
    { "head_steps", 0, OPT_INT, offsetof(struct matrices_cfg, head_steps), "60", 0, 1e6, NULL,
      "steps that train the classifier first" },
    { "seed", 0, OPT_INT, offsetof(struct matrices_cfg, seed), "1", 0, 1e9, NULL,
      "of the classifier's initial values and the order of examples" },
    { .type = OPT_END },
};

static void set_number(struct settings *v, const char *key, long x)
{
    char text[24];

    snprintf(text, sizeof text, "%ld", x);
    settings_set(v, key, text, "lowrank ablate matrices");
}

/* The study's base with another method. */
static int build(struct recipe *r, struct model *m, struct run_data *d,
                 const struct matrices_cfg *c, const char *method)
{
    struct settings v = { 0 };
    char *path = find_recipe(c->study);
    int rc = path ? recipe_file(&v, path) : -1;

    if (rc == 0) {
        settings_set(&v, "method", method, "lowrank ablate matrices");
        set_number(&v, "steps", c->head_steps > 0 ? c->head_steps : 1);
        set_number(&v, "seed", c->seed);
        rc = recipe_resolve(r, &v);
    }
    if (rc == 0 && (rc = run_model_build(m, d, r)) != 0)
        recipe_free(r);
    settings_free(&v);
    free(path);
    return rc;
}

/* Train the classifier alone; its numbers to *HEAD, the caller's. */
static int train_head(real **head, const struct matrices_cfg *c)
{
    struct recipe r = { 0 };
    struct model m = { 0 };
    struct run_data d = { 0 };
    struct run_result res = { 0 };

    if (build(&r, &m, &d, c, "head") != 0)
        return -1;
    struct pool *pool = pool_new(1);
    struct run_job job = { .model = &m,
                           .cfg = &r.train,
                           .data = d,
                           .seed = (uint64_t)c->seed,
                           .order_seed = recipe_order_seed(&r),
                           .pool = pool };
    int rc = !pool ? -1 : c->head_steps > 0 ? train_run(&job, &res) : 0;
    if (rc == 0 && res.end != RUN_DONE)
        rc = res.end == RUN_STOPPED
                 ? fail(FAIL_STOPPED, "stopped")
                 : fail(FAIL_RUN, "the classifier of '%s' diverged at step %ld: %s", c->study,
                        res.diverged_step, res.why);
    if (rc == 0) {
        *head = xalloc(m.n_train, sizeof **head);
        memcpy(*head, m.theta, m.n_train * sizeof **head);
    }
    pool_free(pool);
    model_free(&m);
    recipe_free(&r);
    return rc;
}

/* The classifier of a model that trains more: its tensors in the order of params, as in HEAD. */
static void take_head(struct model *m, const real *head)
{
    static const char *const names[] = { "classifier.weight", "classifier.bias" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct param *p = model_param(m, names[i]);
        size_t n = (size_t)p->rows * (size_t)p->cols;
        memcpy(m->theta + p->off, head, n * sizeof *head);
        head += n;
    }
}

/* The sum of squares of GRAD [n_train] in matrix K of all, by layer and kind. */
static double squares_of(const struct model *m, const real *grad, int k)
{
    const struct param *w = model_role(m, k / N_PROJ, ROLE_W + k % N_PROJ);
    double sum = 0;

    for (size_t i = 0; i < (size_t)w->rows * (size_t)w->cols; i++)
        sum += (double)grad[(size_t)w->off + i] * (double)grad[(size_t)w->off + i];
    return sum;
}

/* Gradients of the batches so far. */
struct pulls {
    real *sum;       /* [n_train] of dL/dW */
    double *squares; /* [n_layers * N_PROJ] of || dL/dW ||_F^2 */
};

static int one_batch(struct pulls *g, const struct model *m, struct workspace *ws,
                     const struct microbatch *mb)
{
    struct mat dout;

    memset(ws->grad, 0, m->n_train * sizeof *ws->grad);
    if (model_fwd(m, ws, &mb->b) != 0)
        return -1;
    double loss = model_loss(m, ws, &mb->b, 1.0 / batch_targets(m, &mb->b), &dout);
    if (!isfinite(loss))
        return fail(FAIL_RUN, "the loss of a batch is not finite");
    model_bwd(m, ws, &mb->b, dout);
    for (size_t i = 0; i < m->n_train; i++)
        g->sum[i] += ws->grad[i];
    for (int k = 0; k < m->base->dims.n_layers * N_PROJ; k++)
        g->squares[k] += squares_of(m, ws->grad, k);
    return stop_check();
}

static int all_batches(struct pulls *g, const struct model *m, const struct dataset *set,
                       const struct matrices_cfg *c, int batch)
{
    struct workspace ws = { 0 };
    struct microbatch mb = { 0 };
    int *idx = xalloc((size_t)batch, sizeof *idx), at = 0, rc = workspace_init(&ws, m, true);

    for (long b = 0; b < c->batches && rc == 0; b++) {
        for (int i = 0; i < batch; i++, at++)
            idx[i] = at % set->n;
        batch_fill(&mb, set, idx, batch, 0);
        progress("gradient of batch %ld of %ld", b + 1, c->batches);
        rc = one_batch(g, m, &ws, &mb);
    }
    workspace_free(&ws);
    microbatch_free(&mb);
    free(idx);
    return rc;
}

/* Results stand under the study's name, also when it was given as a file; the caller frees it. */
static char *study_of(const struct matrices_cfg *c)
{
    const char *slash = strrchr(c->study, '/');
    char *stem = xstrdup(slash ? slash + 1 : c->study), *end = strstr(stem, ".yaml");

    if (end)
        *end = 0;
    return stem;
}

static int keep(struct store *s, const struct matrices_cfg *c, const struct model *m,
                const struct pulls *g)
{
    int all = m->base->dims.n_layers * N_PROJ;
    double batches = (double)c->batches;
    struct numbers t = { 0 };
    char *study = study_of(c), *settings = study_settings(opts, "batches", c);
    const struct analysis_set set = { study, "matrices", settings };

    for (int k = 0; k < all; k++) {
        const struct param *w = model_role(m, k / N_PROJ, ROLE_W + k % N_PROJ);
        double numbers = (double)w->rows * w->cols, mean = g->squares[k] / batches;
        struct analysis_row x = { .layer = k / N_PROJ, .proj = proj_names[k % N_PROJ] };
        x.name = "norm_mean", x.value = sqrt(squares_of(m, g->sum, k)) / batches;
        numbers_put(&t, x);
        x.name = "norm", x.value = sqrt(mean);
        numbers_put(&t, x);
        x.name = "rms", x.value = sqrt(mean / numbers);
        numbers_put(&t, x);
        x.name = "numbers", x.value = numbers;
        numbers_put(&t, x);
    }
    int rc = study_store(s, &set, &t, "choice");
    free(t.row);
    free(settings);
    free(study);
    return rc;
}

static int run(struct store *s, const void *cfg)
{
    const struct matrices_cfg *c = cfg;
    struct recipe r = { 0 };
    struct model m = { 0 };
    struct run_data d = { 0 };
    real *head = NULL;

    math_thread_init();
    if (train_head(&head, c) != 0)
        return -1;
    int rc = build(&r, &m, &d, c, "ft");
    if (rc == 0) {
        struct pulls g = { xalloc(m.n_train, sizeof *g.sum),
                           xalloc((size_t)m.base->dims.n_layers * N_PROJ, sizeof *g.squares) };
        take_head(&m, head);
        rc = all_batches(&g, &m, d.split[SPLIT_TRAIN], c, (int)r.train.batch);
        if (rc == 0)
            rc = keep(s, c, &m, &g);
        free(g.sum);
        free(g.squares);
        model_free(&m);
        recipe_free(&r);
    }
    free(head);
    return rc;
}

const struct analysis analysis_matrices = {
    .name = "matrices",
    .source = "Hu et al. 2021, section 8, question 3",
    .about = "which matrices does the loss pull at most, before any is trained?",
    .opts = opts,
    .cfg_size = sizeof(struct matrices_cfg),
    .alone = true,
    .run = run,
};
