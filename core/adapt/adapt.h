/* adapt.h - what an adaptation method must provide. Layer 2, over nn.
 *
 * A method is one entry "const struct adapt adapt_NAME" in a file of this folder; the Makefile
 * collects the table and tests/adapt/test_adapt.c tests every entry: starts equal to the frozen model
 * (where promised), trainable count = count(), frozen numbers bit-identical after steps, gradients
 * by signed differences, save and load, merged = unmerged. */
#ifndef ADAPT_H
#define ADAPT_H

#include "core/nn/method.h" /* struct adapt */
#include "core/nn/model.h"

extern const struct adapt *const adapt_table[]; /* generated, NULL-terminated */
/* adapt_find - a method by its name ('_' is '-'), or the list "a+b" or "a,b" of several as one method,
 * named in the order of the table. NULL: unknown, or one of a list is there twice. adapt_has - whether A
 * is that method or a list with it. adapt_count, adapt_rows - the closed form, and inserted rows, of any: a
 * list's is the sum. adapt_unmerged - the method, of a list the first part, that changes the pass without
 * being an update of matrices, so that it cannot be merged into them; NULL: A can be merged. */
const struct adapt *adapt_find(const char *name);
const char *
adapt_unknown(const char *name); /* the word that made adapt_find fail; until the next */
bool adapt_has(const struct adapt *a, const char *name);
long adapt_count(const struct adapt *a, const void *cfg, const struct dims *d);
int adapt_rows(const struct adapt *a, const void *cfg);
const char *adapt_unmerged(const struct adapt *a);

/* adapt_param - for attach(): append a trainable tensor. Tensors appended one after another are
 * neighbours in theta, so [A_q; A_v] may be used as one matrix. Returns its index in m->params. */
int adapt_param(struct model *m, const char *name, int rows, int cols);
/* adapt_fixed - the same for a tensor of the method's own that does not train (a frozen A): zeros until
 * init() fills it, saved with the adapter, not counted as trained. Neighbours of each other, too. */
int adapt_fixed(struct model *m, const char *name, int rows, int cols);

extern const struct adapt adapt_lora;
/* --- LoRA's settings, shared with peft.c and the studies. */
enum lora_init { LORA_INIT_KAIMING, LORA_INIT_GAUSSIAN, LORA_INIT_PEFT_GAUSSIAN };
struct lora_cfg {
    long rank;
    double alpha;
    char *targets; /* "q,v" */
    double dropout;
    int init; /* enum lora_init */
};
/* What may be adapted: the six projections and, where a checkpoint holds q, k and v as one matrix
 * (GPT-2's c_attn), that one as a whole, with one A [r,d] for all three: what PEFT does there. The
 * paper's own q,v are separate pairs (microsoft/LoRA, MergedLinear). */
enum { LORA_QKV = N_PROJ, N_LORA_TARGETS };
extern const char *const lora_targets[N_LORA_TARGETS + 1]; /* "q", ..., "down", "qkv", NULL */
/* The A [r,in] and B [out,r] of a projection, or empty views when it is not adapted; of a part of
 * qkv the common A and the part's rows of B. lora_pair: of a target, as they are. */
void lora_matrices(const struct model *m, int layer, enum proj p, struct mat *a, struct mat *b);
void lora_pair(const struct model *m, int layer, int target, struct mat *a, struct mat *b);

/* --- PEFT folders: adapter_config.json and adapter_model.safetensors (head included).
 * peft_save: Errors FAIL_STORE. Pairs of q, k and v that PEFT can only hold as one of c_attn are
 * written as that, A one below the other and B in blocks: the same function, of n times the rank,
 * and "qkv" when it is read again. peft_read_config: fills cfg (targets in our names) and task facts;
 * refuses what we cannot compute (rank_pattern, bias other than none). peft_method: which method the
 * folder is of, lora, rslora or dora, whose settings all are a struct lora_cfg; NULL: FAIL_INPUT. peft_load: into a model that was made with that cfg; missing, extra or mis-shaped tensors
 * are refused by name (FAIL_INPUT). */
int peft_save(const struct model *m, const void *cfg, const char *dir, const char *base_name);
int peft_read_config(struct lora_cfg *cfg, int *n_labels, const char *dir, const struct dims *d);
const struct adapt *peft_method(const char *dir);
int peft_load(struct model *m, const char *dir);
/* peft_begin - the same without the classifier, which another task has no use for: training begins with
 * the folder's adapter (Hu et al. 2021, sec. 5.2: MRPC, RTE and STS-B from the MNLI adapter). */
int peft_begin(struct model *m, const char *dir);
/* peft_fits - would peft_begin read it? 0, or -1 after the same errors; an outline will do for M. */
int peft_fits(const struct model *m, const char *dir);
#endif
