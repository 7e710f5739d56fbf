/* positions.c - relative positions in attention. */
#include "core/nn/positions.h"

#include "core/os/prof.h"

#include <math.h>
#include <stdlib.h>

/* transformers computes the logarithms in single precision, whatever the type of the model. */
static int bucket_of(const struct disentangled *r, int distance)
{
    int mid = r->buckets / 2;

    if (r->buckets == 0 || distance <= mid)
        return distance;
    float at = logf((float)distance / (float)mid) / logf((float)(r->far - 1) / (float)mid);
    return (int)ceilf(at * (float)(mid - 1)) + mid;
}

int *positions_buckets(const struct dims *d)
{
    if (d->rel.span == 0)
        return NULL;
    int *bucket = xalloc((size_t)d->max_pos, sizeof *bucket);
    for (int i = 0; i < d->max_pos; i++)
        bucket[i] = bucket_of(&d->rel, i);
    return bucket;
}

/* The row of the table for a query that is DISTANCE after its key. */
static int row_of(const struct model *m, int distance)
{
    int span = m->base->dims.rel.span, b = m->net->bucket[abs(distance)];
    int row = distance < 0 ? span - b : span + b;

    return row < 0 ? 0 : row >= 2 * span ? 2 * span - 1 : row;
}

int positions_rows(const struct model *m, int len, int *first)
{
    const struct disentangled *r = &m->base->dims.rel;

    if (r->span == 0 || (!r->c2p && !r->p2c))
        return 0;
    if (first)
        *first = row_of(m, 1 - len);
    return row_of(m, len - 1) - row_of(m, 1 - len) + 1;
}

static struct mat table_rows(const struct acts *a, struct mat table)
{
    return mat_rows(table, a->rel_first, a->rel.rows);
}

void positions_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (a->terms.bias.x)
        relative_fwd(a->terms.bias, param_mat(p[ROLE_REL_BIAS]));
    if (a->terms.dbias.x)
        mat_zero(a->terms.dbias);
    if (a->rel.rows == 0)
        return;
    positions_rows(m, b->max_len, &a->rel_first);
    for (int e = 1 - b->max_len; e < b->max_len; e++)
        a->rel_row[e + b->max_len - 1] = row_of(m, -e) - a->rel_first;
    mat_copy(a->rel, table_rows(a, param_mat(p[ROLE_REL])));
    prof_begin(WORK_NORM);
    if (p[ROLE_REL_G])
        layernorm_fwd(a->rel, a->xhat_rel, a->rstd_rel, a->rel, p[ROLE_REL_G]->value,
                      p[ROLE_REL_B]->value, m->base->dims.ln_eps);
    prof_end();
    if (a->drel.x)
        mat_zero(a->drel);
}

void positions_bwd(const struct model *m, struct workspace *ws)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (a->terms.dbias.x)
        relative_bwd(workspace_grad_mat(ws, p[ROLE_REL_BIAS]), a->terms.dbias);
    if (a->rel.rows == 0 || !m->net->rel_trains)
        return;
    if (p[ROLE_REL_G])
        layernorm_bwd(a->drel, workspace_grad(ws, p[ROLE_REL_G]), workspace_grad(ws, p[ROLE_REL_B]),
                      a->drel, a->xhat_rel, a->rstd_rel, p[ROLE_REL_G]->value);
    if (p[ROLE_REL]->trainable)
        mat_add(table_rows(a, workspace_grad_mat(ws, p[ROLE_REL])), 1, a->drel);
}

/* --- dropout, whose mask is drawn again in the backward pass */

static bool draw_mask(const struct model *m, struct workspace *ws, int layer)
{
    struct acts *a = ws->acts;
    const struct batch rows = { .n_extra = a->rel.rows, .extra_first = a->rel_first };

    if (a->mask_rel)
        dropout_mask(a->mask_rel, m, ws, &rows, dropout_sub(layer, SITE_EMBED), a->rel.cols,
                     m->head.hidden_dropout);
    return a->mask_rel;
}

void positions_put(const struct model *m, struct workspace *ws, int layer, struct mat x)
{
    struct acts *a = ws->acts;

    if (draw_mask(m, ws, layer))
        dropout(x, a->rel, a->mask_rel, m->head.hidden_dropout);
    else
        mat_copy(x, a->rel);
}

void positions_take(const struct model *m, struct workspace *ws, int layer, struct mat dx)
{
    struct acts *a = ws->acts;

    if (draw_mask(m, ws, layer))
        dropout(dx, dx, a->mask_rel, m->head.hidden_dropout);
    mat_add(a->drel, 1, dx);
}

/* --- projections of their own */

static const struct {
    enum role weight, bias;
} own[2] = { { ROLE_POS_K_W, ROLE_POS_K_B }, { ROLE_POS_Q_W, ROLE_POS_Q_B } };

/* Positions as keys, or with WHICH 1 as queries. */
static struct mat half_of(struct mat pos, int which)
{
    return mat_rows(pos, which * (pos.rows / 2), pos.rows / 2);
}

void positions_project(const struct model *m, struct workspace *ws, int layer)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->layer[layer].p;

    if (a->rel.rows == 0 || !m->base->dims.rel.own)
        return;
    positions_put(m, ws, layer, a->rel_x);
    for (int i = 0; i < 2; i++)
        if (p[own[i].weight])
            plain_fwd(param_mat(p[own[i].weight]), half_of(a->layer[layer].pos, i), a->rel_x,
                      p[own[i].bias]->value);
}

void positions_project_bwd(const struct model *m, struct workspace *ws, int layer)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->layer[layer].p;
    bool add = false;

    if (a->rel.rows == 0 || !m->base->dims.rel.own || !m->net->layer[layer].rel_grad)
        return;
    positions_put(m, ws, layer, a->rel_x);
    for (int i = 0; i < 2; i++) {
        const struct param *w = p[own[i].weight], *b = p[own[i].bias];
        if (w && w->trainable)
            mat_gemm(workspace_grad_mat(ws, w), 1, 1, half_of(a->dpos, i), TRANS, a->rel_x,
                     NOTRANS);
        if (b && b->trainable)
            mat_sum_rows(workspace_grad(ws, b), half_of(a->dpos, i));
    }
    for (int i = 0; i < 2 && m->net->rel_trains; i++)
        if (p[own[i].weight]) {
            plain_bwd(param_mat(p[own[i].weight]), a->rel_x, half_of(a->dpos, i), add);
            add = true;
        }
    if (add)
        positions_take(m, ws, layer, a->rel_x);
}

/* --- attention */

/* The columns of queries, or of keys, of the rows of positions behind the tokens. */
static struct mat behind(const struct model *m, const struct acts *a, struct mat qkv, bool keys)
{
    int q = m->net->q_width;

    return mat_cols(mat_rows(qkv, qkv.rows - a->rel.rows, a->rel.rows), keys ? q : 0, q);
}

const struct attn_positions *positions_terms(const struct model *m, struct workspace *ws, int layer,
                                             struct mat dqkv)
{
    struct acts *a = ws->acts;
    const struct disentangled *r = &m->base->dims.rel;
    struct attn_positions *t = &a->terms;
    struct mat from = r->own ? a->layer[layer].pos : a->layer[layer].qkv;
    struct mat to = r->own ? a->dpos : dqkv, none = { 0 };

    if (a->rel.rows == 0)
        return t->bias.x ? t : NULL;
    t->k = !r->c2p ? none : r->own ? half_of(from, 0) : behind(m, a, from, true);
    t->q = !r->p2c ? none : r->own ? half_of(from, 1) : behind(m, a, from, false);
    t->dk = t->dq = none;
    if (!dqkv.x || !m->net->layer[layer].rel_grad)
        return t;
    mat_zero(r->own ? to : mat_rows(to, to.rows - a->rel.rows, a->rel.rows));
    t->dk = !r->c2p ? none : r->own ? half_of(to, 0) : behind(m, a, to, true);
    t->dq = !r->p2c ? none : r->own ? half_of(to, 1) : behind(m, a, to, false);
    return t;
}
