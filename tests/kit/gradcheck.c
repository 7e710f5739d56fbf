/* gradcheck.c - finite differences along random directions. */
#include "tests/kit/gradcheck.h"

#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = 6 };

/* The difference has an error of order h^4, and rounding of the loss adds one of order 1/h. */
static double step_size(void)
{
    return sizeof(real) == sizeof(double) ? 1e-3 : 2e-2;
}

double test_rounding(void)
{
    return sizeof(real) == sizeof(double) ? 1e-13 : 2e-6;
}

double gradcheck_tolerance(void)
{
    return sizeof(real) == sizeof(double) ? 1e-6 : 5e-3;
}

static double loss_at(struct mat x, struct mat base, struct mat v, double h,
                      double (*loss)(void *ctx), void *ctx)
{
    mat_copy(x, base);
    mat_add(x, (real)h, v);
    return loss(ctx);
}

static double slope(struct mat x, struct mat base, struct mat v, double (*loss)(void *ctx),
                    void *ctx)
{
    double h = step_size();
    double d1 = loss_at(x, base, v, h, loss, ctx) - loss_at(x, base, v, -h, loss, ctx);
    double d2 = loss_at(x, base, v, 2 * h, loss, ctx) - loss_at(x, base, v, -2 * h, loss, ctx);

    return (8 * d1 - d2) / (12 * h);
}

static void signs(struct mat v, struct rng *r)
{
    for (int i = 0; i < v.rows; i++)
        for (int j = 0; j < v.cols; j++)
            mat_row(v, i)[j] = rng_below(r, 2) ? 1 : -1;
}

double test_dot(struct mat a, struct mat b)
{
    double sum = 0;

    for (int i = 0; i < a.rows; i++)
        sum += vec_dot(mat_row(a, i), mat_row(b, i), (size_t)a.cols);
    return sum;
}

double gradcheck(struct mat x, struct mat grad, double (*loss)(void *ctx), void *ctx)
{
    struct mat base = test_mat(x.rows, x.cols, 0), v = test_mat(x.rows, x.cols, 0);
    struct rng r = rng_make(12345, RNG_STUDY, 0);
    double norm = sqrt(test_dot(grad, grad)), worst = 0;

    mat_copy(base, x);
    for (int i = 0; i < DIRECTIONS; i++) {
        signs(v, &r);
        double d = fabs(slope(x, base, v, loss, ctx) - test_dot(grad, v)) / (norm > 0 ? norm : 1);
        if (!(d <= worst))
            worst = isnan(d) ? INFINITY : d;
    }
    mat_copy(x, base);
    free(base.x);
    free(v.x);
    return worst;
}

void test_fill(struct mat m, int seed)
{
    struct rng r = rng_make((uint64_t)seed, RNG_STUDY, 1);

    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, i)[j] = (real)rng_normal(&r);
}

struct mat test_mat(int rows, int cols, int seed)
{
    struct mat m = mat_make(xalloc((size_t)rows * (size_t)cols, sizeof(real)), rows, cols);

    test_fill(m, seed);
    return m;
}

double test_error(struct mat a, struct mat b)
{
    double worst = 0, size = 1;

    for (int i = 0; i < b.rows; i++)
        for (int j = 0; j < b.cols; j++) {
            double d = fabs((double)mat_row(a, i)[j] - (double)mat_row(b, i)[j]);
            if (!(d <= worst))
                worst = isnan(d) ? INFINITY : d;
            size = fmax(size, fabs((double)mat_row(b, i)[j]));
        }
    return worst / size;
}
