/* weight.c - a frozen matrix of a base model, in float64. */
#include "ablations/common/weight.h"

#include <stdlib.h>

static const struct param *find_matrix(const struct base_model *b, int layer, enum proj p)
{
    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].layer == layer && b->params[i].role == (enum role)(ROLE_W + (int)p))
            return &b->params[i];
    CHECK(false, "'%s' does not have a matrix %s in layer %d", b->dir, proj_names[p], layer);
    return NULL;
}

static double *read_as_doubles(const struct param *p)
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
    const struct param *m = find_matrix(b, layer, p);

    *w = (struct weight){
        .name = m->name, .layer = layer, .proj = p, .out = m->rows, .in = m->cols
    };
    w->w = read_as_doubles(m);
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
