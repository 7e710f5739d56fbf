/* metrics.h - what a run produces: points of curves, final numbers, predictions.
 *
 * Points wait in memory and are written about once a second, by metrics_flush and by lease_finish.
 * NaN and the infinities are stored by name. */
#ifndef METRICS_H
#define METRICS_H

#include "results/store/lease.h"

/* metrics_add - the number NAME at STEP. SPLIT "train", "dev", "select" or "test": a point of a
 * curve; "best", "last", "test", "test_best", "select_best", "select_last" or "chosen": a final
 * number. "test" is both, except of a run that reports test, where it is a curve. */
int metrics_add(struct store *s, const struct lease *l, long step, const char *split,
                const char *name, double value);
/* metrics_add_prediction - what the model answered to example EXAMPLE (its line in the file). */
int metrics_add_prediction(struct store *s, const struct lease *l, const char *split, long example,
                           double label, double output);
/* metrics_flush - write what is buffered, in one transaction. */
int metrics_flush(struct store *s);

/* For the other files of this folder. metrics_write - write the buffer inside the caller's
 * transaction; the points of a lease that was lost are left out. The buffer stays until
 * metrics_clear. */
int metrics_write(struct store *s);
void metrics_clear(struct store *s);
void metrics_free(struct store *s);
#endif
