/* metric.c - finding a metric by its name. */
#include "core/metric/metric.h"

#include <string.h>

const char *const metric_of_names[] = { "classification", "regression", "generation" };

const struct metric *metric_find(const char *name)
{
    for (const struct metric *const *m = metric_table; *m; m++)
        if (strcmp((*m)->name, name) == 0)
            return *m;
    return NULL;
}
