/* claims_needs.h - why a claim is undecided, and what would decide it: seeds, examples, hours. */
#ifndef CLAIMS_NEEDS_H
#define CLAIMS_NEEDS_H

#include "results/verdicts/claims.h"

/* The caller frees each of these strings.
 * claims_command - the command that produces the claim's runs for N units.
 * claims_untested - why the part P cannot be tested; NULL when it can.
 * claims_uninformative - why the row says nothing: no side is above what a model reaches that has
 * learned nothing. NULL when a side is.
 * claims_chance - why a row that was tested is undecided, and what would probably decide it: more
 * units, up to the planned number, or all examples of the split; or that nothing of this would. */
char *claims_command(const struct claim *c, long n);
char *claims_untested(const struct claim *c, const struct claim_part *p);
char *claims_uninformative(const struct claim_row *row);
char *claims_chance(const struct claim_row *row);

/* claims_power - how likely a look at N units would decide the row, if the difference and the parts
 * of its variance stayed as they are, with MORE times as many examples, at the strictest level that
 * Holm's correction can ask for. FRESH: no look has used any of the level. 0 for a row that was not
 * tested. */
double claims_power(const struct claim_row *row, double n, double more, bool fresh);

/* claims_hours - "40 minutes" or "2.5 hours" for S seconds. */
char *claims_hours(double s);
#endif
