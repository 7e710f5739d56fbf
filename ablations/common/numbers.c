/* numbers.c - collect the numbers of an analysis and store them. */
#include "ablations/common/numbers.h"
#include "core/os/file.h"

#include <stdlib.h>

void numbers_add(struct numbers *t, struct analysis_row row)
{
    if ((t->n & (t->n - 1)) == 0) /* full: the capacity is the next power of two */
        t->row = xgrow(t->row, t->n ? 2 * t->n : 1, sizeof *t->row);
    t->row[t->n++] = row;
}

void numbers_free(struct numbers *t)
{
    free(t->row);
    *t = (struct numbers){ 0 };
}

int numbers_store(struct store *s, const struct analysis_set *set, const struct numbers *t,
                  const char *table)
{
    if (file_check() != 0 || analyses_put(s, set, t->row, t->n) != 0)
        return -1;
    note("stored %zu numbers of '%s'%s%s: lowrank table %s study=%s", t->n, set->study,
         *set->settings ? " with " : "", set->settings, table, set->study);
    return 0;
}
