/* parity.h - recompute the numbers that another implementation wrote down, and compare. Layer 3.
 *
 * EXPECTED is a safetensors file of one of these kinds; every tensor in it is either an input, or
 * a quantity that is recomputed, or reported as not checked, which is a failure.
 *
 *   one batch     ids [n,T], lens [n] or mask [n,T], labels [n], type_ids [n,T] (optional) and any
 *                 of hidden [n,T,d], logits [n,C], loss; of a decoder labels [n,T] (as transformers
 *                 takes them: those of the ids, -100 without loss), logits [n,T,V]; embedding [n,d] (mean of hidden, length
 *                 1); with the adapter logits_lora, loss_lora, grad.KEY, adamw.KEY (after 3 steps
 *                 with lr 1e-2, weight decay 0.1), merged.NAME.   KEY is PEFT's name of the tensor.
 *   gradients     of every tensor of the model in full fine-tuning; the batch is that of
 *                 expected.safetensors beside it. Such a file grad_full.safetensors beside
 *                 EXPECTED is checked with it.
 *   a training    init.KEY, final.KEY, ids.i, lens.i, labels.i, type_ids.i of step i; loss [steps]
 *                 and gradnorm [steps] before each update, logits.first, logits.last. LoRA with
 *                 alpha 16, AdamW with weight decay 0.01 and lr 1e-3 min((s+1)/4, (40-s)/36), no
 *                 dropout, pooling cls; rank and targets are read off init.KEY. Labels that are
 *                 floats mean regression.
 *
 * A difference counts relative to the largest magnitude of its tensor; a NaN is infinite. */
#ifndef PARITY_H
#define PARITY_H

#include "core/nn/model.h"

struct parity_cfg {
    const char *expected;
    const char *adapter; /* NULL: the folder adapter/ beside EXPECTED where there is one */
    double tol; /* 0: 1e-5 (f32) or 1e-9 (f64). A training with f32, or with labels written as F32:
                   1e-4. bf16: 4e-2. Ten times that for values after steps of AdamW (with f32, of a
                   training only), which divides a gradient by its own size */
    FILE *out;  /* one line a quantity */
    enum precision precision; /* of what frozen weights multiply */
};
struct parity_result {
    int n_checked, n_bad,
        n_unknown; /* n_bad: beyond the tolerance; n_unknown: in the file, not recomputed */
    double worst;  /* largest relative difference */
};
/* parity_check - Errors: FAIL_INPUT, FAIL_MEMORY: nothing could be compared. A disagreement is a
 * result. */
int parity_check(struct parity_result *r, struct base_model *b, const struct parity_cfg *cfg);
#endif
