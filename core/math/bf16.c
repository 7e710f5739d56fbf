/* bf16.c - rounding to bf16. By integers, not by the CPU's own instruction: that one makes small
 * numbers zero, and the bits shall not depend on the CPU. */
#include "core/math/bf16.h"
#include "core/math/vec.h"

static inline uint32_t upper(real x)
{
    uint32_t u = f32_bits((float)x), nan = (u & 0x7FFFFFFFu) > 0x7F800000u;

    return nan ? u >> 16 | 0x40u : (u + 0x7FFFu + (u >> 16 & 1u)) >> 16;
}

VEC_CLONES static void from(uint16_t *y, const real *x, size_t n)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = (uint16_t)upper(x[i]);
}

VEC_CLONES static void keep(real *y, const real *x, size_t n)
{
    VEC_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = (real)f32_from(upper(x[i]) << 16);
}

void bf16_from(uint16_t *y, const real *x, size_t n)
{
    from(y, x, n);
}

void bf16_round(real *y, const real *x, size_t n)
{
    keep(y, x, n);
}
