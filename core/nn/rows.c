/* rows.c - moving the first rows of sequences. */
#include "core/nn/rows.h"

#include <string.h>

void rows_gather(struct mat y, struct mat x, const int *off)
{
    for (int s = 0; s < y.rows; s++)
        memcpy(mat_row(y, s), mat_row(x, off[s]), (size_t)y.cols * sizeof(real));
}

/* Goes from the end, so that no row is overwritten before it has moved (off[s] >= s). */
void rows_scatter(struct mat x, const int *off, int n_seq)
{
    size_t bytes = (size_t)x.cols * sizeof(real);

    for (int s = n_seq - 1; s >= 0; s--) {
        memmove(mat_row(x, off[s]), mat_row(x, s), bytes);
        mat_zero(mat_rows(x, off[s] + 1, off[s + 1] - off[s] - 1));
    }
}
