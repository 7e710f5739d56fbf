/* claims_examples.h - would other examples have given the same difference? */
#ifndef CLAIMS_EXAMPLES_H
#define CLAIMS_EXAMPLES_H

#include "results/verdicts/claims.h"

/* Which answers of a run: those on SPLIT that it stored, or, with ADAPTER ("chosen", "last"; NULL:
 * none), those of a re-evaluation on all of SPLIT. */
struct claims_answers {
    const char *split, *adapter;
};
/* claims_examples - the mean squares over seeds and examples of the difference that P has over
 * units (stats_joint.h). PAIRS ("[1,2],[3,4]") are pairs of run_ids, one for each unit, whose
 * answers OF are compared in METRIC: accuracy, or one that stats_jackknife knows. SIGN is -1 where
 * less is better. Fills n_examples and crossed, and mismatch when the answers give other numbers
 * than the units have. Fills nothing without answers or for another metric. Errors: those of the
 * store. */
int claims_examples(struct claim_part *p, struct store *s, const char *pairs,
                    const struct claims_answers *of, const char *metric, int sign);
#endif
