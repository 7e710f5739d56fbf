/* data.h - the tokenized examples that a run trains and is evaluated on. */
#ifndef RECIPE_DATA_H
#define RECIPE_DATA_H

#include "experiments/recipe/recipe.h"

/* data_split - a split as the recipe sees it: tokenized with the model's tokenizer to at most
 * max_len tokens, of train at most train_n examples, of dev and test at most dev_n. Examples are
 * drawn with SUBSET_SEED, so that all seeds of a cell see the same ones. The session owns the
 * result. NULL with *ABSENT (may be NULL) set: the task has no such split. Errors: NULL after
 * FAIL_INPUT, FAIL_MEMORY. */
enum { SUBSET_SEED = 7 };
const struct dataset *data_split(const struct recipe *r, enum split s, bool *absent);

/* data_all - all splits of a run. Once in a session it tells how many examples are truncated to
 * max_len, and how many of dev and of test are in train as well. Errors: as data_split; FAIL_USAGE:
 * no train or dev split. */
int data_all(struct run_data *d, const struct recipe *r);
#endif
