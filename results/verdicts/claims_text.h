/* claims_text.h - claims and their numbers in words. */
#ifndef CLAIMS_TEXT_H
#define CLAIMS_TEXT_H

#include "results/verdicts/claims.h"

/* The caller frees each of these strings.
 * claims_paper - the paper's numbers: "T5 WikiSQL: Wq,Wv 73.7, Wq 70.4; ...".
 * claims_ours - the mean difference of a part with its 95 % interval over units and examples: "83.2
 * against 82.9: +0.3 [-0.1, +0.7]", times 100 where papers print percent.
 * claims_size - what that is over: "6 seeds, 408 examples".
 * claims_changed - when and why the test was changed, and whether the store had runs of it then;
 * NULL for a test that was not changed.
 * claims_tuned - how many units of a row also chose its settings; NULL: none did.
 * claims_asks - where the difference must lie: "> -1.0". */
char *claims_paper(const struct claim *claim);
char *claims_ours(const struct claim_row *row, const struct claim_part *part);
char *claims_size(const struct claim_row *row, const struct claim_part *part);
char *claims_tuned(const struct claim_row *row);
char *claims_changed(const struct claim *claim);
char *claims_asks(const struct claim_row *row);

/* claims_shown - X as the row's metric is printed, with SIGN also the sign of a positive number;
 * into BUF, which is returned. */
const char *claims_shown(char buf[32], const struct claim_row *row, double x, bool sign);
#endif
