/* metric.h - scores of predictions. A metric is one entry "const struct metric metric_NAME" in a
 * file of this folder. Layer 1. */
#ifndef METRIC_H
#define METRIC_H

#include "core/base/base.h"

/* What an evaluation knows of N examples. Classification: label and guess; regression: target and
 * value. */
struct outcome {
    int n, n_classes; /* n_classes 0: regression */
    const int *label, *guess;
    const double *target, *value;
};
enum metric_goal { GOAL_MAX, GOAL_MIN };
struct metric {
    const char *name;   /* as in task files: "accuracy", "f1", "matthews", "pearson", ... */
    const char *source; /* definition */
    enum metric_goal goal;
    bool regression; /* needs target and value; else label and guess */
    bool binary;     /* for two classes only */
    double (*score)(
        const struct outcome *o); /* NAN: undefined (e.g. Pearson of a constant); n == 0: NAN */
};
extern const struct metric *const metric_table[];   /* generated, NULL-terminated */
const struct metric *metric_find(const char *name); /* NULL: unknown */

/* metric_f1_of (glue.c) - F1 of a class with LABEL examples that was guessed GUESS times, BOTH of
 * them right: 2 tp / (2 tp + fp + fn); 0 when it neither occurs nor is guessed. */
double metric_f1_of(int64_t label, int64_t guess, int64_t both);
/* metric_ranks (glue.c) - the ranks of X[n] from 1; equal values share the mean of their ranks. All
 * NaN when some x is not a number. The caller frees the list. */
double *metric_ranks(const double *x, int n);
#endif
