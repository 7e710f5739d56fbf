/* peft_tensors.h - the tensors of an adapter folder. Layer 2. */
#ifndef PEFT_TENSORS_H
#define PEFT_TENSORS_H

#include "core/adapt/adapt.h"
#include "core/nn/model.h"

/* What PEFT puts before every key: "base_model.model.". */
extern const char peft_key_prefix[];

/* A tensor of adapter_model.safetensors and its values, with contiguous rows. */
struct peft_tensor {
    char *key; /* "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight" */
    real *x;   /* memory of the model, or, when OWNED, of this struct */
    int rows, cols;
    bool is_vector, owned;
};

/* peft_tensors - the trained tensors of M and its head, in the model's memory. Those of LoRA have
 * PEFT's keys, those of other methods their own names. peft_tensors_to_save - the same as a folder
 * of PEFT holds them: pairs of q, k and v of a fused matrix as one pair, for which every pair has
 * the rank peft_rank_factor times r. Both set *OUT, for peft_tensors_free, and return how many
 * there are. */
int peft_tensors(struct peft_tensor **out, const struct model *m);
int peft_tensors_to_save(struct peft_tensor **out, const struct model *m);
void peft_tensors_free(struct peft_tensor *t, int n);
int peft_rank_factor(const struct model *m);

/* peft_is_lora - does PEFT have a format for the adapter of M? */
bool peft_is_lora(const struct model *m);

/* peft_flag - the key of adapter_config.json that says which variant of LoRA a method is, "" when
 * none is needed. Methods with the same flag can read each other's folders. NULL: PEFT has no
 * format for the method. */
const char *peft_flag(const struct adapt *a);
#endif
