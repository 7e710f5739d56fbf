/* test_dispatch.c - the same bits on every CPU: checksums of what our own kernels compute.
 *
 * The program contains each kernel for several instruction sets (core/base/clones.h) and chooses
 * one when it is loaded. vec.h promises that all of them give the same bits, with both compilers
 * and on every kind of CPU. No machine can run them all, so each compares its results with the
 * checksums below. Builds with sanitizers contain only the baseline, so "make check" and "make
 * SAN=1 check" together compare two variants. After a kernel was changed on purpose,
 * LOWRANK_PRINT_SUMS=1 CK_FORK=no tests.x dispatch prints the rows of the table.
 *
 * Some things may differ and are left out: products (OpenBLAS and oneDNN choose kernels that add in
 * different orders; here the factors are unit matrices, whose products are exact in every order),
 * everything that uses log, cos or pow of the C library (the loss itself, normal random numbers,
 * the coefficients of AdamW), NaNs that an operation creates (their bits depend on the CPU), and
 * double precision, which uses libm. */
#include "core/base/rng.h"
#include "core/math/bf16.h"
#include "core/math/ops.h"
#include "core/math/logit_row.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MOST = 400, ROWS = 3, LONGEST = 100 };

/* Full vectors, vectors with a tail, and less than a vector. */
static const int lengths[] = { 1, 5, 15, 16, 17, 31, 33, 48, 100, 128, 257, 384, MOST };

struct sums {
    XXH3_state_t *state;
    struct rng rng;
    real x[ROWS * MOST], a[ROWS * MOST], b[ROWS * MOST], c[ROWS * MOST], d[ROWS * MOST];
    unsigned char keep[ROWS * MOST];
};

static void sum_up(struct sums *s, const void *x, size_t bytes)
{
    XXH3_64bits_update(s->state, x, bytes);
}

/* The sign of a zero depends on where the sum of zeros began. */
static void sum_unsigned_zeros(struct sums *s, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        real v = x[i] == 0 ? 0 : x[i];
        sum_up(s, &v, sizeof v);
    }
}

/* Numbers from -WIDE to WIDE that a float holds exactly; WIDE is a power of two. */
static void fill_with(struct sums *s, real *x, size_t n, real wide)
{
    for (size_t i = 0; i < n; i++)
        x[i] = ((real)(rng_u32(&s->rng) >> 8) * (real)0x1p-23 - 1) * wide;
}

/* The same, and among them numbers at which functions change from one formula to another. */
static void fill_hard(struct sums *s, real *x, size_t n)
{
    static const real hard[] = { 0,    -0.0f, 1e-40f, -1e-40f, 0.625f, 0.927734375f, 88, -87,
                                 -100, 100,   1e-20f, 4,       -4,     10,           1,  -1 };

    fill_with(s, x, n, 16);
    for (size_t i = 3; i < n; i += 7)
        x[i] = hard[i / 7 % ARRAY_LEN(hard)];
}

static struct mat rows(real *x, int n)
{
    return mat_make(x, ROWS, n);
}

static void activation(struct sums *s, int n, enum act f)
{
    size_t count = (size_t)(ROWS * n), bytes = count * sizeof(real);

    fill_hard(s, s->x, count);
    act_fwd(rows(s->a, n), mat_make(NULL, 0, 0), rows(s->x, n), f);
    sum_up(s, s->a, bytes);
    act_fwd(rows(s->a, n), rows(s->b, n), rows(s->x, n), f);
    sum_up(s, s->a, bytes);
    sum_up(s, s->b, bytes);
    act_bwd(rows(s->a, n), rows(s->x, n), rows(s->b, n));
    sum_up(s, s->a, bytes);
}

static void gelu(struct sums *s, int n)
{
    activation(s, n, ACT_GELU);
}

static void gelu_tanh(struct sums *s, int n)
{
    activation(s, n, ACT_GELU_TANH);
}

static void relu(struct sums *s, int n)
{
    activation(s, n, ACT_RELU);
}

static void silu(struct sums *s, int n)
{
    activation(s, n, ACT_SILU);
}

static void tanh_both(struct sums *s, int n)
{
    activation(s, n, ACT_TANH);
    tanh_bwd(rows(s->a, n), rows(s->x, n), rows(s->b, n));
    sum_up(s, s->a, (size_t)(ROWS * n) * sizeof(real));
}

static void layernorm(struct sums *s, int n)
{
    size_t bytes = (size_t)(ROWS * n) * sizeof(real);
    real rstd[ROWS], dg[MOST] = { 0 }, db[MOST] = { 0 };

    fill_with(s, s->x, ROWS * MOST, 4);
    fill_with(s, s->a, MOST, 1);
    fill_with(s, s->b, MOST, 1);
    layernorm_fwd(rows(s->c, n), rows(s->d, n), rstd, rows(s->x, n), s->a, s->b, 1e-12);
    sum_up(s, s->c, bytes);
    sum_up(s, s->d, bytes);
    sum_up(s, rstd, sizeof rstd);
    layernorm_fwd(rows(s->c, n), mat_make(NULL, 0, 0), NULL, rows(s->x, n), s->a, s->b, 1e-5);
    sum_up(s, s->c, bytes);
    layernorm_bwd(rows(s->c, n), dg, db, rows(s->x, n), rows(s->d, n), rstd, s->a);
    sum_up(s, s->c, bytes);
    sum_up(s, dg, sizeof dg);
    sum_up(s, db, sizeof db);
}

static void adamw(struct sums *s, int n)
{
    const struct adamw_coef c = { 0.9995f, 0.1f, 0.999f, 0.001f, 0.25f, 1e-8f, 0.01f };
    size_t count = (size_t)n, bytes = count * sizeof(real);

    fill_with(s, s->x, count, 1);
    fill_hard(s, s->a, count);
    memset(s->b, 0, bytes);
    memset(s->c, 0, bytes);
    for (int t = 0; t < 4; t++)
        adamw_update(s->x, s->b, s->c, t == 2 ? NULL : s->a, count, &c);
    adamw_decay(s->x, count, &c);
    sum_up(s, s->x, bytes);
    sum_up(s, s->b, bytes);
    sum_up(s, s->c, bytes);
}

static void dropout_masks(struct sums *s, int n)
{
    size_t count = (size_t)(ROWS * n);
    uint32_t first = rng_u32(&s->rng);

    rng_keep(s->keep, count, 0.1, 42, 7, (uint64_t)first * 8);
    sum_up(s, s->keep, count);
    fill_hard(s, s->x, count);
    dropout(rows(s->a, n), rows(s->x, n), s->keep, 0.1);
    sum_up(s, s->a, count * sizeof(real));
}

/* Infinities, NaNs, ties, overflow, and denormal numbers. */
static void bf16(struct sums *s, int n)
{
    static const uint32_t odd[] = { 0x7F800000, 0xFF800000, 0x7FC00001, 0xFF800001, 0x3F808000,
                                    0x3F818000, 0x7F7FFFFF, 0x00008000, 0x80000001 };
    uint16_t half[MOST];

    fill_hard(s, s->x, (size_t)n);
    for (int i = 0; i < n; i += 3)
        memcpy(&s->x[i], &odd[(size_t)i / 3 % ARRAY_LEN(odd)], sizeof odd[0]);
    bf16_from(half, s->x, (size_t)n);
    sum_up(s, half, (size_t)n * sizeof half[0]);
    bf16_round(s->a, s->x, (size_t)n);
    sum_up(s, s->a, (size_t)n * sizeof(real));
}

static void losses(struct sums *s, int n)
{
    const int labels[ROWS] = { 0, n - 1, -1 };

    fill_hard(s, s->x, (size_t)(ROWS * n));
    (void)xent(rows(s->a, n), rows(s->x, n), labels, 0.25);
    sum_up(s, s->a, (size_t)(ROWS * n) * sizeof(real));
    real max = row_max(s->x, n);
    double sum = row_exp_sum(NULL, s->x, n, max);
    sum_up(s, &max, sizeof max);
    sum_up(s, &sum, sizeof sum);
    sum = mse(rows(s->a, n), rows(s->x, n), s->x, 0.25);
    sum_up(s, &sum, sizeof sum);
    sum_up(s, s->a, (size_t)(ROWS * n) * sizeof(real));
}

static void vectors(struct sums *s, int n)
{
    real sum[MOST] = { 0 };

    fill_with(s, s->x, ROWS * MOST, 4);
    fill_with(s, s->a, ROWS * MOST, 1);
    double dot = vec_dot(s->x, s->a, (size_t)(ROWS * n));
    sum_up(s, &dot, sizeof dot);
    dot = vec_norm(s->x, (size_t)n);
    sum_up(s, &dot, sizeof dot);
    mat_add(rows(s->a, n), 0.3f, rows(s->x, n));
    mat_add_row(rows(s->a, n), s->x);
    sum_up(s, s->a, (size_t)(ROWS * n) * sizeof(real));
    mat_sum_rows(sum, rows(s->a, n));
    sum_up(s, sum, sizeof sum);
}

static void pooling(struct sums *s, int n)
{
    const int off[] = { 0, 1, ROWS };

    fill_with(s, s->x, (size_t)(ROWS * n), 4);
    pool_fwd(mat_make(s->a, 2, n), rows(s->x, n), off, POOL_MEAN);
    sum_up(s, s->a, (size_t)(2 * n) * sizeof(real));
    pool_bwd(rows(s->b, n), mat_make(s->a, 2, n), off, POOL_MEAN);
    sum_up(s, s->b, (size_t)(ROWS * n) * sizeof(real));
}

static void unit_matrix(struct mat m)
{
    mat_zero(m);
    for (int i = 0; i < m.rows; i++)
        mat_row(m, i)[i] = 1;
}

/* One head that is as wide as its sequence is long, so that all products are exact. Q and K are
 * diagonal, and V is the unit matrix, so dropout(P) V is dropout(P) and dO V^T is dO. Before
 * backward Q and K become unit matrices, so dq is dS and dk is its transpose. */
static void attention(struct sums *s, int n, bool causal, bool drop)
{
    const int off[] = { 0, n };
    size_t size = (size_t)n * (size_t)n;
    struct attn_shape a = { .off = off,
                            .n_seq = 1,
                            .n_heads = 1,
                            .n_kv_heads = 1,
                            .d_head = n,
                            .scale = 1,
                            .causal = causal,
                            .p_drop = drop ? 0.1 : 0 };
    real *mem = xalloc(11 * size, sizeof *mem), *probs = mem + 7 * size, *scratch = mem + 8 * size;
    struct mat m[7];
    unsigned char *keep = xalloc(size, 1);

    for (size_t i = 0; i < ARRAY_LEN(m); i++)
        m[i] = mat_make(mem + i * size, n, n);
    struct mat q = m[0], k = m[1], v = m[2], o = m[3], dq = m[4], dk = m[5], dv = m[6];
    for (int i = 0; i < n; i++) {
        fill_with(s, mat_row(q, i), 1, 4);
        fill_with(s, mat_row(k, i), 1, 4);
    }
    unit_matrix(v);
    rng_keep(keep, size, 0.1, 3, 5, 0);
    attn_fwd(&a, o, probs, drop ? keep : NULL, q, k, v);
    sum_unsigned_zeros(s, probs, size);
    sum_unsigned_zeros(s, o.x, size);
    fill_with(s, o.x, size, 1);
    unit_matrix(q);
    unit_matrix(k);
    attn_bwd(&a, dq, dk, dv, o, probs, drop ? keep : NULL, q, k, v, scratch);
    sum_unsigned_zeros(s, dq.x, size);
    sum_unsigned_zeros(s, dk.x, size);
    free(keep);
    free(mem);
}

static void attention_all(struct sums *s, int n)
{
    for (int how = 0; how < 4 && n <= LONGEST; how++)
        attention(s, n, how & 1, how & 2);
}

static const struct kernel {
    const char *name;
    void (*run)(struct sums *s, int n);
    uint64_t sum;
} kernels[] = {
    { "gelu", gelu, 0x7eaf19ea63066fb3 },
    { "gelu_tanh", gelu_tanh, 0xd7dd458438ceb4a1 },
    { "relu", relu, 0x29ffa34ef18b62a7 },
    { "silu", silu, 0x369a4d43520aa2fe },
    { "tanh_both", tanh_both, 0x12428594902dd60b },
    { "layernorm", layernorm, 0xa844a680dfef162d },
    { "adamw", adamw, 0x63b106015f07be48 },
    { "dropout_masks", dropout_masks, 0x738d60fe32c22b4d },
    { "bf16", bf16, 0x183a8664a660893a },
    { "losses", losses, 0x17d6cba3482e2703 },
    { "vectors", vectors, 0xd239584c7f5c321c },
    { "pooling", pooling, 0x14fc86873f654604 },
    { "attention_all", attention_all, 0x72b3b1b53509fdb3 },
};

START_TEST(kernels_give_the_same_bits_everywhere)
{
    const struct kernel *k = &kernels[_i];

    if (sizeof(real) != sizeof(float)) {
        skip("checksums of kernels: for single precision only");
        return;
    }
    struct sums *s = xalloc(1, sizeof *s);
    s->state = XXH3_createState();
    ck_assert(s->state && XXH3_64bits_reset(s->state) == XXH_OK);
    s->rng = rng_make(1, RNG_STUDY, (uint32_t)_i);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        k->run(s, lengths[i]);
    unsigned long long sum = XXH3_64bits_digest(s->state);
    XXH3_freeState(s->state);
    free(s);
    if (getenv("LOWRANK_PRINT_SUMS"))
        printf("    { \"%s\", %s, 0x%016llx },\n", k->name, k->name, sum);
    else
        ck_assert_msg(sum == k->sum, "%s: the checksum is 0x%016llx, not 0x%016llx", k->name, sum,
                      (unsigned long long)k->sum);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, kernels_give_the_same_bits_everywhere, 0, ARRAY_LEN(kernels));
}

const struct suite suite_dispatch = { "dispatch", fill };
