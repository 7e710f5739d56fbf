/* bench_model.h - models of known shapes with random weights, and random examples: no file is
 * read. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include "experiments/recipe/recipe.h"

/* A model of random weights with a method attached, and random examples of one length. */
struct bench_model {
    struct recipe r;
    struct dims d;
    struct base_model base;
    struct model m;
    struct task task;
    struct dataset set; /* one batch */
};
/* bench_model_dims - the shapes of the model that V names, otherwise of minilm. Errors:
 * FAIL_USAGE: an unknown geometry, or an architecture that this build does not have;
 * FAIL_INPUT. */
int bench_model_dims(struct dims *d, struct session *ses, const struct settings *v);

/* bench_model_init - a model of those shapes, with the method of V, and a batch of SEQUENCES
 * examples of TOKENS tokens each; batch= among the settings wins over SEQUENCES. If UPDATE is not
 * NULL, its update is merged into the weights first: it is an adapted model of the same shapes.
 * Errors: as recipe_parse, bench_model_dims and model_init; FAIL_USAGE for more tokens than the
 * model has positions; FAIL_MEMORY for weights that do not fit. */
int bench_model_init(struct bench_model *b, struct session *ses, const struct settings *v,
                     long sequences, long tokens, const struct model *update);
void bench_model_free(struct bench_model *b);

/* bench_model_fill - random values for the parameters that a method added, so that it looks
 * trained: an update that is zero could be cheaper. The head stays as it is. */
void bench_model_fill(struct model *m);

/* bench_model_examples - N random examples of TOKENS tokens; LABELS: with labels of two classes.
 * bench_model_examples_free - free them. */
void bench_model_examples(struct dataset *s, const struct dims *d, int n, int tokens, bool labels);
void bench_model_examples_free(struct dataset *s);
#endif
