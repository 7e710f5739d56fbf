/* grid_expand.h - every combination of a study's values as a run. */
#ifndef GRID_EXPAND_H
#define GRID_EXPAND_H

#include "experiments/study/grid.h"

/* grid_expand - resolve every combination of the axes and seeds of G, with the study's base, to a
 * run of S. Combinations that are the same run are counted, not repeated. Errors: FAIL_USAGE, also
 * for more than 100,000 runs without YES_REALLY; those of recipe_complete. */
int grid_expand(struct study *s, struct session *ses, const struct grid *g, bool yes_really);
#endif
