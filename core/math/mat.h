/* mat.h - views of row-major matrices, products through BLAS, and the singular value decomposition.
 *
 * `real` is float in the product, and double in the build that checks gradients (make double). */
#ifndef MAT_H
#define MAT_H

#include "core/base/base.h"

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* A view, which owns nothing. Element (i, j) is x[(size_t)i*ld + j], and ld >= cols. x == NULL
 * means "no matrix" ("empty" in the comments of operations). */
struct mat {
    real *x;
    int rows, cols, ld;
};

enum trans { NOTRANS, TRANS };

/* MAT_CHECK_SAME - it is a bug if the shapes of A and B differ. */
#define MAT_CHECK_SAME(a, b)                                                                       \
    CHECK((a).rows == (b).rows && (a).cols == (b).cols, "%dx%d and %dx%d", (a).rows, (a).cols,     \
          (b).rows, (b).cols)

/* mat_make - X as a matrix without gaps between rows. mat_cols, mat_rows - columns or rows
 * FROM ... FROM+N-1 of M. mat_row - row I. mat_arena - a matrix from an arena, not cleared. */
static inline struct mat mat_make(real *x, int rows, int cols)
{
    return (struct mat){ x, rows, cols, cols };
}
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
struct mat mat_arena(struct arena *a, int rows, int cols);

/* mat_gemm - C = alpha op(A) op(B) + beta C, where op transposes if TRANS says so. It is computed
 * by OpenBLAS, or by oneDNN where that is faster for the shape on this CPU. Shapes that disagree
 * are a bug. Nothing is done if C has no elements; C is scaled by beta if only the inner dimension
 * is 0. C must not overlap A or B.
 * mat_gemm_blas - the same always through OpenBLAS, for measurements; no dimension may be 0. */
void mat_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
              enum trans tb);
void mat_gemm_blas(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                   enum trans tb);

void mat_zero(struct mat m);
void mat_copy(struct mat dst, struct mat src);
void mat_add(struct mat dst, real alpha, struct mat src); /* dst += alpha src */
void mat_add_row(struct mat m, const real *row);          /* add ROW to every row of M */
void mat_sum_rows(real *sum, struct mat m); /* sum[j] += sum_i m[i][j], in the order of the rows */

/* vec_dot, vec_norm - dot product and Euclidean norm, summed in double in an order that depends on
 * N alone, so every CPU computes the same bits. vec_finite - is no element infinite or NaN? */
double vec_dot(const real *x, const real *y, size_t n);
double vec_norm(const real *x, size_t n);
bool vec_finite(const real *x, size_t n);

/* mat_svd - the thin singular value decomposition in double through LAPACK's dgesdd: A [m,n] =
 * U diag(s) V^T with k = min(m,n), U [m,k], s [k] in descending order, VT [k,n], all row-major and
 * owned by the caller. A is not changed. Errors: FAIL_RUN if LAPACK does not converge or A is not
 * finite; FAIL_MEMORY. */
int mat_svd(double *u, double *s, double *vt, const double *a, int m, int n);

/* math_thread_init - limit BLAS and OpenMP to one thread; to be called once in every thread that
 * computes. */
void math_thread_init(void);

/* mat_blas_space - the address space that the BLAS calls of so many threads take: OpenBLAS maps a
 * buffer for each. mat_blas_check - does the limit of this process (ulimit -v, ulimit -d) leave
 * room for the threads that OpenBLAS has started and for the main thread? Where it does not,
 * OpenBLAS asks for its buffers for ever. To be called first in main. Errors: FAIL_MEMORY. */
size_t mat_blas_space(int threads);
int mat_blas_check(void);

/* Facts for provenance and for 'lowrank doctor'. real_name - "f32" or "f64". mat_blas_core,
 * mat_blas_config - what OpenBLAS says of its kernel and of its build. packed_library -
 * "oneDNN 2.6.3" or "none". packed_built_in - is oneDNN part of this program? packed_lack - why
 * oneDNN is not used, as a clause ("oneDNN is not built in"), or NULL. packed_isa - the instruction
 * sets that oneDNN was limited to by its environment variable, or NULL. */
const char *real_name(void);
const char *mat_blas_core(void);
const char *mat_blas_config(void);
const char *packed_library(void);
bool packed_built_in(void);
const char *packed_lack(void);
const char *packed_isa(void);
#endif
