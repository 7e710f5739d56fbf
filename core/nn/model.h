/* model.h - pretrained transformers: what is shared by all runs (struct base_model), one adapted
 * instance of it (struct model), and a micro-batch in flight (struct workspace). Layer 2.
 *
 *   base    mapped checkpoint, frozen weights packed once, read-only: forked workers share its
 *           pages
 *   model   which numbers train; all of them in one vector theta[n_train], so that a gradient,
 *           AdamW's moments and a checkpoint are vectors of the same length; the method's hooks
 *   lane    one thread's work on one micro-batch: activations that backward reads, and a gradient
 *           vector
 *
 * No gradient that nobody needs: no dW of a frozen matrix, nothing below the lowest trained
 * number. */
#ifndef MODEL_H
#define MODEL_H

#include "core/base/base.h"
#include "core/base/opt.h"
#include "core/math/lmhead.h"
#include "core/math/mat.h"
#include "core/math/ops.h"
#include "core/math/packed.h"
#include "core/format/safetensors.h"

struct adapt; /* core/adapt/adapt.h: an adaptation method */

struct dims {
    char arch[24]; /* model_type of config.json: "bert", "gpt2" */
    int n_layers, d_model, n_heads, d_head, d_ffn, vocab, max_pos, n_types, pad_id;
    double ln_eps, init_range; /* initializer_range */
    double hidden_dropout, attn_dropout, classifier_dropout;
    enum act act;
    enum pooling pooling; /* 1_Pooling/config.json where there is one, else cls; decoders: none */
    char *problem;        /* problem_type or NULL; owned */
    int n_labels;         /* of the checkpoint's own head; 0: none */
};
/* dims_load - read DIR/config.json (jansson, duplicates refused) and DIR/1_Pooling/config.json.
 * Errors: FAIL_INPUT: key, value, what would be right; an architecture we lack, with those we
 * have. */
int dims_load(struct dims *d, const char *dir);

/* The six matrices of a block that can be adapted, and the four inputs they read. */
enum proj { PROJ_Q, PROJ_K, PROJ_V, PROJ_O, PROJ_UP, PROJ_DOWN, N_PROJ };
enum group { GROUP_QKV, GROUP_O, GROUP_UP, GROUP_DOWN, N_GROUP };
extern const char *const proj_names[N_PROJ + 1]; /* "q","k","v","o","up","down", NULL */
static inline enum group proj_group(enum proj p)
{
    return p < PROJ_O ? GROUP_QKV : (enum group)(p - 2);
}
void proj_shape(const struct dims *d, enum proj p, int *out, int *in);

/* Where a method may change rows between the linear layers (core/nn/method.h). */
enum place { PLACE_ATTN, PLACE_ACT, PLACE_MLP, PLACE_BLOCK, N_PLACE };

/* What a tensor of the trunk is for: in a block (projection p has ROLE_W + p and ROLE_B + p), then
 * outside. */
enum role {
    ROLE_W,
    ROLE_B = ROLE_W + N_PROJ,
    ROLE_NORM1_G = ROLE_B + N_PROJ, /* attention's: after it (post-norm) or before it (pre-norm) */
    ROLE_NORM1_B,
    ROLE_NORM2_G, /* the MLP's */
    ROLE_NORM2_B,
    N_BLOCK_ROLES,
    ROLE_WORD = N_BLOCK_ROLES,
    ROLE_POS,
    ROLE_TYPE,
    ROLE_EMB_G,
    ROLE_EMB_B,
    ROLE_POOL_W,
    ROLE_POOL_B,
    ROLE_FINAL_G, /* after the last block (pre-norm) */
    ROLE_FINAL_B,
    N_ROLES,
    ROLE_OTHER = N_ROLES /* the task's head, a method's own */
};

/* A named tensor. Vectors have rows = 1 and is_vector. Names are the checkpoint's, without
 * "bert."; parts of a tensor that a checkpoint holds as one (GPT-2's c_attn) have names of their
 * own below it. A linear map is [out, in] here, whatever the checkpoint does. */
struct param {
    char *name;
    int rows, cols;
    bool is_vector;
    bool decay; /* AdamW's weight decay applies: to all trained numbers, as PEFT's recipe has it */
    bool trainable;
    double lr;          /* factor on the learning rate; 0 counts as 1 */
    real *value;        /* frozen: in the base; trainable: theta + off; NULL: as STORED */
    const real *stored; /* frozen, and the file has the transpose: number (i, j) is stored[j *
                           stored_ld + i]; param_read copies it */
    int stored_ld;
    long off;  /* index in theta and in every gradient; -1 when frozen */
    int layer; /* of the block, -1 outside */
    enum role role;
};

/* param_read - its numbers, as a matrix [rows, cols], to X, wherever they are. */
void param_read(real *x, const struct param *p);

struct arch;

/* --- How a checkpoint holds a parameter. GPT-2's linear maps are stored [in, out], and c_attn holds
 * q, k and v side by side; every other tensor is stored as it is here.
 * stored_name - the tensor's name without the prefix; the caller frees it. stored_shape - returns
 * the number of dimensions. stored_put - write X, laid out as P, to its place in TENSOR, which is
 * laid out as the checkpoint's; stored_get: the reverse. */
char *stored_name(const struct arch *a, const struct param *p);
int stored_shape(const struct arch *a, const struct param *p, size_t shape[2]);
bool stored_as_is(const struct arch *a, const struct param *p);
void stored_put(real *tensor, const struct arch *a, const struct param *p, const real *x);
void stored_get(real *x, const struct arch *a, const struct param *p, const real *tensor);
/* stored_module - the module that holds a projection in a checkpoint: "h.0.attn.c_attn"; the caller
 * frees it. stored_together - q, k and v are one tensor there. */
char *stored_module(const struct arch *a, int layer, enum proj p);
bool stored_together(const struct arch *a);
bool stored_transposed(const struct arch *a);

struct arch {
    const char *name; /* model_type */
    const char *source;
    /* Fill names and shapes of the checkpoint's tensors for these dims; returns their number. */
    int (*params)(const struct dims *d, struct param *out, int cap);
    const char *(*proj_name)(int layer,
                             enum proj p); /* "encoder.layer.0.attention.self.query"; static text */
    const char *prefix; /* what transformers puts before the trunk's names: "bert." */
    bool pre_norm;      /* LayerNorm before attention and MLP, and after the last block */
    bool causal;        /* a decoder: each token sees those before it; predicts the next one through
                           the word embeddings as head; no pooling, no classifier */
    struct arch_impl const *impl; /* private to core/nn */
};
extern const struct arch *const arch_table[]; /* generated, NULL-terminated */

struct base_model {
    char *dir;
    char weights_sha256[65]; /* of model.safetensors */
    struct dims dims;
    const struct arch *arch;
    struct safetensors file;
    struct param *params; /* trunk and pooler, frozen values; names without prefix */
    int n_params;
    real *own;     /* numbers that could not stay in the map */
    int rows_read; /* of the word embeddings since they were given back */
    struct packed *
        *packed;       /* [base_model_n_packed]: for each precision, layer and group one for forward
                                only and one for both directions; NULL until somebody needs it */
    char *pack_dir;    /* folder where packs of large models are kept; NULL: none are */
    size_t pack_least; /* bytes of packs from which on they are; 0: those where a file
                               is faster */
    struct packs *packs;           /* private to core/nn: [N_PRECISION] such files */
    struct lmhead lm[N_PRECISION]; /* a decoder's head, packed when it was needed first */
};
static inline size_t base_model_n_packed(const struct dims *d)
{
    return (size_t)d->n_layers * N_GROUP * N_PRECISION * 2;
}
/* base_model_load - config, weights (names with or without the prefix), all shapes checked; missing and
 * unexpected tensors are listed (a missing pooler is allowed: it is then refused only if it is
 * needed; position_ids and heads of other tasks are ignored). A checkpoint's own classifier is
 * kept for parity and logits. Errors: FAIL_INPUT, FAIL_MEMORY. */
int base_model_load(struct base_model *b, const char *dir);
/* base_model_random - a checkpoint of these shapes that nobody trained: every tensor N(0, init_range) from
 * (seed, RNG_INIT, its place in the list), gains of LayerNorms 1. Its numbers lie in a mapping of
 * their own and may be changed until they are packed; like a file's, its pages need not stay in
 * memory afterwards. D->problem is not taken. Errors: FAIL_USAGE: no such architecture;
 * FAIL_MEMORY. */
int base_model_random(struct base_model *b, const struct dims *d, uint64_t seed);
/* base_model_outline - the tensors of these shapes without numbers, for model_outline. Without POOLER as from
 * a checkpoint that has none. D->problem is not taken. Errors: FAIL_USAGE: no such architecture. */
int base_model_outline(struct base_model *b, const struct dims *d, bool pooler);
/* base_model_pack - pack what NEED [n_layers * N_GROUP] says (model_packs; NULL: all, for both directions)
 * now, in this process, so that forked workers share it. What is not packed here is packed when a
 * model needs it. Errors: FAIL_MEMORY. */
enum pack_need { PACK_NONE, PACK_FORWARD, PACK_BOTH, N_PACK_NEED };
int base_model_pack(struct base_model *b, const unsigned char *need, enum precision p);
void base_model_free(struct base_model *b);
/* table_resident - what stays in memory of an embedding table of BYTES in the map whose rows are looked
 * up: all of a small one; a large one is given back now and then, because every row brings the pages
 * around it along. */
size_t table_resident(size_t bytes);
struct param *param_find(struct param *p, int n, const char *name);

/* The task's head on top. */
struct head {
    int n_labels; /* 1 with regression; 0 for a decoder, which has no classifier */
    bool regression;
    enum pooling pooling; /* cls: pooler dense + tanh as transformers; mean: of hidden states; none:
                             a decoder */
    double pool_scale;    /* factor on the pooled vector before the classifier; 1 as transformers */
    double hidden_dropout, attn_dropout, classifier_dropout; /* used when ws->train */
    enum precision precision; /* of what frozen weights multiply; trained ones are never rounded */
    int recompute; /* so many blocks, from the lowest that backward reaches, keep their input only
                      and are computed again in backward: the same bits, less memory */
};

struct model {
    struct base_model *base;
    struct head head;
    struct param *params; /* base's, then classifier.weight, classifier.bias, then the method's */
    int n_params;
    struct arena mem;
    real *theta; /* trainable numbers, in the order of params; in mem */
    size_t n_train;
    size_t n_train_head; /* of these, the classifier's */
    size_t n_total;      /* all numbers of base and head and method */
    const struct adapt *adapt;
    void *adapt_state; /* the method's */
    /* Rows that a method inserts into each sequence: n_prefix after the first token (decoders: before
     * it), n_infix after the last. Their embeddings, in the place of words', are the tensor params[soft]
     * [n_prefix + n_infix, d]. Batches, pooling, hidden states and losses are of real tokens only; hooks
     * of layers see the longer batch, where ids of inserted rows k are -1 - k (soft_row). */
    int n_prefix, n_infix, soft;
    int n_prefix_kv; /* keys and values of each layer that all queries see beside their sequence's */
    real *opt_state; /* [adapt->n_vectors, n_train]; in mem */
    int lowest; /* lowest layer whose backward anyone needs; -1: embeddings; n_layers: head only */
    struct net *net; /* private to core/nn: the tensors by role, and what each layer has to keep */
    uint64_t seed;
};
/* model_init - an instance with METHOD attached (cfg: its filled option struct). Initial values:
 * classifier N(0, init_range) from (seed, RNG_HEAD), bias 0 (or the checkpoint's own head when
 * OWN_HEAD and shapes agree); the method's from (seed, RNG_INIT). Errors: FAIL_USAGE from the
 * method (rank too large, unknown target). */
int model_init(struct model *m, struct base_model *b, const struct head *h,
               const struct adapt *method, const void *cfg, uint64_t seed, bool own_head);
/* model_outline - a model without numbers, over a base of shapes alone (base_model_outline): what trains,
 * n_train, n_total, lowest, model_packs and workspace_bytes are those of model_init, and nothing is
 * allocated for weights, so that any size is counted at once. Nothing else may be done with it but
 * model_free. Errors: as model_init's, from head and method. */
int model_outline(struct model *m, struct base_model *b, const struct head *h,
                  const struct adapt *method, const void *cfg);
void model_free(struct model *m);
/* model_packs - raise NEED [n_layers * N_GROUP] to what the model multiplies with packed: nothing of
 * what it trains, forward only of what needs no gradient of its input. */
void model_packs(const struct model *m, unsigned char *need);
struct param *model_param(const struct model *m, const char *name);
/* model_role - a tensor of a block by its role, where it is for this model; NULL: the architecture has
 * none. */
const struct param *model_role(const struct model *m, int layer, int role);

/* model_product - Y [T, out of the group] = X W^T with the matrices of an input as they are in the model,
 * without biases and the method. */
void model_product(const struct model *m, int layer, enum group g, struct mat y, struct mat x);

/* soft_row - the row of inserted row K of sequence SEQ in the longer batch, whose offsets are OFF. */
int soft_row(const struct model *m, const int *off, int seq, int k);

/* A micro-batch: tokens one after another, no padding. Owned by whoever filled it. */
struct batch {
    int n_seq, n_tok, max_len;
    const int *ids, *pos, *types; /* [n_tok]; types may be NULL where the model has none */
    const int *off;               /* [n_seq + 1] */
    const int *slot;    /* [n_seq] place in the whole batch of the step: counter of dropout */
    const int *label;   /* [n_seq] or NULL */
    const real *target; /* [n_seq] regression, or NULL */
    const int *next;    /* [n_tok] decoders: the token that each one is to predict, -1: none; or
                           NULL */
};

struct workspace {
    struct arena mem;
    real *grad;          /* [n_train], accumulated; NULL when only evaluating */
    bool train;          /* dropout on */
    uint64_t seed, step; /* dropout's counter */
    int batch_slots;     /* sequences in a whole step */
    bool all_logits;     /* in: a decoder's logits are wanted (its loss never needs them) */
    struct mat logits; /* out of model_fwd: [n_seq, n_labels]; decoders: [n_tok, vocab] if asked */
    bool all_hidden;   /* in: hidden of every token is wanted, so skip none of the last block */
    struct mat hidden; /* last hidden states [n_tok, d], after the final LayerNorm; with pooling
                            cls, unless all_hidden, of first tokens only, [n_seq, d] */
    struct mat pooled; /* [n_seq, d] what the classifier multiplied; empty for a decoder */
    void *acts;        /* private to core/nn */
    real *scratch;     /* the method's numbers of this pass, adapt->scratch() of them */

    /* In: where the rows of sequence s at the border of the frozen part lie, frozen[frozen_at[s]]:
     * the input of layer m->lowest [its tokens, d]; when no layer trains the one row that the head
     * pools, the mean or the first hidden state. frozen_known: they are read and nothing below is
     * computed; else they are written. NULL: neither. */
    real *const *frozen;
    const int *frozen_at;
    bool frozen_known;

    /* In: NULL, or [n_layers + 1] places for [n_tok, d] numbers: the hidden states of real tokens after
     * the embeddings and after each block (of pre-norm models before the final LayerNorm). Needs
     * all_hidden, and no border. */
    real *const *layer_out;
};
/* workspace_init - GRAD: allocate a gradient vector (zeroed). Memory grows to the largest batch seen,
 * never in the middle of a step. Errors: FAIL_MEMORY. */
int workspace_init(struct workspace *ws, const struct model *m, bool grad);
void workspace_free(struct workspace *ws);
/* workspace_bytes - what this batch takes of a lane's memory, for plans: exact, unless all_hidden. Only
 * the shapes of B are read. */
size_t workspace_bytes(const struct model *m, const struct batch *b, bool grad, bool train);

/* dropout_mask - the dropout mask of one place of the model: for each sequence s of the batch WIDTH
 * bytes for each of its rows (as b->off says), 1 with probability 1-p. A byte depends on (seed,
 * step, slot[s], SUB) and its place in the sequence only, not on how the step was cut into
 * micro-batches. SUB: dropout_sub(). */
enum site {
    SITE_PROBS,
    SITE_ATTN,
    SITE_MLP,
    SITE_ADAPT,
    SITE_EMBED = SITE_ADAPT + N_GROUP,
    SITE_HEAD
};
static inline uint32_t dropout_sub(int layer, int site)
{
    return (uint32_t)(layer + 1) * 16 + (uint32_t)site;
}
void dropout_mask(unsigned char *keep, const struct model *m, const struct workspace *ws,
                  const struct batch *b, uint32_t sub, int width, double p);

/* model_fwd - fill ws->logits (and what backward needs when ws->grad). Errors: FAIL_MEMORY
 * only. */
int model_fwd(const struct model *m, struct workspace *ws, const struct batch *b);
/* model_frozen_is_fixed - a part of the model is frozen (lowest > 0), and what it computes from a
 * sequence is the same bits in every pass: no dropout in it, rows that do not depend on their
 * neighbours. Only then is ws->frozen allowed. */
bool model_frozen_is_fixed(const struct model *m);
/* model_loss - loss of the batch: the sum over its sequences (b->label, b->target), or over the
 * tokens of a decoder that have a next one (b->next). After model_fwd on the same lane. *DOUT, if
 * not NULL, is the gradient of WEIGHT times that sum for model_bwd: dL/dlogits of a classifier,
 * dL/dhidden of a decoder, whose logits never exist. (What the head of a decoder adds to the
 * gradient of a trained embedding goes to ws->grad here, where the probabilities are at hand.)
 * Returns the plain sum. */
double model_loss(const struct model *m, struct workspace *ws, const struct batch *b, double weight,
                  struct mat *dout);
/* model_bwd - ws->grad += the gradient of what model_loss returned, by its DOUT. */
void model_bwd(const struct model *m, struct workspace *ws, const struct batch *b, struct mat dout);
/* batch_targets - how many terms the loss has: sequences, or tokens with a next one. */
int batch_targets(const struct model *m, const struct batch *b);
#endif
