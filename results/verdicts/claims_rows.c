/* claims_rows.c - reading the result of a claim's query. */
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *claims_cell(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? s : "-";
}

double claims_number(const struct rows *r, int i, const char *col)
{
    const char *s = rows_get(r, i, col);

    return s ? strtod(s, NULL) : NAN;
}

long claims_count(const struct rows *r, int i, const char *col)
{
    return rows_get(r, i, col) ? (long)claims_number(r, i, col) : 0;
}

int claims_group_end(const struct rows *r, int i, int end, const char *const *cols)
{
    int k = i + 1;

    for (; k < end; k++)
        for (const char *const *c = cols; *c; c++)
            if (strcmp(claims_cell(r, i, *c), claims_cell(r, k, *c)) != 0)
                return k;
    return k;
}

int claims_with_metric(const struct rows *r, int from, int to)
{
    for (int i = from; i < to; i++)
        if (rows_get(r, i, "metric"))
            return i;
    return from;
}
