/* gradcheck.h - an analytic gradient against finite differences along random directions. */
#ifndef GRADCHECK_H
#define GRADCHECK_H

#include "core/math/mat.h"

/* gradcheck - the largest |numeric - <grad, v>| / ||grad|| over a few random vectors v of signs,
 * where numeric is the fourth-order central difference of LOSS along v. LOSS reads X, which is
 * changed and restored; GRAD is computed before. NaN gives INFINITY; a gradient of 0 is divided
 * by 1. */
double gradcheck(struct mat x, struct mat grad, double (*loss)(void *ctx), void *ctx);

/* gradcheck_tolerance - the largest error to accept: 1e-6 in double precision, and in single
 * precision what rounding of the loss makes necessary. */
double gradcheck_tolerance(void);

#define ck_gradient(x, dx, loss, ctx)                                                              \
    ck_assert_double_le(gradcheck(x, dx, loss, ctx), gradcheck_tolerance())

/* test_rounding - the rounding error to accept of one operation on values of about 1. test_dot -
 * <a, b>. */
double test_rounding(void);
double test_dot(struct mat a, struct mat b);

/* test_fill - values N(0, 1) that follow from SEED alone. test_mat - a new matrix of them; the
 * caller frees its x. */
void test_fill(struct mat m, int seed);
struct mat test_mat(int rows, int cols, int seed);

/* test_error - max |a - b| / max(1, max |b|); INFINITY when a value is NaN. */
double test_error(struct mat a, struct mat b);
#endif
