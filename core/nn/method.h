/* method.h - what an adaptation method provides to the layers (core/adapt fills it in, core/nn
 * calls it). Layer 2. */
#ifndef METHOD_H
#define METHOD_H

#include "core/nn/model.h"

struct adapt {
    const char *name, *source;
    const struct opt *opts; /* recipe keys of this method over its cfg struct; ends with OPT_END */
    size_t cfg_size;
    bool starts_as_base; /* promised: the same function as the frozen model before the first step */

    /* Add the method's numbers with adapt_param() and set trainable on any param. Errors:
     * FAIL_USAGE. */
    int (*attach)(struct model *m, const void *cfg);
    void (*init)(struct model *m,
                 const void *cfg);   /* initial values, once theta exists (m->seed, RNG_INIT) */
    void (*detach)(struct model *m); /* free adapt_state; NULL: nothing to free */
    /* Closed form of the trained numbers without the head; must equal the tensors. */
    long (*count)(const void *cfg, const struct dims *d);
    const char *formula; /* the closed form as text: "2 n_M d r" */

    /* Hooks on the linear layers; NULL: nothing. B gives the rows of x and y: of a whole
     * micro-batch, or of the first token of each sequence only (the last block with pooling cls). y
     * [T, out of the group] already holds x W^T + b; the group's x [T,in] is kept for backward when
     * uses() says so. keep [T, keep_cols()] lives from fwd to bwd; its rows touch, so it is T *
     * keep_cols() numbers to cut up as the method likes. x is const. */
    bool (*uses)(const struct model *m, int layer, enum group g);
    int (*keep_cols)(const struct model *m, int layer, enum group g);
    void (*proj_fwd)(const struct model *m, struct lane *l, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat y);
    void (*proj_bwd)(const struct model *m, struct lane *l, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat dy,
                     struct mat dx); /* dx +=; may be empty */

    /* w += sign * update of this projection, w [out,in] a copy. NULL: cannot be merged. */
    void (*merge)(const struct model *m, int layer, enum proj p, struct mat w, int sign);
};
#endif
