/* rate.h - how fast this machine computes one product, by library, precision and shape. */
#ifndef RATE_H
#define RATE_H

#include "core/math/mat.h"

enum gemm_lib {
    GEMM_OPENBLAS, /* plain matrices */
    GEMM_ONEDNN,   /* plain matrices */
    GEMM_PACKED,   /* weights in oneDNN's own layout, packed beforehand */
    N_GEMM_LIB
};
/* The products of a linear layer y = x W^T, with x [rows,in] and W [out,in]. */
enum gemm_op {
    GEMM_FORWARD,     /* y  = x W^T */
    GEMM_INPUT_GRAD,  /* dx = dy W */
    GEMM_WEIGHT_GRAD, /* dW = dy^T x */
    N_GEMM_OP
};
extern const char *const gemm_lib_names[N_GEMM_LIB + 1]; /* "OpenBLAS", ...; NULL-terminated */
extern const char *const gemm_op_names[N_GEMM_OP + 1];

struct gemm_case {
    enum gemm_lib lib;
    enum gemm_op op;
    bool bf16; /* factors rounded to bf16, sums in f32 */
    int rows, in, out;
};

/* gemm_rate - the GFLOP/s of the fastest of the products that the calling thread computes in about
 * SECONDS, where one product counts as 2 rows in out operations; 0: the library has no such
 * product. Unless SUM is NULL, *SUM becomes the sum of all elements of the result, which is the
 * same for all libraries up to rounding. */
double gemm_rate(const struct gemm_case *c, double seconds, double *sum);
#endif
