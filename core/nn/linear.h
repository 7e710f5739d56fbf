/* linear.h - private to core/nn: the linear maps of a block, with what the method adds. */
#ifndef LINEAR_H
#define LINEAR_H

#include "core/nn/acts.h"

/* A block of a pass: what every function of it needs. */
struct ctx {
    const struct model *m;
    struct workspace *ws;
    const struct batch *b;   /* the micro-batch */
    const struct batch *row; /* the rows after attention: those of b, or first tokens */
    struct batch qkv;        /* the rows that q, k, and v read: b, and positions behind it */
    int layer;
    const struct net_layer *net;
    struct acts *acts;
    struct layer_acts *a;
};

/* linear_fwd - Y = X W^T + b, plus what the method adds, for the matrices of a group. */
void linear_fwd(const struct ctx *c, enum group g, struct mat y, struct mat x);

/* linear_bwd - from DY the gradients of what trains, and DX = dy W, or DX += dy W when ADD; DX may
 * be empty. Rows behind the tokens, which the frozen product leaves out unless the table of
 * positions trains, have no gradient yet. */
void linear_bwd(const struct ctx *c, enum group g, struct mat dx, struct mat dy, struct mat x,
                bool add);
#endif
