/* count.h - how many parameters a method trains on given shapes, without any weights. */
#ifndef COUNT_H
#define COUNT_H

#include "experiments/recipe/recipe.h"

/* Numbers of parameters, all without the task's head. */
struct counted {
    double base;    /* of the base model */
    double trained; /* that the method trains, its own and the model's */
    double added;   /* that the method adds to the model */
    double formula; /* TRAINED by the method's closed form */
};
/* count_method - count the tensors of a model of shapes D (POOLER: with BERT's pooler) to which
 * the method of R is attached. Errors: FAIL_USAGE from the method. */
int count_method(struct counted *c, const struct dims *d, bool pooler, const struct recipe *r);

/* count_dims - D with the pooling that the recipe asks for. */
struct dims count_dims(const struct dims *d, const struct recipe *r);

/* count_outline - an outline (core/nn/model.h) of a model of shapes D over *B, with a classifier
 * of one output if the architecture has one. METHOD and CFG as for model_outline. Free it with
 * model_free(M) and base_model_free(B). Errors: FAIL_USAGE. */
int count_outline(struct base_model *b, struct model *m, const struct dims *d, bool pooler,
                  const struct adapt *method, const void *cfg);
#endif
