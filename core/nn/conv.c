/* conv.c - the convolution beside the first block. */
#include "core/nn/conv.h"

#include "core/os/prof.h"

void conv_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct dims *d = &m->base->dims;
    const struct param *const *p = m->net->p;

    if (d->conv == 0)
        return;
    prof_begin(p[ROLE_CONV_W]->trainable ? WORK_TRAINED : WORK_FROZEN);
    conv_rows(a->conv_cols, a->layer[0].x, b->off, b->n_seq, d->conv);
    plain_fwd(param_mat(p[ROLE_CONV_W]), a->conv, a->conv_cols, p[ROLE_CONV_B]->value);
    prof_end();
    if (a->mask_conv) {
        dropout_mask(a->mask_conv, m, ws, b, dropout_sub(-1, SITE_CONV), d->d_model,
                     m->head.hidden_dropout);
        dropout(a->conv, a->conv, a->mask_conv, m->head.hidden_dropout);
    }
    prof_begin(WORK_ACT);
    act_fwd(a->conv, a->conv_slope, a->conv, d->conv_act);
    prof_end();
}

void conv_join(const struct model *m, struct workspace *ws, struct mat y)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (m->base->dims.conv == 0)
        return;
    prof_begin(WORK_NORM);
    mat_add(y, 1, a->conv);
    layernorm_fwd(y, a->xhat_conv, a->rstd_conv, y, p[ROLE_CONV_NORM_G]->value,
                  p[ROLE_CONV_NORM_B]->value, m->base->dims.ln_eps);
    prof_end();
}

void conv_join_bwd(const struct model *m, struct workspace *ws)
{
    struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    if (m->base->dims.conv == 0)
        return;
    prof_begin(WORK_NORM);
    layernorm_bwd(a->g, workspace_grad(ws, p[ROLE_CONV_NORM_G]),
                  workspace_grad(ws, p[ROLE_CONV_NORM_B]), a->g, a->xhat_conv, a->rstd_conv,
                  p[ROLE_CONV_NORM_G]->value);
    prof_end();
    if (m->lowest < 0)
        mat_copy(a->conv, a->g);
}

void conv_bwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct acts *a = ws->acts;
    const struct param *w = m->net->p[ROLE_CONV_W], *bias = m->net->p[ROLE_CONV_B];

    if (m->base->dims.conv == 0 || m->lowest >= 0)
        return;
    act_bwd(a->conv, a->conv, a->conv_slope);
    if (a->mask_conv)
        dropout(a->conv, a->conv, a->mask_conv, m->head.hidden_dropout);
    prof_begin(WORK_TRAINED);
    if (bias->trainable)
        mat_sum_rows(workspace_grad(ws, bias), a->conv);
    if (w->trainable) {
        conv_rows(a->conv_cols, a->layer[0].x, b->off, b->n_seq, w->width);
        mat_gemm(workspace_grad_mat(ws, w), 1, 1, a->conv, TRANS, a->conv_cols, NOTRANS);
    }
    plain_bwd(param_mat(w), a->conv_cols, a->conv, false);
    conv_rows_bwd(a->g, a->conv_cols, b->off, b->n_seq, w->width);
    prof_end();
}
