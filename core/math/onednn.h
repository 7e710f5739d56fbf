/* onednn.h - products through oneDNN: of frozen weights in its own layout, and of plain
 * matrices. Layer 1, used by packed.c and mat.c only.
 *
 * Only where oneDNN has its packed kernels (AVX-512, "brg:"; for bf16 AVX512-BF16 or AMX): elsewhere
 * its products are no faster than OpenBLAS and their rows depend on the number of rows. That is a fact of the CPU,
 * never a measurement, so results do not depend on the load of the machine. LOWRANK_ONEDNN=0 turns
 * it off, and a program may be built without it (HAVE_ONEDNN 0): then nothing here is ever usable. */
#ifndef ONEDNN_H
#define ONEDNN_H

#include "core/math/packed.h"

#include "onednn_built.h" /* HAVE_ONEDNN: made by the Makefile */

/* Measured of oneDNN 2.6 with AVX-512: 45 or 85 KB for a product, as its sizes are. */
enum { ONEDNN_CODE_SIZE = 64 << 10 };

struct onednn; /* one packed matrix W [k, n]: y = x W */

/* onednn_lack - why products of this precision do not go through oneDNN, as a clause that can be
 * shown; NULL: they do. */
const char *onednn_lack(enum precision p);
static inline bool onednn_usable(enum precision p)
{
    return !onednn_lack(p);
}
const char *onednn_version(void); /* "2.6.3", also when it is not usable; NULL: not built in */

/* onednn_pack - element (i, j) of W is w[i*row_step + j*col_step]; w may be freed afterwards. NULL:
 * no such kernel for this shape, or no memory. */
struct onednn *onednn_pack(const real *w, int k, int n, int row_step, int col_step,
                           enum precision p);
void onednn_free(struct onednn *o);
size_t onednn_bytes(const struct onednn *o);
const char *onednn_kernel(const struct onednn *o); /* its implementation, "brg:avx512_core" */
/* onednn_size - onednn_bytes of a W [k, n] before it is packed; 0: no kernel. */
size_t onednn_size(int k, int n, enum precision p);

/* onednn_data - the packed bytes, onednn_bytes of them. onednn_tag - what their meaning depends on
 * besides the library's version: kernel and layout. onednn_import - such bytes, 64-byte aligned, that
 * stay the caller's and outlive the result; NULL: here they would mean something else. */
const void *onednn_data(const struct onednn *o);
uint64_t onednn_tag(const struct onednn *o);
struct onednn *onednn_import(const void *data, size_t bytes, uint64_t tag, int k, int n,
                             enum precision p);

/* y [T,n] = x [T,k] W (+ bias [n], if not NULL), or y += x W when ADD. */
void onednn_mul(const struct onednn *o, struct mat y, struct mat x, const real *bias, bool add);

/* The same with W as it lies in memory, without gaps: [k,n], or with TRANS its transpose [n,k]. For
 * weights that change. */
void onednn_mul_plain(const real *w, enum trans t, struct mat y, struct mat x, const real *bias,
                      bool add);

/* mat_gemm's product of INNER > 0 terms through oneDNN's sgemm, any ld. Rows of the result may
 * depend on how many there are. Needs no kernels of this CPU: wherever it is built in, but not in
 * double. */
void onednn_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                 enum trans tb, int inner);
#endif
