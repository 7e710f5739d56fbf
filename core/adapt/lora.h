/* lora.h - LoRA's options and matrices, for the methods and commands that share them. Layer 2. */
#ifndef LORA_H
#define LORA_H

#include "core/math/mat.h"
#include "core/nn/model.h"

extern const struct adapt adapt_lora;

/* Options of LoRA, and the first member of those of its variants. */
enum lora_init { LORA_INIT_KAIMING, LORA_INIT_GAUSSIAN, LORA_INIT_PEFT_GAUSSIAN };
struct lora_cfg {
    long rank;
    double alpha;
    char *targets; /* "q,v"; owned */
    double dropout;
    int init; /* enum lora_init */
    /* What differs between layers and matrices (core/adapt/ranks.h); owned. NULL: nothing. */
    char *layers, *rank_pattern, *alpha_pattern;
};

/* lora_cfg_free - free the strings, clear all fields. */
void lora_cfg_free(struct lora_cfg *c);

/* lora_pair - the matrices A [r, in] and B [out, r] of a target (core/adapt/target.h) as they are
 * in the model; empty views when the target is not adapted, or not by a pair. lora_scale - its
 * factor s; the target is adapted by a pair. lora_matrices - those of a projection, also when it is
 * a part of the target qkv: then A is the common one and B the part's rows. */
void lora_pair(const struct model *m, int layer, int target, struct mat *a, struct mat *b);
double lora_scale(const struct model *m, int layer, int target);
void lora_matrices(const struct model *m, int layer, enum proj p, struct mat *a, struct mat *b);
#endif
