/* claims_looks.h - verdicts while runs are still added: which part of the level a look may use.
 *
 * Who looks at a verdict, adds seeds and looks again has several chances to be wrong. The level
 * ALPHA is therefore spent over the planned number N of units (Lan and DeMets 1983) by their
 * function of Pocock's type: after n units at most
 *
 *     ALPHA g(n / N),    g(t) = ln(1 + (e - 1) t)
 *
 * has been spent. A look at n units, after one at m, has the share g(n/N) - g(m/N) of ALPHA: its
 * p-value is divided by that share. The shares of all looks add up to 1, so by Bonferroni's
 * inequality the error over all looks is at most ALPHA, however the looks depend on each other
 * and whenever somebody stops; exact boundaries would need normal, independent increments, which
 * examples that are the same at every look do not give. The smallest quotient over the looks counts
 * (a sequential p-value, Liu and Anderson 2008), so a verdict that was reached stays, unless the
 * mean has since moved to the other side: then the claim is undecided. Holm's correction is
 * applied to these quotients (Ye et al. 2013).
 *
 * The looks are rows of the table "look". Those with the same test, plan of the study, model and
 * task belong together. A second look at the same number of units keeps the larger p-value. */
#ifndef CLAIMS_LOOKS_H
#define CLAIMS_LOOKS_H

#include "results/verdicts/claims.h"

/* claims_spent - g(T); T is cut to 0..1. claims_next_look - the least planned number of units above
 * N: a multiple of planned / looks; 0 when N is the planned maximum. */
double claims_spent(double t);
long claims_next_look(const struct claim *c, long n);

/* claims_sequential - the sequential p-value of the looks at N[0] < N[1] < ... of PLANNED units
 * with the p-values P; *at is the look that it is from, *share the share of the level of that one.
 * NAN for no look. */
double claims_sequential(const double *n, const double *p, int looks, double planned, int *at,
                         double *share);

/* claims_looks_read - set look, share, reversed and p_look of every row that was tested.
 * claims_looks_record - write the looks that C makes into the database PATH. A store that cannot
 * be written can still be read; who reads it is warned that this look will not be counted. Errors:
 * those of the store. */
int claims_looks_read(struct claims *c, struct store *s);
int claims_looks_record(const struct claims *c, const char *path);
#endif
