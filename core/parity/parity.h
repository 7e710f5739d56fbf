/* parity.h - recompute results that another implementation wrote to a file, and compare. Layer 3.
 *
 * The file is a safetensors file of one of the kinds below. Every tensor in it is either an input,
 * or a quantity that is recomputed; any other tensor is reported as not checked, which counts as a
 * failure. KEY is the name that PEFT gives a tensor.
 *
 *   one batch     Inputs: ids [n,T]; lens [n] or mask [n,T]; optionally type_ids [n,T]; labels [n],
 *                 or [n,T] for a decoder, as transformers takes them (those of the ids, -100 for no
 *                 loss). Quantities, any of: hidden [n,T,d]; logits [n,C], or [n,T,V] for a
 *                 decoder; loss; embedding [n,d] (the mean of hidden, normalized to length 1); with
 *                 the adapter logits_lora, loss_lora, grad.KEY, adamw.KEY (after 3 steps with lr
 *                 1e-2 and weight decay 0.1) and merged.NAME.
 *   gradients     The gradients of all tensors in full fine-tuning. The batch is that of
 *                 expected.safetensors in the same folder. When one batch is checked, a file
 *                 grad_full.safetensors in the same folder is checked, too.
 *   texts         ids.i [T] of text i, for a decoder: logprob.i [T-1] of each next token; the
 *                 indices top.i [T,k] of the largest logits in their order, and toplogit.i [T,k].
 *   a training    init.KEY; ids.i, lens.i, labels.i and type_ids.i of step i; loss [steps] and
 *                 gradnorm [steps], both before the update; logits.first, logits.last; final.KEY.
 *                 The method is LoRA with alpha 16; rank and targets follow from init.KEY. AdamW
 *                 has weight decay 0.01 and lr 1e-3 min((s+1)/4, (40-s)/36). There is no dropout,
 *                 and pooling is cls. Labels that are floats make it a regression.
 *                 Of a decoder instead prompt.i [n], the lengths of the prompts: the loss is the
 *                 mean over the tokens after them; lr is 1e-3 at each step; logprob.first has the
 *                 log-probabilities of these tokens in the first batch.
 *
 * A difference counts relative to the largest magnitude in its tensor; NaN counts as infinite. Of
 * adamw.KEY only that part counts which the measured errors of grad.KEY do not explain: AdamW
 * divides a gradient by its own size, so that where it is almost 0 rounding errors decide the
 * step. */
#ifndef PARITY_H
#define PARITY_H

#include "core/nn/model.h"

struct parity_cfg {
    const char *expected; /* path of the file */
    const char *adapter;  /* NULL: the folder adapter/ beside the file, if there is one */
    double
        tol;   /* 0: 1e-5 in f32, 1e-9 in f64, 4e-2 with bf16; for a training in f32, or with labels
                   that were written as F32, 1e-4. Values after steps of AdamW, which divides a
                   gradient by its own size, have ten times that (with f32 in a training only) */
    FILE *out; /* one line per quantity */
    enum precision precision; /* in which frozen weights multiply */
};
struct parity_result {
    int n_checked;
    int n_bad;     /* beyond the tolerance */
    int n_unknown; /* in the file, but not recomputed */
    double worst;  /* largest relative difference */
};
/* parity_check - compare B with the file. A disagreement is a result, not an error. Errors:
 * FAIL_INPUT, FAIL_MEMORY: nothing could be compared. */
int parity_check(struct parity_result *r, struct base_model *b, const struct parity_cfg *cfg);
#endif
