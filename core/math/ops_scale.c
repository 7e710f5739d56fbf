/* ops_scale.c - columns of a matrix times a vector. */
#include "core/math/ops.h"
#include "core/math/vec.h"

static void check_same(struct mat a, struct mat b)
{
    CHECK(a.rows == b.rows && a.cols == b.cols, "%dx%d and %dx%d", a.rows, a.cols, b.rows, b.cols);
}

VEC_CLONES static void scale_row(real *y, const real *x, const real *c, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] = x[j] * c[j];
}

VEC_CLONES static void add_row(real *y, const real *x, const real *c, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] += x[j] * c[j];
}

VEC_CLONES static void sum_row(real *dc, const real *dy, const real *x, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        dc[j] += dy[j] * x[j];
}

VEC_CLONES static void bwd_row(real *dc, real *dy, const real *x, const real *c, int n)
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
    check_same(y, x);
    for (int i = 0; i < y.rows; i++)
        scale_row(mat_row(y, i), mat_row(x, i), c, y.cols);
}

void scale_add(struct mat y, struct mat x, const real *c)
{
    check_same(y, x);
    for (int i = 0; i < y.rows; i++)
        add_row(mat_row(y, i), mat_row(x, i), c, y.cols);
}

void scale_bwd(real *dc, struct mat dy, struct mat x, const real *c)
{
    check_same(dy, x);
    for (int i = 0; i < dy.rows; i++)
        bwd_row(dc, mat_row(dy, i), mat_row(x, i), c, dy.cols);
}

void scale_sum(real *dc, struct mat dy, struct mat x)
{
    check_same(dy, x);
    for (int i = 0; i < dy.rows; i++)
        sum_row(dc, mat_row(dy, i), mat_row(x, i), dy.cols);
}

void rescale_fwd(struct mat y, struct mat z, const real *c, const real *b)
{
    check_same(y, z);
    for (int i = 0; i < y.rows; i++)
        rescale_row(mat_row(y, i), mat_row(z, i), c, b, y.cols);
}
