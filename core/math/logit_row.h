/* logit_row.h - kernels on one row of logits, which losses, attention, and generation use. */
#ifndef LOGIT_ROW_H
#define LOGIT_ROW_H

#include "core/math/mat.h"

/* row_max - the largest of N > 0 numbers. It ignores NaNs; row_exp_sum returns NaN if there are
 * any. */
real row_max(const real *x, int n);

/* row_exp_sum - sum_j exp(x[j] - MAX) in double, where no x[j] exceeds MAX. The terms are written
 * to E, unless it is NULL. E may be X. */
double row_exp_sum(real *e, const real *x, int n, real max);

/* row_softmax - the softmax of N > 0 numbers, in place and in the precision of the build. */
void row_softmax(real *x, int n);

/* row_scale - x[j] *= A. */
void row_scale(real *x, int n, real a);
#endif
