/* quant.h - the values of floating-point types that a file holds in blocks with common scales.
 *
 * The types and layouts are those of ggml (ggml-common.h: block_q4_0 ... block_q8_0; the equations
 * are dequantize_row_* in ggml-quants.c). A block has 32 values y[0] ... y[31] of one row. All
 * fields are little-endian; d and m are binary16; with j = 0 ... 15:
 *
 *   Q8_0, 34 bytes: d, q[32] of int8                 y[k] = d q[k]
 *   Q4_0, 18 bytes: d, q[16]                         y[j] = d (lo(q[j]) - 8)
 *   Q4_1, 20 bytes: d, m, q[16]                      y[j] = d lo(q[j]) + m
 *   Q5_0, 22 bytes: d, h of 32 bits, q[16]           y[j] = d (lo(q[j]) + 16 h_j - 16)
 *   Q5_1, 24 bytes: d, m, h of 32 bits, q[16]        y[j] = d (lo(q[j]) + 16 h_j) + m
 *
 * lo is the lower half of a byte. y[j + 16] is the same with its upper half and bit j + 16 of h. A
 * value is computed in single precision in every build. */
#ifndef QUANT_H
#define QUANT_H

#include "core/format/tensor.h"

enum { QUANT_BLOCK = 32 };

/* quant_is - is D a type of blocks? quant_read - decode COUNT values, a multiple of QUANT_BLOCK, of
 * such a type from the bytes FROM, at any alignment, to X. */
bool quant_is(enum st_dtype d);
void quant_read(float *x, enum st_dtype d, const unsigned char *from, size_t count);

/* quant_half - the value of the bits of one binary16. quant_to_half - the bits of the binary16 that
 * is nearest to X, of two the even one; infinity for values that are too large. */
float quant_half(unsigned bits);
unsigned quant_to_half(float x);
#endif
