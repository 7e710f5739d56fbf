/* quant.c - decoding blocks of quantized values. Every loop over a block has a fixed length and no
 * branches, so that the compiler turns it into vector code. */
#include "core/format/quant.h"

#include "core/base/clones.h"

#include <string.h>

enum { HALF = QUANT_BLOCK / 2 };

bool quant_is(enum st_dtype d)
{
    return d >= ST_Q4_0;
}

static unsigned two_bytes(const unsigned char *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t four_bytes(const unsigned char *p)
{
    return two_bytes(p) | (uint32_t)two_bytes(p + 2) << 16;
}

/* 1 sign, 5 exponent, 10 fraction bits. The fraction of a subnormal value is converted as a number,
 * so that the result does not depend on what the processor does with subnormal floats. */
float quant_half(unsigned bits)
{
    uint32_t rest = bits & 0x7fff, sign = (uint32_t)(bits & 0x8000) << 16, u;
    float small = (float)(bits & 0x3ff) * 0x1p-24f, x;

    memcpy(&u, &small, sizeof u);
    u = rest < 0x400 ? u : (rest << 13) + (rest < 0x7c00 ? 112u << 23 : 224u << 23);
    u |= sign;
    memcpy(&x, &u, sizeof x);
    return x;
}

unsigned quant_to_half(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    unsigned sign = u >> 16 & 0x8000;
    u &= 0x7fffffff;
    if (u >= 0x47800000) /* 2^16, infinity, NaN */
        return sign | (u > 0x7f800000 ? 0x7e00 : 0x7c00);
    if (u >= 0x38800000) /* 2^-14: the exponent's bias changes by 112 */
        return sign | ((u + 0xfff + (u >> 13 & 1) - (112u << 23)) >> 13);
    float small; /* a sum whose last bit is 2^-24 rounds as a subnormal binary16 does */
    memcpy(&small, &u, sizeof small);
    small += 0.5f;
    memcpy(&u, &small, sizeof u);
    return sign | (u - 0x3f000000);
}

static void read_q8_0(float *x, const unsigned char *p)
{
    float d = quant_half(two_bytes(p));
    const signed char *q = (const signed char *)p + 2;

    for (int k = 0; k < QUANT_BLOCK; k++)
        x[k] = d * (float)q[k];
}

/* Y = D (q - MINUS) + M of 4 bits. Without M, -0 is added, which changes no value. */
static void read_nibbles(float *x, float d, int minus, float m, const unsigned char *q)
{
    for (int j = 0; j < HALF; j++) {
        x[j] = d * (float)((q[j] & 15) - minus) + m;
        x[j + HALF] = d * (float)((q[j] >> 4) - minus) + m;
    }
}

/* The same of 5 bits, of which the highest are in H. */
static void read_fives(float *x, float d, int minus, float m, uint32_t h, const unsigned char *q)
{
    for (int j = 0; j < HALF; j++) {
        x[j] = d * (float)((int)((q[j] & 15u) | (h >> j << 4 & 16u)) - minus) + m;
        x[j + HALF] = d * (float)((int)((q[j] >> 4) | (h >> (j + 12) & 16u)) - minus) + m;
    }
}

VEC_CLONES
void quant_read(float *x, enum st_dtype d, const unsigned char *from, size_t count)
{
    size_t step = st_dtype_bytes(d);

    CHECK(quant_is(d) && count % QUANT_BLOCK == 0, "%d %zu", (int)d, count);
    for (const unsigned char *p = from; count > 0; count -= QUANT_BLOCK, p += step) {
        float scale = quant_half(two_bytes(p));
        switch (d) {
        case ST_Q8_0: read_q8_0(x, p); break;
        case ST_Q4_0: read_nibbles(x, scale, 8, -0.0f, p + 2); break;
        case ST_Q4_1: read_nibbles(x, scale, 0, quant_half(two_bytes(p + 2)), p + 4); break;
        case ST_Q5_0: read_fives(x, scale, 16, -0.0f, four_bytes(p + 2), p + 6); break;
        default:
            read_fives(x, scale, 0, quant_half(two_bytes(p + 2)), four_bytes(p + 4), p + 8);
            break;
        }
        x += QUANT_BLOCK;
    }
}
