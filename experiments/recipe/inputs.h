/* inputs.h - what runs read, looked at once per process: facts of a model and a task without
 * loading them, the loaded things, and the geometry (numbers and memory) of a method on a model.
 * All cached until exit. */
#ifndef INPUTS_H
#define INPUTS_H

#include "experiments/assets/facts.h"
#include "experiments/recipe/recipe.h"

/* facts_inputs - role -> sha256, new; the caller owns it. */
json_t *facts_inputs(const struct model_facts *m, const struct task_facts *t);
/* facts_adapter - add the adapter that training begins with, unless INIT_FROM is NULL or "". */
int facts_adapter(json_t *inputs, const char *init_from);
/* facts_check - hash again what changed its size or time since; FAIL_INPUT "... changed since the
 * plan". */
int facts_check(const struct recipe *r);

/* data_get - a tokenised split, or NULL after fail. Subsets (train_n; dev_n for dev and test) are
 * drawn with a seed of their own, so that all seeds of a cell see the same examples. *absent: the
 * task has no such split. */
enum { SUBSET_SEED = 7 };
const struct dataset *data_get(const struct recipe *r, enum split s, bool *absent);
/* data_all - all splits of a run into *D. */
int data_all(struct run_data *d, const struct recipe *r);

/* The numbers of a method on a model, from shapes alone. */
struct geometry {
    char id[65];
    size_t n_train, n_train_head, n_total;
    long formula;         /* adapt->count(): without the head */
    unsigned char *packs; /* enum pack_need of each group of each layer */
    size_t tables; /* bytes in memory of frozen matrices outside the blocks: embeddings, pooler */
    int frozen;    /* layers below the lowest that backward needs */
};
/* geometry_get - NULL after FAIL_USAGE: rank, targets. */
const struct geometry *geometry_get(const struct recipe *r);
/* geometry_model - the model itself without numbers (model_outline); free with model_free. */
int geometry_model(struct model *m, const struct recipe *r);
#endif
