/* ops_norm.c - LayerNorm and RMSNorm. */
#include "core/math/ops.h"
#include "core/math/vec.h"

/* The sum of x[j], and of (x[j] - mean)^2. */
static inline double row_sum(const real *x, int n)
{
    double acc[LANES] = { 0 };
    int j = 0;

    for (; j + LANES <= n; j += LANES)
        for (int l = 0; l < LANES; l++)
            acc[l] += (double)x[j + l];
    for (int l = 0; j < n; j++, l++)
        acc[l] += (double)x[j];
    return lanes_sum(acc);
}

static inline double row_moment2(const real *x, int n, double mean)
{
    double acc[LANES] = { 0 };
    int j = 0;

    for (; j + LANES <= n; j += LANES)
        for (int l = 0; l < LANES; l++) {
            double d = (double)x[j + l] - mean;
            acc[l] += d * d;
        }
    for (int l = 0; j < n; j++, l++) {
        double d = (double)x[j] - mean;
        acc[l] += d * d;
    }
    return lanes_sum(acc);
}

/* Returns rstd. XHAT may be NULL. */
VEC_CLONES static real norm_row(real *y, real *xhat, const real *x, const real *g, const real *b,
                                int n, double eps)
{
    double mean = row_sum(x, n) / n;
    double rstd = 1 / sqrt(row_moment2(x, n, mean) / n + eps);
    real m = (real)mean, r = (real)rstd;

    if (!xhat) {
        VEC_LOOP
        for (int j = 0; j < n; j++)
            y[j] = g[j] * ((x[j] - m) * r) + b[j];
        return r;
    }
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real h = (x[j] - m) * r;
        xhat[j] = h;
        y[j] = g[j] * h + b[j];
    }
    return r;
}

void layernorm_fwd(struct mat y, struct mat xhat, real *rstd, struct mat x, const real *g,
                   const real *b, double eps)
{
    CHECK(y.rows == x.rows && y.cols == x.cols, "%dx%d of %dx%d", y.rows, y.cols, x.rows, x.cols);
    CHECK(!xhat.x || (xhat.rows == x.rows && xhat.cols == x.cols), "xhat %dx%d of %dx%d", xhat.rows,
          xhat.cols, x.rows, x.cols);
    for (int i = 0; i < x.rows; i++) {
        real *h = xhat.x ? mat_row(xhat, i) : NULL;
        real r = norm_row(mat_row(y, i), h, mat_row(x, i), g, b, x.cols, eps);

        if (rstd)
            rstd[i] = r;
    }
}

VEC_CLONES static void norm_row_bwd(real *dx, const real *dy, const real *xhat, const real *g,
                                    int n, real rstd)
{
    double a1[LANES] = { 0 }, a2[LANES] = { 0 };
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            double d = (double)(dy[i + l] * g[i + l]);
            a1[l] += d;
            a2[l] += d * (double)xhat[i + l];
        }
    for (int l = 0; i < n; i++, l++) {
        double d = (double)(dy[i] * g[i]);
        a1[l] += d;
        a2[l] += d * (double)xhat[i];
    }
    real m1 = (real)(lanes_sum(a1) / n), m2 = (real)(lanes_sum(a2) / n);
    VEC_LOOP
    for (int j = 0; j < n; j++)
        dx[j] = rstd * (dy[j] * g[j] - m1 - xhat[j] * m2);
}

VEC_CLONES static void param_row_bwd(real *dg, const real *dy, const real *xhat, int n)
{
    for (int j = 0; j < n; j++)
        dg[j] += dy[j] * xhat[j];
}

void layernorm_bwd(struct mat dx, real *dg, real *db, struct mat dy, struct mat xhat,
                   const real *rstd, const real *g)
{
    CHECK(dx.rows == dy.rows && dx.cols == dy.cols, "%dx%d of %dx%d", dx.rows, dx.cols, dy.rows,
          dy.cols);
    CHECK(xhat.rows == dy.rows && xhat.cols == dy.cols, "xhat %dx%d of %dx%d", xhat.rows, xhat.cols,
          dy.rows, dy.cols);
    if (db)
        mat_sum_rows(db, dy);
    for (int i = 0; i < dy.rows; i++) {
        if (dg)
            param_row_bwd(dg, mat_row(dy, i), mat_row(xhat, i), dy.cols);
        norm_row_bwd(mat_row(dx, i), mat_row(dy, i), mat_row(xhat, i), g, dy.cols, rstd[i]);
    }
}

VEC_CLONES static real rms_row(real *y, real *xhat, const real *x, const real *g, int n, double eps)
{
    double rstd = 1 / sqrt(row_moment2(x, n, 0) / n + eps);
    real r = (real)rstd;

    if (!xhat) {
        VEC_LOOP
        for (int j = 0; j < n; j++)
            y[j] = g[j] * (x[j] * r);
        return r;
    }
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real h = x[j] * r;
        xhat[j] = h;
        y[j] = g[j] * h;
    }
    return r;
}

void rmsnorm_fwd(struct mat y, struct mat xhat, real *rstd, struct mat x, const real *g, double eps)
{
    MAT_CHECK_SAME(y, x);
    if (xhat.x)
        MAT_CHECK_SAME(xhat, x);
    for (int i = 0; i < x.rows; i++) {
        real r =
            rms_row(mat_row(y, i), xhat.x ? mat_row(xhat, i) : NULL, mat_row(x, i), g, x.cols, eps);

        if (rstd)
            rstd[i] = r;
    }
}

VEC_CLONES static void rms_row_bwd(real *dx, const real *dy, const real *xhat, const real *g, int n,
                                   real rstd)
{
    double acc[LANES] = { 0 };
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            acc[l] += (double)(dy[i + l] * g[i + l]) * (double)xhat[i + l];
    for (int l = 0; i < n; i++, l++)
        acc[l] += (double)(dy[i] * g[i]) * (double)xhat[i];
    real mean = (real)(lanes_sum(acc) / n);
    VEC_LOOP
    for (int j = 0; j < n; j++)
        dx[j] = rstd * (dy[j] * g[j] - xhat[j] * mean);
}

void rmsnorm_bwd(struct mat dx, real *dg, struct mat dy, struct mat xhat, const real *rstd,
                 const real *g)
{
    MAT_CHECK_SAME(dx, dy);
    MAT_CHECK_SAME(xhat, dy);
    for (int i = 0; i < dy.rows; i++) {
        if (dg)
            param_row_bwd(dg, mat_row(dy, i), mat_row(xhat, i), dy.cols);
        rms_row_bwd(mat_row(dx, i), mat_row(dy, i), mat_row(xhat, i), g, dy.cols, rstd[i]);
    }
}
