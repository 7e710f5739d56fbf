/* acts.h - private to core/nn: the activations of a micro-batch in flight.
 *
 * What the backward pass reads has memory of its own; everything else is in buffers that all layers
 * share. T: tokens, with virtual ones. R: rows of the part of a block after attention, which are
 * the T tokens, or the S first tokens in the last block with cls pooling. q, kv, up_width: columns,
 * as struct net has them. */
#ifndef ACTS_H
#define ACTS_H

#include "core/math/ops.h"
#include "core/nn/model.h"
#include "core/nn/net.h"

struct layer_acts {
    struct mat x;   /* [T,d] input; in pre-norm models the residual stream, which is one buffer
                          for all layers that are not recomputed */
    struct mat in;  /* [T,d] what q, k and v read: x, or its LayerNorm. Relative positions may lie
                          behind it (positions.h): [T + n_behind, d] */
    struct mat qkv; /* [T + n_behind, q + 2 kv] queries, keys, and values side by side */
    struct mat pos; /* [2 R,d] positions as keys and as queries by projections of their own */
    real *probs;    /* attention's probabilities */
    struct mat att; /* [T,q] output of attention */
    struct mat o, res; /* [R,d] rows of att and of x that the rest of the block reads; the same
                          memory as these when R = T */
    struct mat xhat1, xhat2; /* [R,d] normalized rows of the LayerNorms */
    struct mat y1;           /* [R,d] what the MLP reads */
    real *rstd1, *rstd2;     /* [R] */
    struct mat u, a; /* before the activation [R, up_width] and after it [R, d_ffn]; may be the same
                        memory. For backward, u then holds the derivatives of a. */
    unsigned char *mask_probs, *mask1, *mask2;     /* dropout masks, NULL without dropout */
    struct mat saved[N_GROUP], tap_saved[N_PLACE]; /* the method's */
};

struct acts {
    struct layer_acts *layer; /* [n_layers] */
    bool firsts;              /* the last block computes first tokens only */
    int n_tok, n_seq;
    struct batch row; /* the batch of first tokens: sequences of one row */
    int *row_off;
    struct batch soft; /* the batch with virtual tokens; n_tok is 0 when there are none */
    void *soft_mem;
    struct mat long_y; /* [T,d] its last hidden states, or their gradient; empty without one */
    real *method;      /* the method's scratch of the pass */
    struct mat xhat0;  /* LayerNorm of the embeddings */
    real *rstd0;
    unsigned char *mask0;
    struct mat out;    /* [T,d] pre-norm: the residual stream after the last block */
    struct mat sub;    /* [T,d] pre-norm: what a sublayer adds to the stream */
    struct mat xhat_f; /* [T,d] final LayerNorm */
    real *rstd_f;
    void *lm_scratch;
    struct mat last;         /* [S,d] with last_logits: the last hidden states of the last tokens */
    struct mat first, slope; /* [S,d] input of the pooler, and the derivative of its activation */
    unsigned char *mask_head;
    struct mat dense, dense_slope, ddense; /* [S,d] the head's dense layer: its output, the
                                              derivative of its activation, and the gradient of its
                                              input; empty without one */
    unsigned char *mask_dense;
    struct attn_positions terms; /* what relative positions add to the scores of a layer */
    /* Disentangled attention: R rows of the table, from rel_first on; all empty without them. */
    int rel_first, n_behind;         /* n_behind: R when they lie behind the tokens, else 0 */
    int *rel_row;                    /* attn_positions's */
    struct mat rel, xhat_rel, rel_x; /* [R,d] rel_x: after a layer's dropout */
    real *rstd_rel;
    unsigned char *mask_rel;
    /* The convolution: its output after the activation, or the gradient of that, and more; empty
     * without one. */
    struct mat conv, conv_slope, xhat_conv; /* [T,d] */
    struct mat conv_cols;                   /* [T, d width] */
    real *rstd_conv;
    unsigned char *mask_conv;
    real *bias;          /* [q + 2 kv] the biases of q, k, v side by side */
    struct mat rope;     /* rotary positions (rope_table) [positions, d_head], or, of sequences that
                        continue, of their tokens [T, d_head]; empty without them */
    const int *rope_row; /* [T] the row of each token */
    int *pos; /* [T] rows of the table of positions, where they are not those of the batch */
    /* backward only */
    struct mat g, dd; /* [T,d] g: gradient of the residual stream; has memory for T + n_behind */
    struct mat drel, dpos; /* [R,d] and [2 R,d] gradients of rel and of the positions in a layer */
    struct mat datt;       /* [T,q] */
    real *wide;            /* [T, max(q + 2 kv, up_width, and d_ffn beside it in a gated MLP)] */
    real *scratch;         /* attention's */
    struct mat dlogits, dpool;
};

/* What memory is needed for. acts_shape - the sizes of B in a pass with the cache KV (NULL: none),
 * with all flags false. */
struct acts_shape {
    int n_tok, n_seq, max_len; /* with virtual tokens */
    int soft;                  /* virtual tokens that the pass inserts into each sequence */
    int n_rope;                /* rows of rotary positions */
    int n_rel, n_behind;       /* rows of relative positions */
    size_t n_probs;
    bool grad, train, all_hidden, all_logits, last_logits;
};
struct acts_shape acts_shape(const struct model *m, const struct batch *b,
                             const struct kv_pass *kv);

/* acts_plan - lay out every buffer of A and the results of WS in MEM, or only count when MEM is
 * NULL; returns the bytes. */
size_t acts_plan(struct acts *a, struct workspace *ws, unsigned char *mem, const struct model *m,
                 const struct acts_shape *s);

/* acts_recomputed - does backward compute this block again, because only its input was saved? */
bool acts_recomputed(const struct model *m, int layer);

/* acts_batch - the batch that the blocks see: B, or B with virtual tokens. */
static inline const struct batch *acts_batch(const struct acts *a, const struct batch *b)
{
    return a->soft.n_tok ? &a->soft : b;
}

/* acts_ready - lay out the memory of WS for a pass over B; grows it when B is larger than all
 * batches before. Errors: FAIL_MEMORY. */
int acts_ready(struct workspace *ws, const struct model *m, const struct batch *b);
#endif
