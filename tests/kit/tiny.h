/* tiny.h - a small random encoder of odd shape in a temporary folder, and batches, heads and
 * options for models of it. Checks of such models: tiny_check.h. */
#ifndef TINY_H
#define TINY_H

#include "core/adapt/adapt.h"
#include "tests/kit/tiny_check.h"

enum { TINY_SEQS = 5, TINY_TOKS = 64 };

/* tiny_arch - the architecture of models that are made from now on; "bert" at the beginning of a
 * test. tiny_arch_name - its name. tiny_encoders - the number of encoders in arch_table, of which
 * tiny_encoder names number I; BERT is the first. */
void tiny_arch(const char *name);
const char *tiny_arch_name(void);
int tiny_encoders(void);
const char *tiny_encoder(int i);

/* tiny_checkpoint - write a model to the folder DIR: config.json with the text CONFIG, and
 * model.safetensors in which every matrix is N(0, MATRICES) and every vector N(0, VECTORS) from
 * SEED; gains of LayerNorms are that plus 1. */
void tiny_checkpoint(const char *dir, const char *config, uint64_t seed, double matrices,
                     double vectors);

/* tiny_write - a new temporary folder with 3 layers, d 60, 5 heads, d_ffn 100, 113 words and 33
 * positions; returns its path. tiny_config - write its config.json again with another number of
 * layers and another width. tiny_remove - delete the folder. */
const char *tiny_write(void);
void tiny_config(int n_layers, int d_model);
void tiny_remove(void);

/* tiny_batch - five sequences of 9, 1, 17, 4 and 12 tokens with types, labels (3 classes), targets,
 * and for decoders next tokens, of which every fifth is ignored. tiny_cut - sequences [from, from +
 * n) of T as a micro-batch of its own, with their slots. */
struct tiny_batch {
    struct batch b;
    int ids[TINY_TOKS], pos[TINY_TOKS], types[TINY_TOKS], next[TINY_TOKS];
    int off[TINY_SEQS + 1], slot[TINY_SEQS], label[TINY_SEQS];
    real target[TINY_SEQS];
};
void tiny_batch(struct tiny_batch *t, const struct dims *d);
void tiny_cut(struct tiny_batch *out, const struct tiny_batch *t, int from, int n);

/* tiny_head - a head in which every dropout is P. With pooling none the head of a decoder. */
struct head tiny_head(enum pooling pooling, bool regression, double p);

/* tiny_cfg - the default options of a method, with one key set to a value unless it is NULL.
 * tiny_cfg_free - free them. */
void *tiny_cfg(const struct adapt *a, const char *key, const char *value);
void tiny_cfg_free(const struct adapt *a, void *cfg);

/* tiny_set - set an option; asserts that it is accepted. */
void tiny_set(const struct adapt *a, void *cfg, const char *key, const char *value);

/* tiny_fill_b - make B of LoRA nonzero. It starts at 0, where half of the gradients vanish. */
void tiny_fill_b(struct model *m);
#endif
