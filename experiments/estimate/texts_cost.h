/* texts_cost.h - what a run's evaluation by generated texts takes ("generate_n"). */
#ifndef TEXTS_COST_H
#define TEXTS_COST_H

#include "experiments/recipe/recipe.h"

/* texts_cost_bytes - the memory for it, of a worker with so many THREADS: keys and values, logits
 * and workspaces (generate_bytes), the merged weights, and three copies of the trainable
 * parameters. M is the recipe's model or its outline. 0 for a recipe without texts. */
size_t texts_cost_bytes(const struct model *m, const struct recipe *r, const struct run_data *d,
                        int threads);

/* texts_cost_measure - *TOKEN_S becomes the seconds that one beam takes for one token, timed with a
 * few of the recipe's inputs and its settings, and with the adapter merged where a run merges it.
 * Errors: those of generate and model_merge. */
int texts_cost_measure(double *token_s, struct model *m, const struct recipe *r,
                       const struct run_data *d);

/* texts_cost_seconds - the seconds of one run, if every beam writes as many tokens as the first
 * reference of its input has, at most max_new; PROMPT_S is for a token of a prompt, TOKEN_S for one
 * of a beam. */
double texts_cost_seconds(const struct recipe *r, const struct run_data *d, double prompt_s,
                          double token_s);
#endif
