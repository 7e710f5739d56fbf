/* intervene.c - which part of an update does the work? The update dW of every matrix of a finished
 * run is changed, and the model is scored again, on its task and on what the pretrained model could
 * do before (sentence_probe.h). With U S V^T = dW, strongest directions first:
 *
 *     whole          dW, as trained
 *     keep, k        only the k strongest directions, sum_{i<=k} s_i u_i v_i^T; k = 0: no update
 *     drop, k        all but the k strongest
 *     intruder       without the intruders among the strongest directions of W + dW (intruder.h)
 *     shared         without the input directions that another seed's update has as well
 *     graft          A of the run, B of another seed's run (LoRA only)
 *
 * What is dropped is multiplied by "factor", 0 unless it is given. The classifier stays as it was
 * trained. All matrices that a run trained are changed together, or those that "matrices" names.
 * "keep" answers how much rank it takes to store an update, which is not what it takes to
 * train one: a run of rank k is the other side of that comparison. */
#include "ablations/analysis.h"
#include "ablations/common/adapter_path.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/numbers.h"
#include "ablations/common/projection.h"
#include "ablations/common/sentence_probe.h"
#include "ablations/common/weight_update.h"
#include "ablations/intruder.h"
#include "core/os/cpu.h"
#include "core/train/eval.h"
#include "experiments/run/reopen.h"
#include "results/query/recorded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct intervene_cfg {
    char *study, *methods, *task, *targets, *ranks, *matrices;
    bool no_similarity;
    long n, top;
    double factor, eps, cosine;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct intervene_cfg, "rank"),
    { "methods", 0, OPT_STR, offsetof(struct intervene_cfg, methods), "lora,ft", 0, 0, NULL,
      "methods of the runs: lora, rslora and ft" },
    TASK_OPTION(struct intervene_cfg),
    { "targets", 0, OPT_LIST, offsetof(struct intervene_cfg, targets), NULL, 0, 0,
      "q|k|v|o|up|down|gate", "LoRA runs with these target modules only" },
    { "ranks", 0, OPT_LIST, offsetof(struct intervene_cfg, ranks), NULL, 0, 0, NULL,
      "LoRA runs of these ranks only" },
    { "no_similarity", 0, OPT_BOOL, offsetof(struct intervene_cfg, no_similarity), "false", 0, 0,
      NULL, "measure the score on the task only, not sentence similarity" },
    { "n", 0, OPT_INT, offsetof(struct intervene_cfg, n), "300", 0, 1e6, NULL,
      "number of pairs from the dev split of STS-B; 0: all" },
    { "matrices", 0, OPT_LIST, offsetof(struct intervene_cfg, matrices), NULL, 0, 0,
      "q|k|v|o|up|down|gate",
      "change the updates of these matrices; by default of all that the run trained" },
    { "top", 0, OPT_INT, offsetof(struct intervene_cfg, top), "10", 1, 1024, NULL,
      "how many of the strongest directions may be intruders, or shared" },
    { "factor", 0, OPT_REAL, offsetof(struct intervene_cfg, factor), "0", -10, 10, NULL,
      "what is dropped is multiplied by this instead" },
    { "eps", 0, OPT_REAL, offsetof(struct intervene_cfg, eps), "0.5", 0, 1, NULL,
      "intruders have a |cosine| below this with every direction of W" },
    { "cosine", 0, OPT_REAL, offsetof(struct intervene_cfg, cosine), "0.5", 0, 1, NULL,
      "shared directions have a canonical correlation of at least this" },
    { .type = OPT_END },
};

enum change { WHOLE, KEEP, DROP, INTRUDER, SHARED, GRAFT, N_CHANGES };
enum measure { SCORE, SIMILARITY, DIRECTIONS, N_MEASURES };
static const char *const number_names[N_CHANGES][N_MEASURES] = {
    { "whole_score", "whole_similarity", NULL },
    { "keep_score", "keep_similarity", "keep_energy" },
    { "drop_score", "drop_similarity", NULL },
    { "intruder_score", "intruder_similarity", "intruder_directions" },
    { "shared_score", "shared_similarity", "shared_directions" },
    { "graft_score", "graft_similarity", NULL },
};

struct intervening {
    struct session *session;
    struct store *store;
    const struct intervene_cfg *c;
    struct pool *pool;
    struct sentence_probe probe;
    struct numbers t;
};

/* A run whose update is changed, and the run that it shares directions or a factor with. */
struct subject {
    const struct study_run *run, *partner; /* partner NULL: no other seed has finished */
    struct reopened o;
    struct update_source source, partner_source;
    real *theta; /* as trained, [n_train] */
};

/* --- one matrix */

/* What is projected: B of a low-rank update, else dW; both act on the output side. */
static void project_output(struct weight_update *u, const double *q, int n, bool keep,
                           double factor)
{
    double *x = u->a ? u->b : u->dw;
    int cols = u->a ? u->r : u->in;

    if (keep)
        projection_complement(x, u->out, cols, q, n, factor);
    else
        projection_rows(x, u->out, cols, q, n, factor);
}

/* Returns the share of ||dW||^2 that the first K directions have, or -1. */
static double change_strongest(struct weight_update *u, int k, bool keep, double factor)
{
    struct spectrum s = { 0 };
    double all = 0, first = 0;

    if (weight_update_svd(&s, u) != 0)
        return -1;
    for (int i = 0; i < s.k; i++) {
        all += s.s[i] * s.s[i];
        first += i < k ? s.s[i] * s.s[i] : 0;
    }
    project_output(u, s.u, k < s.k ? k : s.k, keep, factor);
    spectrum_free(&s);
    return all > 0 ? first / all : 1;
}

static double change_intruders(struct weight_update *u, const struct weight *w,
                               const struct intervene_cfg *c)
{
    struct spectrum s = { 0 };

    if (spectrum_of(&s, w->w, w->out, w->in) != 0)
        return -1;
    int top = c->top < s.k ? (int)c->top : s.k;
    double *found = xalloc((size_t)top * (size_t)w->out, sizeof *found);
    int n = intruder_count(NULL, found, &s, w->w, u->dw, top, c->eps);
    if (n > 0)
        project_output(u, found, n, false, c->factor);
    spectrum_free(&s);
    free(found);
    return n;
}

/* The input directions of U that are among the strongest of OTHER's as well. */
static double change_shared(struct weight_update *u, const struct weight_update *other,
                            const struct intervene_cfg *c)
{
    struct spectrum s = { 0 }, t = { 0 };
    int rc = weight_update_svd(&s, u) == 0 ? weight_update_svd(&t, other) : -1, n = -1;

    if (rc == 0) {
        int top = c->top < s.k ? (int)c->top : s.k, its = c->top < t.k ? (int)c->top : t.k;
        double *common = xalloc((size_t)top * (size_t)u->in, sizeof *common);
        n = projection_shared(common, s.v, top, t.v, its, u->in, c->cosine);
        if (n > 0)
            projection_cols(u->a ? u->a : u->dw, u->a ? u->r : u->out, u->in, common, n, c->factor);
        free(common);
    }
    spectrum_free(&s);
    spectrum_free(&t);
    return n;
}

static double graft(struct weight_update *u, const struct weight_update *other)
{
    if (!u->a || !other->a || u->r != other->r)
        return fail(FAIL_RUN, "run %.8s and run %.8s have no factors that fit each other",
                    u->run->key, other->run->key);
    memcpy(u->b, other->b, (size_t)u->out * (size_t)u->r * sizeof *u->b);
    return 0;
}

static double change_update(struct weight_update *u, const struct weight_update *other,
                            const struct weight *w, enum change what, int k,
                            const struct intervene_cfg *c)
{
    switch (what) {
    case KEEP:
    case DROP: return change_strongest(u, k, what == KEEP, c->factor);
    case INTRUDER: return change_intruders(u, w, c);
    case SHARED: return change_shared(u, other, c);
    case GRAFT: return graft(u, other);
    default: return 0;
    }
}

/* Put U into the model, whose matrix is W. */
static int write_update(struct model *m, const struct weight *w, const struct weight_update *u)
{
    if (!u->a) {
        real *value = model_role(m, w->layer, (int)ROLE_W + (int)w->proj)->value;
        for (size_t i = 0; i < (size_t)u->out * (size_t)u->in; i++)
            value[i] = (real)(w->w[i] + u->dw[i]);
        return 0;
    }
    struct mat a, b;
    lora_matrices(m, w->layer, w->proj, &a, &b);
    if (a.rows != u->r || b.rows != u->out)
        return fail(FAIL_RUN, "run %.8s is not of a method whose update is a product B A",
                    u->run->key);
    for (int i = 0; i < u->r; i++)
        for (int j = 0; j < u->in; j++)
            mat_row(a, i)[j] = (real)u->a[(size_t)i * (size_t)u->in + (size_t)j];
    for (int i = 0; i < u->out; i++)
        for (int j = 0; j < u->r; j++)
            mat_row(b, i)[j] = (real)(u->b[(size_t)i * (size_t)u->r + (size_t)j] / u->scale);
    return 0;
}

/* Adds what change_update returns to *SUM. 1: changed; 0: the run did not train this matrix. */
static int change_matrix(struct subject *s, int layer, enum proj p, enum change what, int k,
                         const struct intervene_cfg *c, double *sum)
{
    struct weight w;
    struct weight_update u = { 0 }, other = { 0 };

    if (weight_read(&w, s->o.model.base, layer, p, false) != 0)
        return -1;
    int found = weight_update_read(&u, &s->source, &w);
    if (found == 1 && (what == SHARED || what == GRAFT))
        found = weight_update_read(&other, &s->partner_source, &w);
    if (found == 1) {
        double x = change_update(&u, &other, &w, what, k, c);
        *sum += x;
        if (x < 0 || write_update(&s->o.model, &w, &u) != 0)
            found = -1;
    }
    weight_update_free(&u);
    weight_update_free(&other);
    weight_free(&w);
    return found < 0 || stop_check() != 0 ? -1 : found;
}

/* Are the updates of this kind of matrix to be changed? */
static bool is_wanted(const struct intervene_cfg *c, enum proj p)
{
    size_t n = strlen(proj_names[p]);

    for (const char *s = c->matrices; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
        if (strncmp(s, proj_names[p], n) == 0 && (s[n] == ',' || s[n] == 0))
            return true;
    return !c->matrices;
}

/* *MEAN is the mean over the changed matrices. */
static int change_model(struct subject *s, enum change what, int k, const struct intervene_cfg *c,
                        double *mean)
{
    const struct dims *d = &s->o.model.base->dims;
    int n = 0;

    *mean = 0;
    memcpy(s->o.model.theta, s->theta, s->o.model.n_train * sizeof *s->theta);
    for (int layer = 0; layer < d->n_layers; layer++)
        for (int p = 0; p < N_PROJ; p++) {
            int found = proj_exists(d, (enum proj)p) && is_wanted(c, (enum proj)p)
                            ? change_matrix(s, layer, (enum proj)p, what, k, c, mean)
                            : 0;
            if (found < 0)
                return -1;
            n += found;
        }
    if (n == 0)
        return fail(FAIL_RUN, "run %.8s trained no matrix of its model%s%s", s->run->key,
                    c->matrices ? " that 'matrices' names: " : "", c->matrices ? c->matrices : "");
    *mean /= n;
    return 0;
}

/* --- one run */

static int score_task(double *score, struct subject *s, struct pool *pool)
{
    const struct recipe *r = &s->o.recipe;
    struct run_job job = {
        .model = &s->o.model, .cfg = &r->train, .data = s->o.data, .pool = pool
    };
    double loss, all[TASK_MAX_METRICS];
    int rc = eval_run(&job, train_reports(&r->train), 0, false, &loss, all);

    *score = all[0];
    return rc;
}

static void add_number(struct intervening *v, const struct subject *s, enum change what, int k,
                       enum measure which, double value)
{
    bool pair = what == SHARED || what == GRAFT;
    const struct analysis_row x = { .run_a = s->run->run_id,
                                    .run_b = pair ? s->partner->run_id : 0,
                                    .layer = -1,
                                    .proj = "",
                                    .i = k,
                                    .name = number_names[what][which],
                                    .value = value };

    if (x.name)
        numbers_add(&v->t, x);
}

static int measure_change(struct intervening *v, struct subject *s, enum change what, int k)
{
    double score, similarity, mean = 0;
    int rc = what == WHOLE ? 0 : change_model(s, what, k, v->c, &mean);

    if (rc == 0)
        rc = score_task(&score, s, v->pool);
    if (rc == 0 && !v->c->no_similarity)
        rc = sentence_probe_score(&similarity, &s->o.model, &v->probe);
    if (rc != 0)
        return -1;
    add_number(v, s, what, k, SCORE, score);
    if (!v->c->no_similarity)
        add_number(v, s, what, k, SIMILARITY, similarity);
    add_number(v, s, what, k, DIRECTIONS, mean);
    return 0;
}

/* The rank of the update; of a run that trained whole matrices, the model's width. */
static int subject_rank(const struct subject *s)
{
    return s->source.low_rank ? s->run->rank : s->o.model.base->dims.d_model;
}

static int measure_changes(struct intervening *v, struct subject *s)
{
    int rc = measure_change(v, s, WHOLE, 0);

    if (rc == 0)
        rc = measure_change(v, s, KEEP, 0);
    for (int k = 1; k < subject_rank(s) && rc == 0; k *= 2) {
        rc = measure_change(v, s, KEEP, k);
        if (rc == 0)
            rc = measure_change(v, s, DROP, k);
    }
    if (rc == 0)
        rc = measure_change(v, s, INTRUDER, 0);
    if (rc == 0 && s->partner)
        rc = measure_change(v, s, SHARED, 0);
    if (rc == 0 && s->partner && s->source.low_rank)
        rc = measure_change(v, s, GRAFT, 0);
    return rc;
}

static int subject_open(struct subject *s, struct intervening *v)
{
    char *path = adapter_path(v->session->home, s->run);
    struct recorded_run in = { 0 };

    if (!path)
        return -1;
    *strrchr(path, '/') = 0;
    int found = recorded_run(&in, v->store, s->run->key);
    int rc = found == 1 ? reopen_run(&s->o, v->session, s->run->key, in.config, path) : -1;
    if (found == 0)
        fail(FAIL_STORE, "run %.8s is not in the store any more", s->run->key);
    recorded_run_free(&in);
    free(path);
    if (rc == 0)
        rc = update_source_open(&s->source, v->session->home, s->run, s->o.model.base);
    if (rc == 0 && s->partner)
        rc = update_source_open(&s->partner_source, v->session->home, s->partner, s->o.model.base);
    if (rc == 0) {
        s->theta = xalloc(s->o.model.n_train, sizeof *s->theta);
        memcpy(s->theta, s->o.model.theta, s->o.model.n_train * sizeof *s->theta);
    }
    return rc;
}

static void subject_close(struct subject *s)
{
    update_source_close(&s->source);
    update_source_close(&s->partner_source);
    reopen_close(&s->o);
    free(s->theta);
}

/* --- all runs */

/* The next seed of the same cell, or the first one after the last; NULL: there is no other. */
static const struct study_run *partner_of(const struct study_run *r, int n, int i)
{
    if (i + 1 < n && strcmp(r[i + 1].cell, r[i].cell) == 0)
        return &r[i + 1];
    while (i > 0 && strcmp(r[i - 1].cell, r[i].cell) == 0)
        i--;
    return i + 1 < n && strcmp(r[i + 1].cell, r[i].cell) == 0 ? &r[i] : NULL;
}

static int measure_runs(struct intervening *v, const struct study_run *r, int n)
{
    int rc = 0;

    for (int i = 0; i < n && rc == 0; i++) {
        struct subject s = { .run = &r[i], .partner = partner_of(r, n, i) };
        progress("run %d of %d", i + 1, n);
        rc = subject_open(&s, v) == 0 ? measure_changes(v, &s) : -1;
        subject_close(&s);
    }
    progress_end();
    return rc;
}

static int load_probe(struct intervening *v, const char *model)
{
    if (v->c->no_similarity)
        return 0;
    if (sentence_probe_check(v->session) != 0)
        return fail_context("sentence similarity ('--no-similarity' leaves it out)");
    return sentence_probe_load(&v->probe, v->session, model, v->c->n);
}

static int intervene_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct intervene_cfg *c = cfg;
    const struct wanted_runs w = { .study = c->study,
                                   .methods = c->methods,
                                   .task = c->task,
                                   .targets = c->targets,
                                   .ranks = c->ranks };
    struct intervening v = { .session = ses, .store = s, .c = c };
    char *settings = analysis_settings(opts, "n", c);
    const struct analysis_set set = { c->study, "intervene", settings };
    struct study_run *r = NULL;
    int n = study_runs_done(&r, s, &w), rc = n < 0 ? -1 : 0;

    if (n > 0) {
        rc = load_probe(&v, r[0].model);
        v.pool = rc == 0 ? pool_new(cpu_info()->cores) : NULL;
        rc = v.pool ? measure_runs(&v, r, n) : -1;
        pool_free(v.pool);
        if (rc == 0)
            rc = numbers_store(s, &set, &v.t, "intervene");
        sentence_probe_free(&v.probe);
    }
    numbers_free(&v.t);
    study_runs_free(r, n > 0 ? n : 0);
    free(settings);
    return rc;
}

const struct analysis analysis_intervene = {
    .name = "intervene",
    .source = "beyond the paper; intruders: Shuttleworth et al. 2024, section 5",
    .about = "which part of an update does the work, on the task and on what is forgotten?",
    .opts = opts,
    .cfg_size = sizeof(struct intervene_cfg),
    .run = intervene_run,
};
