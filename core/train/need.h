/* need.h - the memory that a run needs. Layer 3. */
#ifndef NEED_H
#define NEED_H

#include "core/train/job.h"

/* The code of a product is generated for each number of rows. Where a number of rows occurs: in
 * training, forward and backward; in evaluation, forward only; with the first tokens alone, after
 * the attention of the last block. */
enum { ROWS_TRAINED, ROWS_EVALUATED, ROWS_FIRSTS, N_ROWS };

/* BYTES is the RAM that a run takes beside the base model: theta and its copy of the best
 * evaluation, gradient vectors, moments, and the workspaces of all threads. ROWS is how many
 * different numbers of rows occur, each counted where it occurs first in the list above. */
struct train_need {
    size_t bytes;
    int rows[N_ROWS];
};

/* train_need - what a run of M on D with THREADS threads needs, from a sample of its batches. M may
 * be an outline. */
struct train_need train_need(const struct model *m, const struct train_cfg *c,
                             const struct run_data *d, int threads);
#endif
