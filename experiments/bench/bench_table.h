/* bench_table.h - the table of a measurement: filled, stored, and printed. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "experiments/bench/bench.h"
#include "experiments/recipe/recipe.h"
#include "results/rows/rows.h"

/* Each row is a measured point: its first columns say what was measured, the others are numbers. */
struct bench_table {
    const char *kind; /* "step" */
    int n_what;
    const char *const *show; /* in: columns of the printed table, NULL-terminated; NULL: all */
    struct rows rows;
    double started;
};
/* bench_table_init - an empty table. COLS: N_WHAT columns that say what was measured, then those
 * of the numbers; NULL-terminated. */
void bench_table_init(struct bench_table *t, const char *kind, int n_what, const char *const *cols);

/* bench_table_add - a point: WHAT [n_what], then a number X for each other column; NaN: none. */
void bench_table_add(struct bench_table *t, const char *const *what, const double *x);

/* bench_table_end - store the table (unless --no-store), print it, and free it. V: the words of the
 * command line, which are stored too. Errors: FAIL_STORE. */
int bench_table_end(struct bench_table *t, const struct bench_cfg *c, const struct settings *v);
#endif
