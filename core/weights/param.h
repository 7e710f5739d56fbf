/* param.h - a named tensor of a model. Layer 2. */
#ifndef PARAM_H
#define PARAM_H

#include "core/format/tensor.h"
#include "core/math/mat.h"
#include "core/weights/proj.h"

/* What a tensor is for. First the roles inside a block, where projection p has ROLE_W + p and
 * ROLE_B + p; then those outside the blocks. An architecture may lack some of them. */
enum role {
    ROLE_W,
    ROLE_B = ROLE_W + N_PROJ,
    ROLE_NORM1_G = ROLE_B + N_PROJ, /* attention's LayerNorm: after it (post-norm) or before it */
    ROLE_NORM1_B,
    ROLE_NORM2_G, /* the MLP's LayerNorm, likewise */
    ROLE_NORM2_B,
    ROLE_POS_K_W, /* projections of relative positions: as keys (c2p) and as queries (p2c) */
    ROLE_POS_K_B,
    ROLE_POS_Q_W,
    ROLE_POS_Q_B,
    N_BLOCK_ROLES,
    ROLE_WORD = N_BLOCK_ROLES,
    ROLE_POS,
    ROLE_TYPE,
    ROLE_EMB_G,
    ROLE_EMB_B,
    ROLE_REL, /* the table of relative positions [2 span, d] and its LayerNorm */
    ROLE_REL_G,
    ROLE_REL_B,
    ROLE_CONV_W, /* the convolution beside the first block [d, d width] and its LayerNorm */
    ROLE_CONV_B,
    ROLE_CONV_NORM_G,
    ROLE_CONV_NORM_B,
    ROLE_POOL_W,
    ROLE_POOL_B,
    ROLE_FINAL_G, /* LayerNorm after the last block (pre-norm) */
    ROLE_FINAL_B,
    ROLE_LM_HEAD,  /* a decoder's output layer, where it is not the word embeddings */
    ROLE_REL_BIAS, /* what attention adds to its scores by relative position [buckets, heads] */
    ROLE_HEAD_W,   /* the task's head: the output layer of its classifier, */
    ROLE_HEAD_B,
    ROLE_DENSE_W, /* and the dense layer before it, where the architecture's head has one */
    ROLE_DENSE_B,
    N_ROLES,
    ROLE_OTHER = N_ROLES /* a tensor that a method adds */
};

/* A matrix [rows, cols] or a vector [cols] (rows = 1, is_vector). A linear map is [out, in],
 * whatever the checkpoint's layout is. Names are those of the checkpoint without its prefix
 * ("bert."). Where a checkpoint holds several parameters in one tensor (GPT-2's c_attn), each has a
 * name of its own below that tensor's. */
struct param {
    char *name;
    int rows, cols;
    bool is_vector;
    int width;  /* of a convolution, whose tensor in files is [rows, cols / width, width]; else 0 */
    bool decay; /* AdamW's weight decay applies; true for every tensor, as in PEFT's examples */
    bool trainable;
    double lr;   /* factor on the learning rate; 0 counts as 1 */
    real *value; /* frozen: memory of the base model; trainable: theta + off; NULL: see below */
    const real *stored; /* the transpose in the checkpoint's file, which a frozen matrix may be left
                           in: value (i, j) is stored[j * stored_ld + i] */
    int stored_ld;
    const struct st_tensor *tensor; /* the tensor of a GGUF file that a frozen matrix is left in */
    int rotary_heads; /* heads of d rows, whose row 2 i + t in TENSOR is the matrix's row t d/2 + i;
                         0: the rows are in the matrix's order */
    long off;         /* place in theta and in every gradient; -1 when frozen */
    int layer;        /* the block it belongs to; -1 outside the blocks */
    enum role role;
};

/* param_output_role - the role of a decoder's output layer. */
static inline enum role param_output_role(const struct dims *d)
{
    return d->untied ? ROLE_LM_HEAD : ROLE_WORD;
}

/* param_find - the tensor named NAME among the N of P; NULL when there is none. */
struct param *param_find(struct param *p, int n, const char *name);

/* param_read - copy the tensor to X [rows, cols] from wherever it is. */
void param_read(real *x, const struct param *p);

/* param_row_bytes - where the tensor of a GGUF file that P is left in has row R of the matrix. */
const unsigned char *param_row_bytes(const struct param *p, int r);

/* param_size - how many values it has. param_has_values - are they in memory or in a file?
 * param_mat - a view of them; P must have them in memory
 * (CHECKs that it is not left in the file). */
static inline size_t param_size(const struct param *p)
{
    return (size_t)p->rows * (size_t)p->cols;
}
static inline bool param_has_values(const struct param *p)
{
    return p->value || p->stored || p->tensor;
}
static inline struct mat param_mat(const struct param *p)
{
    CHECK(p->value, "'%s' is in the file only", p->name);
    return mat_make(p->value, p->rows, p->cols);
}

/* param_is_proj - is it the weight matrix of a projection? Then (enum proj)p->role is which one. */
static inline bool param_is_proj(const struct param *p)
{
    return p->layer >= 0 && p->role < ROLE_B;
}
static inline bool param_is_pooler(const struct param *p)
{
    return p->role == ROLE_POOL_W || p->role == ROLE_POOL_B;
}
static inline bool param_is_head(const struct param *p)
{
    return p->role >= ROLE_HEAD_W && p->role <= ROLE_DENSE_B;
}
#endif
