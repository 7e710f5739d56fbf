/* bf16.h - the upper half of a float: eight bits of exponent, eight of precision. Layer 1.
 *
 * Products of frozen weights may take their inputs in this form (packed.h); nothing is ever summed
 * or kept in it. */
#ifndef BF16_H
#define BF16_H

#include "core/math/mat.h"

/* bf16_from - Y[i] = X[i] rounded to the nearest, ties to even (IEEE 754); a NaN stays one. */
void bf16_from(uint16_t *y, const real *x, size_t n);

/* bf16_round - the same, as numbers again: y[i] is what bf16 keeps of x[i]. y may be x. */
void bf16_round(real *y, const real *x, size_t n);
#endif
