/* budget.h - the rank that spends a given number of trainable parameters (Hu et al. 2021, Table
 * 5). */
#ifndef BUDGET_H
#define BUDGET_H

#include "experiments/recipe/recipe.h"

struct budget {
    const char *key; /* "rank" or "prefix" */
    long value;      /* set in the recipe, too */
    long count;      /* what it trains */
    long above;      /* what value + 1 trains; 0: there is no larger value */
};
/* budget_find - set the largest rank, or for methods without a rank the largest prefix, that trains
 * at most PARAMS parameters by the method's closed form (adapt_count). B may be NULL. Errors:
 * FAIL_USAGE: even 1 trains more, or the method has neither key. */
int budget_find(struct budget *b, struct recipe *r, const struct dims *d, long params);

/* budget_parse - "36864", "0.3M", "18M", "175B". Errors: FAIL_USAGE. */
int budget_parse(long *params, const char *text);
#endif
