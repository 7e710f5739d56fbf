/* stored.c - the layout in which a checkpoint holds a parameter, and copying to and from it. */
#include "core/weights/stored.h"

#include "core/weights/arch_impl.h"

#include <stdlib.h>
#include <string.h>

enum { TILE = 32 };

/* NULL: it is stored as it is. */
static const struct storage *storage_of_role(const struct arch *a, enum role role)
{
    const struct storage *s = a->impl->storage;

    while (s && s->parts > 0 && s->role != role)
        s++;
    return s && s->parts > 0 ? s : NULL;
}

static const struct storage *storage_of(const struct arch *a, const struct param *p)
{
    return storage_of_role(a, p->role);
}

char *stored_name(const struct arch *a, const struct param *p)
{
    const struct storage *s = storage_of(a, p);

    if (!s || !s->name)
        return xstrdup(p->name);
    return p->layer < 0 ? xstrdup(s->name)
                        : xprintf("%s%d.%s", a->impl->block_prefix, p->layer, s->name);
}

int stored_shape(const struct arch *a, const struct param *p, size_t shape[3])
{
    const struct storage *s = storage_of(a, p);
    size_t parts = s ? (size_t)s->parts : 1, rows = (size_t)p->rows, cols = (size_t)p->cols;

    if (p->is_vector) {
        shape[0] = parts * cols;
        return 1;
    }
    CHECK(!s || s->transposed || s->parts == 1, "'%s': parts of rows", p->name);
    if (p->width > 0) {
        shape[0] = rows;
        shape[1] = cols / (size_t)p->width;
        shape[2] = (size_t)p->width;
        return 3;
    }
    shape[0] = s && s->transposed ? cols : rows;
    shape[1] = s && s->transposed ? parts * rows : cols;
    return 2;
}

char *stored_module(const struct arch *a, int layer, enum proj proj)
{
    static const char weight[] = ".weight";
    char *own = arch_module(a, layer, proj);
    CHECK(own, "%s has no projection %d", a->name, (int)proj);
    char *full = xprintf("%s%s", own, weight);
    struct param p = { .name = full, .layer = layer, .role = (enum role)((int)ROLE_W + (int)proj) };
    char *name = stored_name(a, &p);
    size_t n = strlen(name), k = strlen(weight);

    free(full);
    free(own);
    CHECK(n > k && strcmp(name + n - k, weight) == 0, "'%s'", name);
    name[n - k] = 0;
    return name;
}

bool stored_together(const struct arch *a)
{
    const struct storage *s = storage_of_role(a, ROLE_W + PROJ_Q);

    return s && s->parts > 1;
}

bool stored_transposed(const struct arch *a)
{
    const struct storage *s = storage_of_role(a, ROLE_W + PROJ_Q);

    return s && s->transposed;
}

bool stored_as_is(const struct arch *a, const struct param *p)
{
    return !storage_of(a, p);
}

void stored_transpose(real *to, size_t to_ld, const real *from, size_t from_ld, int rows, int cols)
{
    /* In tiles that stay in the cache. */
    for (int i0 = 0; i0 < rows; i0 += TILE)
        for (int j0 = 0; j0 < cols; j0 += TILE)
            for (int i = i0; i < rows && i < i0 + TILE; i++)
                for (int j = j0; j < cols && j < j0 + TILE; j++)
                    to[(size_t)j * to_ld + (size_t)i] = from[(size_t)i * from_ld + (size_t)j];
}

void stored_view(struct param *p, const struct arch *a, const real *tensor)
{
    const struct storage *s = storage_of(a, p);

    if (s && s->transposed) {
        p->stored = tensor + s->part * p->rows;
        p->stored_ld = s->parts * p->rows;
    } else if (!s) {
        p->value = (real *)(uintptr_t)tensor; /* nothing writes to a frozen value */
    }
}

void stored_put(real *tensor, const struct arch *a, const struct param *p, const real *x)
{
    const struct storage *s = storage_of(a, p);
    size_t n = param_size(p), part = s ? (size_t)s->part : 0, shape[3];

    stored_shape(a, p, shape);
    if (s && s->transposed)
        stored_transpose(tensor + part * (size_t)p->rows, shape[1], x, (size_t)p->cols, p->rows,
                         p->cols);
    else
        memcpy(tensor + part * n, x, n * sizeof *x);
}

void stored_get(real *x, const struct arch *a, const struct param *p, const real *tensor)
{
    const struct storage *s = storage_of(a, p);
    size_t n = param_size(p), part = s ? (size_t)s->part : 0, shape[3];

    stored_shape(a, p, shape);
    if (s && s->transposed)
        stored_transpose(x, (size_t)p->cols, tensor + part * (size_t)p->rows, shape[1], p->cols,
                         p->rows);
    else
        memcpy(x, tensor + part * n, n * sizeof *x);
}
