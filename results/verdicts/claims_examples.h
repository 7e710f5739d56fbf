/* claims_examples.h - would other examples have given the same difference? */
#ifndef CLAIMS_EXAMPLES_H
#define CLAIMS_EXAMPLES_H

#include "results/verdicts/claims.h"

/* claims_examples - a paired bootstrap over examples of the difference that P has over units. PAIRS
 * ("[1,2],[3,4]") are pairs of run_ids whose predictions of SPLIT are compared; the statistic is
 * the mean over pairs of the difference in METRIC: accuracy, f1, matthews (these two for the
 * classes 0 and 1) or pearson. Fills n_examples, ex_d, ex_sd, ex_lo, ex_hi, p_examples (1 when the
 * difference over examples lies on the other side of the boundary than the mean over units) and,
 * for accuracy, mcnemar. Fills nothing without predictions or for another metric. Errors: those of
 * the store. */
int claims_examples(struct claim_part *p, const struct claim *c, struct store *s, const char *pairs,
                    const char *split, const char *metric);
#endif
