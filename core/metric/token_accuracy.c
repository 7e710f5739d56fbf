/* token_accuracy.c - how often the next token of a target is the most probable one. */
#include "core/metric/metric.h"

#include <math.h>

static double token_accuracy(const struct outcome *o)
{
    long n = 0, hits = 0;

    for (int i = 0; i < o->n; i++) {
        n += o->tokens[i];
        hits += o->hits[i];
    }
    return n ? (double)hits / (double)n : NAN;
}

const struct metric metric_token_accuracy = {
    .name = "token_accuracy",
    .source = "share of the targets' tokens that are the most probable ones, given those before",
    .goal = GOAL_MAX,
    .of = METRIC_OF_TEXT,
    .score = token_accuracy
};
