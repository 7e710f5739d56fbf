/* ops.h - every operation of the models as a forward and a backward function. Layer 1.
 *
 * The file to read first. T tokens of a micro-batch lie one after another without padding; sequence
 * s is rows off[s] .. off[s+1]-1. Backward functions take dy and give dx; "+=" says where they
 * accumulate, "=" where they overwrite. No allocation, no I/O, no globals inside an op. Rows are
 * independent of each other (but for sums over rows into parameter gradients, which run in row
 * order), so results do not depend on how a batch is cut into micro-batches beyond that order. */
#ifndef OPS_H
#define OPS_H

#include "core/math/mat.h"

/* --- embeddings (BERT): y_t = word[id_t] + pos[p_t] + type[s_t].   pos, type may be empty. An id -1 - k
 * stands for row k of SOFT in the place of a word. */
void embed_fwd(struct mat y, const int *ids, const int *pos_ids, const int *type_ids,
               struct mat word, struct mat pos, struct mat type, struct mat soft);
/* dword[id_t] += dy_t, ...; an empty gradient view (x == NULL) is skipped. */
void embed_bwd(struct mat dword, struct mat dpos, struct mat dtype, struct mat dsoft,
               const int *ids, const int *pos_ids, const int *type_ids, struct mat dy);

/* --- LayerNorm over each row of d numbers:
 *     xhat = (x - mean) / sqrt(var + eps),   y = g xhat + b
 * Keeps xhat [T,d] and rstd [T]. y may alias x or xhat may alias x; moments accumulate in double. */
void layernorm_fwd(struct mat y, struct mat xhat, real *rstd, struct mat x, const real *g,
                   const real *b, double eps);
/*     dx = rstd (dy g - mean(dy g) - xhat mean(dy g xhat)),   dg += sum dy xhat,   db += sum dy
 * dg and db are skipped when NULL. dx may alias dy. */
void layernorm_bwd(struct mat dx, real *dg, real *db, struct mat dy, struct mat xhat,
                   const real *rstd, const real *g);

/* --- activations, elementwise. GELU (Hendrycks & Gimpel 2016): x Phi(x), Phi by erf ("gelu") or
 * the tanh form ("gelu_new"). SLOPE, unless empty, takes f'(x). y or slope may alias x, not each
 * other. bwd: dx = dy slope, may alias either. */
enum act { ACT_GELU, ACT_GELU_TANH, ACT_RELU, ACT_SILU, ACT_TANH };
int act_from_name(
    const char *hf_name); /* "gelu", "gelu_new", "relu", "silu", "tanh"; -1: unknown */
void act_fwd(struct mat y, struct mat slope, struct mat x, enum act f);
void act_bwd(struct mat dx, struct mat dy, struct mat slope);
/* tanh from its output (the pooler): dx = dy (1 - y^2). */
void tanh_bwd(struct mat dx, struct mat dy, struct mat y);

/* --- dropout: y = keep ? x / (1-p) : 0, keep one byte an element (rng_keep). y may alias x. Its
 * own backward. p = 0 is never called. */
void dropout(struct mat y, struct mat x, const unsigned char *keep, double p);

/* --- softmax attention, per sequence s and head h, bidirectional or causal:
 *     P = softmax(Q K^T * scale)   (causal: j > i is -infinity),   O = dropout(P) V
 * q, k, v, o are [T, n_heads*d_head] views (any ld; q, k, v may be column blocks of one matrix). P
 * is kept: probs holds for each sequence n_heads blocks of len*len, in order; attn_probs_size
 * numbers in all. keep: NULL, or a dropout byte for each number of probs.
 *
 * With a memory of n_mem keys and values, which every query of every sequence sees, causal or not,
 *     P = softmax([Q K_mem^T, Q K^T] * scale),   O = dropout(P) [V_mem; V]
 * and a block of probs is len*(n_mem + len), the memory's columns first (Li & Liang 2021, sec. 4.2). */
struct attn_shape {
    const int *off; /* [n_seq + 1] */
    int n_seq, n_heads, d_head;
    double scale; /* 1/sqrt(d_head) */
    bool causal;
    double p_drop; /* with keep */
    int n_mem;
    struct mat k_mem, v_mem;   /* [n_mem, n_heads*d_head] */
    struct mat dk_mem, dv_mem; /* attn_bwd adds their gradients to these */
};
size_t attn_probs_size(const struct attn_shape *a);
void attn_fwd(const struct attn_shape *a, struct mat o, real *probs, const unsigned char *keep,
              struct mat q, struct mat k, struct mat v);
/* dq =, dk =, dv =; dk_mem +=, dv_mem +=. SCRATCH: attn_scratch numbers for sequences up to LEN. do_ is
 * not changed. */
size_t attn_scratch(int len, int n_mem);
void attn_bwd(const struct attn_shape *a, struct mat dq, struct mat dk, struct mat dv,
              struct mat do_, const real *probs, const unsigned char *keep, struct mat q,
              struct mat k, struct mat v, real *scratch);

/* --- pooling: row s of y [S,d] = first row of the sequence (cls) or mean of its rows. Decoders pool
 * nothing (none). */
enum pooling { POOL_CLS, POOL_MEAN, POOL_NONE };
void pool_fwd(struct mat y, struct mat x, const int *off, enum pooling how);
void pool_bwd(struct mat dx, struct mat dy, const int *off, enum pooling how); /* dx = (others 0) */

/* --- losses; return the SUM over rows in double (the caller divides by the batch's count, WEIGHT
 * is that 1/count and scales dlogits). Labels < 0 are ignored (no loss, no gradient). dlogits may
 * be empty. */
double xent(struct mat dlogits, struct mat logits, const int *labels, double weight);
/* mean square error of column 0:  (z - y)^2. */
double mse(struct mat dlogits, struct mat logits, const real *targets, double weight);

/* --- columns of a matrix times a vector c [n] (DoRA, VeRA, IA3). scale_fwd: y = x diag(c), y may alias
 * x. scale_add: y += x diag(c). scale_sum: dc[j] += sum_t dy[t][j] x[t][j]. scale_bwd: that, then dy = dy diag(c) in
 * place. rescale_fwd: z = y - b, y = z diag(c) + b. */
void scale_fwd(struct mat y, struct mat x, const real *c);
void scale_add(struct mat y, struct mat x, const real *c);
void scale_sum(real *dc, struct mat dy, struct mat x);
void scale_bwd(real *dc, struct mat dy, struct mat x, const real *c);
void rescale_fwd(struct mat y, struct mat z, const real *c, const real *b);

/* --- AdamW (Loshchilov & Hutter 2019) on n numbers, as torch.optim.AdamW has it:
 *     theta *= 1 - lr wd                                        (decoupled decay first)
 *     m = b1 m + (1-b1) g,   v = b2 v + (1-b2) g^2
 *     theta -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps) */
struct adamw {
    double lr, beta1, beta2, eps, weight_decay;
    long t; /* 1 at the first step */
};
void adamw_step(real *theta, real *m, real *v, const real *g, size_t n, const struct adamw *o);
/* The same for many vectors of a step. G NULL: a gradient of zeros. */
struct adamw_coef {
    real decay, lerp, beta2, rest2, root, eps, step;
};
struct adamw_coef adamw_coef(const struct adamw *o);
void adamw_update(real *theta, real *m, real *v, const real *g, size_t n,
                  const struct adamw_coef *c);
/* All that the step does to numbers whose gradient and moments are 0. */
void adamw_decay(real *theta, size_t n, const struct adamw_coef *c);
#endif
