/* bf16.h - bfloat16, the upper half of a float: eight bits of exponent and eight of precision.
 *
 * The inputs of products with frozen weights may be rounded to this format (packed.h). Nothing is
 * ever summed or stored in it. */
#ifndef BF16_H
#define BF16_H

#include "core/math/mat.h"

/* bf16_from - Y[i] = X[i] rounded to the nearest bf16, ties to even (IEEE 754). A NaN stays a
 * NaN. */
void bf16_from(uint16_t *y, const real *x, size_t n);

/* bf16_round - the same, but the results are written as reals. Y may be X. */
void bf16_round(real *y, const real *x, size_t n);
#endif
