/* metric.h - scores of predictions. A metric NAME is a "const struct metric metric_NAME" in a file
 * of this folder; the Makefile writes the table of them. */
#ifndef METRIC_H
#define METRIC_H

#include "core/base/base.h"

/* The predictions for N examples. Classification has LABEL and GUESS (the predicted class),
 * regression has TARGET and VALUE (the prediction) and N_CLASSES 0. Generation has TOKENS, how many
 * tokens each target has, NLL, the sum of their -log p in nats, and HITS, how many of them were the
 * most probable ones; where every target is one of some labels, also LABEL and GUESS. */
struct outcome {
    int n, n_classes;
    const int *label, *guess;
    const double *target, *value;
    const int *tokens, *hits;
    const double *nll;
};
enum metric_goal { GOAL_MAX, GOAL_MIN };
enum metric_of { METRIC_OF_LABELS, METRIC_OF_TARGETS, METRIC_OF_TEXT };
extern const char *const metric_of_names[]; /* "classification", "regression", "generation" */
struct metric {
    const char *name;   /* as in task files: "accuracy", "f1", "matthews", "pearson", ... */
    const char *source; /* its definition */
    enum metric_goal goal;
    enum metric_of of; /* LABEL and GUESS; TARGET and VALUE; TOKENS, NLL and HITS */
    bool binary;       /* for two classes only */
    /* score - NaN if it is undefined, such as for Pearson's r of a constant, or for no examples. */
    double (*score)(const struct outcome *o);
};
extern const struct metric *const metric_table[]; /* generated, NULL-terminated */

/* metric_find - the metric NAME, or NULL. */
const struct metric *metric_find(const char *name);

/* metric_token_mean (token_loss.c) - the mean of NLL over all tokens. */
double metric_token_mean(const struct outcome *o);
/* metric_f1_of (glue.c) - the F1 score of a class that LABEL examples have as their label and GUESS
 * examples as their guess, BOTH of them as both: 2 tp / (2 tp + fp + fn); 0 for a class that
 * neither occurs nor is guessed. */
double metric_f1_of(int64_t label, int64_t guess, int64_t both);
/* metric_ranks (glue.c) - the ranks of X [n], from 1; equal values get the mean of their ranks. All
 * are NaN if a value is NaN. The caller frees them. */
double *metric_ranks(const double *x, int n);
#endif
