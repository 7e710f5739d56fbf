/* rows.h - private to core/nn: the first rows of sequences among all rows, which have the offsets
 * OFF. */
#ifndef ROWS_H
#define ROWS_H

#include "core/math/mat.h"

/* rows_gather - row s of Y becomes the first row of sequence s of X. rows_scatter - the reverse, in
 * place: row s of X moves to row off[s], and all other rows become 0. */
void rows_gather(struct mat y, struct mat x, const int *off);
void rows_scatter(struct mat x, const int *off, int n_seq);
#endif
