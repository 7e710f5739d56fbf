/* rng.c - counter-based random numbers. */
#include "core/base/rng.h"
#include "core/base/base.h"
#include "core/base/clones.h"

#include <Random123/philox.h>
#include <endian.h>
#include <math.h>
#include <string.h>

/* A block of four numbers. Its counter is (index, sub, stream) and its key is the seed. */
static philox4x32_ctr_t rng_block(uint64_t seed, uint32_t stream, uint32_t sub, uint64_t index)
{
    philox4x32_ctr_t c = { { (uint32_t)index, (uint32_t)(index >> 32), sub, stream } };
    philox4x32_key_t k = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };

    return philox4x32(c, k);
}

struct rng rng_make(uint64_t seed, enum rng_stream stream, uint32_t sub)
{
    return (struct rng){ .seed = seed, .stream = stream, .sub = sub };
}

/* The next N <= 4 numbers, which lie in one block or in two. */
static void rng_take(struct rng *r, uint32_t *x, int n)
{
    philox4x32_ctr_t b = rng_block(r->seed, r->stream, r->sub, r->at / 4);

    for (int i = 0; i < n; i++) {
        if (i > 0 && r->at % 4 == 0)
            b = rng_block(r->seed, r->stream, r->sub, r->at / 4);
        x[i] = b.v[r->at++ % 4];
    }
}

/* A multiple of 2^-53 in [0,1). */
static double unit(uint32_t hi, uint32_t lo)
{
    return (double)(((uint64_t)hi << 32 | lo) >> 11) * 0x1p-53;
}

uint32_t rng_u32(struct rng *r)
{
    uint32_t x;

    rng_take(r, &x, 1);
    return x;
}

double rng_uniform(struct rng *r)
{
    uint32_t x[2];

    rng_take(r, x, 2);
    return unit(x[0], x[1]);
}

double rng_normal(struct rng *r)
{
    uint32_t x[4];

    rng_take(r, x, 4);
    double u = 1 - unit(x[0], x[1]); /* (0,1]: the logarithm is finite */
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * unit(x[2], x[3]));
}

/* Lemire 2019: the high word of a product. A few low words are rejected, because they would make
 * some results more likely than others. */
uint32_t rng_below(struct rng *r, uint32_t n)
{
    CHECK(n > 0, "a number below %u", n);
    uint32_t rejected = -n % n;
    uint64_t m = (uint64_t)rng_u32(r) * n;

    while ((uint32_t)m < rejected)
        m = (uint64_t)rng_u32(r) * n;
    return (uint32_t)(m >> 32);
}

void rng_shuffle(struct rng *r, int *x, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(r, (uint32_t)i + 1);
        int t = x[i];
        x[i] = x[j];
        x[j] = t;
    }
}

/* Two bytes of the mask from the two halves of a number; the lower half comes first in memory. */
static inline uint64_t keep_pair(uint32_t x, uint32_t dropped)
{
    uint64_t low = (x & 0xFFFF) >= dropped, high = (x >> 16) >= dropped;

    return low | high << 8;
}

/* The masks of KEEP_BLOCKS blocks from INDEX on, eight bytes each. Every layer of a step needs
 * millions of them, so this is Philox (as in rng_block) on many blocks at once, in loops that the
 * compiler vectorizes. */
enum { KEEP_BLOCKS = 16 };
VEC_CLONES static void keep_blocks(uint64_t keep[KEEP_BLOCKS], uint64_t seed, uint32_t sub,
                                   uint64_t index, uint32_t dropped)
{
    uint32_t c0[KEEP_BLOCKS], c1[KEEP_BLOCKS], c2[KEEP_BLOCKS], c3[KEEP_BLOCKS];
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

    for (int i = 0; i < KEEP_BLOCKS; i++) {
        uint64_t at = index + (uint64_t)i;
        c0[i] = (uint32_t)at;
        c1[i] = (uint32_t)(at >> 32);
        c2[i] = sub;
        c3[i] = RNG_DROPOUT;
    }
    for (int round = 0; round < PHILOX4x32_DEFAULT_ROUNDS; round++) {
        for (int i = 0; i < KEEP_BLOCKS; i++) {
            uint64_t p = (uint64_t)PHILOX_M4x32_0 * c0[i], q = (uint64_t)PHILOX_M4x32_1 * c2[i];
            c0[i] = (uint32_t)(q >> 32) ^ c1[i] ^ k0;
            c1[i] = (uint32_t)q;
            c2[i] = (uint32_t)(p >> 32) ^ c3[i] ^ k1;
            c3[i] = (uint32_t)p;
        }
        k0 += PHILOX_W32_0;
        k1 += PHILOX_W32_1;
    }
    for (int i = 0; i < KEEP_BLOCKS; i++)
        keep[i] = keep_pair(c0[i], dropped) | keep_pair(c1[i], dropped) << 16 |
                  keep_pair(c2[i], dropped) << 32 | keep_pair(c3[i], dropped) << 48;
}

void rng_keep(unsigned char *keep, size_t n, double p, uint64_t seed, uint32_t sub, uint64_t first)
{
    CHECK(first % 8 == 0 && p >= 0 && p <= 1, "first %llu, p %g", (unsigned long long)first, p);
    uint32_t dropped = (uint32_t)lround(p * 65536); /* how many of 65536 values give 0 */
    uint64_t some[KEEP_BLOCKS];

    for (size_t i = 0; i < n; i += sizeof some) {
        keep_blocks(some, seed, sub, (first + i) / 8, dropped);
        for (size_t k = 0; k < KEEP_BLOCKS; k++)
            some[k] = htole64(some[k]);
        memcpy(keep + i, some, n - i < sizeof some ? n - i : sizeof some);
    }
}
