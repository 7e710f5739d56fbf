/* ops_adamw.c - AdamW, in the order of torch.optim.AdamW's single-tensor form. */
#include "core/math/ops.h"
#include "core/math/vec.h"

struct coef {
    real decay, lerp, beta2, rest2, root, eps, step;
};

VEC_CLONES static void step(real *theta, real *m, real *v, const real *g, size_t n, struct coef c)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++) {
        real p = theta[i] * c.decay;
        real a = m[i] + c.lerp * (g[i] - m[i]);
        real b = v[i] * c.beta2 + c.rest2 * g[i] * g[i];

        m[i] = a;
        v[i] = b;
        theta[i] = p - c.step * a / (vec_sqrt(b) / c.root + c.eps);
    }
}

void adamw_step(real *theta, real *m, real *v, const real *g, size_t n, const struct adamw *o)
{
    CHECK(o->t >= 1, "step %ld", o->t);
    double bias1 = 1 - pow(o->beta1, (double)o->t), bias2 = 1 - pow(o->beta2, (double)o->t);
    struct coef c = {
        .decay = (real)(1 - o->lr * o->weight_decay),
        .lerp = (real)(1 - o->beta1),
        .beta2 = (real)o->beta2,
        .rest2 = (real)(1 - o->beta2),
        .root = (real)sqrt(bias2),
        .eps = (real)o->eps,
        .step = (real)(o->lr / bias1),
    };

    step(theta, m, v, g, n, c);
}
