/* block_impl.h - private to block.c and its parts: the linear maps of a block (linear.c), and the
 * calls of a method's hooks (hooks.c). */
#ifndef BLOCK_IMPL_H
#define BLOCK_IMPL_H

#include "core/nn/acts.h"
#include "core/nn/net.h"

/* What the parts of one block in one pass need. */
struct ctx {
    const struct model *m;
    struct workspace *ws;
    const struct batch *b;   /* the micro-batch */
    const struct batch *row; /* the rows after attention: those of b, or first tokens */
    int layer;
    const struct net_layer *net;
    struct acts *acts;
    struct layer_acts *a;
};

/* linear_fwd - the linear maps of one input: Y = x W^T + b, plus what the method adds. linear_bwd -
 * DX = dy W, or DX += dy W when ADD; DX may be empty. */
void linear_fwd(const struct ctx *c, enum group g, struct mat y, struct mat x);
void linear_bwd(const struct ctx *c, enum group g, struct mat dx, struct mat dy, struct mat x,
                bool add);

/* The hooks of the method: hooks_proj_fwd - proj_fwd of a group that it uses; the others do nothing
 * where it has no hook. */
void hooks_proj_fwd(const struct ctx *c, enum group g, struct mat y, struct mat x);
void hooks_tap_fwd(const struct ctx *c, enum place p, struct mat h, struct mat res);
void hooks_tap_bwd(const struct ctx *c, enum place p, struct mat dh, struct mat dres);
#endif
