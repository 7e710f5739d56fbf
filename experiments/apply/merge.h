/* merge.h - a base model with an adapter's update added to its weights, as a checkpoint of its own.
 */
#ifndef MERGE_H
#define MERGE_H

#include "experiments/apply/adapted.h"

/* merge_check - can these be merged? Errors: FAIL_USAGE: the method computes more than a sum of
 * matrices. */
int merge_check(const struct adapted *a);
/* merge_write - DIR/model.safetensors with every tensor of the trunk and the classifier,
 * config.json with the classifier's labels, 1_Pooling/config.json, and the tokenizer's files of the
 * base. DIR/model.safetensors is written last. Errors: FAIL_STORE, FAIL_INPUT, FAIL_MEMORY, FAIL_STOPPED. */
int merge_write(const struct adapted *a, const char *dir);
/* merge_undone - take the update off the weights of MERGED again: the largest difference to those
 * that A adds it to (the base's, or trained ones), and the largest magnitude in MERGED. Errors:
 * FAIL_MEMORY, FAIL_STOPPED. */
int merge_undone(double *diff, double *largest, const struct adapted *a,
                 const struct base_model *merged);
#endif
