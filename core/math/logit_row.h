/* logit_row.h - kernels on one row of logits, shared by the losses. Layer 1. */
#ifndef LOGIT_ROW_H
#define LOGIT_ROW_H

#include "core/math/mat.h"

/* row_max - the largest of N > 0 numbers. A NaN is passed over: it comes back through
 * row_exp_sum. */
real row_max(const real *x, int n);
/* row_exp_sum - sum_j exp(x[j] - max) in double, x <= max; the terms go to E if not NULL, which may
 * be X. */
double row_exp_sum(real *e, const real *x, int n, real max);
void row_scale(real *x, int n, real a);
#endif
