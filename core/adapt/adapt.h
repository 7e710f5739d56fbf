/* adapt.h - adaptation methods: all of them, lists of several, and how a method adds tensors. Layer
 * 2, above core/nn.
 *
 * A method is a "const struct adapt adapt_NAME" (core/nn/method.h) in a file of this folder; the
 * Makefile collects them in adapt_table. tests/adapt/test_adapt.c runs over every entry: it starts
 * as the base model where it promises to, trains as many parameters as count() says, leaves frozen
 * values as they are to the bit, has the gradients of finite differences, can be saved and loaded,
 * and computes the same when it is merged. */
#ifndef ADAPT_H
#define ADAPT_H

#include "core/adapt/lora.h"
#include "core/nn/method.h"
#include "core/nn/model.h"

extern const struct adapt *const adapt_table[]; /* generated, NULL-terminated */

/* adapt_find - the method NAME ('_' is read as '-'), "none", or a list of several, "a+b" or "a,b",
 * as one method whose name has them in the order of the table. Lists live until the process ends.
 * NULL: a name is unknown, is in the list twice, or is "none" in a list; then adapt_unknown returns
 * that name, in memory that the next call overwrites. */
const struct adapt *adapt_find(const char *name);
const char *adapt_unknown(const char *name);

/* adapt_nothing - the method "none", which trains nothing and adds nothing, for models that are
 * only used. It is neither in the table nor in lists. */
extern const struct adapt *const adapt_nothing;

/* adapt_has - is A this method, or a list that contains it? */
bool adapt_has(const struct adapt *a, const char *name);

/* adapt_count - the closed form of how many parameters train without the head, adapt_rows - how
 * many virtual tokens are inserted into a sequence, of a method or a list. CFG are its options.
 * adapt_count returns -1 after FAIL_USAGE. */
long adapt_count(const struct adapt *a, const void *cfg, const struct dims *d);
int adapt_rows(const struct adapt *a, const void *cfg);

/* adapt_lack - what a method, or one of a list, trains that a model of this shape does not have,
 * such as "biases", and in *METHOD which one; NULL: the model has all that it needs. */
const char *adapt_lack(const struct adapt *a, const struct dims *d, const char **method);

/* adapt_unused - is O, an option of a method, one of adapt_layers, rank_pattern and alpha_pattern,
 * and does it say in CFG that all layers and matrices are alike? Then neither a run's configuration
 * nor an adapter's folder has the key. */
bool adapt_unused(const struct opt *o, const void *cfg);

/* adapt_unmerged - the name of the method, in a list of its first part, that cannot be merged into
 * the weights because it does something else than update matrices; NULL when A can be merged. */
const char *adapt_unmerged(const struct adapt *a);

/* For attach(): append a tensor of the method to m->params and return its index there. NAME is
 * copied. adapt_matrix, adapt_vector - trainable. Tensors that are appended one after another are
 * contiguous in theta, so that [A_q; A_v] may be used as one matrix. adapt_fixed - a matrix that
 * does not train (a frozen A): zeros until init() fills it in, saved with the adapter, not counted
 * as trainable. Fixed tensors are contiguous, too. */
int adapt_matrix(struct model *m, const char *name, int rows, int cols);
int adapt_vector(struct model *m, const char *name, int n);
int adapt_fixed(struct model *m, const char *name, int rows, int cols);
#endif
