/* test_rng.c - Philox against Random123's known answers, distributions, and dropout masks. */
#include "core/base/rng.h"
#include "tests/kit/suite.h"

#include <Random123/philox.h>
#include <math.h>
#include <string.h>

/* "philox4x32 10" of Random123's tests/kat_vectors: counter, key, result. */
static const struct {
    uint32_t ctr[4], key[2], want[4];
} kat[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

START_TEST(philox_known_answers)
{
    philox4x32_ctr_t c;
    philox4x32_key_t k;

    memcpy(c.v, kat[_i].ctr, sizeof c.v);
    memcpy(k.v, kat[_i].key, sizeof k.v);
    c = philox4x32(c, k);
    ck_assert_mem_eq(c.v, kat[_i].want, sizeof c.v);
}
END_TEST

/* Block INDEX of (seed, stream, sub) is Philox with the counter (index, sub, stream) and the seed
 * as its key. */
START_TEST(numbers_are_philox_blocks)
{
    const uint64_t index = 0x12fffffffd; /* the next blocks carry into the upper half */
    const uint64_t seed = 0xfedcba9876543210;
    philox4x32_ctr_t c = { { 0xfffffffd, 0x12, 77, RNG_DROPOUT } };
    philox4x32_key_t k = { { 0x76543210, 0xfedcba98 } };
    struct rng s = rng_make(seed, RNG_DROPOUT, 77);
    unsigned char keep[8 * 37];

    c = philox4x32(c, k);
    s.at = 4 * index;
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(rng_u32(&s), c.v[i]);
    rng_keep(keep, sizeof keep, 0.25, seed, 77, 8 * index);
    for (int i = 0; i < (int)sizeof keep; i++) {
        if (i % 8 == 0 && i > 0) {
            c = (philox4x32_ctr_t){ { 0xfffffffd + (uint32_t)i / 8, 0x12, 77, RNG_DROPOUT } };
            c.v[1] += c.v[0] < 0xfffffffd;
            c = philox4x32(c, k);
        }
        ck_assert_uint_eq(keep[i], (c.v[i / 2 % 4] >> 16 * (i % 2) & 0xFFFF) >= 16384);
    }
}
END_TEST

START_TEST(same_numbers_in_any_grouping)
{
    struct rng a = rng_make(7, RNG_INIT, 3), b = rng_make(7, RNG_INIT, 3);
    double u[16];

    for (int i = 0; i < 16; i++)
        u[i] = rng_uniform(&a);
    for (int i = 15; i >= 0; i--) {
        b.at = (uint64_t)i * 2;
        ck_assert_double_eq(rng_uniform(&b), u[i]);
    }
    b.at = 3; /* rng_uniform takes its two numbers from two blocks */
    rng_uniform(&b);
    uint32_t after = rng_u32(&b);
    b.at = 5;
    ck_assert_uint_eq(rng_u32(&b), after);
}
END_TEST

START_TEST(streams_subs_and_seeds_differ)
{
    struct rng r[4] = { rng_make(1, RNG_ORDER, 0), rng_make(1, RNG_INIT, 0),
                        rng_make(1, RNG_ORDER, 1), rng_make(2, RNG_ORDER, 0) };
    uint32_t x[4];

    for (int i = 0; i < 4; i++)
        x[i] = rng_u32(&r[i]);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(x[i], x[j]);
}
END_TEST

/* By how many standard deviations chi^2 of K cells differs from its mean K-1; its variance is
 * 2(K-1). Tests allow 6, with fixed seeds. */
static double excess(const int *count, int k, int n)
{
    double chi2 = 0, want = (double)n / k;

    for (int i = 0; i < k; i++)
        chi2 += (count[i] - want) * (count[i] - want) / want;
    return fabs(chi2 - (k - 1)) / sqrt(2.0 * (k - 1));
}

START_TEST(uniform_and_below_fill_cells_evenly)
{
    enum { K = 97, N = 97 * 1000 };
    int u[K] = { 0 }, b[K] = { 0 };
    struct rng r = rng_make((uint64_t)_i, RNG_ORDER, 0);

    for (int i = 0; i < N; i++) {
        double x = rng_uniform(&r);
        ck_assert(x >= 0 && x < 1);
        u[(int)(x * K)]++;
        uint32_t y = rng_below(&r, K);
        ck_assert_uint_lt(y, K);
        b[y]++;
    }
    ck_assert_double_le(excess(u, K, N), 6);
    ck_assert_double_le(excess(b, K, N), 6);
}
END_TEST

START_TEST(below_is_unbiased_for_large_n)
{
    enum { N = 30000 };
    const uint32_t n = 3u << 30; /* without rejection every third number would be more likely */
    int count[3] = { 0 };
    struct rng r = rng_make(5, RNG_SUBSET, 0);

    for (int i = 0; i < N; i++)
        count[rng_below(&r, n) % 3]++;
    ck_assert_double_le(excess(count, 3, N), 6);
    ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

START_TEST(normal_has_the_moments)
{
    enum { N = 100000 };
    double m = 0, v = 0, k = 0;
    struct rng r = rng_make(11, RNG_INIT, 0);

    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r);
        m += x / N;
        v += x * x / N;
        k += x * x * x * x / N;
    }
    ck_assert_double_le(fabs(m), 0.02);     /* 6 standard deviations of 1/sqrt(N) */
    ck_assert_double_le(fabs(v - 1), 0.03); /* of sqrt(2/N) */
    ck_assert_double_le(fabs(k - 3), 0.2);  /* of sqrt(96/N) */
}
END_TEST

START_TEST(shuffle_is_a_permutation_and_fair)
{
    enum { N = 5, ROUNDS = 10000 };
    int first[N] = { 0 };
    struct rng r = rng_make(3, RNG_ORDER, 0);

    for (int k = 0; k < ROUNDS; k++) {
        int x[N] = { 0, 1, 2, 3, 4 }, seen = 0;
        rng_shuffle(&r, x, N);
        for (int i = 0; i < N; i++)
            seen |= 1 << x[i];
        ck_assert_int_eq(seen, 31);
        first[x[0]]++;
    }
    ck_assert_double_le(excess(first, N, ROUNDS), 6);
    rng_shuffle(&r, NULL, 0);
}
END_TEST

START_TEST(keep_does_not_depend_on_the_split)
{
    enum { N = 1003 };
    unsigned char whole[N], parts[N], other[N];

    rng_keep(whole, N, 0.1, 42, 9, 64);
    for (int i = 0; i < N; i += 40)
        rng_keep(parts + i, (size_t)(N - i < 40 ? N - i : 40), 0.1, 42, 9, 64 + (uint64_t)i);
    ck_assert_mem_eq(whole, parts, N);
    rng_keep(other, N, 0.1, 42, 10, 64);
    ck_assert_int_ne(memcmp(whole, other, N), 0);
    rng_keep(other, N, 0.1, 43, 9, 64);
    ck_assert_int_ne(memcmp(whole, other, N), 0);
}
END_TEST

START_TEST(keep_has_the_rate)
{
    static const double rates[] = { 0, 0.05, 0.1, 0.5, 0.9, 1 };
    enum { N = 200000 };
    static unsigned char keep[N];
    double p = rates[_i];
    int kept = 0;

    rng_keep(keep, N, p, 1, 2, 0);
    for (int i = 0; i < N; i++) {
        ck_assert_uint_le(keep[i], 1);
        kept += keep[i];
    }
    ck_assert_double_le(fabs(kept - N * (1 - p)), 6 * sqrt(N * p * (1 - p)) + N * 0x1p-17);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, philox_known_answers, 0, 3);
    tcase_add_test(tc, numbers_are_philox_blocks);
    tcase_add_test(tc, same_numbers_in_any_grouping);
    tcase_add_test(tc, streams_subs_and_seeds_differ);
    tcase_add_loop_test(tc, uniform_and_below_fill_cells_evenly, 0, 3);
    tcase_add_test(tc, below_is_unbiased_for_large_n);
    tcase_add_test(tc, normal_has_the_moments);
    tcase_add_test(tc, shuffle_is_a_permutation_and_fair);
    tcase_add_test(tc, keep_does_not_depend_on_the_split);
    tcase_add_loop_test(tc, keep_has_the_rate, 0, 6);
}

const struct suite suite_rng = { "rng", fill };
