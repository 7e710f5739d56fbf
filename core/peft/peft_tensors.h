/* peft_tensors.h - the tensors of an adapter folder. Layer 2. */
#ifndef PEFT_TENSORS_H
#define PEFT_TENSORS_H

#include "core/adapt/adapt.h"
#include "core/adapt/ranks.h"
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
 * of PEFT holds them: pairs of q, k and v of a fused matrix as one pair (peft_saved_rank). Both set
 * *OUT, for peft_tensors_free, and return how many there are. */
int peft_tensors(struct peft_tensor **out, const struct model *m);
int peft_tensors_to_save(struct peft_tensor **out, const struct model *m);
void peft_tensors_free(struct peft_tensor *t, int n);

/* peft_saved_rank - the rank and alpha that the module of a target has in a folder; r 0 when it is
 * not adapted. Of a matrix that holds q, k and v, T is qkv. If all pairs of M are alike, so are
 * those of the folder, which then are filled up with zeros to the rank of the largest. */
struct rank peft_saved_rank(const struct model *m, int layer, int t);

/* peft_is_lora - does PEFT have a format for the adapter of M? */
bool peft_is_lora(const struct model *m);
#endif
