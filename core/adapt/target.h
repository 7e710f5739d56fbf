/* target.h - private to core/adapt and core/peft: the matrices of a block that a method adapts, as
 * its option "targets" names them.
 *
 * A target is one of the projections, or qkv: where a checkpoint holds q, k and v as one matrix
 * (GPT-2's c_attn), that matrix as a whole, with one A [r, d] for all three. That is what PEFT does
 * there; the targets q and v of the paper are separate matrices (microsoft/LoRA, MergedLinear). */
#ifndef TARGET_H
#define TARGET_H

#include "core/math/mat.h"
#include "core/nn/model.h"

enum { TARGET_QKV = N_PROJ, N_TARGETS };              /* before it: enum proj */
extern const char *const target_names[N_TARGETS + 1]; /* "q", ..., "gate", "qkv", NULL */

/* target_parse - mark the targets of LIST, "q,v"; returns how many they are, or -1. target_check -
 * T exists in this model, and a rank of R, which KEY sets, fits into its matrix. Errors:
 * FAIL_USAGE. */
int target_parse(bool on[N_TARGETS], const char *list);
int target_check(const struct model *m, int layer, int t, int r, const char *key);

/* layer_range - the layer or range of layers, "3" or "8-11", that the first N characters of S begin
 * with; returns how many characters it takes, 0 when there is none. Layers of 10^6 and above are
 * none. layers_parse - mark the layers of LIST, "0,8-11"; returns how many they are, 0 for NULL,
 * "" and "all", which mark none. Errors: -1 after FAIL_USAGE about KEY: not a layer of the model,
 * or the same layer twice. */
size_t layer_range(int *first, int *last, const char *s, size_t n);
int layers_parse(bool *on, int n_layers, const char *key, const char *list);

/* target_first - the first projection of a target. target_shape - the shape [*out, *in] of its
 * matrix. */
enum proj target_first(int t);
void target_shape(const struct dims *d, int t, int *out, int *in);

/* target_group - those targets of ON that read the input of group G, in order; returns how many.
 * target_of_proj - the target of ON that contains a projection; -1 when there is none. */
enum { MAX_GROUP_TARGETS = 3 };
int target_group(int target[MAX_GROUP_TARGETS], const bool on[N_TARGETS], enum group g);
int target_of_proj(const bool on[N_TARGETS], enum proj p);

/* target_cols - the columns of Y, the whole output of a group, that belong to a target with OUT
 * columns. */
struct mat target_cols(struct mat y, int t, int out);

/* target_weight - a copy of a target's frozen matrix, [out, in]; the caller frees its x.
 * target_bias - copy the biases of its projections to BIAS [out], or zeros where
 * there are none. */
struct mat target_weight(const struct model *m, int layer, int t);
void target_bias(real *bias, const struct model *m, int layer, int t);

/* target_slot - the index of a target in arrays over all layers. target_slots - their length. */
static inline int target_slot(int layer, int t)
{
    return layer * N_TARGETS + t;
}
static inline int target_slots(const struct model *m)
{
    return m->base->dims.n_layers * N_TARGETS;
}

/* target_module - the name of the module that has a target, "encoder.layer.0.attention.self.query";
 * the caller frees it. target_matrix, target_vector, target_fixed - adapt_matrix and the like with
 * the name MODULE.SUFFIX. */
char *target_module(const struct arch *a, int layer, int t);
int target_matrix(struct model *m, int layer, int t, const char *suffix, int rows, int cols);
int target_vector(struct model *m, int layer, int t, const char *suffix, int n);
int target_fixed(struct model *m, int layer, int t, const char *suffix, int rows, int cols);
#endif
