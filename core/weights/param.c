/* param.c - finding a tensor by its name, and reading one from wherever it is. */
#include "core/weights/param.h"

#include "core/weights/stored.h"

#include <string.h>

struct param *param_find(struct param *p, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(p[i].name, name) == 0)
            return &p[i];
    return NULL;
}

/* The row of the tensor that holds row R of the matrix. */
static size_t row_in_file(const struct param *p, int r)
{
    if (p->rotary_heads == 0)
        return (size_t)r;
    int d = p->rows / p->rotary_heads, at = r % d, half = d / 2;

    return (size_t)(r - at + 2 * (at % half) + at / half);
}

const unsigned char *param_row_bytes(const struct param *p, int r)
{
    CHECK(!p->value && p->tensor, "'%s' is not left in a GGUF file", p->name);
    return st_row_bytes(p->tensor, row_in_file(p, r));
}

void param_read(real *x, const struct param *p)
{
    CHECK(param_has_values(p), "'%s' has no values", p->name);
    if (p->value)
        memcpy(x, p->value, param_size(p) * sizeof *x);
    else if (p->tensor)
        for (int r = 0; r < p->rows; r++)
            st_row(x + (size_t)r * (size_t)p->cols, p->tensor, row_in_file(p, r));
    else
        stored_transpose(x, (size_t)p->cols, p->stored, (size_t)p->stored_ld, p->cols, p->rows);
}
