/* linear.c - the linear maps of a block. */
#include "core/nn/linear.h"

#include "core/os/prof.h"
#include "core/nn/hooks.h"

#include <string.h>

static int n_proj(const struct ctx *c, enum group g)
{
    return group_count(&c->m->base->dims, g);
}

static const struct batch *rows_of(const struct ctx *c, enum group g)
{
    return g == GROUP_QKV ? &c->qkv : c->row;
}

static const struct param *weight_of(const struct ctx *c, enum group g, int i)
{
    return c->net->p[(int)ROLE_W + (int)group_proj(g, i)];
}

/* NULL in an architecture without biases. */
static const struct param *bias_of(const struct ctx *c, enum group g, int i)
{
    return c->net->p[(int)ROLE_B + (int)group_proj(g, i)];
}

/* The biases of q, k and v are copied side by side; that of a single matrix is used where it is. */
static const real *group_bias(const struct ctx *c, enum group g)
{
    int n = n_proj(c, g), at = 0;

    if (!bias_of(c, g, 0))
        return NULL;
    if (n == 1)
        return bias_of(c, g, 0)->value;
    for (int i = 0; i < n; i++) {
        const struct param *b = bias_of(c, g, i);
        memcpy(c->acts->bias + at, b->value, (size_t)b->cols * sizeof(real));
        at += b->cols;
    }
    return c->acts->bias;
}

void linear_fwd(const struct ctx *c, enum group g, struct mat y, struct mat x)
{
    const struct net_group *n = &c->net->group[g];
    const real *bias = group_bias(c, g);

    prof_begin(n->packed ? WORK_FROZEN : WORK_TRAINED);
    if (n->packed)
        packed_fwd(n->packed, y, x, bias);
    for (int i = 0, at = 0; i < n_proj(c, g) && !n->packed; i++) {
        const struct param *w = weight_of(c, g, i);
        plain_fwd(param_mat(w), mat_cols(y, at, w->rows), x, bias ? bias + at : NULL);
        at += w->rows;
    }
    prof_end();
    prof_begin(WORK_ADAPTER);
    if (n->uses)
        hooks_proj_fwd(c, g, rows_of(c, g), y, x);
    prof_end();
}

void linear_bwd(const struct ctx *c, enum group g, struct mat dx, struct mat dy, struct mat x,
                bool add)
{
    const struct net_group *n = &c->net->group[g];

    prof_begin(WORK_ADAPTER);
    if (n->uses && c->m->adapt->proj_out_bwd)
        c->m->adapt->proj_out_bwd(c->m, c->ws, rows_of(c, g), c->layer, g, c->a->saved[g], x, dy);
    prof_end();
    prof_begin(n->packed ? WORK_FROZEN : WORK_TRAINED);
    int below = g == GROUP_QKV && !c->m->net->rel_trains ? c->b->n_tok : dy.rows;
    struct mat dx_below = mat_rows(dx, 0, below);
    for (int i = 0, at = 0; i < n_proj(c, g); i++) {
        const struct param *w = weight_of(c, g, i), *b = bias_of(c, g, i);
        struct mat dyi = mat_cols(dy, at, w->rows);
        if (b && b->trainable)
            mat_sum_rows(workspace_grad(c->ws, b), dyi);
        if (w->trainable)
            mat_gemm(workspace_grad_mat(c->ws, w), 1, 1, dyi, TRANS, x, NOTRANS);
        if (dx.x && !n->packed)
            plain_bwd(param_mat(w), dx_below, mat_rows(dyi, 0, below), add || i > 0);
        at += w->rows;
    }
    if (dx.x && n->packed)
        packed_bwd(n->packed, dx_below, mat_rows(dy, 0, below), add);
    prof_end();
    prof_begin(WORK_ADAPTER);
    if (n->uses && c->m->adapt->proj_bwd)
        c->m->adapt->proj_bwd(c->m, c->ws, rows_of(c, g), c->layer, g, c->a->saved[g], x, dy, dx);
    prof_end();
}
