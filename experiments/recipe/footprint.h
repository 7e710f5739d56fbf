/* footprint.h - how many parameters a method trains on a model, and what it needs of the frozen
 * weights, from shapes alone. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include "experiments/recipe/recipe.h"

struct footprint {
    char id[65];                           /* a hash of all that the rest depends on */
    size_t n_train, n_train_head, n_total; /* trainable parameters, those of the head, all */
    long formula;         /* the method's closed form (adapt_count), without the head */
    unsigned char *packs; /* [n_layers, N_GROUP] enum pack_need of each group of matrices */
    size_t tables; /* bytes resident of frozen matrices outside the blocks: embeddings, pooler */
    int frozen;    /* layers below the lowest one that the backward pass needs */
};
/* footprint_of - of a recipe with keys (recipe_keys); the session owns it. Checks that the adapter
 * which training starts from, if any, fits the model. Errors: NULL after FAIL_USAGE: rank, targets;
 * FAIL_INPUT: the adapter. */
const struct footprint *footprint_of(const struct recipe *r);

/* footprint_model - the recipe's model in outline (model_outline), without values; free with
 * model_free. Errors: FAIL_USAGE. */
int footprint_model(struct model *m, const struct recipe *r);
#endif
