/* norm.h - private to core/nn: the normalization of an architecture, LayerNorm or RMSNorm. */
#ifndef NORM_H
#define NORM_H

#include "core/math/ops.h"
#include "core/nn/model.h"

/* norm_fwd - Y = the normalized X with the gain P[0] and, for LayerNorm, the bias P[1]; XHAT and
 * RSTD are kept for the backward pass. Y or XHAT may be X. norm_bwd - DY becomes, in place, the
 * gradient of the input; those of the gain and the bias are added to the workspace where these
 * train. */
static inline void norm_fwd(const struct model *m, const struct param *const p[2], struct mat y,
                            struct mat xhat, real *rstd, struct mat x)
{
    double eps = m->base->dims.ln_eps;

    if (m->base->arch->rms_norm)
        rmsnorm_fwd(y, xhat, rstd, x, p[0]->value, eps);
    else
        layernorm_fwd(y, xhat, rstd, x, p[0]->value, p[1]->value, eps);
}
static inline void norm_bwd(const struct model *m, struct workspace *ws,
                            const struct param *const p[2], struct mat dy, struct mat xhat,
                            const real *rstd)
{
    real *dg = workspace_grad(ws, p[0]);

    if (m->base->arch->rms_norm)
        rmsnorm_bwd(dy, dg, dy, xhat, rstd, p[0]->value);
    else
        layernorm_bwd(dy, dg, workspace_grad(ws, p[1]), dy, xhat, rstd, p[0]->value);
}
#endif
