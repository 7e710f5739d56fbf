/* bf16.c - rounding to bf16, with integer operations. The instruction that some CPUs have would
 * turn denormal numbers into 0, and results must not depend on the CPU. */
#include "core/math/bf16.h"
#include "core/math/vec.h"

static inline uint32_t bf16_bits(real x)
{
    uint32_t u = f32_bits((float)x), nan = (u & 0x7FFFFFFFu) > 0x7F800000u;

    return nan ? u >> 16 | 0x40u : (u + 0x7FFFu + (u >> 16 & 1u)) >> 16;
}

VEC_CLONES static void from_row(uint16_t *y, const real *x, size_t n)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = (uint16_t)bf16_bits(x[i]);
}

VEC_CLONES static void round_row(real *y, const real *x, size_t n)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = (real)f32_from(bf16_bits(x[i]) << 16);
}

void bf16_from(uint16_t *y, const real *x, size_t n)
{
    from_row(y, x, n);
}

void bf16_round(real *y, const real *x, size_t n)
{
    round_row(y, x, n);
}
