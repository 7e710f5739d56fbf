/* peft.h - the tensors of an adapter folder, and PEFT's ways of naming the matrices it adapts.
 * Layer 2. */
#ifndef PEFT_H
#define PEFT_H

#include "core/adapt/adapt.h"

#include <jansson.h>

/* One tensor of adapter_model.safetensors and its numbers in the model (rows touch). */
struct peft_tensor {
    char *key; /* "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight" */
    real *x;
    int rows, cols;
    bool is_vector;
};
/* peft_tensors - all trained tensors of M, and its head; *out by peft_tensors_free. LoRA's have
 * PEFT's keys, those of other methods their own names. Returns their number. */
int peft_tensors(struct peft_tensor **out, const struct model *m);
void peft_tensors_free(struct peft_tensor *t, int n);

/* peft_flag - the setting that a method's folder has beside those of PEFT's LORA, "" for none; NULL: its
 * folder is of our own kind. Methods with one flag read each other's folders. */
const char *peft_flag(const struct adapt *a);

/* peft_targets_write - "q,v" as target_modules of these dims: a sorted list of names as short as
 * they can be without touching another matrix, or a regular expression where no name does that
 * (down without o). */
json_t *peft_targets_write(const char *targets, const struct dims *d);

/* peft_targets_read - the reverse: a list of suffixes or a regular expression, which must pick
 * projections that we know, each in every layer, and nothing else. *targets is owned by the caller.
 * FILE is for messages. Errors: FAIL_INPUT. */
int peft_targets_read(char **targets, const json_t *j, const struct dims *d, const char *file);
#endif
