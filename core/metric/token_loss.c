/* token_loss.c - the mean loss of a target token. */
#include "core/metric/metric.h"

#include <math.h>

double metric_token_mean(const struct outcome *o)
{
    double sum = 0;
    long n = 0;

    for (int i = 0; i < o->n; i++) {
        sum += o->nll[i];
        n += o->tokens[i];
    }
    return n ? sum / (double)n : NAN;
}

const struct metric metric_token_loss = { .name = "token_loss",
                                          .source = "mean -log p of the targets' tokens, in nats",
                                          .goal = GOAL_MIN,
                                          .of = METRIC_OF_TEXT,
                                          .score = metric_token_mean };
