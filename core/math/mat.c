/* mat.c - products through BLAS, sums and copies of matrices, and facts about the libraries. */
#include "core/math/onednn.h"
#include "core/math/vec.h"

#include <cblas.h>
#include <stdlib.h>

extern void omp_set_num_threads(int n); /* libgomp, used by oneDNN */

/* The number of partial sums of vec_dot, which is part of its definition. */
enum { DOT_LANES = 8 };

/* From this size on, the gradient of a weight, A^T B, is a tenth faster through oneDNN, which packs
 * its operands for a wider kernel. Thin matrices are not. The bits of results depend on it. */
enum { WEIGHT_SIDE = 64 };

struct mat mat_arena(struct arena *a, int rows, int cols)
{
    return mat_make(arena_get(a, (size_t)rows * (size_t)cols, sizeof(real)), rows, cols);
}

void mat_gemm_blas(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                   enum trans tb)
{
    int inner = ta == TRANS ? a.rows : a.cols;
    enum CBLAS_TRANSPOSE fa = ta == TRANS ? CblasTrans : CblasNoTrans;
    enum CBLAS_TRANSPOSE fb = tb == TRANS ? CblasTrans : CblasNoTrans;

#ifdef REAL_IS_DOUBLE
    cblas_dgemm(CblasRowMajor, fa, fb, c.rows, c.cols, inner, alpha, a.x, a.ld, b.x, b.ld, beta,
                c.x, c.ld);
#else
    cblas_sgemm(CblasRowMajor, fa, fb, c.rows, c.cols, inner, alpha, a.x, a.ld, b.x, b.ld, beta,
                c.x, c.ld);
#endif
}

void mat_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
              enum trans tb)
{
    int m = ta == TRANS ? a.cols : a.rows, k = ta == TRANS ? a.rows : a.cols;
    int kb = tb == TRANS ? b.cols : b.rows, n = tb == TRANS ? b.rows : b.cols;

    CHECK(c.rows == m && c.cols == n && k == kb, "C %dx%d, op(A) %dx%d, op(B) %dx%d", c.rows,
          c.cols, m, k, kb, n);
    if (m == 0 || n == 0)
        return;
    if (k > 0 && alpha != 0) {
        if (ta == TRANS && m >= WEIGHT_SIDE && n >= WEIGHT_SIDE && onednn_usable(PRECISION_F32))
            onednn_gemm(c, beta, alpha, a, ta, b, tb, k);
        else
            mat_gemm_blas(c, beta, alpha, a, ta, b, tb);
        return;
    }
    for (int i = 0; i < m; i++) {
        real *row = mat_row(c, i);

        for (int j = 0; j < n; j++)
            row[j] = beta == 0 ? 0 : beta * row[j];
    }
}

void mat_zero(struct mat m)
{
    for (int i = 0; i < m.rows; i++)
        memset(mat_row(m, i), 0, (size_t)m.cols * sizeof(real));
}

void mat_copy(struct mat dst, struct mat src)
{
    MAT_CHECK_SAME(dst, src);
    for (int i = 0; i < src.rows; i++)
        memmove(mat_row(dst, i), mat_row(src, i), (size_t)src.cols * sizeof(real));
}

VEC_CLONES static void row_add(real *y, real alpha, const real *x, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] += alpha * x[j];
}

void mat_add(struct mat dst, real alpha, struct mat src)
{
    MAT_CHECK_SAME(dst, src);
    for (int i = 0; i < src.rows; i++)
        row_add(mat_row(dst, i), alpha, mat_row(src, i), src.cols);
}

void mat_add_row(struct mat m, const real *row)
{
    for (int i = 0; i < m.rows; i++)
        row_add(mat_row(m, i), 1, row, m.cols);
}

void mat_sum_rows(real *sum, struct mat m)
{
    for (int i = 0; i < m.rows; i++)
        row_add(sum, 1, mat_row(m, i), m.cols);
}

VEC_CLONES static double dot(const real *x, const real *y, size_t n)
{
    double acc[DOT_LANES] = { 0 };
    size_t i = 0;

    for (; i + DOT_LANES <= n; i += DOT_LANES)
        for (size_t l = 0; l < DOT_LANES; l++)
            acc[l] += (double)x[i + l] * (double)y[i + l];
    for (size_t l = 0; i < n; i++, l++)
        acc[l] += (double)x[i] * (double)y[i];
    for (size_t w = DOT_LANES / 2; w > 0; w /= 2)
        for (size_t l = 0; l < w; l++)
            acc[l] += acc[l + w];
    return acc[0];
}

double vec_dot(const real *x, const real *y, size_t n)
{
    return dot(x, y, n);
}

double vec_norm(const real *x, size_t n)
{
    return sqrt(dot(x, x, n));
}

/* x - x is 0 if x is finite, else NaN. */
VEC_CLONES static int all_finite(const real *x, size_t n)
{
    int bad = 0;

    for (size_t i = 0; i < n; i++)
        bad |= !(x[i] - x[i] == 0);
    return !bad;
}

bool vec_finite(const real *x, size_t n)
{
    return all_finite(x, n);
}

void math_thread_init(void)
{
    openblas_set_num_threads(1);
    omp_set_num_threads(1);
}

/* Measured with OpenBLAS 0.3.21: a buffer is 128 MiB of address space, of which little is
 * touched. */
static const size_t blas_buffer = (size_t)128 << 20;

size_t mat_blas_space(int threads)
{
    return (size_t)threads * (blas_buffer + ((size_t)1 << 16));
}

/* Buffers that OpenBLAS's threads, which start before main, have mapped already. */
static int mapped_buffers(void)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char line[512];
    unsigned long from, to, inode;
    size_t n = 0;

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx rw-p %*x %*s %lu", &from, &to, &inode) == 3 && inode == 0)
            n += (to - from) / blas_buffer;
    if (f)
        fclose(f);
    return (int)n;
}

int mat_blas_check(void)
{
    if (ram_address_space() == SIZE_MAX)
        return 0;
    /* What is mapped is counted first: a thread that maps its buffer meanwhile counts twice, not
     * never. */
    int missing = openblas_get_num_threads() - mapped_buffers();
    size_t need = mat_blas_space(missing > 0 ? missing : 0), left = ram_address_space();
    if (need <= left)
        return 0;
    return fail(
        FAIL_MEMORY,
        "OpenBLAS needs %.0f MB more of address space for %d threads, but the limit (ulimit -v, "
        "ulimit -d) leaves %.0f MB; OPENBLAS_NUM_THREADS=1 needs less",
        1e-6 * (double)need, openblas_get_num_threads(), 1e-6 * (double)left);
}

const char *real_name(void)
{
    return sizeof(real) == sizeof(double) ? "f64" : "f32";
}

const char *mat_blas_core(void)
{
    return openblas_get_corename();
}

const char *mat_blas_config(void)
{
    return openblas_get_config();
}
