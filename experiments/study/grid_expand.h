/* grid_expand.h - every combination of a study's values as a run. */
#ifndef GRID_EXPAND_H
#define GRID_EXPAND_H

#include "experiments/study/grid.h"

/* grid_expand - resolve every combination of the axes and seeds of G, with the study's base, to a
 * run of S; with a search, every trial and tuning seed. Combinations that are the same run are
 * counted, not repeated. Errors: FAIL_USAGE, also for more than 100,000 runs without YES_REALLY;
 * those of recipe_complete. */
int grid_expand(struct study *s, struct session *ses, const struct grid *g, bool yes_really);

/* grid_expand_run - the run of these settings, by the conditions and the budget of G, as run *RUN
 * of S, whether it is new or known. Returns 1, 0 when a condition leaves it out, -1 after the
 * errors of recipe_complete. */
int grid_expand_run(int *run, struct study *s, struct session *ses, const struct grid *g,
                    const struct settings *v);

struct run_index; /* from keys to the runs of a study */
void grid_expand_free(struct run_index *x);
#endif
