/* lcs.c - the longest common subsequence by dynamic programming, one row at a time. */
#include "core/score/lcs.h"
#include "core/base/base.h"

#include <stdlib.h>

int lcs_length(const int *a, int n, const int *b, int m)
{
    int *row = xalloc((size_t)m + 1, sizeof *row);

    for (int i = 0; i < n; i++)
        for (int j = 0, diagonal = 0; j < m; j++) { /* row[j + 1]: of a[0..i] and b[0..j] */
            int above = row[j + 1];
            if (a[i] == b[j])
                row[j + 1] = diagonal + 1;
            else if (row[j] > above)
                row[j + 1] = row[j];
            diagonal = above;
        }
    int length = row[m];
    free(row);
    return length;
}
