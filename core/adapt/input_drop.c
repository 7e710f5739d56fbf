/* input_drop.c - dropout on the input of a method's own products. */
#include "core/adapt/input_drop.h"

#include "core/os/prof.h"
#include "core/math/ops.h"

int input_drop_cols(double p, int in)
{
    int size = (int)sizeof(real);

    return p > 0 ? in + (in + size - 1) / size : 0; /* values, then the bytes of the mask */
}

struct input_drop input_drop_at(const struct workspace *ws, double p, real *saved, struct mat x)
{
    if (!(p > 0) || !ws->train)
        return (struct input_drop){ .x = x };
    return (struct input_drop){ mat_make(saved, x.rows, x.cols),
                                (unsigned char *)(saved + (size_t)x.rows * (size_t)x.cols) };
}

void input_drop_fwd(const struct input_drop *k, const struct model *m, const struct workspace *ws,
                    const struct batch *b, int layer, enum group g, struct mat x, double p)
{
    if (!k->mask)
        return;
    dropout_mask(k->mask, m, ws, b, dropout_sub(layer, SITE_ADAPT + (int)g), x.cols, p);
    prof_begin(WORK_DROPOUT);
    dropout(k->x, x, k->mask, p);
    prof_end();
}

void input_drop_bwd(const struct input_drop *k, struct mat dx, struct mat e, struct mat a, double p)
{
    if (!dx.x)
        return;
    if (!k->mask) {
        mat_gemm(dx, 1, 1, e, NOTRANS, a, NOTRANS);
        return;
    }
    mat_gemm(k->x, 0, 1, e, NOTRANS, a, NOTRANS);
    prof_begin(WORK_DROPOUT);
    dropout(k->x, k->x, k->mask, p);
    prof_end();
    mat_add(dx, 1, k->x);
}
