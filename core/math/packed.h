/* packed.h - a frozen weight, packed once for the fastest product, forward and input gradient.
 * Layer 1.
 *
 * Inputs of a product, weights and rows of x or dy, are taken in f32 or rounded to bf16; products are
 * summed and given in f32 either way.
 *
 * oneDNN matmul with weights in its own layout (packed once per direction), primitives cached
 * by number of rows, user scratchpad per thread: safe from several threads and after fork, and the
 * rows of a result do not depend on how many rows are in the call. f64, or without such kernels on
 * this CPU: OpenBLAS on a plain copy, which for bf16 rounds the same numbers and gains no speed. */
#ifndef PACKED_H
#define PACKED_H

#include "core/math/mat.h"

struct packed; /* of W [out, in] */
enum precision { PRECISION_F32, PRECISION_BF16, N_PRECISION };

/* packed_new - pack N_PARTS matrices [out_i, in], stacked by rows (q, k, v of one input), for forward
 * and, if BACKWARD, for the input gradient; T TRANS: the parts are views of their transposes [in,
 * out_i], which are not turned first. The parts may be unmapped afterwards. NULL: FAIL_MEMORY. */
struct packed *packed_new(const struct mat *parts, int n_parts, enum trans t, bool backward,
                          enum precision precision);
void packed_free(struct packed *p);
size_t packed_bytes(const struct packed *p);
/* packed_kernel - what multiplies with these weights: "brg:avx512_core", or "OpenBLAS". */
const char *packed_kernel(const struct packed *p);
/* packed_size - what packed_bytes would say of a W [out, in] that is not packed yet, nearly. */
size_t packed_size(int out, int in, bool backward, enum precision p);
/* packed_code_size - of the code that is made for one product of one number of rows: about so much. */
size_t packed_code_size(void);
/* packed_rows_alike - do rows of a result not depend on how many rows are in the call? */
bool packed_rows_alike(const struct packed *p);

/* A packed weight as bytes, to be kept in a file. packed_export: they belong to P; false: it multiplies
 * with a plain copy, which is not worth keeping. packed_import - a weight of such bytes, 64-byte
 * aligned, that stay the caller's and outlive it; NULL: here they would mean something else. */
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

/* packed_fwd - Y = X W^T (+ bias, a row of OUT numbers, if not NULL).   X [T,in], Y [T,out], any
 * ld. */
void packed_fwd(const struct packed *p, struct mat y, struct mat x, const real *bias);

/* packed_bwd - dX = dY W, or dX += dY W when ADD.   dY [T,out], dX [T,in]. */
void packed_bwd(const struct packed *p, struct mat dx, struct mat dy, bool add);

/* plain_fwd, plain_bwd - the same for a weight W [OUT,IN] that trains: f32 in W's own memory, whose
 * rows touch, each with its one product. The rows of a result do not depend on the call either. */
void plain_fwd(struct mat w, struct mat y, struct mat x, const real *bias);
void plain_bwd(struct mat w, struct mat dx, struct mat dy, bool add);
#endif
