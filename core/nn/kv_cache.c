/* kv_cache.c - memory for keys and values. */
#include "core/nn/kv_cache.h"

#include "core/nn/model.h"

#include <stdlib.h>
#include <string.h>

void kv_cache_init(struct kv_cache *c, const struct model *m)
{
    const struct dims *d = &m->base->dims;

    *c = (struct kv_cache){ .n_layers = d->n_layers, .width = dims_kv_width(d) };
    c->mem = xalloc((size_t)c->n_layers, sizeof *c->mem);
}

size_t kv_cache_row_bytes(const struct model *m)
{
    const struct dims *d = &m->base->dims;

    return 2 * (size_t)d->n_layers * (size_t)dims_kv_width(d) * sizeof(real);
}

/* The memory of one layer with more rows, or NULL. */
static real *more_rows(const struct kv_cache *c, int layer, int rows)
{
    size_t half = (size_t)rows * (size_t)c->width, used = (size_t)c->rows * (size_t)c->width;
    real *x = malloc(2 * half * sizeof *x);

    if (x && used) {
        memcpy(x, c->mem[layer], used * sizeof *x);
        memcpy(x + half, c->mem[layer] + used, used * sizeof *x);
    }
    return x;
}

int kv_cache_grow(struct kv_cache *c, int rows)
{
    real **mem = xalloc((size_t)c->n_layers, sizeof *mem);
    int done = 0;

    if (rows <= c->rows) {
        free(mem);
        return 0;
    }
    for (; done < c->n_layers && (mem[done] = more_rows(c, done, rows)); done++)
        ;
    for (int i = 0; i < c->n_layers; i++)
        free(done == c->n_layers ? c->mem[i] : mem[i]);
    if (done < c->n_layers) {
        free(mem);
        return fail(FAIL_MEMORY, "no memory for the keys and values of %d tokens", rows);
    }
    free(c->mem);
    c->mem = mem;
    c->rows = rows;
    return 0;
}

void kv_cache_free(struct kv_cache *c)
{
    for (int i = 0; c->mem && i < c->n_layers; i++)
        free(c->mem[i]);
    free(c->mem);
    *c = (struct kv_cache){ 0 };
}
