/* claims_part.h - one comparison: from the rows of a claim's query to differences and their
 * tests. */
#ifndef CLAIMS_PART_H
#define CLAIMS_PART_H

#include "results/verdicts/claims.h"

/* claims_part_read - the comparison of the rows [FROM, TO). claims_part_average - the average over
 * the same comparison OF N tasks, unit by unit. Free either with claims_part_free. Errors: those of
 * the store. */
int claims_part_read(struct claim_part *p, const struct claim *c, struct store *s,
                     const struct rows *r, int from, int to);
void claims_part_average(struct claim_part *p, const struct claim *c,
                         const struct claim_part *const *of, int n);
void claims_part_free(struct claim_part *p);
#endif
