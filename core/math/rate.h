/* rate.h - how fast one product is on this machine, by library, precision and shape. Layer 1. */
#ifndef RATE_H
#define RATE_H

#include "core/math/mat.h"

enum gemm_lib {
    GEMM_OPENBLAS, /* plain matrices */
    GEMM_ONEDNN,   /* plain matrices */
    GEMM_PACKED,   /* weights in oneDNN's own layout, packed before */
    N_GEMM_LIB
};
/* The products of a linear layer y = x W^T, x [rows,in], W [out,in]. */
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
/* gemm_rate - GFLOP/s (2 rows in out operations each) of the fastest of about SECONDS of these
 * products on the calling thread; 0 when the library has no such product. *SUM, if not NULL, is the
 * sum of the result's numbers, the same for all libraries up to rounding. */
double gemm_rate(const struct gemm_case *c, double seconds, double *sum);
#endif
