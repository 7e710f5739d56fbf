/* method.h - an adaptation method as the layers see it: core/adapt fills a struct adapt in, core/nn
 * and core/train call it. Layer 2. */
#ifndef METHOD_H
#define METHOD_H

#include "core/opt/opt.h"
#include "core/math/mat.h"
#include "core/nn/batch.h"
#include "core/weights/dims.h"
#include "core/weights/proj.h"
#include "core/nn/workspace.h"

struct model; /* core/nn/model.h */

/* Where a method may change rows between the linear layers. PLACE_ATTN, PLACE_MLP: what the
 * sublayer adds to the residual stream, [T, d], after its dropout. PLACE_ACT: the output of the
 * MLP's activation, [T, d_ffn], which the down projection reads. PLACE_BLOCK: the output of the
 * block, [T, d]. */
enum place { PLACE_ATTN, PLACE_ACT, PLACE_MLP, PLACE_BLOCK, N_PLACE };

/* Hooks may be NULL where a method does nothing. The model is never changed by a hook that takes it
 * as const; several threads call these hooks at once, each with its own workspace. */
struct adapt {
    const char *name, *source;
    /* The keys of this method in a recipe, ending with OPT_END. They fill a struct of cfg_size
     * bytes, which the functions below take as CFG. */
    const struct opt *opts;
    size_t cfg_size;
    bool starts_as_base; /* before the first step the model computes the same as the base model */
    bool pairs;          /* adapt_state begins with a struct pairs (core/adapt/pairs.h) */
    bool bwd_without_x;  /* proj_out_bwd and proj_bwd do not read x, so that it need not be saved */

    /* lack - what the method trains that a model of this shape does not have, such as "biases";
     * NULL: it has all. NULL as a hook: every model does. In a list of methods see adapt_lack. */
    const char *(*lack)(const struct dims *d);

    /* attach - add the method's tensors with adapt_matrix and the like, allocate adapt_state, and
     * set trainable on any tensor. Errors: FAIL_USAGE. init - set initial values when theta exists,
     * from (m->seed, RNG_INIT). detach - free adapt_state, also after a failed attach. */
    int (*attach)(struct model *m, const void *cfg);
    void (*init)(struct model *m, const void *cfg);
    void (*detach)(struct model *m);

    /* count - the closed form of how many parameters train, without the head; tests compare it with
     * the tensors. -1 after FAIL_USAGE. NULL in a list of methods: see adapt_count. formula - the
     * closed form as text, "2 n_M d r". count_inference - how many of these a trained model still
     * needs; NULL: all. */
    long (*count)(const void *cfg, const struct dims *d);
    const char *formula;
    long (*count_inference)(const void *cfg, const struct dims *d);

    /* rows - how many virtual tokens are inserted into every sequence (m->n_prefix + m->n_infix),
     * which take positions from the text. NULL: none; in a list of methods see adapt_rows. */
    int (*rows)(const void *cfg);

    /* Hooks on the linear layers, one call for each group that USES says. B gives the rows of x and
     * y: those of the micro-batch, or one for each sequence in the last block with cls pooling.
     * proj_fwd - y [T, out of the group] holds x W^T + b and may be changed in place; x [T, in] may
     * not. proj_bwd - add to the gradients of the method's tensors, and dx += unless dx is empty.
     * SAVED [T, save_cols()] is memory that lives from fwd to bwd; its rows are contiguous, so that
     * a method may divide the T * save_cols() values as it likes. x is the same in bwd unless
     * bwd_without_x. */
    bool (*uses)(const struct model *m, int layer, enum group g);
    int (*save_cols)(const struct model *m, int layer, enum group g);
    void (*proj_fwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat saved, struct mat x, struct mat y);
    void (*proj_bwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                     enum group g, struct mat saved, struct mat x, struct mat dy, struct mat dx);

    /* proj_out_bwd - backward of a method that does more than add to y: turn dy, in place, into the
     * gradient of x W^T + b. Called before the backward pass of the frozen product and before
     * proj_bwd. */
    void (*proj_out_bwd)(const struct model *m, struct workspace *ws, const struct batch *b,
                         int layer, enum group g, struct mat saved, struct mat x, struct mat dy);

    /* Hooks between the linear layers, one call for each place that TAPS says. B and SAVED [T,
     * tap_cols()] as above. tap_fwd - change the rows h in place; res [T, d] is the residual stream
     * (PLACE_ATTN, PLACE_MLP; empty elsewhere). tap_bwd - turn dh, in place, from the gradient of
     * the changed h into that of the original; dres +=. */
    bool (*taps)(const struct model *m, int layer, enum place p);
    int (*tap_cols)(const struct model *m, int layer, enum place p);
    void (*tap_fwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat saved, struct mat h, struct mat res);
    void (*tap_bwd)(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
                    enum place p, struct mat saved, struct mat dh, struct mat dres);

    /* prefix_kv - keys *K and values *V [m->n_prefix_kv, d] that every query of the layer sees
     * beside those of its own sequence, and where attention's backward pass adds their gradients
     * (*DK, *DV; empty without ws->grad). For methods that set m->n_prefix_kv. Tokens keep their
     * positions. */
    void (*prefix_kv)(const struct model *m, struct workspace *ws, int layer, struct mat *k,
                      struct mat *v, struct mat *dk, struct mat *dv);

    /* Work of a pass outside the layers: pass_begin before the first block, pass_end after the last
     * block's backward pass. scratch - how many values of memory the hooks of a pass find at
     * ws->scratch; GRAD: with a backward pass. */
    size_t (*scratch)(const struct model *m, bool grad);
    void (*pass_begin)(const struct model *m, struct workspace *ws);
    void (*pass_end)(const struct model *m, struct workspace *ws);

    /* merge - W += SIGN * update of this projection, where W [out, in] is a copy of the frozen
     * matrix. NULL: the method cannot be merged, or changes no matrix. */
    void (*merge)(const struct model *m, int layer, enum proj p, struct mat w, int sign);

    /* hold - for gradient checks: from now on, whatever the gradient treats as a constant keeps its
     * present value. NULL: there is nothing of the kind. */
    void (*hold)(struct model *m);

    /* What an optimizer step does beside AdamW. step_grad - may change GRAD [n_train], the gradient
     * of the mean loss, before it is clipped. step_done - after the update. STEP counts from 1 to
     * TOTAL. n_vectors - how many vectors [n_train] at m->opt_state these two need from step to
     * step; they begin as zeros and are part of a training checkpoint. */
    int n_vectors;
    void (*step_grad)(const struct model *m, real *grad, long step, long total);
    void (*step_done)(struct model *m, long step, long total);
};
#endif
