/* merge.h - a base model with an adapter's update added to its weights, as a checkpoint of its
 * own. */
#ifndef MERGE_H
#define MERGE_H

#include "experiments/apply/adapted.h"

/* merge_check - can this adapter be merged? Errors: FAIL_USAGE: its method does more than add a
 * matrix to a matrix. */
int merge_check(const struct adapted *a);

/* merge_write - write into DIR what other programs need to compute the same from text, with nothing
 * else at hand: model.safetensors with every tensor of the base model and the classifier, if there
 * is one; config.json with the class of transformers that has these tensors, the problem and the
 * names of the labels (LABEL_0, ... if the adapter's record has none); the files of
 * sentence-transformers, which name the pooling; and the tokenizer's files of the base model.
 * model.safetensors is written last. Errors: FAIL_STORE, FAIL_INPUT, FAIL_MEMORY, FAIL_STOPPED. */
int merge_write(const struct adapted *a, const char *dir);

/* merge_undone - subtract the update from the weights of MERGED again. *DIFF: the largest
 * difference from the weights that A adds the update to; *LARGEST: the largest magnitude in MERGED.
 * Errors: FAIL_MEMORY, FAIL_STOPPED. */
int merge_undone(double *diff, double *largest, const struct adapted *a,
                 const struct base_model *merged);
#endif
