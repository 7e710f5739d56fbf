/* ops.h - every operation of the models as a forward and a backward function.
 *
 * This is the file to read first. The T tokens of a micro-batch are stored one after another
 * without padding; sequence s is rows off[s] ... off[s+1]-1. Backward functions take dy and give
 * dx; "+=" marks what they add to, "=" what they overwrite. Operations allocate nothing, do no I/O,
 * and have no global state. Rows are independent of each other, except in sums over rows for the
 * gradients of parameters, which are taken in the order of the rows. So the way in which a batch is
 * split into micro-batches affects results only through that order. */
#ifndef OPS_H
#define OPS_H

#include "core/math/mat.h"

/* --- Embeddings (BERT): y_t = word[id_t] + pos[p_t] + type[s_t]. pos and type may be empty. An id
 * of -1 - k stands for row k of SOFT instead of a word. */
void embed_fwd(struct mat y, const int *ids, const int *pos_ids, const int *type_ids,
               struct mat word, struct mat pos, struct mat type, struct mat soft);
/* dword[id_t] += dy_t, and so on; gradients that are empty are skipped. */
void embed_bwd(struct mat dword, struct mat dpos, struct mat dtype, struct mat dsoft,
               const int *ids, const int *pos_ids, const int *type_ids, struct mat dy);

/* --- LayerNorm of each row of d values:
 *     xhat = (x - mean) / sqrt(var + eps),   y = g xhat + b
 * xhat [T,d] and rstd [T] = 1 / sqrt(var + eps) are kept for the backward pass. Either y or xhat
 * may be x. Mean and variance are summed in double. */
void layernorm_fwd(struct mat y, struct mat xhat, real *rstd, struct mat x, const real *g,
                   const real *b, double eps);
/*     dx = rstd (dy g - mean(dy g) - xhat mean(dy g xhat)),   dg += sum dy xhat,   db += sum dy
 * dg and db are skipped if NULL. dx may be dy. */
void layernorm_bwd(struct mat dx, real *dg, real *db, struct mat dy, struct mat xhat,
                   const real *rstd, const real *g);

/* --- RMSNorm of each row (Zhang & Sennrich 2019), without mean and bias:
 *     xhat = x / sqrt(mean(x^2) + eps),   y = g xhat
 *     dx = rstd (dy g - xhat mean(dy g xhat)),   dg += sum dy xhat
 * Arguments as for LayerNorm. The mean is summed in double. */
void rmsnorm_fwd(struct mat y, struct mat xhat, real *rstd, struct mat x, const real *g,
                 double eps);
void rmsnorm_bwd(struct mat dx, real *dg, struct mat dy, struct mat xhat, const real *rstd,
                 const real *g);

/* --- Rotary positions (Su et al. 2021), in the form of Llama, which pairs column i of a head with
 * column i + d_head/2. rope_table - row p of TABLE [positions, d_head] becomes the cosines of
 * p theta^(-2i/d_head), then the sines; unless POS is NULL, those of POS[p] instead of p. rope - in
 * place, each head of row t of X turns by the angles in row AT[t]; SIGN -1 turns back, which is the
 * backward pass:
 *     x1' = x1 cos - x2 sin,   x2' = x2 cos + x1 sin */
void rope_table(struct mat table, const int *pos, double theta);
void rope(struct mat x, struct mat table, const int *at, int sign);

/* --- Activations, element by element: y = f(x), and SLOPE = f'(x) unless it is empty. GELU
 * (Hendrycks & Gimpel 2016) is x Phi(x), with Phi by erf ("gelu") or in the tanh form ("gelu_new").
 * Either y or slope may be x. act_bwd: dx = dy slope, where dx may be either of them. */
enum act { ACT_GELU, ACT_GELU_TANH, ACT_RELU, ACT_SILU, ACT_TANH };
/* act_from_name - "gelu", "gelu_new" or "gelu_pytorch_tanh", "relu", "silu" or "swish", "tanh"; -1
 * for other names. */
int act_from_name(const char *hf_name);
void act_fwd(struct mat y, struct mat slope, struct mat x, enum act f);
void act_bwd(struct mat dx, struct mat dy, struct mat slope);
/* A gated activation (Shazeer 2020): X [T, 2n] holds u, then v; y [T, n] = u f(v). SLOPE [T, 2n],
 * which may be X, becomes dy/du and dy/dv unless it is empty. gated_bwd: dx = (dy slope1,
 * dy slope2), where dx may be slope. */
void gated_fwd(struct mat y, struct mat slope, struct mat x, enum act f);
void gated_bwd(struct mat dx, struct mat dy, struct mat slope);
/* The gradient of tanh from its output y (the pooler): dx = dy (1 - y^2). */
void tanh_bwd(struct mat dx, struct mat dy, struct mat y);

/* --- Dropout: y = x / (1-p) where the byte of KEEP (rng_keep) for the element is 1, else 0. It is
 * its own backward function. y may be x. Callers skip it if p is 0. */
void dropout(struct mat y, struct mat x, const unsigned char *keep, double p);

/* --- Softmax attention for each sequence s and head h, bidirectional or causal:
 *     P = softmax(Q K^T * scale)   (causal: -infinity where j > i),   O = dropout(P) V
 * q and o are views [T, n_heads*d_head], k and v [T, n_kv_heads*d_head], with any ld; q, k and v
 * may be blocks of columns of one matrix. P is kept: probs holds n_heads blocks of len*len
 * probabilities for each sequence, in order, attn_probs_size values in all. KEEP is NULL, or has a
 * dropout byte for each value of probs.
 *
 * With a prefix of n_prefix trained keys and values, which every query of every sequence sees,
 * causal or not (prefix tuning, Li & Liang 2021, section 4.2),
 *     P = softmax([Q K_prefix^T, Q K^T] * scale),   O = dropout(P) [V_prefix; V]
 * and a block of probs has len*(n_prefix + len) values, those of the prefix in the first
 * columns.
 *
 * Relative positions add to the scores what attn_positions says. */
struct attn_positions;
struct attn_shape {
    const int *off; /* [n_seq + 1] */
    int n_seq, n_heads, d_head;
    int n_kv_heads; /* head h reads keys and values h / (n_heads / n_kv_heads) */
    double scale;   /* 1/sqrt(d_head) */
    bool causal;
    double p_drop; /* used if there is a KEEP */
    int n_prefix;
    struct mat k_prefix, v_prefix;          /* [n_prefix, n_kv_heads*d_head] */
    struct mat dk_prefix, dv_prefix;        /* attn_bwd adds their gradients to these */
    const struct attn_positions *positions; /* NULL: scores depend on contents alone */
};
size_t attn_probs_size(const struct attn_shape *a);
void attn_fwd(const struct attn_shape *a, struct mat o, real *probs, const unsigned char *keep,
              struct mat q, struct mat k, struct mat v);
/* attn_next - the same, without dropout, for one new token of each sequence, row s of Q and O: it
 * sees the N_SEEN[s] rows SEEN[s] of K and V, and the prefix. PROBS has n_heads (n_prefix +
 * n_seen[s]) values for each sequence. The bits of a sequence do not depend on the others. */
void attn_next(const struct attn_shape *a, struct mat o, real *probs, struct mat q, struct mat k,
               struct mat v, const int *const *seen, const int *n_seen);
/* dq =, dk =, dv =; dk_prefix +=, dv_prefix +=. SCRATCH has attn_scratch values for the longest
 * sequence. do_ is not changed. */
size_t attn_scratch(int len, int n_prefix);
void attn_bwd(const struct attn_shape *a, struct mat dq, struct mat dk, struct mat dv,
              struct mat do_, const real *probs, const unsigned char *keep, struct mat q,
              struct mat k, struct mat v, real *scratch);

/* --- What relative positions add to the scores of query i and key j in head h, in attn_fwd before
 * the softmax, and in attn_bwd. First a bias, which is added to scaled scores:
 *     S_ij = scale q_i k_j + BIAS_h,c,   c = j - i + n - 1
 * Then the terms of disentangled attention (He et al. 2021, eq. 4), which is not causal: positions
 * as keys, which queries meet (c2p), and as queries, which keys meet (p2c):
 *     S_ij = scale (q_i k_j + q_i K_r + Q_r k_j),   r = ROW[c]
 * ROW does not increase, so that the rows that a short sequence needs lie together. Whatever is
 * empty is left out, as are gradients. The keys of a prefix have no positions. */
struct attn_positions {
    int n;                   /* at least the longest sequence */
    struct mat bias, dbias;  /* [n_heads, 2 n - 1] */
    const int *row;          /* [2 n - 1] */
    struct mat k, q, dk, dq; /* [rows, n_heads*d_head] */
    real *scratch;           /* attn_positions_scratch values, if there are k or q */
};
size_t attn_positions_scratch(int n);
/* Used by attn_fwd and attn_bwd for one head of one sequence: add to the scores S of the queries
 * FROM, ... ; from their gradient DS to dbias +=, dq +=, dk +=, and to dk and dq of the positions
 * +=. */
void attn_positions_fwd(const struct attn_shape *a, int head, int from, struct mat s, struct mat q,
                        struct mat k);
void attn_positions_bwd(const struct attn_shape *a, int head, int from, struct mat dq,
                        struct mat dk, struct mat ds, struct mat q, struct mat k);

/* --- A bias by relative position, which is that of T5 (Raffel et al. 2020, sec. 2.1) without a
 * direction that only looks back:  bias(h, j - i + n - 1) = table(bucket(j - i), h),  with the
 * first half of the buckets for j <= i. Half of each half has a bucket for each distance, the rest
 * is logarithmic up to a distance of 128, computed in float as transformers does. BIAS
 * [heads, 2 n - 1], TABLE [buckets, heads]. relative_bwd: dtable += */
void relative_fwd(struct mat bias, struct mat table);
void relative_bwd(struct mat dtable, struct mat dbias);

/* --- Convolution over the tokens of each sequence, beside which there are zeros. conv_rows - row t
 * of COLS [T, d width] becomes the rows t - width/2 ... t + width/2 of x [T, d], with the values of
 * a column side by side, so that cols W^T is the convolution with W [out, d width]. conv_rows_bwd -
 * dx += from the gradient of cols. WIDTH is odd. */
void conv_rows(struct mat cols, struct mat x, const int *off, int n_seq, int width);
void conv_rows_bwd(struct mat dx, struct mat dcols, const int *off, int n_seq, int width);

/* --- Pooling: row s of y [S,d] is the first row of sequence s (cls) or the mean of its rows.
 * Decoders do not pool (none). pool_bwd overwrites all rows of dx, with 0 where there is no
 * gradient. */
enum pooling { POOL_CLS, POOL_MEAN, POOL_NONE };
void pool_fwd(struct mat y, struct mat x, const int *off, enum pooling how);
void pool_bwd(struct mat dx, struct mat dy, const int *off, enum pooling how);

/* --- Losses. They return the SUM over the rows in double; the caller divides it by the number of
 * examples in the batch, and passes 1 over that number as WEIGHT, which scales dlogits. dlogits may
 * be empty. Rows with a negative label have neither loss nor gradient. */
double xent(struct mat dlogits, struct mat logits, const int *labels, double weight);
/* The squared error of column 0: (z - y)^2. */
double mse(struct mat dlogits, struct mat logits, const real *targets, double weight);

/* --- Columns of a matrix times a vector c [n] (DoRA, VeRA, IA3):
 *     scale_fwd: y = x diag(c), where y may be x      scale_add: y += x diag(c)
 *     scale_sum: dc[j] += sum_t dy[t][j] x[t][j]      scale_bwd: scale_sum, then dy = dy diag(c)
 *     rescale_fwd: z = y - b, then y = z diag(c) + b */
void scale_fwd(struct mat y, struct mat x, const real *c);
void scale_add(struct mat y, struct mat x, const real *c);
void scale_sum(real *dc, struct mat dy, struct mat x);
void scale_bwd(real *dc, struct mat dy, struct mat x, const real *c);
void rescale_fwd(struct mat y, struct mat z, const real *c, const real *b);

/* --- AdamW (Loshchilov & Hutter 2019) on n parameters, as in torch.optim.AdamW:
 *     theta *= 1 - lr wd                                        (decoupled decay first)
 *     m = b1 m + (1-b1) g,   v = b2 v + (1-b2) g^2
 *     theta -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps) */
struct adamw {
    double lr, beta1, beta2, eps, weight_decay;
    long t; /* 1 in the first step */
};
void adamw_step(real *theta, real *m, real *v, const real *g, size_t n, const struct adamw *o);

/* The same for many vectors in one step: adamw_coef once, then adamw_update for each. G NULL stands
 * for a gradient of zeros. adamw_decay - the same for parameters whose gradient and moments are all
 * 0, where only the decay is left. */
struct adamw_coef {
    real decay, lerp, beta2, rest2, root, eps, step;
};
struct adamw_coef adamw_coef(const struct adamw *o);
void adamw_update(real *theta, real *m, real *v, const real *g, size_t n,
                  const struct adamw_coef *c);
void adamw_decay(real *theta, size_t n, const struct adamw_coef *c);
#endif
