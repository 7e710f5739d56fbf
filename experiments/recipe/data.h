/* data.h - the tokenized examples that a run trains and is evaluated on. */
#ifndef RECIPE_DATA_H
#define RECIPE_DATA_H

#include "experiments/recipe/recipe.h"

/* data_split - a split as the recipe sees it: tokenized with the model's tokenizer to at most
 * max_len tokens. Of train at most train_n examples are drawn with data_seed, and with "select:
 * 0.1" a tenth of them is SPLIT_SELECT instead (core/data/draw.h). Of dev and test at most dev_n
 * are drawn with EVAL_SUBSET_SEED, so that all runs are evaluated on the same ones; of a test split
 * that is reported and scored only once, all. The session owns the result. Errors: NULL after
 * FAIL_USAGE (no such split, or a division without rows on one side), FAIL_INPUT, FAIL_MEMORY. */
enum { EVAL_SUBSET_SEED = 7 };
const struct dataset *data_split(const struct recipe *r, enum split s);

/* data_all - the splits that a run trains and is evaluated on; the others are NULL: dev if neither
 * selects nor is reported, test if "report: dev" with a selection split or if the task has none.
 * Once in a session it tells how many examples are truncated to max_len, which labels of train the
 * selection split lacks, and how many examples of the other splits are in train as well. Errors: as
 * data_split. */
int data_all(struct run_data *d, const struct recipe *r);

/* data_describe - what data_all gives, as one line for people: "576 training examples, drawn with
 * data_seed; 64 of train choose; 872 of dev are reported". The caller frees it. */
char *data_describe(const struct run_data *d, const struct recipe *r);
#endif
