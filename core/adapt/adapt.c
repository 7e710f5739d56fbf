/* adapt.c - finding a method, and the numbers it adds. */
#include "core/adapt/adapt.h"

#include <string.h>

const struct adapt *adapt_find(const char *name)
{
    for (const struct adapt *const *a = adapt_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int add(struct model *m, const char *name, int rows, int cols, bool trainable)
{
    int at = m->n_params++;

    CHECK(!m->theta, "'%s' comes after theta", name);
    m->params = xgrow(m->params, (size_t)m->n_params, sizeof *m->params);
    m->params[at] = (struct param){ .name = xstrdup(name),
                                    .rows = rows,
                                    .cols = cols,
                                    .is_vector = rows == 1,
                                    .decay = true,
                                    .trainable = trainable,
                                    .off = -1,
                                    .layer = -1,
                                    .role = ROLE_OTHER };
    return at;
}

int adapt_param(struct model *m, const char *name, int rows, int cols)
{
    return add(m, name, rows, cols, true);
}

int adapt_fixed(struct model *m, const char *name, int rows, int cols)
{
    return add(m, name, rows, cols, false);
}
