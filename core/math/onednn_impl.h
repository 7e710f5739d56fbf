/* onednn_impl.h - private to onednn*.c: a packed weight, and what packing and products share. Only
 * where HAVE_ONEDNN. */
#ifndef ONEDNN_IMPL_H
#define ONEDNN_IMPL_H

#include "core/math/onednn.h"

#include <oneapi/dnnl/dnnl.h>

struct onednn {
    int k, n;
    bool bf16;
    char kernel[40];
    size_t bytes;
    void *data; /* own, or of a map */
    bool is_view;
    dnnl_memory_desc_t md;
    dnnl_memory_t mem;
    int layout; /* PLAIN_ROWS, PLAIN_COLS; 0: oneDNN's own */
};

extern dnnl_engine_t onednn_engine; /* once onednn_lack() was asked */
dnnl_stream_t onednn_stream(void);  /* this thread's */
/* onednn_alloc - by malloc, on a cache line, or on huge pages where it is large; NULL: no memory. */
void *onednn_alloc(size_t bytes);
bool onednn_strided(dnnl_memory_desc_t *md, dnnl_data_type_t type, int rows, int cols, int row_step,
                    int col_step);
/* onednn_layout - fill o->md and o->kernel: the layout that oneDNN's packed kernel wants for the W [k,
 * n] of O, which is the same for every number of rows. False: there is no such kernel. */
bool onednn_layout(struct onednn *o);
#endif
