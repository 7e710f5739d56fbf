/* claims_needs.h - why a claim is undecided, and the command that helps. */
#ifndef CLAIMS_NEEDS_H
#define CLAIMS_NEEDS_H

#include "results/verdicts/claims.h"

/* The caller frees each of these strings.
 * claims_command - the command that produces the claim's runs for N units.
 * claims_untested - why the part P cannot be tested; NULL when it can.
 * claims_uninformative - why the row says nothing: no side is above what a model reaches that has
 * learned nothing. NULL when a side is.
 * claims_chance - why a row that was tested is undecided, and how many more units or examples would
 * probably decide it. */
char *claims_command(const struct claim *c, long n);
char *claims_untested(const struct claim *c, const struct claim_part *p);
char *claims_uninformative(const struct claim_row *row);
char *claims_chance(const struct claim_row *row);
#endif
