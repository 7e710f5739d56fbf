/* method.h - what an adaptation method provides to the layers (core/adapt fills it in, core/nn and
 * core/train call it). Layer 2. */
#ifndef METHOD_H
#define METHOD_H

#include "core/nn/model.h"

struct adapt {
    const char *name, *source;
    const struct opt *opts; /* recipe keys of this method over its cfg struct; ends with OPT_END */
    size_t cfg_size;
    bool starts_as_base; /* promised: the same function as the frozen model before the first step */
    bool pairs;          /* adapt_state begins with a struct pairs (core/adapt/pairs.h) */
    bool forgets_x;      /* proj_out_bwd and proj_bwd do not read x, which is not kept for them */

    /* Add the method's numbers with adapt_param() and set trainable on any param. Errors:
     * FAIL_USAGE. */
    int (*attach)(struct model *m, const void *cfg);
    void (*init)(struct model *m,
                 const void *cfg);   /* initial values, once theta exists (m->seed, RNG_INIT) */
    void (*detach)(struct model *m); /* free adapt_state; NULL: nothing to free */
    /* Closed form of the trained numbers without the head; must equal the tensors. NULL: of a list of
     * methods, see adapt_count. */
    long (*count)(const void *cfg, const struct dims *d);
    const char *formula; /* the closed form as text: "2 n_M d r" */
    /* Of these, what a trained model still needs; NULL: all of them. */
    long (*count_kept)(const void *cfg, const struct dims *d);
    /* Rows that are inserted into every sequence (m->n_prefix + m->n_infix), whose tokens have so many
     * positions less; NULL: none, or of a list of methods, see adapt_rows. */
    int (*rows)(const void *cfg);

    /* Hooks on the linear layers; NULL: nothing. B gives the rows of x and y: of a whole
     * micro-batch, or of the first token of each sequence only (the last block with pooling cls). y
     * [T, out of the group] already holds x W^T + b; the group's x [T,in] is kept for backward when
     * uses() says so. keep [T, keep_cols()] lives from fwd to bwd; its rows touch, so it is T *
     * keep_cols() numbers to cut up as the method likes. x is const. */
    bool (*uses)(const struct model *m, int layer, enum group g);
    int (*keep_cols)(const struct model *m, int layer, enum group g);
    void (*proj_fwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat y);
    void (*proj_bwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat keep, struct mat x, struct mat dy,
                     struct mat dx); /* dx +=; may be empty. NULL: it is all in proj_out_bwd */

    /* Backward of a method that does more than add to y: before the frozen product's backward, and
     * before proj_bwd, dy becomes in place the gradient of x W^T + b. */
    void (*proj_out_bwd)(const struct model *m, struct workspace *ws, const struct batch *b,
                         int layer, enum group g, struct mat keep, struct mat x, struct mat dy);

    /* Hooks between the linear layers, on rows h that are changed in place. B gives the rows of h, as
     * above; keep [T, tap_cols()] as above. PLACE_ATTN, PLACE_MLP: h [T,d] is what the sublayer adds to
     * the residual stream res [T,d], after its dropout. PLACE_ACT: h [T,d_ffn] is the activation's
     * output, which the down projection reads. PLACE_BLOCK: h [T,d] is the block's output. tap_bwd:
     * dh, the gradient of h as it left, becomes that of h as it came; dres += (PLACE_ATTN, PLACE_MLP;
     * elsewhere res and dres are empty). */
    bool (*taps)(const struct model *m, int layer, enum place p);
    int (*tap_cols)(const struct model *m, int layer, enum place p);
    void (*tap_fwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat h, struct mat res);
    void (*tap_bwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat keep, struct mat dh, struct mat dres);

    /* Keys and values [model->n_prefix_kv, d] that every query of the layer sees beside its own sequence's;
     * the gradients are added to by attention's backward (dk, dv empty without l->grad). Only of methods
     * that set m->n_prefix_kv. Tokens keep their positions. */
    void (*prefix_kv)(const struct model *m, struct workspace *ws, int layer, struct mat *k,
                      struct mat *v, struct mat *dk, struct mat *dv);

    /* Work of a pass that is not a layer's, over SCRATCH numbers of the lane's own, which all hooks of the
     * pass find at l->scratch: before the first block, and after the last backward. */
    size_t (*scratch)(const struct model *m, bool grad);
    void (*pass_begin)(const struct model *m, struct workspace *ws);
    void (*pass_end)(const struct model *m, struct workspace *ws);

    /* w += sign * update of this projection, w [out,in] a copy. NULL: cannot be merged. */
    void (*merge)(const struct model *m, int layer, enum proj p, struct mat w, int sign);

    /* For checks of gradients: what gradients take as a constant stays from now on as it is now. NULL:
     * there is nothing of the kind. */
    void (*hold)(struct model *m);

    /* What the training loop does beside AdamW. step_grad: GRAD [n_train], the gradient of step's mean
     * loss, may be changed before it is clipped (a regulariser). step_done: after the update, step of
     * TOTAL (1 after the first). n_vectors: so many vectors [n_train] at m->opt_state that these two keep
     * from step to step; zero at first, in checkpoints. */
    int n_vectors;
    void (*step_grad)(const struct model *m, real *grad, long step, long total);
    void (*step_done)(struct model *m, long step, long total);
};
#endif
