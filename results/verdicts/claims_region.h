/* claims_region.h - where a claim's kind wants the mean difference to lie, and where it lies. */
#ifndef CLAIMS_REGION_H
#define CLAIMS_REGION_H

#include "results/verdicts/claims.h"

/* claims_region - the open interval (*lo, *hi); one of its ends may be infinite. claims_inside -
 * does X lie in it? claims_boundary - its end that is nearer to X, against which a mean of X is
 * tested. */
void claims_region(const struct claim *c, double *lo, double *hi);
bool claims_inside(const struct claim *c, double x);
double claims_boundary(const struct claim *c, double x);

/* claims_reference - what a value is compared with when its query gives the reference REF; NAN:
 * nothing yet. */
double claims_reference(const struct claim *c, double ref);

/* claims_outcome - what P shows at LEVEL, whatever the claim says: "better" (the difference is
 * above the margin), "equivalent" (within it: two one-sided tests, Schuirmann 1987, each at half of
 * LEVEL), "worse" (below -margin), "not worse" (better or equivalent), "not better" (equivalent or
 * worse), or "undecided". For a bound: "above", "below" or "undecided". */
const char *claims_outcome(const struct claim *c, const struct claim_part *p, double level);
#endif
