/* onednn.h - products through oneDNN: with frozen weights in oneDNN's own layout, and of plain
 * matrices. Only packed.c, mat.c and rate.c use it.
 *
 * It is used only where oneDNN has packed kernels for the CPU (named "brg:..."; they need AVX-512,
 * and for bf16 AVX512-BF16 or AMX). On other CPUs its products are no faster than those of
 * OpenBLAS, and the bits of a row would depend on the number of rows in the call. The decision
 * follows from the CPU and never from a measurement, so results do not depend on the load of the
 * machine. LOWRANK_ONEDNN=0 turns oneDNN off, and the program can be built without it (HAVE_ONEDNN
 * 0); then onednn_usable is false for everything. */
#ifndef ONEDNN_H
#define ONEDNN_H

#include "core/math/packed.h"

#include "onednn_built.h" /* HAVE_ONEDNN; the Makefile writes it */

/* The size of the code that oneDNN generates for one product: 45 or 85 KB depending on its shape,
 * measured with oneDNN 2.6 and AVX-512. */
enum { ONEDNN_CODE_SIZE = 64 << 10 };

struct onednn; /* one packed matrix W [k, n], for y = x W */

/* onednn_lack - why products of this precision do not go through oneDNN, as a clause that can be
 * shown, or NULL if they do. onednn_version - "2.6.3", even if it is not usable, or NULL if it is
 * not built in. */
const char *onednn_lack(enum precision p);
static inline bool onednn_usable(enum precision p)
{
    return !onednn_lack(p);
}
const char *onednn_version(void);

/* onednn_pack - pack the W whose element (i, j) is w[i*row_step + j*col_step]; w may be freed
 * afterwards. NULL, without fail: there is no packed kernel for this shape, or no memory.
 * onednn_free - free it; does nothing for NULL. onednn_bytes - the size of the packed data.
 * onednn_kernel - the name of its kernel, such as "brg:avx512_core".
 * onednn_size - what onednn_bytes would be for a W [k, n]; 0: there is no packed kernel for it. */
struct onednn *onednn_pack(const real *w, int k, int n, int row_step, int col_step,
                           enum precision p);
void onednn_free(struct onednn *o);
size_t onednn_bytes(const struct onednn *o);
const char *onednn_kernel(const struct onednn *o);
size_t onednn_size(int k, int n, enum precision p);

/* Packed data can be kept in a file. onednn_data - the data, onednn_bytes of them. onednn_tag - a
 * hash of the kernel and the layout, on which their meaning depends besides the library's version.
 * onednn_import - a matrix from such data, which must be aligned to 64 bytes, still belong to the
 * caller, and must outlive the result; NULL: they would mean something else here. */
const void *onednn_data(const struct onednn *o);
uint64_t onednn_tag(const struct onednn *o);
struct onednn *onednn_import(const void *data, size_t bytes, uint64_t tag, int k, int n,
                             enum precision p);

/* onednn_mul - y [T,n] = x [T,k] W (+ bias [n], unless it is NULL), or y += x W if ADD. */
void onednn_mul(const struct onednn *o, struct mat y, struct mat x, const real *bias, bool add);

/* onednn_mul_plain - the same with a W that is not packed, for weights that change. It is stored
 * without gaps as [k,n], or with TRANS as its transpose [n,k]. */
void onednn_mul_plain(const real *w, enum trans t, struct mat y, struct mat x, const real *bias,
                      bool add);

/* onednn_gemm - mat_gemm with inner dimension INNER > 0, for any ld. The bits of a row of the
 * result may depend on the number of rows. It works wherever oneDNN is built in, except in double
 * precision. */
void onednn_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                 enum trans tb, int inner);
#endif
