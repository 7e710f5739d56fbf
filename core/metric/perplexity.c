/* perplexity.c - the perplexity of the targets. */
#include "core/metric/metric.h"

#include <math.h>

static double perplexity(const struct outcome *o)
{
    return exp(metric_token_mean(o));
}

const struct metric metric_perplexity = { .name = "perplexity",
                                          .source = "e to the power of token_loss",
                                          .goal = GOAL_MIN,
                                          .of = METRIC_OF_TEXT,
                                          .score = perplexity };
