/* arch.h - an architecture: a table of the tensors that its checkpoints hold, and where its
 * computation differs from others. Layer 2.
 *
 * Each architecture is a "const struct arch arch_NAME" in a file of this folder; the Makefile
 * collects them in arch_table. */
#ifndef ARCH_H
#define ARCH_H

#include "core/weights/proj.h"

#include <stdbool.h>

struct dims;      /* core/weights/dims.h */
struct param;     /* core/weights/param.h */
struct arch_impl; /* core/weights/arch_impl.h, private to core/nn */

struct arch {
    const char *name; /* model_type of config.json */
    const char *source;
    const char *prefix; /* put before the names of the trunk's tensors by transformers: "bert." */
    bool pre_norm;      /* LayerNorm before attention, before the MLP and after the last block */
    bool rms_norm;      /* RMSNorm (Zhang & Sennrich 2019) instead of LayerNorm */
    bool causal; /* a decoder: each token sees those before it, and its hidden state predicts the
                    next one, with the word embeddings as output layer unless dims.untied; it has no
                    pooling and no classifier */
    const struct arch_impl *impl;
};
extern const struct arch *const arch_table[]; /* generated, NULL-terminated */

/* arch_find - the architecture of this name; NULL when there is none. */
const struct arch *arch_find(const char *name);

/* arch_params - the tensors of a model of these dims, as a checkpoint names them, frozen and
 * without values: writes them to OUT, which has room for CAP, or only counts them when OUT is NULL.
 * Returns how many they are. The caller frees their names. */
int arch_params(const struct arch *a, const struct dims *d, struct param *out, int cap);

/* arch_has - do the blocks of this architecture have a tensor of role ROLE (enum role)? */
bool arch_has(const struct arch *a, int role);

/* arch_module - the name of a projection's module, "encoder.layer.0.attention.self.query", which
 * the caller frees; NULL when the architecture does not have that projection. */
char *arch_module(const struct arch *a, int layer, enum proj p);
#endif
