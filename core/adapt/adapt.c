/* adapt.c - the numbers that a method adds. */
#include "core/adapt/adapt.h"

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
