/* packed.h - a frozen weight, packed once for the fastest products in both directions.
 *
 * The factors of a product, weights and rows of x or dy, are used in f32 or rounded to bf16. Sums
 * and results are in f32 in either case.
 *
 * The weights are packed into oneDNN's own layout, once for each direction. oneDNN's primitives are
 * cached by the number of rows, and each thread has its own scratchpad, so several threads, and
 * forked processes, may multiply with the same weight at once. The bits of a row do not depend on
 * how many rows are in the call. In double precision, and on CPUs without such kernels, OpenBLAS
 * multiplies with a plain copy; for bf16 it rounds the same numbers, without a gain in speed. */
#ifndef PACKED_H
#define PACKED_H

#include "core/math/mat.h"

struct packed; /* a weight W [out, in] */
/* From PRECISION_Q8_0 on, weights are in blocks of few bits (core/weights/quantized.h), which
 * products decode. */
enum precision {
    PRECISION_F32,
    PRECISION_BF16,
    PRECISION_Q8_0,
    PRECISION_Q4_1,
    PRECISION_NF4,
    N_PRECISION
};
static inline bool precision_is_blocks(enum precision p)
{
    return p >= PRECISION_Q8_0 && p < N_PRECISION;
}

/* precision_name - "f32" (in the build in double precision "f64"), "bf16", "q8_0", ...
 * precision_find - the one of this name; N_PRECISION: there is none. */
const char *precision_name(enum precision p);
enum precision precision_find(const char *name);

/* packed_new - pack N_PARTS matrices [out_i, in], stacked by rows (such as q, k and v, which have
 * the same input), for forward products and, if BACKWARD, for the gradient of the input. With TRANS
 * the parts are the transposes [in, out_i]; nothing is transposed first. The parts may be unmapped
 * afterwards. Errors: NULL after FAIL_MEMORY. packed_free - does nothing for NULL. */
struct packed *packed_new(const struct mat *parts, int n_parts, enum trans t, bool backward,
                          enum precision precision);
void packed_free(struct packed *p);

/* A weight [out, in] that is kept in another form. read - decode N rows from row FROM on to X [N,
 * in]; several threads call it at once. free - of STATE. */
struct packed_source {
    int out, in;
    size_t bytes; /* that STATE takes */
    void *state;
    void (*read)(const void *state, int from, int n, real *x);
    void (*free)(void *state);
};

/* packed_from_sources - N <= PACKED_SOURCES weights with the same input, stacked by rows, as one
 * weight, which owns their states. Products decode a panel of rows at a time into memory of the
 * thread, and multiply with that as plain_fwd and plain_bwd do. */
enum { PACKED_SOURCES = 3 };
struct packed *packed_from_sources(const struct packed_source *from, int n);

/* packed_bytes - memory that P takes. packed_size - nearly the same for a W [out, in] before it is
 * packed. packed_code_size - roughly the size of the code that is generated for one product with
 * one number of rows. */
size_t packed_bytes(const struct packed *p);
size_t packed_size(int out, int in, bool backward, enum precision p);
size_t packed_code_size(void);

/* packed_kernel - what multiplies with P: "brg:avx512_core", or "OpenBLAS". packed_rows_alike - are
 * the bits of a row independent of the number of rows in the call? */
const char *packed_kernel(const struct packed *p);
bool packed_rows_alike(const struct packed *p);

/* A packed weight as bytes, to be kept in a file. packed_export - the bytes, which still belong to
 * P; false: P is a plain copy, which is not worth keeping. packed_import - a weight from such
 * bytes, which must be aligned to 64 bytes, still belong to the caller, and must outlive the
 * weight; NULL: they would mean something else here. */
enum { PACKED_FWD, PACKED_BWD, PACKED_DIRECTIONS };
struct packed_image {
    int in, out;
    bool backward;
    enum precision precision;
    const void *data[PACKED_DIRECTIONS];
    size_t bytes[PACKED_DIRECTIONS];
    uint64_t tag[PACKED_DIRECTIONS];
};
bool packed_export(struct packed_image *to, const struct packed *p);
struct packed *packed_import(const struct packed_image *from);

/* packed_fwd - Y = X W^T (+ BIAS [out], unless it is NULL), with X [T,in] and Y [T,out], any ld. */
void packed_fwd(const struct packed *p, struct mat y, struct mat x, const real *bias);

/* packed_bwd - dX = dY W, or dX += dY W if ADD, with dY [T,out] and dX [T,in]. */
void packed_bwd(const struct packed *p, struct mat dx, struct mat dy, bool add);

/* plain_fwd, plain_bwd - the same for a weight W [out,in] that is not packed, in f32 and in W's own
 * memory, which has no gaps between rows. Weights with the same input are not stacked: each has a
 * product of its own. plain_rows_alike - are the bits of a row independent of the number of rows in
 * the call? */
bool plain_rows_alike(void);
void plain_fwd(struct mat w, struct mat y, struct mat x, const real *bias);
void plain_bwd(struct mat w, struct mat dx, struct mat dy, bool add);
#endif
