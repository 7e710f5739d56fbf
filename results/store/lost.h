/* lost.h - the end of attempts whose worker died without a word. For the other files of this
 * folder.
 *
 * A machine may be taken away at any moment, as often as it likes; that is no reason to give a run
 * up. A run that ends its worker always does so at the same step. So a death counts only when the
 * one before it was at the same step (place.h), or when nobody knows the step. The third death that
 * counts makes the run fail. */
#ifndef LOST_H
#define LOST_H

#include "results/store/store.h"

/* lost_settle_all - inside a transaction: end the attempts of all runs whose lease is stale, and
 * queue these runs again or mark them as failed. */
int lost_settle_all(struct store *s);
#endif
