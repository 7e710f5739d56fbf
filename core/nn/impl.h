/* impl.h - private to core/nn: how an architecture lists its tensors, a model's tensors by role,
 * and the activations of a micro-batch. */
#ifndef IMPL_H
#define IMPL_H

#include "core/nn/method.h"

/* --- An architecture is a table of tensors. */
enum size { SIZE_1, SIZE_D, SIZE_FFN, SIZE_VOCAB, SIZE_POS, SIZE_TYPES, N_SIZE };
struct spec {
    const char *name; /* inside a block without its prefix; NULL ends a table */
    enum role role;
    enum size rows, cols; /* SIZE_1 rows: a vector */
};

/* A tensor that checkpoints hold in another form: as one of PARTS side by side (columns of a matrix,
 * numbers of a vector) in a tensor of another name, or as [in, out]. */
struct storage {
    enum role role;
    const char *name; /* inside a block; NULL: its own */
    int part, parts;
    bool transposed;
};

/* A key of config.json that is a number: where it goes, its range, and what transformers takes when
 * it is absent. def < min: required; def NAN: the field stays 0. The table ends with key NULL. */
struct setting {
    const char *key;
    enum { SET_WHOLE, SET_NUMBER } kind;
    size_t at;
    double min, max, def;
};
#define DIMS_AT(f) offsetof(struct dims, f)
/* A key that must have this value (as JSON) where it is present and not null: nothing else is
 * computed here. */
struct fixed {
    const char *key, *json;
};
struct arch_impl {
    const struct spec *before, *block, *after; /* embeddings, one block, pooler */
    const char *block_prefix;                  /* "encoder.layer." */
    const struct storage *storage;             /* ends with parts 0; NULL: all as they are */
    const struct setting *settings;
    const struct fixed *fixed;
    const char *act_key; /* "hidden_act" */
    enum act act;        /* when that is absent */
    const char *same[2]; /* two keys of one setting; NULL: none */
    /* Ends of names of tensors that are no weights, in any checkpoint; ends with NULL. */
    const char *const *ignored;
};
/* spec_params - arch->params for such a table; OUT NULL: only count. */
int spec_params(const struct arch_impl *a, const struct dims *d, struct param *out, int cap);
int dims_size(const struct dims *d, enum size s);

/* stored_view - point a matrix at its numbers in TENSOR, which stays; nothing when they cannot be
 * used as they lie there. */
void stored_view(struct param *p, const struct arch *a, const real *tensor);
/* base_list - the architecture of b->dims and its tensors, without values; nothing packed. Errors:
 * FAIL_USAGE: an architecture that this build has not. */
int base_list(struct base_model *b);
/* base_model_packed - the matrices of one input, packed unless that is done already: for both directions
 * when BACKWARD, else for forward at least. NULL: FAIL_MEMORY. */
const struct packed *base_model_packed(struct base_model *b, int layer, enum group g, bool backward,
                                       enum precision precision);
/* --- Packs of large models are kept in files below b->pack_dir (packs.c), by place: group LAYER *
 * N_GROUP + G of the blocks, then chunks of a decoder's head. Without that folder, for a model of few
 * bytes or without oneDNN nothing is.
 * packs_get - WANT (in, out, backward, precision), used where it lies in the file; NULL: it is not
 * there, or damaged, which is said once. packs_new - something was packed that was not there.
 * packs_save - then the file is written anew; one that cannot be written is no fault of the run. */
struct packed *packs_get(struct base_model *b, int place, struct packed_image want);
void packs_new(struct base_model *b, enum precision p);
void packs_save(struct base_model *b, enum precision p);
void packs_free(struct base_model *b);

/* base_model_release - give back the pages of the file that were read, after numbers of it were packed or
 * copied; those still needed (embeddings) come back by themselves. */
void base_model_release(const struct base_model *b);
/* base_model_rows_read - N rows of the table P, the word embeddings, were looked up, from any thread. */
void base_model_rows_read(struct base_model *b, const struct param *p, int n);
/* base_model_pack_head - a decoder's head, unless that is done already. Errors: FAIL_MEMORY. */
int base_model_pack_head(struct base_model *b, enum precision p);
/* base_model_tensor - a tensor of the checkpoint by name, with or without the prefix; NULL: absent. */
const struct st_tensor *base_model_tensor(const struct base_model *b, const char *name);
/* base_model_block_param - index in params of a role of a block; -1: the architecture has none. */
int base_model_block_param(const struct base_model *b, int layer, int role);

static inline int group_first(enum group g)
{
    return g == GROUP_QKV ? PROJ_Q : (int)g + 2;
}
static inline int group_count(enum group g)
{
    return g == GROUP_QKV ? 3 : 1;
}

/* --- Backward through a block, in its order. A layer is left after the last stage that anyone
 * needs. */
enum stage {
    STAGE_NONE,
    STAGE_NORM_OUT, /* post-norm: LayerNorm 2, after the MLP */
    STAGE_DOWN,
    STAGE_UP,
    STAGE_NORM_MID, /* post-norm: LayerNorm 1, after attention; pre-norm: 2, before the MLP */
    STAGE_O,
    STAGE_QKV,     /* attention itself and the gradient of q, k, v */
    STAGE_NORM_IN, /* pre-norm: LayerNorm 1, before attention */
    STAGE_INPUT    /* the gradient of the block's input */
};
static inline enum stage group_stage(enum group g)
{
    return g == GROUP_QKV  ? STAGE_QKV
           : g == GROUP_O  ? STAGE_O
           : g == GROUP_UP ? STAGE_UP
                           : STAGE_DOWN;
}

/* A model's tensors by role; built once by model_init, read-only afterwards. */
struct net_group {
    bool uses;                   /* the method has a hook here */
    bool trained;                /* one of its weights is */
    bool keep_x;                 /* backward reads the input */
    const struct packed *packed; /* NULL: a weight trains, so plain products on its values */
};
struct net_layer {
    const struct param *p[N_BLOCK_ROLES];
    struct net_group group[N_GROUP];
    bool tap[N_PLACE]; /* the method has a hook there */
    bool own_dy[2]; /* attention, MLP: the gradient of what a sublayer adds to the stream is changed
                          in place, so it must not be the stream's own */
    enum stage stage; /* backward goes this far */
};
struct net {
    const struct param *p[N_ROLES]; /* outside blocks */
    const struct param *head_w, *head_b;
    struct net_layer *layer;
    double attn_scale; /* 1/sqrt(d_head) */
    bool pre_norm;
    struct lmhead lm; /* a decoder's: the base's packed one, or plain products on what trains */
};

/* --- Activations. What backward does not read lies in buffers that all layers share. T tokens; R
 * rows of the part of a block after attention: T, or S first tokens in the last block with pooling
 * cls. */
struct layer_acts {
    struct mat x;      /* [T,d] input; pre-norm: the residual stream, one buffer for all layers
                        that are not computed again */
    struct mat in;     /* [T,d] what q, k and v read: x, or its LayerNorm */
    struct mat qkv;    /* [T,3d] */
    real *probs;       /* attention */
    struct mat att;    /* [T,d] output of attention */
    struct mat o, res; /* [R,d] rows of att and of x that go on; the same memory when R = T */
    struct mat xhat1, xhat2; /* [R,d] of the LayerNorms */
    struct mat y1;           /* [R,d] what the MLP reads */
    real *rstd1, *rstd2;     /* [R] */
    /* [R,d_ffn] before and after the activation, which may be the same memory; when backward reads
     * it, u then holds the derivative. */
    struct mat u, a;
    unsigned char *keep_probs, *keep1, *keep2; /* dropout, NULL: none */
    struct mat keep[N_GROUP], tap[N_PLACE];    /* the method's */
};
struct acts {
    struct layer_acts *layer; /* [n_layers] */
    bool firsts;              /* the last block computes first tokens only */
    int n_tok, n_seq;
    struct batch row; /* the batch of first tokens: sequences of one row */
    int *row_off;
    struct batch soft; /* the batch with the rows that a method inserts; without such: no tokens */
    struct mat long_y; /* [T',d] its last hidden states, or their gradient */
    real *method;      /* scratch of the method's passes */
    struct mat xhat0;  /* embeddings */
    real *rstd0;
    unsigned char *keep0;
    struct mat out;    /* [T,d] pre-norm: the stream after the last block */
    struct mat sub;    /* [T,d] pre-norm: what a sublayer adds to the stream */
    struct mat xhat_f; /* [T,d] final LayerNorm */
    real *rstd_f;
    void *lm_scratch;
    struct mat first, tanh; /* [S,d] pooling */
    unsigned char *keep_head;
    real *bias; /* [3d] biases of q, k, v side by side */
    /* backward only */
    struct mat g, dd, datt; /* [T,d] */
    real *wide;             /* [T, max(3d, d_ffn)] */
    real *scratch;          /* attention */
    struct mat dlogits, dpool;
};

/* What a batch asks of the memory. */
struct acts_shape {
    int n_tok, n_seq, max_len;
    size_t n_probs;
    bool grad, train, all_hidden, all_logits;
};
/* acts_plan - point every buffer into MEM (NULL: only count); returns the bytes. */
size_t acts_plan(struct acts *a, unsigned char *mem, const struct model *m,
                 const struct acts_shape *s);
/* acts_again - whether backward computes this block again, because only its input was kept. */
bool acts_again(const struct model *m, int layer);
/* acts_ready - the lane's memory for this batch, grown when it is larger than all before. acts_batch -
 * the batch that the blocks see: B, or with the rows that a method inserts. */
int acts_ready(struct workspace *ws, const struct model *m, const struct batch *b);
static inline const struct batch *acts_batch(const struct acts *a, const struct batch *b)
{
    return a->soft.n_tok ? &a->soft : b;
}

/* --- A block. Y [R,d] is its output; pre-norm: its input, which becomes its output. block_bwd:
 * a->g holds dL/dy on entry and dL/dx on return. */
void block_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               struct mat y);
void block_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer);

/* --- Rows that a method inserts (soft.c). soft_batch - B with them, its arrays in MEM of soft_bytes()
 * for the longer batch; the id of inserted row k is -1 - k. soft_out: the rows of real tokens of X
 * [T', d], whose offsets are OFF, to Y [T, d]; soft_in: the reverse, and inserted rows of X become 0. */
static inline int soft_rows(const struct model *m)
{
    return m->n_prefix + m->n_infix;
}
/* soft_check - the model's positions hold them and a token. soft_prompt - its kind has a place for them,
 * which a model that is only counted does not need. Errors: FAIL_USAGE. */
int soft_prompt(const struct model *m);
int soft_check(const struct model *m);
size_t soft_bytes(int n_seq, int n_tok);
void soft_batch(struct batch *out, void *mem, const struct model *m, const struct batch *b);
void soft_out(struct mat y, struct mat x, const struct model *m, const int *off, int n_seq);
void soft_in(struct mat x, struct mat y, const struct model *m, const int *off, int n_seq);

/* --- A decoder's end (decoder.c): the stream after the last block to l->hidden and, if asked,
 * logits; loss and dL/dhidden in a->g; dL/dhidden to the gradient of the stream, in place. */
void decoder_fwd(const struct model *m, struct workspace *ws);
double decoder_loss(const struct model *m, struct workspace *ws, const struct batch *b,
                    double weight, struct mat *dhidden);
void decoder_bwd(const struct model *m, struct workspace *ws, struct mat dhidden);

/* Dropout of a whole matrix by a mask. workspace_drops: whether dropout P acts in this lane. */
static inline bool workspace_drops(const struct workspace *ws, double p)
{
    return ws->train && p > 0;
}
/* param_grad - where the gradient of P goes; NULL when frozen. */
static inline real *param_grad(const struct workspace *ws, const struct param *p)
{
    return p->trainable ? ws->grad + p->off : NULL;
}
static inline struct mat param_mat(const struct param *p)
{
    CHECK(p->value, "'%s' is in the file only", p->name);
    return mat_make(p->value, p->rows, p->cols);
}
static inline struct mat param_grad_mat(const struct workspace *ws, const struct param *p)
{
    return mat_make(param_grad(ws, p), p->rows, p->cols);
}
/* The same for tensors that an architecture may lack (P NULL): an empty view. */
static inline struct mat maybe_mat(const struct param *p)
{
    return p ? param_mat(p) : (struct mat){ 0 };
}
static inline struct mat maybe_grad_mat(const struct workspace *ws, const struct param *p)
{
    return p ? param_grad_mat(ws, p) : (struct mat){ 0 };
}
#endif
