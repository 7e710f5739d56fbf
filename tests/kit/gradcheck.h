/* gradcheck.h - signed directional finite differences against an analytic gradient. */
#ifndef GRADCHECK_H
#define GRADCHECK_H

#include "core/math/mat.h"

/* gradcheck - the largest of |numeric - <grad, v>| / ||grad|| over a few random sign vectors v,
 * where numeric is the fourth-order central difference of LOSS along v. X is moved in place and
 * restored; the caller has GRAD ready before. A NaN scores INFINITY; a zero gradient is divided
 * by 1. */
double gradcheck(struct mat x, struct mat grad, double (*loss)(void *ctx), void *ctx);

/* Largest error to accept: 1e-6 in double, and in float what rounding of the loss leaves. */
double gradcheck_tolerance(void);

#define ck_gradient(x, dx, loss, ctx)                                                              \
    ck_assert_double_le(gradcheck(x, dx, loss, ctx), gradcheck_tolerance())

/* Rounding of one op on numbers of size 1, and <a, b>. */
double test_rounding(void);
double test_dot(struct mat a, struct mat b);

/* test_fill - numbers N(0, 1), a pure function of SEED; test_mat - a new matrix of them, caller
 * frees x. */
void test_fill(struct mat m, int seed);
struct mat test_mat(int rows, int cols, int seed);

/* test_error - max |a - b| / max(1, max |b|); INFINITY for a NaN. */
double test_error(struct mat a, struct mat b);
#endif
