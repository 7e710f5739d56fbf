/* input_drop.h - private to core/adapt: dropout on the input of a method's own products, beside a
 * frozen product that sees the input without dropout.
 *
 * Projections that read one input share a mask (PEFT draws one for each). */
#ifndef INPUT_DROP_H
#define INPUT_DROP_H

#include "core/math/mat.h"
#include "core/nn/model.h"

/* The input after dropout [T, in], and its mask; when there is no dropout in this pass, the input
 * itself, and NULL. */
struct input_drop {
    struct mat x;
    unsigned char *mask;
};

/* input_drop_cols - columns of saved memory that dropout P on IN columns needs. input_drop_at -
 * view the memory SAVED of T * input_drop_cols values; the same in fwd and bwd. */
int input_drop_cols(double p, int in);
struct input_drop input_drop_at(const struct workspace *ws, double p, real *saved, struct mat x);

/* input_drop_fwd - draw the mask and compute K->x from X. input_drop_bwd - DX += the gradient of x,
 * which is E A [T, in] through the mask, with E [T, k] and A [k, in]; overwrites K->x. DX may be
 * empty. */
void input_drop_fwd(const struct input_drop *k, const struct model *m, const struct workspace *ws,
                    const struct batch *b, int layer, enum group g, struct mat x, double p);
void input_drop_bwd(const struct input_drop *k, struct mat dx, struct mat e, struct mat a,
                    double p);
#endif
