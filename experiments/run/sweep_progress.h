/* sweep_progress.h - the line that says how far a sweep is and how long it will take. Private to
 * this folder. */
#ifndef SWEEP_PROGRESS_H
#define SWEEP_PROGRESS_H

#include "experiments/run/sweep_shared.h"

/* sweep_progress - draw the line. */
void sweep_progress(const struct sweep *w);
#endif
