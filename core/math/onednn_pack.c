/* onednn_pack.c - weights in oneDNN's own layout, made from a matrix or from bytes that were
 * kept. */
#include "core/math/onednn.h"

#if HAVE_ONEDNN

#include "core/math/onednn_impl.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static bool reorder(dnnl_memory_t to, dnnl_memory_t from, const dnnl_memory_desc_t *to_md,
                    const dnnl_memory_desc_t *from_md)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t prim = NULL;
    dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };
    dnnl_stream_t stream = onednn_stream();

    if (dnnl_reorder_primitive_desc_create(&pd, from_md, onednn_engine, to_md, onednn_engine,
                                           NULL) != dnnl_success)
        return false;
    bool ok = dnnl_primitive_create(&prim, pd) == dnnl_success &&
              dnnl_primitive_execute(prim, stream, 2, args) == dnnl_success &&
              dnnl_stream_wait(stream) == dnnl_success;
    if (prim)
        dnnl_primitive_destroy(prim);
    dnnl_primitive_desc_destroy(pd);
    return ok;
}

size_t onednn_size(int k, int n, enum precision p)
{
    struct onednn o = { .k = k, .n = n, .bf16 = p == PRECISION_BF16 };

    return onednn_usable(p) && onednn_layout(&o) ? dnnl_memory_desc_get_size(&o.md) : 0;
}

struct onednn *onednn_pack(const real *w, int k, int n, int row_step, int col_step,
                           enum precision p)
{
    struct onednn *o = NULL;
    dnnl_memory_t from = NULL;
    dnnl_memory_desc_t from_md;

    if (!onednn_usable(p) || !onednn_strided(&from_md, dnnl_f32, k, n, row_step, col_step))
        return NULL;
    o = xalloc(1, sizeof *o);
    o->k = k;
    o->n = n;
    o->bf16 = p == PRECISION_BF16;
    if (!onednn_layout(o))
        goto fault;
    o->bytes = dnnl_memory_desc_get_size(&o->md);
    o->data = onednn_alloc(o->bytes);
    if (!o->data)
        goto fault;
    memset(o->data, 0, o->bytes);
    if (dnnl_memory_create(&o->mem, &o->md, onednn_engine, o->data) != dnnl_success ||
        dnnl_memory_create(&from, &from_md, onednn_engine, (void *)w) != dnnl_success ||
        !reorder(o->mem, from, &o->md, &from_md))
        goto fault;
    dnnl_memory_destroy(from);
    return o;
fault:
    if (from)
        dnnl_memory_destroy(from);
    onednn_free(o);
    return NULL;
}

void onednn_free(struct onednn *o)
{
    if (!o)
        return;
    if (o->mem)
        dnnl_memory_destroy(o->mem);
    if (!o->is_view)
        free(o->data);
    free(o);
}

size_t onednn_bytes(const struct onednn *o)
{
    return o ? o->bytes : 0;
}

const void *onednn_data(const struct onednn *o)
{
    return o->data;
}

uint64_t onednn_tag(const struct onednn *o)
{
    return XXH3_64bits_withSeed(&o->md, sizeof o->md, XXH3_64bits(o->kernel, strlen(o->kernel)));
}

struct onednn *onednn_import(const void *data, size_t bytes, uint64_t tag, int k, int n,
                             enum precision p)
{
    CHECK((uintptr_t)data % 64 == 0, "%p", data);
    if (!onednn_usable(p))
        return NULL;
    struct onednn *o = xalloc(1, sizeof *o);
    *o = (struct onednn){ .k = k, .n = n, .bf16 = p == PRECISION_BF16, .is_view = true };
    o->data = (void *)(uintptr_t)data;
    o->bytes = bytes;
    if (onednn_layout(o) && dnnl_memory_desc_get_size(&o->md) == bytes && onednn_tag(o) == tag &&
        dnnl_memory_create(&o->mem, &o->md, onednn_engine, o->data) == dnnl_success)
        return o;
    onednn_free(o);
    return NULL;
}

const char *onednn_kernel(const struct onednn *o)
{
    return o->kernel;
}
#endif
