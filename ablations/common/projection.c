/* projection.c - change what a matrix does along some of its directions. */
#include "ablations/common/projection.h"
#include "ablations/common/spectrum.h"

#include <stdlib.h>
#include <string.h>

void projection_rows(double *x, int rows, int cols, const double *q, int n, double factor)
{
    double *along = xalloc((size_t)cols, sizeof *along);

    /* The rows of Q are orthonormal, so one may be taken after the other. */
    for (int k = 0; k < n; k++) {
        const double *u = q + (size_t)k * (size_t)rows;
        memset(along, 0, (size_t)cols * sizeof *along);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < cols; j++)
                along[j] += u[i] * x[(size_t)i * (size_t)cols + (size_t)j];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < cols; j++)
                x[(size_t)i * (size_t)cols + (size_t)j] += (factor - 1) * u[i] * along[j];
    }
    free(along);
}

void projection_cols(double *x, int rows, int cols, const double *q, int n, double factor)
{
    for (int i = 0; i < rows; i++) {
        double *row = x + (size_t)i * (size_t)cols;
        for (int k = 0; k < n; k++) {
            const double *u = q + (size_t)k * (size_t)cols;
            double along = 0;
            for (int j = 0; j < cols; j++)
                along += u[j] * row[j];
            for (int j = 0; j < cols; j++)
                row[j] += (factor - 1) * along * u[j];
        }
    }
}

void projection_complement(double *x, int rows, int cols, const double *q, int n, double factor)
{
    size_t size = (size_t)rows * (size_t)cols;
    double *rest = xalloc(size, sizeof *rest);

    memcpy(rest, x, size * sizeof *rest);
    projection_rows(rest, rows, cols, q, n, 0);
    for (size_t i = 0; i < size; i++)
        x[i] += (factor - 1) * rest[i];
    free(rest);
}

static double dot(const double *x, const double *y, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

int projection_shared(double *out, const double *u, int n, const double *v, int m, int d,
                      double cosine)
{
    double *c = xalloc((size_t)n * (size_t)m, sizeof *c);
    struct spectrum s = { 0 };
    int shared = 0;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            c[(size_t)i * (size_t)m + (size_t)j] =
                dot(u + (size_t)i * (size_t)d, v + (size_t)j * (size_t)d, d);
    int rc = spectrum_of(&s, c, n, m);
    while (rc == 0 && shared < s.k && s.s[shared] >= cosine) {
        double *row = out + (size_t)shared * (size_t)d;
        memset(row, 0, (size_t)d * sizeof *row);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < d; j++)
                row[j] += s.u[(size_t)shared * (size_t)n + (size_t)i] *
                          u[(size_t)i * (size_t)d + (size_t)j];
        shared++;
    }
    spectrum_free(&s);
    free(c);
    return rc == 0 ? shared : -1;
}
