/* updates.c - go through the updates of several runs, matrix by matrix. */
#include "ablations/common/updates.h"
#include "experiments/assets/model_dir.h"

#include <stdlib.h>
#include <string.h>

static int visit_matrix(const struct update_source *s, int n, const struct base_model *b,
                        const struct update_visitor *v, int layer, enum proj p)
{
    struct weight w = { 0 };
    int rc = weight_read(&w, b, layer, p, false);

    progress("%s: layer %d of %d, %s", v->study, layer + 1, b->dims.n_layers, proj_names[p]);
    for (int i = 0; i < n && rc == 0; i++) {
        struct weight_update u;
        int found = weight_update_read(&u, &s[i], &w);
        if (found == 1 && v->svd && !w.svd.k)
            found = spectrum_of(&w.svd, w.w, w.out, w.in) == 0 ? 1 : -1;
        if (found < 0 || (found == 1 && v->visit(v->ctx, &w, &u) != 0))
            rc = -1;
        weight_update_free(&u);
        rc = rc == 0 ? stop_check() : rc;
    }
    weight_free(&w);
    return rc;
}

static int check_weights(const struct study_run *r, int n, const struct base_model *b)
{
    for (int i = 0; i < n; i++)
        if (*r[i].weights && strcmp(r[i].weights, b->weights_sha256) != 0)
            return fail(FAIL_INPUT,
                        "run %.8s was trained on the weights %.8s of model '%s'; those in '%s' are "
                        "%.8s",
                        r[i].key, r[i].weights, r[i].model, b->dir, b->weights_sha256);
    return 0;
}

static int visit_model(const struct study_run *r, int n, const struct base_model *b,
                       const struct update_visitor *v)
{
    struct update_source *s = xalloc((size_t)n, sizeof *s);
    int rc = 0;

    for (int i = 0; i < n && rc == 0; i++)
        rc = update_source_open(&s[i], v->session->home, &r[i], b);
    for (int layer = 0; layer < b->dims.n_layers && rc == 0; layer++)
        for (int p = 0; p < N_PROJ && rc == 0; p++)
            if (proj_exists(&b->dims, (enum proj)p))
                rc = visit_matrix(s, n, b, v, layer, (enum proj)p);
    for (int i = 0; i < n; i++)
        update_source_close(&s[i]);
    free(s);
    return rc;
}

int updates_visit(const struct study_run *r, int n, const struct update_visitor *v)
{
    struct base_model b = { 0 };
    char *dir = n > 0 ? model_dir(v->session->home, r[0].model) : NULL;
    int rc = -1;

    if (n == 0)
        return 0;
    if (dir && base_model_load(&b, dir) == 0) {
        if (check_weights(r, n, &b) == 0)
            rc = visit_model(r, n, &b, v);
        base_model_free(&b);
    }
    free(dir);
    return rc;
}

void updates_add_number(struct numbers *t, const struct weight *w, const struct study_run *run,
                        int i, int j, const char *name, double value)
{
    numbers_add(t, (struct analysis_row){ run ? run->run_id : 0, 0, w->layer, proj_names[w->proj],
                                          i, j, name, value });
}

static bool has_method(const struct study_run *r, int n, const char *method, size_t len)
{
    for (int i = 0; i < n; i++)
        if (strlen(r[i].method) == len && strncmp(r[i].method, method, len) == 0)
            return true;
    return false;
}

static void warn_missing_methods(const struct wanted_runs *w, const struct study_run *r, int n)
{
    for (const char *m = w->methods; *m;) {
        size_t len = strcspn(m, ",");
        if (!has_method(r, n, m, len))
            warn("study '%s' has no finished runs of %.*s: only the other methods are analyzed",
                 w->study, (int)len, m);
        m += len + (m[len] == ',');
    }
}

int updates_measure(struct store *s, const struct wanted_runs *w, const struct update_visitor *v,
                    struct numbers *t, const struct analysis_set *set, const char *table)
{
    struct study_run *r = NULL;
    int n = study_runs_done(&r, s, w), rc = n < 0 ? -1 : updates_visit(r, n, v);

    if (rc == 0 && t->n == 0)
        rc = fail(FAIL_RUN, "none of the %d runs of study '%s' (%s) changed a matrix of its model",
                  n, w->study, w->methods);
    if (rc == 0) {
        warn_missing_methods(w, r, n);
        rc = numbers_store(s, set, t, table);
    }
    numbers_free(t);
    study_runs_free(r, n > 0 ? n : 0);
    return rc;
}
