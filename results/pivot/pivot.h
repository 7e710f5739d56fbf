/* pivot.h - the cells of any study, the recipe keys in which they differ, and one number of each.
 *
 * A key is a recipe key or what follows from some: "scale" (alpha / rank), "parameters" (trainable,
 * without the head), of a truncated model NAME@rN "encoder" (NAME) and "cut" (N; "whole"), and
 * "examples" (train_n; "all"). */
#ifndef PIVOT_H
#define PIVOT_H

#include "results/pivot/scope.h"

enum { PIVOT_KEYS = 24 };

/* A list of keys. */
struct pivot_keys {
    const char *key[PIVOT_KEYS];
    int n;
};

enum pivot_stat { PIVOT_MEAN, PIVOT_MEDIAN, PIVOT_BEST_EPOCH, PIVOT_IQM };
extern const char *const pivot_stats[]; /* "mean", "median", "best-epoch", "iqm" */

/* What is shown of each cell. */
struct pivot_ask {
    const char *value;    /* "accuracy", "last loss", "wall_s", ...; NULL: what the study shows */
    enum pivot_stat stat; /* best-epoch: the mean of each run's best evaluation */
};

/* One number of a cell over its seeds; NAN where it is undefined. SHOWN is the statistic that was
 * asked for; HALF, half the width of the 95 % t interval, is of means only. */
struct pivot_number {
    int n, n_diverged;
    double shown, mean, sd, half, median, min, max;
    bool percent, is_mean; /* SHOWN is the mean */
    const char *metric;
};
/* One run: the cell's index, the seed and the same number of it. */
struct pivot_run {
    int cell;
    long seed;
    double value;
};

struct pivot {
    struct rows r, study;        /* pivot_cells.sql, pivot_study.sql */
    int n;                       /* cells */
    struct pivot_number *number; /* [n] */
    struct pivot_run *run;       /* [n_runs], if it was asked for */
    int n_runs;
    const char *which; /* of the number: "best", "last", ...; "" of what has no kind */
    struct pivot_keys axes, varied, trial; /* keys of the study's file that vary; all that vary; of
                                              trials */
    char *words[2], *metric;               /* owned strings that the keys and numbers point into */
};

/* pivot_read - the cells of o->study, restricted by O, that have finished or diverged runs, and
 * their numbers; with RUNS also those of each run. Freed by pivot_free in every case. Errors:
 * FAIL_USAGE for an unknown study, metric or condition; FAIL_RUN if no cell is left; FAIL_STORE. */
int pivot_read(struct pivot *p, struct store *s, const struct scope *o, const struct pivot_ask *a,
               bool runs);
void pivot_free(struct pivot *p);

/* pivot_split - the words between commas of LIST, which is cut in place. What is no
 * key of any run in the store is left out, or with STRICT an error (FAIL_USAGE). */
int pivot_split(struct pivot_keys *k, const struct pivot *p, char *list, bool strict);
bool pivot_has(const struct pivot_keys *k, const char *key);
void pivot_add(struct pivot_keys *k, const char *key); /* unless it is there */

/* pivot_get - the value of a key in cell I; "" for none. pivot_levels - the distinct values of KEY,
 * into *LEVEL, which the caller frees: numbers ascending, sets of matrices as q, k, v, o, q,v, ...,
 * other strings in the order of the study. Returns their number. pivot_numeric - all that are there
 * are numbers. */
const char *pivot_get(const struct pivot *p, int i, const char *key);
int pivot_levels(const char ***level, const struct pivot *p, const char *key);
bool pivot_numeric(const struct pivot *p, const char *key);

/* pivot_is_key - is KEY a column of the cells? pivot_find_varied - fill p->varied, for
 * pivot_read. */
bool pivot_is_key(const struct pivot *p, const char *key);
void pivot_find_varied(struct pivot *p);

/* pivot_groups - how many groups of cells the keys K tell apart. pivot_chosen - *K becomes the
 * keys that tell all cells apart: KEEP, then as few as possible of the study's axes, then others.
 * pivot_mixed - 0 if no two cells are equal in K; else -1 after FAIL_USAGE that names the keys in
 * which such cells differ and the words that choose one; WHAT does not show them. */
int pivot_groups(const struct pivot *p, const struct pivot_keys *k);
void pivot_chosen(struct pivot_keys *k, const struct pivot *p, const struct pivot_keys *keep);
int pivot_mixed(const struct pivot *p, const struct pivot_keys *k, const char *what);

/* pivot_text - "81.7 ± 0.2 (3)" of a number, in percent where papers print that; "" without runs.
 * pivot_label - what the numbers are, such as "accuracy on dev (%)"; pivot_common - the values of
 * model, task and method that all cells share, or "several tasks", and with N how many seeds. The
 * caller frees all three. */
char *pivot_text(const struct pivot_number *x);
char *pivot_label(const struct pivot *p, const struct pivot_ask *a);
char *pivot_common(const struct pivot *p, bool n);
#endif
