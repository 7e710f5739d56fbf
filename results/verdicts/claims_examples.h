/* claims_examples.h - would other examples have given the same difference? */
#ifndef CLAIMS_EXAMPLES_H
#define CLAIMS_EXAMPLES_H

#include "results/verdicts/claims.h"

/* claims_examples - the mean squares over seeds and examples of the difference that P has over
 * units (stats_joint.h). PAIRS ("[1,2],[3,4]") are pairs of run_ids, one for each unit, whose
 * predictions of SPLIT are compared in METRIC: accuracy, or one that stats_jackknife knows. SIGN is
 * -1 where less is better. Fills n_examples and crossed, and mismatch when the predictions give
 * other numbers than the units have. Fills nothing without predictions or for another metric.
 * Errors: those of the store. */
int claims_examples(struct claim_part *p, struct store *s, const char *pairs, const char *split,
                    const char *metric, int sign);
#endif
