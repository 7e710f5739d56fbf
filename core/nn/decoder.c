/* decoder.c - the end of a decoder: the final norm, and the output layer, which is the word
 * embeddings unless it is a tensor of its own.
 *
 *     h = LN_f(x)     z = W h     L = - sum of log softmax(z)_next over tokens with a next one
 *
 * Logits are in memory as a whole only when they are asked for (ws->all_logits). The loss and dL/dh
 * come from sweeps over the vocabulary (core/math/lmhead.h) for the rows that have a target. */
#include "core/nn/decoder.h"

#include "core/math/ops.h"
#include "core/nn/acts.h"
#include "core/nn/norm.h"
#include "core/weights/base_model_impl.h"

void decoder_fwd(const struct model *m, struct workspace *ws, const struct batch *b)
{
    const struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;
    struct mat x = a->long_y.x ? mat_rows(a->long_y, 0, ws->hidden.rows) : a->out;

    norm_fwd(m, &p[ROLE_FINAL_G], ws->hidden, mat_rows(a->xhat_f, 0, x.rows), a->rstd_f, x);
    if (ws->all_logits)
        lmhead_logits(&m->net->lm, ws->logits, ws->hidden);
    for (int s = 0; s < a->last.rows; s++)
        mat_copy(mat_rows(a->last, s, 1), mat_rows(ws->hidden, b->off[s + 1] - 1, 1));
    if (a->last.x)
        lmhead_logits(&m->net->lm, ws->logits, a->last);
}

double decoder_loss(const struct model *m, struct workspace *ws, const struct batch *b,
                    double weight, struct mat *dhidden)
{
    const struct acts *a = ws->acts;
    const struct param *w = net_lm_head(m->net);
    struct mat dw = { 0 }, dh = { 0 };

    CHECK(b->next, "%d tokens without next ones", b->n_tok);
    if (ws->grad && dhidden) {
        dh = mat_rows(a->g, 0, ws->hidden.rows);
        dw = workspace_grad_mat(ws, w);
    }
    if (dhidden)
        *dhidden = dh;
    double loss = lmhead_loss(&m->net->lm, dh, dw, ws->hidden, b->next, weight,
                              ws->train ? m->head.label_smoothing : 0, a->lm_scratch);
    base_model_rows_read(m->base, w, b->n_tok); /* rows of the targets */
    return loss;
}

void model_score(const struct model *m, struct workspace *ws, const struct batch *b, double *nll,
                 bool *hit)
{
    const struct acts *a = ws->acts;

    CHECK(m->base->arch->causal && b->next, "%d tokens without next ones", b->n_tok);
    lmhead_score(&m->net->lm, nll, hit, ws->hidden, b->next, a->lm_scratch);
}

void decoder_bwd(const struct model *m, struct workspace *ws, struct mat dhidden)
{
    const struct acts *a = ws->acts;
    const struct param *const *p = m->net->p;

    CHECK(dhidden.x && dhidden.x == a->g.x, "not the gradient of model_loss");
    norm_bwd(m, ws, &p[ROLE_FINAL_G], dhidden, mat_rows(a->xhat_f, 0, dhidden.rows), a->rstd_f);
}
