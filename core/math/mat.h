/* mat.h - row-major matrix views, the BLAS calls on them, and SVD. Layer 1.
 *
 * `real` is float in the product and double in the build that checks gradients (make REAL=double).
 */
#ifndef MAT_H
#define MAT_H

#include "core/base/base.h"

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* A view: owns nothing. x[(size_t)i*ld + j] is row i, column j; ld >= cols. x == NULL means "none".
 */
struct mat {
    real *x;
    int rows, cols, ld;
};

enum trans { NOTRANS, TRANS };

static inline struct mat mat_make(real *x, int rows, int cols)
{
    return (struct mat){ x, rows, cols, cols };
}
/* Columns [from, from+cols) and rows [from, from+rows) of M as views. */
static inline struct mat mat_cols(struct mat m, int from, int cols)
{
    return (struct mat){ m.x ? m.x + from : 0, m.rows, cols, m.ld };
}
static inline struct mat mat_rows(struct mat m, int from, int rows)
{
    return (struct mat){ m.x ? m.x + (size_t)from * (size_t)m.ld : 0, rows, m.cols, m.ld };
}
static inline real *mat_row(struct mat m, int i)
{
    return m.x + (size_t)i * (size_t)m.ld;
}
struct mat mat_arena(struct arena *a, int rows, int cols); /* not cleared */

/* mat_gemm - C = alpha op(A) op(B) + beta C through OpenBLAS, or oneDNN where that is faster for
 * the shape on this CPU; aborts when shapes disagree. Products with no rows or columns are no-ops
 * (C is scaled by beta when only the inner size is 0). C aliases neither. */
void mat_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
              enum trans tb);
/* mat_gemm_blas - the same through OpenBLAS whatever the shape, of shapes that agree and are not empty:
 * for measurements. */
void mat_gemm_blas(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                   enum trans tb);
void mat_zero(struct mat m);
void mat_copy(struct mat dst, struct mat src);
void mat_add(struct mat dst, real alpha, struct mat src); /* dst += alpha src */
void mat_add_row(struct mat m, const real *row);          /* every row of m += row */
void mat_sum_rows(real *sum, struct mat m); /* sum[j] += sum_i m[i][j], in row order */

/* Sums in double, in a fixed order whatever the CPU: bits depend on n only. */
double vec_dot(const real *x, const real *y, size_t n);
double vec_norm(const real *x, size_t n);
bool vec_finite(const real *x, size_t n);

/* mat_svd - thin SVD in double through LAPACK's dgesdd: A [m,n] = U diag(s) V^T with k = min(m,n),
 * U [m,k], s [k] descending, VT [k,n], all row-major and owned by the caller. A is not changed.
 * Errors: FAIL_RUN when LAPACK does not converge or A is not finite; FAIL_MEMORY. */
int mat_svd(double *u, double *s, double *vt, const double *a, int m, int n);

/* Facts for provenance and doctor. math_thread_init: call once in every thread that computes (BLAS
 * and OpenMP to one thread). */
void math_thread_init(void);
const char *real_name(void);     /* "f32" or "f64" */
const char *mat_blas_core(void); /* openblas_get_corename() */
const char *mat_blas_config(void);
const char *packed_library(void); /* "oneDNN 2.6.3" or "none" */
bool packed_built_in(void);       /* is oneDNN part of this program? */
const char *packed_lack(void);    /* why "none": "oneDNN is not built in", ...; else NULL */
#endif
