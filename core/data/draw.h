/* draw.h - which rows of a data file belong to a split: random subsets, and parts that are taken
 * out of the training data. Layer 3. */
#ifndef DRAW_H
#define DRAW_H

#include "core/data/data_file.h"

/* What a run asks of a split's file; a zeroed one asks for all rows. */
struct draw {
    long limit;    /* > 0: a random subset of at most so many rows */
    uint64_t seed; /* of the subset, and of the selection split */
    double select; /* train and select: the share of the training rows, after the limit, that makes
                      the selection split; 0: there is none */
};

/* The labels of a file's rows; the one that the task does not have is NULL. */
struct row_labels {
    const int *label;
    const double *target;
};

/* draw_rows - write the rows of split S to PICK [F->n], in ascending order, and return their
 * number. The rows of the file go through these steps:
 *   1. T->held_out: with S = SPLIT_TEST the held-out part, with train and select the rest. It
 *      depends on the file alone.
 *   2. LIMIT: the first LIMIT of a permutation by (SEED, RNG_SUBSET, S), where select counts as
 *      train; a smaller subset is part of a larger one. Of a generation task's dev and test, whose
 *      inputs keep all of their references: the first inputs of such a permutation, as many as have
 *      at most LIMIT rows together, but at least one.
 *   3. SELECT: with S = SPLIT_SELECT the selection part, by (SEED, RNG_SELECT); with train what is
 *      left.
 * The parts of steps 1 and 3 are stratified: of n rows, of which n_k have label k, a part of p rows
 * has p n_k / n of label k, rounded by largest remainders. The strata of a regression are tenths of
 * the rows by their target. Rows with the same texts, whatever their white space, case, and
 * accents, stay on one side; where such a group does not fit into what is left of its labels, the
 * part has fewer rows. Errors: -1 after FAIL_USAGE if a part or the rest has no rows. */
int draw_rows(int *pick, const struct data_file *f, const struct row_labels *l,
              const struct task *t, enum split s, const struct draw *w);
#endif
