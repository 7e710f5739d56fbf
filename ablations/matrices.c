/* matrices.c - which matrices should be adapted? A score for each matrix before any of them is
 * trained: how strongly the loss would change it at the pretrained point. Hu et al. 2021, section
 * 8, question 3.
 *
 *     score(W) = || mean over batches of dL/dW ||_F / sqrt(number of parameters in W)
 *
 * L is the mean loss of a batch of training examples. Before the gradients are measured, the
 * classifier alone is trained for some steps, because the gradients that a random one causes are
 * random as well. The score is the norm of the mean, not the mean of the norms: the gradient of a
 * single batch is mostly noise, which points elsewhere in the next batch. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/numbers.h"
#include "core/os/pool.h"
#include "experiments/assets/find.h"
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
      "study file whose 'base' gives model, task and batch size" },
    { "batches", 0, OPT_INT, offsetof(struct matrices_cfg, batches), "16", 1, 100000, NULL,
      "number of batches of training examples" },
    { "head_steps", 0, OPT_INT, offsetof(struct matrices_cfg, head_steps), "60", 0, 1e6, NULL,
      "steps for which the classifier is trained first" },
    { "seed", 0, OPT_INT, offsetof(struct matrices_cfg, seed), "1", 0, 1e9, NULL,
      "seed of the classifier's initial values and of the order of the examples" },
    { .type = OPT_END },
};

static void set_integer(struct settings *v, const char *key, long x)
{
    char text[24];

    snprintf(text, sizeof text, "%ld", x);
    settings_set(v, key, text, location_named("lowrank ablate matrices"));
}

/* Build the model and the data of the study's base, with METHOD. */
static int build_run(struct recipe *r, struct model *m, struct run_data *d, struct session *ses,
                     const struct matrices_cfg *c, const char *method)
{
    struct settings v = { 0 };
    char *path = find_recipe(c->study);
    int rc = path ? settings_file(&v, path) : -1;

    if (rc == 0) {
        settings_set(&v, "method", method, location_named("lowrank ablate matrices"));
        set_integer(&v, "steps", c->head_steps > 0 ? c->head_steps : 1);
        set_integer(&v, "seed", c->seed);
        rc = recipe_resolve(r, ses, &v);
    }
    if (rc == 0 && (rc = run_model_build(m, d, r)) != 0)
        recipe_free(r);
    settings_free(&v);
    free(path);
    return rc;
}

/* Train the classifier alone. *head receives its parameters; the caller frees it. */
static int train_head(real **head, struct session *ses, const struct matrices_cfg *c)
{
    struct recipe r = { 0 };
    struct model m = { 0 };
    struct run_data d = { 0 };
    struct run_result res = { 0 };

    if (build_run(&r, &m, &d, ses, c, "head") != 0)
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

/* Copy HEAD, the parameters that train_head returned, into the classifier of a model that trains
 * more than that. */
static void set_head(struct model *m, const real *head)
{
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (!param_is_head(p))
            continue;
        memcpy(m->theta + p->off, head, param_size(p) * sizeof *head);
        head += param_size(p);
    }
}

/* The sum of squares of GRAD [n_train] in matrix K; matrices are numbered by layer, then by
 * projection. */
static double sum_of_squares(const struct model *m, const real *grad, int k)
{
    const struct param *w = model_role(m, k / N_PROJ, ROLE_W + k % N_PROJ);
    double sum = 0;

    for (size_t i = 0; i < (size_t)w->rows * (size_t)w->cols; i++)
        sum += (double)grad[(size_t)w->off + i] * (double)grad[(size_t)w->off + i];
    return sum;
}

/* Sums over the batches so far. */
struct gradients {
    real *sum;       /* [n_train] dL/dW */
    double *squares; /* [n_layers * N_PROJ] || dL/dW ||_F^2 */
};

static int add_batch(struct gradients *g, const struct model *m, struct workspace *ws,
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
        if (proj_exists(&m->base->dims, (enum proj)(k % N_PROJ)))
            g->squares[k] += sum_of_squares(m, ws->grad, k);
    return stop_check();
}

static int add_batches(struct gradients *g, const struct model *m, const struct dataset *set,
                       const struct matrices_cfg *c, int batch)
{
    struct workspace ws = { 0 };
    struct microbatch mb = { 0 };
    int *idx = xalloc((size_t)batch, sizeof *idx), at = 0, rc = workspace_init(&ws, m, true);

    for (long b = 0; b < c->batches && rc == 0; b++) {
        for (int i = 0; i < batch; i++, at++)
            idx[i] = at % set->n;
        microbatch_fill(&mb, set, idx, batch, 0);
        progress("gradient of batch %ld of %ld", b + 1, c->batches);
        rc = add_batch(g, m, &ws, &mb);
    }
    workspace_free(&ws);
    microbatch_free(&mb);
    free(idx);
    return rc;
}

/* The name of the study, also if it was given as a file; the caller frees it. */
static char *study_name(const struct matrices_cfg *c)
{
    const char *slash = strrchr(c->study, '/');
    char *stem = xstrdup(slash ? slash + 1 : c->study), *end = strstr(stem, ".yaml");

    if (end)
        *end = 0;
    return stem;
}

static int store_scores(struct store *s, const struct matrices_cfg *c, const struct model *m,
                        const struct gradients *g)
{
    int all = m->base->dims.n_layers * N_PROJ;
    double batches = (double)c->batches;
    struct numbers t = { 0 };
    char *study = study_name(c), *settings = analysis_settings(opts, "batches", c);
    const struct analysis_set set = { study, "matrices", settings };

    for (int k = 0; k < all; k++) {
        if (!proj_exists(&m->base->dims, (enum proj)(k % N_PROJ)))
            continue;
        const struct param *w = model_role(m, k / N_PROJ, ROLE_W + k % N_PROJ);
        double numbers = (double)w->rows * w->cols, mean = g->squares[k] / batches;
        struct analysis_row x = { .layer = k / N_PROJ, .proj = proj_names[k % N_PROJ] };
        x.name = "norm_mean", x.value = sqrt(sum_of_squares(m, g->sum, k)) / batches;
        numbers_add(&t, x);
        x.name = "norm", x.value = sqrt(mean);
        numbers_add(&t, x);
        x.name = "rms", x.value = sqrt(mean / numbers);
        numbers_add(&t, x);
        x.name = "numbers", x.value = numbers;
        numbers_add(&t, x);
    }
    int rc = numbers_store(s, &set, &t, "choice");
    numbers_free(&t);
    free(settings);
    free(study);
    return rc;
}

static int matrices_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct matrices_cfg *c = cfg;
    struct recipe r = { 0 };
    struct model m = { 0 };
    struct run_data d = { 0 };
    real *head = NULL;

    math_thread_init();
    if (train_head(&head, ses, c) != 0)
        return -1;
    int rc = build_run(&r, &m, &d, ses, c, "ft");
    if (rc == 0) {
        struct gradients g = { xalloc(m.n_train, sizeof *g.sum),
                               xalloc((size_t)m.base->dims.n_layers * N_PROJ, sizeof *g.squares) };
        set_head(&m, head);
        rc = add_batches(&g, &m, d.split[SPLIT_TRAIN], c, (int)r.train.batch);
        if (rc == 0)
            rc = store_scores(s, c, &m, &g);
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
    .about = "which matrices would the loss change most, before any of them is trained?",
    .opts = opts,
    .cfg_size = sizeof(struct matrices_cfg),
    .alone = true,
    .run = matrices_run,
};
