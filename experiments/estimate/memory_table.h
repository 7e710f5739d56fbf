/* memory_table.h - the table of 'lowrank params --memory': what training takes, by formula. */
#ifndef MEMORY_TABLE_H
#define MEMORY_TABLE_H

#include "experiments/estimate/count.h"
#include "results/rows/rows.h"

struct memory_load {
    long batch, tokens; /* sequences in a batch, and tokens in each */
};
/* memory_table - fill *T (which the caller frees) with the memory of full fine-tuning and of the
 * method of R on a model of shapes D, in GB (10^9 bytes): by the paper's assumptions and as this
 * program trains. Each row says what it assumes and what the paper says about the model NAME. C:
 * the result of count_method for the same arguments. Errors: FAIL_USAGE from the method;
 * FAIL_INPUT. */
int memory_table(struct rows *t, const char *name, const struct dims *d, bool pooler,
                 const struct recipe *r, const struct counted *c, const struct memory_load *load);
#endif
