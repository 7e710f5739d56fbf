/* ops_relative.c - a bias of attention's scores by relative position. */
#include "core/math/ops.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_DISTANCE = 128 };

/* The bucket of key J and query I at the distance J - I. A key after the query is in the second
 * half. */
static int bucket_of(int distance, int n_buckets)
{
    int half = n_buckets / 2, exact = half / 2, n = abs(distance);
    int first = distance > 0 ? half : 0;

    if (n < exact)
        return first + n;
    float ratio = logf((float)n / (float)exact) / (float)log((double)MAX_DISTANCE / exact);
    int at = exact + (int)(ratio * (float)(half - exact));
    return first + (at < half ? at : half - 1);
}

void relative_fwd(struct mat bias, struct mat table)
{
    int n = (bias.cols + 1) / 2;

    for (int c = 0; c < bias.cols; c++) {
        const real *row = mat_row(table, bucket_of(c - n + 1, table.rows));
        for (int h = 0; h < bias.rows; h++)
            mat_row(bias, h)[c] = row[h];
    }
}

void relative_bwd(struct mat dtable, struct mat dbias)
{
    int n = (dbias.cols + 1) / 2;

    for (int c = 0; c < dbias.cols; c++) {
        real *row = mat_row(dtable, bucket_of(c - n + 1, dtable.rows));
        for (int h = 0; h < dbias.rows; h++)
            row[h] += mat_row(dbias, h)[c];
    }
}
