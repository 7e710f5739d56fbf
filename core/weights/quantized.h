/* quantized.h - a frozen matrix in blocks of few bits, which products decode panel by panel (QLoRA,
 * Dettmers et al. 2023). Layer 2.
 *
 * Each row is cut into blocks; the last one of a row may be shorter. Of the values x of a block,
 * and in single precision in every build, with y what products read:
 *
 *   q8_0  32 values, 8.5 bits each: d = max|x| / 127, q = round(x / d), y = d q
 *   q4_1  32 values, 5 bits each: m = min x, d = (max x - m) / 15, q = floor((x - m) / d + 1/2),
 *         y = d q + m; d and m are stored in binary16, as ggml has both types (core/format/quant.h)
 *   nf4   64 values, 4.1 bits each: a = max|x|, q = the nearest of the 16 levels of NF4 (Dettmers
 *         et al. 2023, appendix E) to x / a, y = level[q] a', where a' is a after the second
 *         quantization: with the mean u of the a of the matrix and the largest |a - u|, b, of 256
 *         blocks in a row, a' = u + b c, and c is the nearest to (a - u) / b of the 256 values of
 *         bitsandbytes' dynamic data type. Where the columns are a multiple of 64, codes are those
 *         of bitsandbytes, and values but for the last bit; its blocks run on into the next row. */
#ifndef QUANTIZED_H
#define QUANTIZED_H

#include "core/math/packed.h"
#include "core/weights/param.h"

struct quantized;

/* quantized_new - the parameter P in blocks of KIND (precision_is_blocks). The blocks of a GGUF
 * file of this type are taken as they are, everything else is quantized. Errors: NULL after
 * FAIL_MEMORY; FAIL_INPUT for values that binary16 cannot scale. quantized_free - NULL: nothing. */
struct quantized *quantized_new(const struct param *p, enum precision kind);
void quantized_free(void *blocks);

/* quantized_source - B as what packed_from_sources multiplies with; it then belongs to that weight.
 * */
struct packed_source quantized_source(struct quantized *b);

/* quantized_size - the bytes of a matrix [rows, cols] in blocks. */
size_t quantized_size(int rows, int cols, enum precision kind);

/* quantized_param_read - copy the values of P as products with PRECISION see them to X [rows,
 * cols]: those of the blocks, otherwise param_read. Errors: as quantized_new. */
int quantized_param_read(real *x, const struct param *p, enum precision precision);
#endif
