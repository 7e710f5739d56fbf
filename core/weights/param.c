/* param.c - finding a tensor by its name, and reading one from wherever it is. */
#include "core/weights/param.h"

#include "core/weights/stored.h"

#include <string.h>

const char *const param_head_names[2] = { "classifier.weight", "classifier.bias" };

struct param *param_find(struct param *p, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(p[i].name, name) == 0)
            return &p[i];
    return NULL;
}

void param_read(real *x, const struct param *p)
{
    CHECK(p->value || p->stored, "'%s' has no values", p->name);
    if (p->value)
        memcpy(x, p->value, param_size(p) * sizeof *x);
    else
        stored_transpose(x, (size_t)p->cols, p->stored, (size_t)p->stored_ld, p->cols, p->rows);
}
