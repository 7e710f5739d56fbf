/* update.c - the updates of runs, read from the folders they left. */
#include "ablations/common/update.h"
#include "core/adapt/adapt.h"
#include "core/base/file.h"
#include "core/peft/peft.h"
#include "experiments/recipe/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a run left, open. */
struct left {
    const struct study_run *run;
    char *path;
    struct safetensors file;
    bool open, low_rank;
    double scale;
};

static const struct param *matrix_of(const struct base_model *b, int layer, enum proj p)
{
    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].layer == layer && b->params[i].role == (enum role)(ROLE_W + (int)p))
            return &b->params[i];
    CHECK(false, "'%s' has no matrix %s in layer %d", b->dir, proj_names[p], layer);
    return NULL;
}

static double *doubles_of(const struct param *p)
{
    size_t n = (size_t)p->rows * (size_t)p->cols;
    real *x = xalloc(n, sizeof *x);
    double *y = xalloc(n, sizeof *y);

    param_read(x, p);
    for (size_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    free(x);
    return y;
}

int weight_read(struct weight *w, const struct base_model *b, int layer, enum proj p, bool svd)
{
    const struct param *m = matrix_of(b, layer, p);

    *w = (struct weight){ .layer = layer, .proj = p, .out = m->rows, .in = m->cols };
    w->w = doubles_of(m);
    if (!svd || spectrum_of(&w->svd, w->w, w->out, w->in) == 0)
        return 0;
    fail_context("'%s' of '%s'", m->name, b->dir);
    weight_free(w);
    return -1;
}

void weight_free(struct weight *w)
{
    spectrum_free(&w->svd);
    free(w->w);
    *w = (struct weight){ 0 };
}

int update_svd(struct spectrum *s, const struct update *u)
{
    int rc = u->a ? spectrum_of_product(s, u->b, u->a, u->out, u->r, u->in)
                  : spectrum_of(s, u->dw, u->out, u->in);

    return rc == 0 ? 0 : fail_context("the update of run %.8s", u->run->key);
}

static void update_free(struct update *u)
{
    free(u->dw);
    free(u->a);
    free(u->b);
}

/* --- what a run left */

static void left_close(struct left *l)
{
    if (l->open)
        st_close(&l->file);
    free(l->path);
    *l = (struct left){ 0 };
}

static int left_open(struct left *l, const struct study_run *r, const struct base_model *b)
{
    struct lora_cfg cfg = { 0 };
    int n_labels, rc;

    *l = (struct left){ .run = r, .scale = 1, .path = study_run_file(r) };
    if (!l->path || st_open(&l->file, l->path) != 0)
        return -1;
    l->open = true;
    char *dir = xprintf("%.*s", (int)(strrchr(l->path, '/') - l->path), l->path);
    char *config = path_join(dir, "adapter_config.json");
    l->low_rank = file_exists(config);
    rc = l->low_rank ? peft_read_config(&cfg, &n_labels, dir, &b->dims) : 0;
    if (rc == 0 && l->low_rank)
        l->scale = cfg.alpha / (double)cfg.rank;
    free(cfg.targets);
    free(config);
    free(dir);
    return rc;
}

static const struct st_tensor *find_end(const struct safetensors *f, const char *module, char which)
{
    char *end = xprintf(".%s.lora_%c.weight", module, which);
    size_t n = strlen(end);
    const struct st_tensor *found = NULL;

    for (int i = 0; i < f->n && !found; i++) {
        size_t len = strlen(f->t[i].name);
        if (len >= n && strcmp(f->t[i].name + len - n, end) == 0)
            found = &f->t[i];
    }
    free(end);
    return found;
}

static int misfit(const struct left *l, const struct st_tensor *t, const struct base_model *b,
                  int out, int in)
{
    char shape[ST_MAX_DIMS * 24] = "";

    for (int i = 0; i < t->n_dims; i++)
        sprintf(shape + strlen(shape), "%s%zu", i ? ", " : "", t->shape[i]);
    return fail(FAIL_INPUT,
                "tensor '%s' of '%s' has the shape [%s], which does not fit a matrix of %d x %d "
                "of '%s'",
                st_escaped(t->name), l->path, shape, out, in, b->dir);
}

static double *read_tensor(const struct left *l, const struct st_tensor *t)
{
    double *x = xalloc(t->count, sizeof *x);

    if (st_doubles(x, &l->file, t, t->count) == 0)
        return x;
    free(x);
    return NULL;
}

/* Where A and B of a projection lie: of its own, or of the tensor that holds q, k and v, of which
 * PART rows in are its. 1: found; 0: not adapted; -1. */
static int find_pair(const struct st_tensor *t[2], int *part, const struct left *l,
                     const struct base_model *b, int layer, enum proj p)
{
    char *together =
        stored_together(b->arch) && p <= PROJ_V ? stored_module(b->arch, layer, p) : NULL;
    char *own = arch_module(b->arch, layer, p);

    *part = 0;
    for (int i = 0; i < 2; i++)
        t[i] = find_end(&l->file, own, "AB"[i]);
    if (!t[0] && together) {
        *part = (int)p;
        for (int i = 0; i < 2; i++)
            t[i] = find_end(&l->file, together, "AB"[i]);
    }
    int found = t[0] && t[1];
    if (!found && (t[0] || t[1]))
        found = fail(FAIL_INPUT, "'%s' has only one of A and B of '%s'", l->path, own);
    free(own);
    free(together);
    return found;
}

static int read_pair(struct update *u, const struct left *l, const struct base_model *b,
                     const struct weight *w)
{
    const struct st_tensor *t[2];
    int part, found = find_pair(t, &part, l, b, w->layer, w->proj);

    if (found != 1)
        return found;
    size_t out = (size_t)w->out, in = (size_t)w->in, parts = t[1]->shape[0] / out,
           r = t[0]->shape[0];
    if (t[0]->n_dims != 2 || t[1]->n_dims != 2 || r == 0 || r > 65536 || t[0]->shape[1] != in)
        return misfit(l, t[0], b, w->out, w->in);
    if (t[1]->shape[1] != r || t[1]->shape[0] % out != 0 || parts <= (size_t)part)
        return misfit(l, t[1], b, w->out, w->in);
    u->r = (int)r;
    u->a = read_tensor(l, t[0]);
    double *whole = u->a ? read_tensor(l, t[1]) : NULL;
    if (!whole)
        return -1;
    u->b = xalloc(out * r, sizeof *u->b);
    for (size_t i = 0; i < out * r; i++)
        u->b[i] = l->scale * whole[(size_t)part * out * r + i];
    free(whole);
    u->dw = xalloc(out * in, sizeof *u->dw);
    for (size_t i = 0; i < out; i++)
        for (size_t k = 0; k < r; k++)
            for (size_t j = 0; j < in; j++)
                u->dw[i * in + j] += u->b[i * r + k] * u->a[k * in + j];
    return 1;
}

/* The whole matrix under the name it has in the model. */
static int read_trained(struct update *u, const struct left *l, const struct base_model *b,
                        const struct weight *w)
{
    const struct st_tensor *t = st_find(&l->file, matrix_of(b, w->layer, w->proj)->name);

    if (!t)
        return 0;
    if (t->n_dims != 2 || t->shape[0] != (size_t)w->out || t->shape[1] != (size_t)w->in)
        return misfit(l, t, b, w->out, w->in);
    u->dw = read_tensor(l, t);
    if (!u->dw)
        return -1;
    for (size_t i = 0; i < t->count; i++)
        u->dw[i] -= w->w[i];
    u->r = w->out < w->in ? w->out : w->in;
    return 1;
}

/* --- all of them */

static int see_matrix(struct left *l, int n, const struct base_model *b, const struct visit *v,
                      int layer, enum proj p)
{
    struct weight w = { 0 };
    int rc = weight_read(&w, b, layer, p, false);

    progress("%s: layer %d of %d, %s", v->study, layer + 1, b->dims.n_layers, proj_names[p]);
    for (int i = 0; i < n && rc == 0; i++) {
        struct update u = { .run = l[i].run, .scale = l[i].scale, .out = w.out, .in = w.in };
        int found = l[i].low_rank ? read_pair(&u, &l[i], b, &w) : read_trained(&u, &l[i], b, &w);
        if (found == 1 && v->svd && !w.svd.k)
            found = spectrum_of(&w.svd, w.w, w.out, w.in) == 0 ? 1 : -1;
        if (found < 0 || (found == 1 && v->see(v->ctx, &w, &u) != 0))
            rc = -1;
        update_free(&u);
        rc = rc == 0 ? stop_check() : rc;
    }
    weight_free(&w);
    return rc;
}

static int check_base(const struct study_run *r, int n, const struct base_model *b)
{
    for (int i = 0; i < n; i++)
        if (*r[i].weights && strcmp(r[i].weights, b->weights_sha256) != 0)
            return fail(FAIL_INPUT,
                        "run %.8s was trained on the weights %.8s of model '%s'; those in '%s' are "
                        "%.8s",
                        r[i].key, r[i].weights, r[i].model, b->dir, b->weights_sha256);
    return 0;
}

static int visit_all(const struct study_run *r, int n, const struct base_model *b,
                     const struct visit *v)
{
    struct left *l = xalloc((size_t)n, sizeof *l);
    int rc = 0;

    for (int i = 0; i < n && rc == 0; i++)
        rc = left_open(&l[i], &r[i], b);
    for (int layer = 0; layer < b->dims.n_layers && rc == 0; layer++)
        for (int p = 0; p < N_PROJ && rc == 0; p++)
            rc = see_matrix(l, n, b, v, layer, (enum proj)p);
    for (int i = 0; i < n; i++)
        left_close(&l[i]);
    free(l);
    return rc;
}

int updates_visit(const struct study_run *r, int n, const struct visit *v)
{
    struct base_model b = { 0 };
    char *dir = n > 0 ? model_dir(r[0].model) : NULL;
    int rc = -1;

    if (n == 0)
        return 0;
    if (dir && base_model_load(&b, dir) == 0) {
        if (check_base(r, n, &b) == 0)
            rc = visit_all(r, n, &b, v);
        base_model_free(&b);
    }
    free(dir);
    return rc;
}

void numbers_add(struct numbers *t, const struct weight *w, const struct study_run *run, int i,
                 int j, const char *name, double value)
{
    numbers_put(t, (struct analysis_row){ run ? run->run_id : 0, 0, w->layer, proj_names[w->proj],
                                          i, j, name, value });
}

static bool has_method(const struct study_run *r, int n, const char *method, size_t len)
{
    for (int i = 0; i < n; i++)
        if (strlen(r[i].method) == len && strncmp(r[i].method, method, len) == 0)
            return true;
    return false;
}

/* A method that W hoped for, without any of the N runs, is named. */
static void warn_missing(const struct study_want *w, const struct study_run *r, int n)
{
    for (const char *m = w->methods; *m;) {
        size_t len = strcspn(m, ",");
        if (!has_method(r, n, m, len))
            warn("'%s' has no finished runs of %.*s: only the others are measured", w->study,
                 (int)len, m);
        m += len + (m[len] == ',');
    }
}

int updates_measure(struct store *s, const struct study_want *w, const struct visit *v,
                    struct numbers *t, const struct analysis_set *set, const char *table)
{
    struct study_run *r = NULL;
    int n = study_runs_done(&r, s, w), rc = n < 0 ? -1 : updates_visit(r, n, v);

    if (rc == 0 && t->n == 0)
        rc = fail(FAIL_RUN, "none of the %d runs of '%s' (%s) changed a matrix of its model", n,
                  w->study, w->methods);
    if (rc == 0) {
        warn_missing(w, r, n);
        rc = study_store(s, set, t, table);
    }
    free(t->row);
    *t = (struct numbers){ 0 };
    study_runs_free(r, n > 0 ? n : 0);
    return rc;
}
