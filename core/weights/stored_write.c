/* stored_write.c - GPT-2 has q, k and v in one tensor, and its matrices transposed: each tensor is
 * put together from its parameters. */
#include "core/weights/stored_write.h"

#include "core/math/mat.h"

#include <stdlib.h>
#include <string.h>

void stored_add(struct stored_out *o, const struct arch *a, const struct param *p, const real *x)
{
    char *own = stored_name(a, p), *full = xprintf("%s%s", arch_prefix(a, (int)p->role), own);
    int at = 0;

    while (at < o->n && strcmp(o->name[at], full) != 0)
        at++;
    if (at < o->n) {
        free(full);
    } else {
        size_t shape[3] = { 1, 1, 1 };
        int n_dims = stored_shape(a, p, shape);
        o->t = xgrow(o->t, (size_t)o->n + 1, sizeof *o->t);
        o->name = xgrow(o->name, (size_t)o->n + 1, sizeof *o->name);
        o->name[o->n] = full;
        o->t[o->n++] = (struct st_out){ full,
                                        xalloc(shape[0] * shape[1] * shape[2], sizeof(real)),
                                        n_dims,
                                        { shape[0], shape[1], shape[2] } };
    }
    stored_put((real *)(uintptr_t)o->t[at].data, a, p, x);
    free(own);
}

int stored_write(const struct stored_out *o, const char *path, const char *when)
{
    for (int i = 0; i < o->n; i++) {
        size_t size = 1;
        for (int k = 0; k < o->t[i].n_dims; k++)
            size *= o->t[i].shape[k];
        if (!vec_finite(o->t[i].data, size))
            return fail(FAIL_INPUT, "'%s' is not finite %s", o->name[i], when);
    }
    return st_write(path, o->t, o->n, sizeof(real) == 8);
}

void stored_out_free(struct stored_out *o)
{
    for (int i = 0; i < o->n; i++) {
        free((void *)(uintptr_t)o->t[i].data);
        free(o->name[i]);
    }
    free(o->t);
    free(o->name);
    *o = (struct stored_out){ 0 };
}
