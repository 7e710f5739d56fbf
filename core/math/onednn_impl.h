/* onednn_impl.h - what packing and multiplying with oneDNN share; private to onednn*.c, and only
 * for builds with HAVE_ONEDNN. */
#ifndef ONEDNN_IMPL_H
#define ONEDNN_IMPL_H

#include "core/math/onednn.h"

#include <oneapi/dnnl/dnnl.h>

struct onednn {
    int k, n;
    bool bf16;
    char kernel[40];
    size_t bytes;
    void *data;
    bool is_view; /* data belongs to somebody else */
    dnnl_memory_desc_t md;
    dnnl_memory_t mem;
    int layout; /* PLAIN_ROWS, PLAIN_COLS; 0: oneDNN's own */
};

extern dnnl_engine_t onednn_engine; /* valid after the first onednn_lack */

/* onednn_stream - the stream of this thread. */
dnnl_stream_t onednn_stream(void);

/* onednn_alloc - memory aligned to a cache line, or, for large sizes, to a huge page; the caller
 * frees it. NULL: there is no memory. */
void *onednn_alloc(size_t bytes);

/* onednn_strided - describe a matrix whose elements are ROW_STEP and COL_STEP apart. */
bool onednn_strided(dnnl_memory_desc_t *md, dnnl_data_type_t type, int rows, int cols, int row_step,
                    int col_step);

/* onednn_layout - set o->md and o->kernel to the layout that oneDNN's packed kernel wants for the W
 * [k, n] of O, which is the same for every number of rows. False: there is no packed kernel. */
bool onednn_layout(struct onednn *o);
#endif
