/* model.h - one adapted model: a base model, a head for a task, and a method. Layer 2.
 *
 * struct model says which tensors train. All of their values are in one vector theta[n_train], so
 * that a gradient, AdamW's moments and a training checkpoint are vectors of the same length. The
 * base model (struct base_model) is shared by all models of a process; a thread that computes has a
 * struct workspace. Gradients that nothing needs are not computed: neither of frozen matrices, nor
 * below the lowest trained tensor.
 *
 * This header includes the other public headers of core/nn. */
#ifndef MODEL_H
#define MODEL_H

#include "core/weights/arch.h"
#include "core/weights/base_model.h"
#include "core/nn/batch.h"
#include "core/weights/dims.h"
#include "core/nn/dropout.h"
#include "core/weights/param.h"
#include "core/nn/pass.h"
#include "core/weights/proj.h"
#include "core/weights/stored.h"
#include "core/nn/workspace.h"

struct adapt; /* core/nn/method.h: an adaptation method */

/* The task's head. A decoder has none: n_labels 0 and pooling none. */
struct head {
    int n_labels; /* outputs of the classifier; 1 for regression */
    bool regression;
    enum pooling pooling; /* cls: the first token, through the pooler layer and tanh if the
                             architecture has a pooler; mean: mean of the hidden states. The
                             architecture's head (struct arch_head) reads either. */
    double pool_scale;    /* factor on the pooled vector before the head; 1 as in transformers */
    double hidden_dropout, attn_dropout, classifier_dropout; /* used when ws->train */
    double label_smoothing; /* of a decoder's loss, when ws->train (core/math/lmhead.h) */
    enum precision
        precision; /* of products with frozen weights; trained weights are never rounded */
    int recompute; /* activation checkpointing: this many blocks, from the lowest one that backward
                      reaches, keep only their input and are computed again in backward. The results
                      have the same bits. */
};

struct model {
    struct base_model *base;
    struct head head;
    struct param *params; /* the base model's, then the head's, then the method's */
    int n_params;
    struct arena mem;
    real *theta; /* values of the trainable tensors in the order of params; in mem */
    size_t n_train;
    size_t n_train_head; /* how many of these are the head's */
    size_t n_total;      /* parameters of base model, head and method together */
    const struct adapt *adapt;
    void *adapt_state; /* belongs to the method */
    /* Virtual tokens that the method inserts into every sequence (soft.h): n_prefix after the first
     * token, or before it in a decoder, and n_infix after the last. Their embeddings are the tensor
     * params[soft], [n_prefix + n_infix, d]. */
    int n_prefix, n_infix, soft;
    int n_prefix_kv; /* keys and values of a prefix in each layer, which all queries see */
    real *opt_state; /* [adapt->n_vectors, n_train] vectors of the method that persist between
                        optimizer steps; in mem */
    int lowest;      /* lowest layer whose backward pass is needed; -1: also that of the embeddings;
                          n_layers: only that of the head */
    struct net *net; /* private to core/nn (net.h) */
    uint64_t seed;
    real *pooler; /* of model_set_pooler; NULL: the base model's */
};

/* model_init - the model of base B with HEAD and METHOD, whose options CFG were filled by
 * opt_defaults and opt_set. Initial values: the classifier is N(0, init_range) from (SEED,
 * RNG_HEAD) with bias 0, or with OWN_HEAD the checkpoint's own classifier if it has one of this
 * shape; the method's tensors come from (SEED, RNG_INIT). B must outlive M; CFG need not. M is
 * freed on failure. Errors: FAIL_USAGE from the method (rank too large, unknown target); FAIL_INPUT
 * when B does not suit the head; FAIL_MEMORY. */
int model_init(struct model *m, struct base_model *b, const struct head *h,
               const struct adapt *method, const void *cfg, uint64_t seed, bool own_head);

/* model_outline - a model without values over base_model_outline: what trains, n_train, n_total,
 * lowest, model_packs and workspace_bytes are those of model_init. No memory is allocated for
 * weights, so that a model of any size can be counted. Only these and model_free may be used on it.
 * Errors: those of model_init from the head and the method. */
int model_outline(struct model *m, struct base_model *b, const struct head *h,
                  const struct adapt *method, const void *cfg);

void model_free(struct model *m);

/* model_merge - TO becomes a decoder that computes the same as M, which must outlive it and not
 * change, with the updates of its method, and weights that train, packed as if they were frozen:
 * nothing is left for the method to do, which is faster. Only its rounding differs. Frees nothing
 * of M when it is freed. Returns 1, with TO zeroed, when the method does more than update matrices
 * (adapt->merge), or products round weights to bf16, which would round the updates. Errors: -1
 * after FAIL_MEMORY. */
int model_merge(struct model *to, const struct model *m, bool mergeable);

/* model_merge_bytes - the memory that TO of model_merge takes beside M, which may be an outline. */
size_t model_merge_bytes(const struct model *m, bool mergeable);

/* model_set_pooler - let M, which does not train its pooler, have VALUES, the weight [d, d] and
 * then the bias [d], instead of the base model's. M owns them from then on. */
void model_set_pooler(struct model *m, real *values);

/* model_packs - raise each entry of NEED [n_layers * N_GROUP] (enum pack_need) to what M needs
 * packed of that group: nothing when one of its matrices trains, forward only when the gradient of
 * its input is not needed. */
void model_packs(const struct model *m, unsigned char *need);

/* model_param - the tensor with this name; NULL when there is none. model_role - the tensor of a
 * block, or outside the blocks with LAYER -1, that has this role in M; NULL when the architecture
 * has none. */
struct param *model_param(const struct model *m, const char *name);
const struct param *model_role(const struct model *m, int layer, int role);
#endif
