/* ops_scale.c - columns of a matrix times the elements of a vector. */
#include "core/math/ops.h"
#include "core/math/vec.h"

VEC_CLONES static void scale_row(real *y, const real *x, const real *c, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] = x[j] * c[j];
}

VEC_CLONES static void scale_add_row(real *y, const real *x, const real *c, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] += x[j] * c[j];
}

VEC_CLONES static void scale_sum_row(real *dc, const real *dy, const real *x, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        dc[j] += dy[j] * x[j];
}

VEC_CLONES static void scale_bwd_row(real *dc, real *dy, const real *x, const real *c, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        dc[j] += dy[j] * x[j];
        dy[j] *= c[j];
    }
}

VEC_CLONES static void rescale_row(real *y, real *z, const real *c, const real *b, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real d = y[j] - b[j];
        z[j] = d;
        y[j] = c[j] * d + b[j];
    }
}

void scale_fwd(struct mat y, struct mat x, const real *c)
{
    MAT_CHECK_SAME(y, x);
    for (int i = 0; i < y.rows; i++)
        scale_row(mat_row(y, i), mat_row(x, i), c, y.cols);
}

void scale_add(struct mat y, struct mat x, const real *c)
{
    MAT_CHECK_SAME(y, x);
    for (int i = 0; i < y.rows; i++)
        scale_add_row(mat_row(y, i), mat_row(x, i), c, y.cols);
}

void scale_bwd(real *dc, struct mat dy, struct mat x, const real *c)
{
    MAT_CHECK_SAME(dy, x);
    for (int i = 0; i < dy.rows; i++)
        scale_bwd_row(dc, mat_row(dy, i), mat_row(x, i), c, dy.cols);
}

void scale_sum(real *dc, struct mat dy, struct mat x)
{
    MAT_CHECK_SAME(dy, x);
    for (int i = 0; i < dy.rows; i++)
        scale_sum_row(dc, mat_row(dy, i), mat_row(x, i), dy.cols);
}

void rescale_fwd(struct mat y, struct mat z, const real *c, const real *b)
{
    MAT_CHECK_SAME(y, z);
    for (int i = 0; i < y.rows; i++)
        rescale_row(mat_row(y, i), mat_row(z, i), c, b, y.cols);
}
