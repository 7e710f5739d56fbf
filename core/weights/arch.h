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

/* The head of a sequence classifier, under the names of transformers. It reads the pooled vector p:
 *     out: W p + b      with a dense layer: W f(W_d p + b_d) + b
 * All of it trains with every method. DENSE[0] NULL: there is no dense layer. */
struct arch_head {
    const char *dense[2], *out[2]; /* weight, bias */
    enum act act;                  /* f; also that of the pooler */
    /* DeBERTa's pooler belongs to the classifier: its name has no prefix, its activation is
     * dims.dense_act, and where a checkpoint has none the dense layer takes its place, which then
     * alone has dropout at its output only. */
    bool dense_is_pooler;
};
extern const struct arch_head arch_head_linear, arch_head_dense, arch_head_pooler;

struct arch {
    const char *name; /* model_type of config.json */
    const char *source;
    const char *class;  /* the first word of its classes in transformers: "Bert" */
    const char *prefix; /* put before the names of the trunk's tensors by transformers: "bert." */
    bool pre_norm;      /* LayerNorm before attention, before the MLP and after the last block */
    bool rms_norm;      /* RMSNorm (Zhang & Sennrich 2019) instead of LayerNorm */
    bool causal; /* a decoder: each token sees those before it, and its hidden state predicts the
                    next one, with the word embeddings as output layer unless dims.untied; it has no
                    pooling and no classifier */
    const struct arch_head *head; /* NULL in a decoder */
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

/* arch_has_pooler - is there a pooler, which cls pooling reads the first token through? Without one
 * the head reads the first token itself. */
bool arch_has_pooler(const struct arch *a);

/* arch_head_name - the name of a tensor of the head, from ROLE_HEAD_W to ROLE_DENSE_B; NULL: the
 * head has none. arch_prefix - what stands before the name of a tensor of this role in models of
 * transformers with a head: the architecture's prefix, or nothing for the head itself. */
const char *arch_head_name(const struct arch *a, int role);
const char *arch_prefix(const struct arch *a, int role);

/* arch_module - the name of a projection's module, "encoder.layer.0.attention.self.query", which
 * the caller frees; NULL when the architecture does not have that projection. */
char *arch_module(const struct arch *a, int layer, enum proj p);
#endif
