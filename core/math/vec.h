/* vec.h - what the kernels share: exp, erf and tanh that the compiler can vectorize, and sums in a
 * fixed order.
 *
 * The functions use only +, -, *, / and bit operations, and never a fused multiply-add. So vectors
 * of any width and scalars give the same bits, and results depend neither on the CPU and the
 * compiler nor on which elements of a row are left over for the scalar tail of a loop. For the same
 * reason, sums within a row always consist of LANES partial sums. */
#ifndef VEC_H
#define VEC_H

#include "core/base/clones.h"
#include "core/math/mat.h"

#include <math.h>
#include <string.h>

/* VEC_LOOP - the iterations are independent, even if the arrays are the same one (y[i] from x[i] in
 * place). */
#if defined(__clang__) && !defined(REAL_IS_DOUBLE)
#define VEC_LOOP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__) && !defined(__clang__)
#define VEC_LOOP _Pragma("GCC ivdep")
#else
#define VEC_LOOP
#endif

/* The number of elements that the kernels process at once, whatever the CPU has. */
enum { LANES = 16 };

/* f32_select chooses by bits: the compiler would turn ?: into a branch around its operands, and a
 * loop with a branch is not vectorized. */
static inline uint32_t f32_bits(float x)
{
    union {
        float f;
        uint32_t u;
    } v = { .f = x };
    return v.u;
}

static inline float f32_from(uint32_t u)
{
    union {
        uint32_t u;
        float f;
    } v = { .u = u };
    return v.f;
}

static inline float f32_select(int cond, float a, float b)
{
    uint32_t m = 0u - (uint32_t)cond;

    return f32_from((f32_bits(a) & m) | (f32_bits(b) & ~m));
}

/* exp for -87 <= x <= 88 with a relative error of 1e-7. x is split into k ln 2 + r: adding 1.5 *
 * 2^23 rounds, and leaves k in the low bits. The polynomial is that of Cephes' expf (S.
 * Moshier). */
static inline float f32_exp_core(float x)
{
    float z = x * 1.44269504f + 12582912.0f, k = z - 12582912.0f;
    float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.9875691500e-4f;

    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return p * f32_from((f32_bits(z) + 127u) << 23);
}

/* exp for every x: 0 below -87, infinite above 88, NaN for NaN. */
static inline float f32_exp(float x)
{
    float c = f32_select(x < -87.0f, -87.0f, f32_select(x > 88.0f, 88.0f, x));
    float e = f32_exp_core(c);

    return f32_select(x < -87.0f, 0.0f, f32_select(x > 88.0f, INFINITY, e));
}

/* The same for x <= 0 or NaN, as a softmax needs it. */
static inline float f32_exp_neg(float x)
{
    float e = f32_exp_core(f32_select(x < -87.0f, -87.0f, x));

    return f32_select(x < -87.0f, 0.0f, e);
}

/* erf with an absolute error of 1e-7, by N. Juffa's minimax approximation (public domain). */
static inline float f32_erf(float x)
{
    float a = fabsf(x), t = f32_select(a > 4.0f, 4.0f, a), s = t * t;
    float r = -1.72853470e-5f * t + 3.83197126e-4f, u = -3.88396438e-3f * t + 2.42546219e-2f;
    float q = -5.96761703e-4f;

    r = r * s + u;
    r = r * t - 1.06777877e-1f;
    r = r * t - 6.34846687e-1f;
    r = r * t - 1.28717512e-1f;
    r = r * t - t;
    q = q * s + 4.99119423e-3f;
    q = q * s - 2.67681349e-2f;
    q = q * s + 1.12819925e-1f;
    q = q * s - 3.76125336e-1f;
    q = q * s + 1.28379166e-1f;
    q = q * t + t;
    return copysignf(f32_select(t > 0.927734375f, 1.0f - f32_exp_core(r), q), x);
}

/* tanh with an absolute error of 1e-7: 1 - 2/(e^2|x| + 1), and Cephes' polynomial below 0.625. */
static inline float f32_tanh(float x)
{
    float a = fabsf(x), t = f32_select(a > 10.0f, 10.0f, a), s = t * t;
    float q = -5.70498872745e-3f;

    q = q * s + 2.06390887954e-2f;
    q = q * s - 5.37397155531e-2f;
    q = q * s + 1.33314422036e-1f;
    q = q * s - 3.33332819422e-1f;
    q = q * s * t + t;
    return copysignf(f32_select(t > 0.625f, 1.0f - 2.0f / (f32_exp_core(t + t) + 1.0f), q), x);
}

/* The build in double precision is made for accuracy, so it uses libm. vec_phi is the cumulative
 * distribution function of N(0,1). */
#ifdef REAL_IS_DOUBLE
#define vec_sqrt sqrt
#define vec_exp exp
#define vec_exp_neg exp
#define vec_tanh tanh
static inline real vec_phi(real x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}
#else
#define vec_sqrt sqrtf
#define vec_exp f32_exp
#define vec_exp_neg f32_exp_neg
#define vec_tanh f32_tanh
static inline real vec_phi(real x)
{
    return 0.5f * (1.0f + f32_erf(x * 0.70710678f));
}
#endif

/* The sum of LANES partial sums, in a fixed order. */
static inline double lanes_sum(double acc[LANES])
{
    for (int w = LANES / 2; w > 0; w /= 2)
        for (int l = 0; l < w; l++)
            acc[l] += acc[l + w];
    return acc[0];
}

/* LANES values as one vector. A comparison gives all ones or all zeros in each lane. */
typedef real vreal
    __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
#ifdef REAL_IS_DOUBLE
typedef int64_t vmask __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real))));
#else
typedef int32_t vmask __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real))));
#endif

/* Keep the larger value in each lane; a NaN in x is ignored. */
static inline void lanes_more(vreal *best, const real *x)
{
    vreal v = *(const vreal *)x;
    vmask more = (vmask)(v > *best);

    *best = (vreal)(((vmask)v & more) | ((vmask)*best & ~more));
}

/* The maximum, and the sum, of LANES values in a fixed order. */
static inline real lanes_fold_max(const real *m)
{
    real a[LANES / 2], b[LANES / 4];

    for (int l = 0; l < LANES / 2; l++)
        a[l] = m[l] > m[l + LANES / 2] ? m[l] : m[l + LANES / 2];
    for (int l = 0; l < LANES / 4; l++)
        b[l] = a[l] > a[l + LANES / 4] ? a[l] : a[l + LANES / 4];
    real even = b[0] > b[2] ? b[0] : b[2], odd = b[1] > b[3] ? b[1] : b[3];
    return even > odd ? even : odd;
}

static inline real lanes_fold_sum(const real *m)
{
    real a[LANES / 2], b[LANES / 4];

    for (int l = 0; l < LANES / 2; l++)
        a[l] = m[l] + m[l + LANES / 2];
    for (int l = 0; l < LANES / 4; l++)
        b[l] = a[l] + a[l + LANES / 4];
    return (b[0] + b[2]) + (b[1] + b[3]);
}
#endif
