/* svd.c - the thin singular value decomposition, by LAPACK. */
#include "core/math/mat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda,
                    double *s, double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                    const int *lwork, int *iwork, int *info, size_t jobz_len);

/* LAPACK's matrices are column-major, so it sees our row-major A [m,n] as A^T [n,m] = V S U^T. It
 * writes our V^T where it would write U, and our U where it would write V^T. */
static int decompose(double *u, double *s, double *vt, double *a, int m, int n, int *iwork)
{
    int k = m < n ? m : n, lwork = -1, info = 0;
    double best = 0;

    dgesdd_("S", &n, &m, a, &n, s, vt, &n, u, &k, &best, &lwork, iwork, &info, 1);
    CHECK(info == 0, "dgesdd: argument %d", -info);
    lwork = (int)best + 1;
    double *work = malloc((size_t)lwork * sizeof *work);
    if (!work)
        return fail(FAIL_MEMORY, "not enough memory for the SVD of a %d x %d matrix", m, n);
    dgesdd_("S", &n, &m, a, &n, s, vt, &n, u, &k, work, &lwork, iwork, &info, 1);
    free(work);
    CHECK(info >= 0, "dgesdd: argument %d", -info);
    if (info > 0)
        return fail(FAIL_RUN, "the SVD of a %d x %d matrix does not converge", m, n);
    return 0;
}

int mat_svd(double *u, double *s, double *vt, const double *a, int m, int n)
{
    size_t size = (size_t)m * (size_t)n;
    int rc = -1;

    CHECK(m > 0 && n > 0, "%d x %d", m, n);
    for (size_t i = 0; i < size; i++)
        if (!isfinite(a[i]))
            return fail(
                FAIL_RUN,
                "cannot compute the SVD of a %d x %d matrix: not all of its values are finite", m,
                n);
    double *copy = malloc(size * sizeof *copy);
    int *iwork = malloc(8 * (size_t)(m < n ? m : n) * sizeof *iwork);
    if (!copy || !iwork) {
        fail(FAIL_MEMORY, "not enough memory for the SVD of a %d x %d matrix", m, n);
        goto out;
    }
    memcpy(copy, a, size * sizeof *copy);
    rc = decompose(u, s, vt, copy, m, n, iwork);
out:
    free(iwork);
    free(copy);
    return rc;
}
