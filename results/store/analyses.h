/* analyses.h - numbers that an analysis (ablations/NAME.c, the command 'lowrank ablate') computes
 * from finished runs. Their tables are in results/schema/005_analysed.sql; the view "analyses" adds
 * the facts of the runs. */
#ifndef ANALYSES_H
#define ANALYSES_H

#include "results/store/store.h"

struct analysis_set {
    const char *study, *kind; /* "rank", "amplify" */
    const char *settings;     /* options that change the numbers and differ from their defaults:
                               * "n=300"; "" for none */
};
struct analysis_row {
    int64_t run_a, run_b; /* run_ids; 0: no run */
    int layer;            /* from 0; -1: not of a layer */
    const char *proj;     /* "q"; "": not of a matrix */
    int i, j;             /* directions, from 1; 0: none are counted */
    const char *name;     /* "norm_dw" */
    double value;         /* NaN, stored as NULL: undefined; must not be infinite (CHECK) */
};
/* analyses_put - store N rows of SET in one transaction. A row replaces the one with the same keys,
 * the other rows of the set stay, and the set becomes the newest of its study and kind. */
int analyses_put(struct store *s, const struct analysis_set *set, const struct analysis_row *rows,
                 size_t n);
#endif
