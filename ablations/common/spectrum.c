/* spectrum.c - the singular value decomposition of a matrix, and of a product of two thin ones. */
#include "ablations/common/spectrum.h"
#include "core/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* to [cols,rows] = the transpose of from [rows,cols]. */
static void transpose(double *to, const double *from, int rows, int cols)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            to[(size_t)j * (size_t)rows + (size_t)i] = from[(size_t)i * (size_t)cols + (size_t)j];
}

/* c [m,n] = a [m,k] b [k,n]; every entry is summed in the order of k. */
static void multiply(double *c, const double *a, const double *b, int m, int k, int n)
{
    memset(c, 0, (size_t)m * (size_t)n * sizeof *c);
    for (int i = 0; i < m; i++)
        for (int l = 0; l < k; l++) {
            double x = a[(size_t)i * (size_t)k + (size_t)l];
            for (int j = 0; j < n; j++)
                c[(size_t)i * (size_t)n + (size_t)j] += x * b[(size_t)l * (size_t)n + (size_t)j];
        }
}

static void spectrum_alloc(struct spectrum *s, int k, int out, int in)
{
    *s = (struct spectrum){ .k = k, .out = out, .in = in };
    s->u = xalloc((size_t)k * (size_t)out, sizeof *s->u);
    s->v = xalloc((size_t)k * (size_t)in, sizeof *s->v);
    s->s = xalloc((size_t)k, sizeof *s->s);
}

int spectrum_of(struct spectrum *s, const double *x, int out, int in)
{
    int k = out < in ? out : in;
    double *columns = xalloc((size_t)out * (size_t)k, sizeof *columns);

    spectrum_alloc(s, k, out, in);
    int rc = mat_svd(columns, s->s, s->v, x, out, in);
    if (rc == 0)
        transpose(s->u, columns, out, k);
    else
        spectrum_free(s);
    free(columns);
    return rc;
}

int spectrum_of_product(struct spectrum *s, const double *b, const double *a, int out, int r,
                        int in)
{
    struct spectrum q = { 0 }, core = { 0 };
    int rc = spectrum_of(&q, a, r, in);

    if (rc == 0) {
        double *ps = xalloc((size_t)r * (size_t)q.k, sizeof *ps);
        double *bps = xalloc((size_t)out * (size_t)q.k, sizeof *bps);
        transpose(ps, q.u, q.k, r);
        for (int i = 0; i < r; i++)
            for (int j = 0; j < q.k; j++)
                ps[(size_t)i * (size_t)q.k + (size_t)j] *= q.s[j];
        multiply(bps, b, ps, out, r, q.k);
        rc = spectrum_of(&core, bps, out, q.k);
        free(bps);
        free(ps);
    }
    if (rc == 0) {
        spectrum_alloc(s, core.k, out, in);
        memcpy(s->u, core.u, (size_t)core.k * (size_t)out * sizeof *s->u);
        memcpy(s->s, core.s, (size_t)core.k * sizeof *s->s);
        multiply(s->v, core.v, q.v, core.k, q.k, in);
    }
    spectrum_free(&q);
    spectrum_free(&core);
    return rc;
}

void spectrum_free(struct spectrum *s)
{
    free(s->u);
    free(s->s);
    free(s->v);
    *s = (struct spectrum){ 0 };
}

double spectrum_norm(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

double spectrum_project(const double *u, const double *v, int r, const double *w, int out, int in)
{
    size_t n = (size_t)r * (size_t)r;
    double *uw = xalloc((size_t)r * (size_t)in, sizeof *uw);
    double *vt = xalloc((size_t)in * (size_t)r, sizeof *vt), *core = xalloc(n, sizeof *core);

    multiply(uw, u, w, r, out, in);
    transpose(vt, v, r, in);
    multiply(core, uw, vt, r, in, r);
    double norm = spectrum_norm(core, n);
    free(core);
    free(vt);
    free(uw);
    return norm;
}
