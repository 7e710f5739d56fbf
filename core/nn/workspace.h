/* workspace.h - a thread's memory for one micro-batch in flight: activations that the backward pass
 * reads, results, and a gradient. Layer 2. */
#ifndef WORKSPACE_H
#define WORKSPACE_H

#include "core/math/mat.h"
#include "core/nn/batch.h"
#include "core/nn/kv_cache.h"
#include "core/weights/param.h"

/* Fields marked "in" are set by the caller between passes, "out" by model_fwd. */
struct workspace {
    struct arena mem;
    real *grad; /* [n_train] model_bwd adds to it; NULL in a workspace for evaluation only */
    bool train; /* in: apply dropout */
    uint64_t seed, step; /* in: what dropout masks are drawn from, with batch_slots */
    int batch_slots;     /* in: sequences in a whole batch of the step */

    bool all_logits;   /* in: compute a decoder's logits, which its loss does not need */
    bool last_logits;  /* in: compute a decoder's logits of each sequence's last token only */
    struct mat logits; /* out: [n_seq, n_labels]; of a decoder [n_tok, vocab], with last_logits
                          [n_seq, vocab], or empty */
    bool all_hidden;   /* in: compute the last hidden state of every token; otherwise, with cls
                          pooling, the last block computes first tokens only */
    struct mat hidden; /* out: the last hidden states [n_tok, d], after the final LayerNorm if the
                          model has one; [n_seq, d] when only first tokens are computed */
    struct mat pooled; /* out: [n_seq, d] the classifier's input; empty for a decoder */

    void *acts;    /* private to core/nn (acts.h) */
    real *scratch; /* memory of the method for this pass: adapt->scratch() values */

    /* In: the frozen-prefix cache, or NULL for none. The output of the frozen lower layers for
     * sequence s is at frozen[frozen_at[s]]: the input [len, d] of layer m->lowest; when no block
     * trains, the pooled row of d values (the mean, or the first hidden state). With frozen_known
     * it is read and the lower layers are not computed; otherwise it is written. Allowed when
     * model_frozen_is_fixed. */
    real *const *frozen;
    const int *frozen_at;
    bool frozen_known;

    /* In: NULL, or n_layers + 1 places for [n_tok, d] values each: the hidden states of all tokens
     * after the embeddings and after each block (in pre-norm models before the final LayerNorm).
     * Needs all_hidden, and frozen NULL. */
    real *const *layer_out;

    /* In: NULL, or the cache of keys and values that a pass without backward writes and reads. */
    const struct kv_pass *kv;
};

/* workspace_continues - do the sequences of this pass continue those of passes before? */
static inline bool workspace_continues(const struct workspace *ws)
{
    return ws->kv && ws->kv->seen;
}

/* workspace_init - a workspace for models of the shape of M, with GRAD also a gradient of zeros.
 * Its memory grows to that of the largest batch, at the beginning of a pass. workspace_free - of a
 * zeroed struct: nothing. Errors: FAIL_MEMORY. */
int workspace_init(struct workspace *ws, const struct model *m, bool grad);
void workspace_free(struct workspace *ws);

/* workspace_bytes - the memory that a pass over B takes, exactly unless all_hidden or all_logits is
 * set; with GRAD for a backward pass, with TRAIN for dropout. Reads only n_seq, n_tok, max_len and
 * off of B. */
size_t workspace_bytes(const struct model *m, const struct batch *b, bool grad, bool train);

/* workspace_grad - the gradient of P in WS; NULL when P is frozen or WS has none.
 * workspace_grad_mat - the same as a matrix. */
static inline real *workspace_grad(const struct workspace *ws, const struct param *p)
{
    return p->trainable && ws->grad ? ws->grad + p->off : NULL;
}
static inline struct mat workspace_grad_mat(const struct workspace *ws, const struct param *p)
{
    return mat_make(workspace_grad(ws, p), p->rows, p->cols);
}
#endif
