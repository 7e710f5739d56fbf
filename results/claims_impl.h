/* claims_impl.h - what the files of claims share. */
#ifndef CLAIMS_IMPL_H
#define CLAIMS_IMPL_H

#include "results/claims.h"

/* claims_number - a cell as a number; NAN: NULL or no such column. */
double claims_number(const struct rows *r, int i, const char *col);
/* claims_nearest_end - the end of a region that x is nearer to; ends may be infinite, not both. */
double claims_nearest_end(double x, double lo, double hi);
/* claims_examples - the same difference of METRIC as P's, of examples: PAIRS ("[1,2],[3,4]") of runs
 * that answered the same ones of SPLIT; the statistic is the mean over pairs. Fills n_examples,
 * ex_*, p_examples (1 when it lies on the other side of the region's end than the units' mean) and,
 * for accuracy, mcnemar; nothing without predictions or of another metric. Errors: of the store. */
int claims_examples(struct claim_part *p, struct store *s, const char *pairs, const char *split,
                    const char *metric, double lo, double hi);
#endif
