/* ops_adamw.c - AdamW, with the operations in the order of torch.optim.AdamW on a single tensor. */
#include "core/math/ops.h"
#include "core/math/vec.h"

static inline void adamw_one(real *theta, real *m, real *v, real g, struct adamw_coef c)
{
    real p = *theta * c.decay;
    real a = *m + c.lerp * (g - *m);
    real b = *v * c.beta2 + c.rest2 * g * g;

    *m = a;
    *v = b;
    *theta = p - c.step * a / (vec_sqrt(b) / c.root + c.eps);
}

VEC_CLONES static void step_row(real *theta, real *m, real *v, const real *g, size_t n,
                                struct adamw_coef c)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        adamw_one(theta + i, m + i, v + i, g[i], c);
}

/* The same with a gradient of zeros. */
VEC_CLONES static void step_row_zero(real *theta, real *m, real *v, size_t n, struct adamw_coef c)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        adamw_one(theta + i, m + i, v + i, 0, c);
}

VEC_CLONES static void decay_row(real *theta, size_t n, real by)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        theta[i] *= by;
}

struct adamw_coef adamw_coef(const struct adamw *o)
{
    CHECK(o->t >= 1, "step %ld", o->t);
    double bias1 = 1 - pow(o->beta1, (double)o->t), bias2 = 1 - pow(o->beta2, (double)o->t);

    return (struct adamw_coef){
        .decay = (real)(1 - o->lr * o->weight_decay),
        .lerp = (real)(1 - o->beta1),
        .beta2 = (real)o->beta2,
        .rest2 = (real)(1 - o->beta2),
        .root = (real)sqrt(bias2),
        .eps = (real)o->eps,
        .step = (real)(o->lr / bias1),
    };
}

void adamw_update(real *theta, real *m, real *v, const real *g, size_t n,
                  const struct adamw_coef *c)
{
    if (g)
        step_row(theta, m, v, g, n, *c);
    else
        step_row_zero(theta, m, v, n, *c);
}

void adamw_decay(real *theta, size_t n, const struct adamw_coef *c)
{
    if (c->decay != 1)
        decay_row(theta, n, c->decay);
}

void adamw_step(real *theta, real *m, real *v, const real *g, size_t n, const struct adamw *o)
{
    struct adamw_coef c = adamw_coef(o);

    adamw_update(theta, m, v, g, n, &c);
}
