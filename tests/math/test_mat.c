/* test_mat.c - products, sums, SVD and packed weights. */
#include "core/math/bf16.h"
#include "core/math/packed.h"
#include "core/math/rate.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The error of sums of up to 400 products of N(0,1) numbers, relative to the largest result. */
static double tolerance(void)
{
    return sizeof(real) == sizeof(double) ? 1e-14 : 1e-5;
}

static real element(struct mat m, enum trans t, int i, int j)
{
    return t == TRANS ? mat_row(m, j)[i] : mat_row(m, i)[j];
}

static struct mat naive(struct mat c, double beta, double alpha, struct mat a, enum trans ta,
                        struct mat b, enum trans tb)
{
    struct mat out = test_mat(c.rows, c.cols, 0);
    int inner = ta == TRANS ? a.rows : a.cols;

    for (int i = 0; i < c.rows; i++)
        for (int j = 0; j < c.cols; j++) {
            double sum = 0;

            for (int p = 0; p < inner; p++)
                sum += (double)element(a, ta, i, p) * (double)element(b, tb, p, j);
            sum *= alpha;
            mat_row(out, i)[j] = (real)(beta == 0 ? sum : sum + beta * (double)mat_row(c, i)[j]);
        }
    return out;
}

/* --- mat_gemm against three nested loops: m, n, k */
static const int shape[][3] = { { 1, 1, 1 },     { 5, 7, 3 },     { 12, 12, 32 },
                                { 17, 8, 384 },  { 128, 1, 9 },   { 33, 130, 1 },
                                { 64, 96, 130 }, { 3, 384, 128 }, { 192, 64, 257 } };

static struct mat wide(int rows, int cols, int seed)
{
    return mat_cols(test_mat(rows, cols + 5, seed), 0, cols);
}

START_TEST(gemm_is_three_loops)
{
    int m = shape[_i][0], n = shape[_i][1], k = shape[_i][2];

    for (int way = 0; way < 8; way++) {
        enum trans ta = way & 1 ? TRANS : NOTRANS, tb = way & 2 ? TRANS : NOTRANS;
        struct mat a = ta == TRANS ? wide(k, m, 1) : wide(m, k, 1);
        struct mat b = tb == TRANS ? wide(n, k, 2) : wide(k, n, 2);
        struct mat c = wide(m, n, 3);
        real beta = way & 4 ? (real)0.5 : 0;

        if (beta == 0)
            mat_row(c, 0)[0] = NAN; /* must not be read */
        struct mat want = naive(c, (double)beta, -1.5, a, ta, b, tb);
        mat_gemm(c, beta, (real)-1.5, a, ta, b, tb);
        ck_assert_double_le(test_error(c, want), tolerance());
        free(a.x);
        free(b.x);
        free(c.x);
        free(want.x);
    }
}
END_TEST

START_TEST(gemm_of_nothing)
{
    struct mat c = test_mat(2, 2, 1), none = mat_make(c.x, 2, 0);

    mat_gemm(mat_make(c.x, 0, 2), 0, 1, mat_make(c.x, 0, 2), NOTRANS, c, NOTRANS);
    real half = c.x[3] / 2;
    mat_gemm(c, (real)0.5, 1, none, NOTRANS, none, TRANS);
    ck_assert(c.x[3] == half);
    mat_gemm(c, 0, 1, none, NOTRANS, none, TRANS);
    ck_assert(c.x[0] == 0 && c.x[3] == 0);
    free(c.x);
}
END_TEST

START_TEST(copies_and_sums)
{
    struct mat a = test_mat(5, 9, 1), b = test_mat(5, 20, 2), part = mat_cols(b, 3, 9);
    real sum[9] = { 0 }, row[9];
    double dot = 0, plain = 0;

    mat_copy(part, a);
    ck_assert_double_le(test_error(part, a), 0);
    mat_add(part, -1, a);
    for (int j = 0; j < 9; j++)
        row[j] = (real)j;
    mat_add_row(part, row);
    mat_sum_rows(sum, part);
    for (int j = 0; j < 9; j++)
        ck_assert(sum[j] == 5 * (real)j);
    mat_zero(part);
    ck_assert(vec_norm(mat_row(part, 4), 9) == 0 && mat_row(b, 0)[2] != 0);
    for (size_t n = 0; n <= 45; n++) {
        dot = vec_dot(a.x, b.x, n);
        plain = 0;
        for (size_t i = 0; i < n; i++)
            plain += (double)a.x[i] * (double)b.x[i];
        ck_assert_double_le(fabs(dot - plain), 1e-13);
    }
    for (size_t i = 0; i < 45; i++) {
        ck_assert(vec_finite(a.x, 45));
        real keep = a.x[i];
        a.x[i] = i % 2 ? NAN : -INFINITY;
        ck_assert(!vec_finite(a.x, 45));
        a.x[i] = keep;
    }
    free(a.x);
    free(b.x);
}
END_TEST

/* --- SVD of matrices with known singular values: rows, columns */
static const int svd_shape[][2] = { { 1, 1 }, { 6, 6 }, { 40, 9 }, { 9, 40 }, { 1, 5 }, { 5, 1 } };

/* max |X X^T - I| for X [k, n], whose rows and columns are the given steps apart. */
static double not_orthonormal(const double *x, int k, int n, int row_step, int col_step)
{
    double worst = 0;

    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            double sum = i == j ? -1 : 0;

            for (int p = 0; p < n; p++)
                sum += x[i * row_step + p * col_step] * x[j * row_step + p * col_step];
            worst = fmax(worst, fabs(sum));
        }
    return worst;
}

/* A = sum_i sigma_i x_i y_i^T, where x_i and y_i are columns of Householder reflections. */
static double planted(int i, int j, int n)
{
    return (i == j) - 2.0 * (i + 1) * (j + 1) / (n * (n + 1) * (2 * n + 1) / 6.0);
}

START_TEST(svd_finds_planted_values)
{
    int m = svd_shape[_i][0], n = svd_shape[_i][1], k = m < n ? m : n;
    double a[400] = { 0 }, copy[400], u[400], s[40], vt[400], worst = 0;

    for (int i = 0; i < m * n; i++)
        for (int p = 0; p < k; p++)
            a[i] += (p + 1) * planted(i / n, p, m) * planted(i % n, p, n);
    memcpy(copy, a, sizeof a);
    ck_assert_int_eq(mat_svd(u, s, vt, a, m, n), 0);
    ck_assert(memcmp(copy, a, sizeof a) == 0);
    for (int p = 0; p < k; p++)
        worst = fmax(worst, fabs(s[p] - (k - p)));
    for (int i = 0; i < m * n; i++) {
        double sum = -a[i];

        for (int p = 0; p < k; p++)
            sum += u[i / n * k + p] * s[p] * vt[p * n + i % n];
        worst = fmax(worst, fabs(sum));
    }
    worst = fmax(worst, not_orthonormal(u, k, m, 1, k));
    worst = fmax(worst, not_orthonormal(vt, k, n, n, 1));
    ck_assert_double_le(worst, 1e-12);
}
END_TEST

START_TEST(svd_refuses_nan)
{
    double a[4] = { 1, 2, NAN, 4 }, u[4], s[2], vt[4];

    ck_assert_int_eq(mat_svd(u, s, vt, a, 2, 2), -1);
    ck_assert_int_eq(fail_code(), FAIL_RUN);
}
END_TEST

/* --- Packed weights */

/* The bits of a float and of its bf16. */
static const uint32_t bf16_case[][2] = {
    { 0x3F800000, 0x3F80 }, { 0x3F807FFF, 0x3F80 }, { 0x3F808000, 0x3F80 }, /* a tie, to even */
    { 0x3F808001, 0x3F81 }, { 0x3F818000, 0x3F82 }, { 0x7F7FFFFF, 0x7F80 }, /* to infinity */
    { 0x80000001, 0x8000 }, { 0x00018001, 0x0002 }, { 0xFF800000, 0xFF80 }, { 0x7F800001, 0x7FC0 },
};

START_TEST(bf16_is_rounded)
{
    float x;
    uint16_t y;

    memcpy(&x, &bf16_case[_i][0], sizeof x);
    real r = (real)x;
    bf16_from(&y, &r, 1);
    ck_assert_uint_eq(y, bf16_case[_i][1]);
    bf16_round(&r, &r, 1);
    x = (float)r;
    uint32_t back;
    memcpy(&back, &x, sizeof back);
    ck_assert_uint_eq(back >> 16, bf16_case[_i][1]);
    ck_assert_uint_eq(back & 0xFFFF, 0);
}
END_TEST

struct weights {
    struct packed *p;
    struct mat w, bias; /* w as the products use it: rounded for bf16 */
    enum precision precision;
};

/* With TRANS it is packed from views of the transpose, side by side. */
static struct weights weights_of(int in, int out, int parts, enum trans t, enum precision precision)
{
    struct weights s = { .w = test_mat(out, in, 7),
                         .bias = test_mat(1, out, 8),
                         .precision = precision };
    struct mat part[3], turned = mat_make(xalloc((size_t)in * (size_t)out, sizeof(real)), in, out);

    for (int i = 0; i < in; i++)
        for (int j = 0; j < out; j++)
            mat_row(turned, i)[j] = mat_row(s.w, j)[i];
    for (int i = 0; i < parts; i++) {
        int from = out * i / parts, n = out * (i + 1) / parts - from;
        part[i] = t == TRANS ? mat_cols(turned, from, n) : mat_rows(s.w, from, n);
    }
    s.p = packed_new(part, parts, t, true, precision);
    ck_assert_ptr_nonnull(s.p);
    free(turned.x);
    if (precision == PRECISION_BF16)
        bf16_round(s.w.x, s.w.x, (size_t)out * (size_t)in);
    return s;
}

static struct weights weights_make(int in, int out, int parts, enum precision precision)
{
    return weights_of(in, out, parts, NOTRANS, precision);
}

static void weights_free(struct weights *s)
{
    packed_free(s->p);
    free(s->w.x);
    free(s->bias.x);
}

/* X as the product uses it: rounded for bf16. */
static struct mat seen(const struct weights *s, struct mat x)
{
    struct mat y = test_mat(x.rows, x.cols, 6);

    mat_copy(y, x);
    if (s->precision == PRECISION_BF16)
        bf16_round(y.x, y.x, (size_t)x.rows * (size_t)x.cols);
    return y;
}

/* The error of all four products with ROWS rows, against mat_gemm; GAP: views with gaps between
 * rows. */
static double packed_error(const struct weights *s, int rows, int gap)
{
    int in = s->w.cols, out = s->w.rows;
    struct mat x = mat_cols(test_mat(rows, in + gap, 1), 0, in);
    struct mat y = mat_cols(test_mat(rows, out + gap, 2), 0, out);
    struct mat want_y = test_mat(rows, out, 3), want_x = test_mat(rows, in, 4), in_x, in_y;
    double worst;

    mat_row(y, 0)[0] = NAN;
    packed_fwd(s->p, y, x, NULL);
    in_x = seen(s, x);
    mat_gemm(want_y, 0, 1, in_x, NOTRANS, s->w, TRANS);
    worst = test_error(y, want_y);
    packed_fwd(s->p, y, x, s->bias.x);
    mat_add_row(want_y, s->bias.x);
    worst = fmax(worst, test_error(y, want_y));
    in_y = seen(s, y);
    mat_copy(want_x, x);
    mat_gemm(want_x, 1, 1, in_y, NOTRANS, s->w, NOTRANS);
    packed_bwd(s->p, x, y, true);
    worst = fmax(worst, test_error(x, want_x));
    mat_gemm(want_x, 0, 1, in_y, NOTRANS, s->w, NOTRANS);
    packed_bwd(s->p, x, y, false);
    worst = fmax(worst, test_error(x, want_x));
    free(x.x);
    free(y.x);
    free(want_x.x);
    free(want_y.x);
    free(in_x.x);
    free(in_y.x);
    return worst;
}

enum { N_DENSE = PRECISION_BF16 + 1 }; /* precisions that are not blocks */

/* in, out, parts */
static const int packed_shape[][3] = { { 384, 1152, 3 }, { 64, 48, 1 }, { 33, 17, 1 },
                                       { 5, 3, 1 },      { 1, 2, 1 },   { 96, 384, 1 } };
static const int row_count[] = { 1, 2, 3, 5, 8, 13, 16, 31, 64, 100, 127, 128, 129, 200, 257, 400 };

START_TEST(packed_is_gemm)
{
    const int *dim = packed_shape[_i / 2 / N_DENSE];
    enum precision precision = (enum precision)(_i / 2 % N_DENSE);
    struct weights s = weights_of(dim[0], dim[1], dim[2], _i % 2 ? TRANS : NOTRANS, precision);
    size_t width = precision == PRECISION_BF16 ? sizeof(uint16_t) : sizeof(real);

    for (size_t i = 0; i < ARRAY_LEN(row_count); i++)
        for (int gap = 0; gap < 10; gap += 9)
            ck_assert_double_le(packed_error(&s, row_count[i], gap), tolerance());
    ck_assert_uint_ge(packed_bytes(s.p), (size_t)dim[0] * (size_t)dim[1] * width);
    weights_free(&s);
}
END_TEST

static int same_bits(struct mat a, struct mat b)
{
    int differ = 0;

    for (int i = 0; i < a.rows; i++)
        differ += memcmp(mat_row(a, i), mat_row(b, i), (size_t)a.cols * sizeof(real)) != 0;
    return differ == 0;
}

/* The bits of a row do not depend on the number of rows in the call. With OpenBLAS they do. */
START_TEST(packed_rows_do_not_depend_on_the_call)
{
    struct weights s = weights_make(384, 192, 1, (enum precision)_i);
    struct mat x = test_mat(400, 384, 1), y = test_mat(400, 192, 2), dx = test_mat(400, 384, 3);
    struct mat y2 = test_mat(400, 192, 4), dx2 = test_mat(400, 384, 5);

    if (strcmp(packed_kernel(s.p), "OpenBLAS") == 0) {
        skip("rows of packed products: this CPU or this build has no oneDNN kernels");
        goto out;
    }
    packed_fwd(s.p, y, x, s.bias.x);
    packed_bwd(s.p, dx, y, false);
    for (size_t i = 0; i < ARRAY_LEN(row_count); i++) {
        int n = row_count[i], from = 400 - n;

        packed_fwd(s.p, mat_rows(y2, 0, n), mat_rows(x, from, n), s.bias.x);
        packed_bwd(s.p, mat_rows(dx2, 0, n), mat_rows(y, from, n), false);
        ck_assert(same_bits(mat_rows(y2, 0, n), mat_rows(y, from, n)));
        ck_assert(same_bits(mat_rows(dx2, 0, n), mat_rows(dx, from, n)));
    }
out:
    weights_free(&s);
    free(x.x);
    free(y.x);
    free(dx.x);
    free(y2.x);
    free(dx2.x);
}
END_TEST

/* Many calls with different sizes; returns ARG if all results were right, else NULL. */
static void *worker(void *arg)
{
    double worst = 0;

    math_thread_init();
    for (int rows = 1; rows < 140; rows += 3)
        worst = fmax(worst, packed_error(arg, rows, 0));
    return worst <= tolerance() ? arg : NULL;
}

START_TEST(packed_in_two_threads)
{
    struct weights s = weights_make(96, 160, 1, (enum precision)_i);
    pthread_t thread;
    void *theirs, *ours;

    ck_assert_int_eq(pthread_create(&thread, NULL, worker, &s), 0);
    ours = worker(&s);
    pthread_join(thread, &theirs);
    ck_assert(ours != NULL && theirs != NULL);
    ck_assert_double_le(packed_error(&s, 50, 0), tolerance());
    weights_free(&s);
}
END_TEST

START_TEST(packed_after_fork)
{
    math_thread_init();
    struct weights s = weights_make(96, 160, 1, (enum precision)_i);
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(packed_error(&s, 77, 0) <= tolerance() ? 0 : 1);
    int status = -1;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    weights_free(&s);
}
END_TEST

START_TEST(facts_are_named)
{
    ck_assert(strlen(mat_blas_core()) > 0 && strlen(mat_blas_config()) > 0);
    ck_assert_str_eq(real_name(), sizeof(real) == 8 ? "f64" : "f32");
}
END_TEST

/* All libraries compute the same product when they are timed. */
START_TEST(rates_are_of_the_same_product)
{
    double sum[N_GEMM_LIB] = { 0 };

    for (int lib = 0; lib < N_GEMM_LIB; lib++) {
        struct gemm_case c = { (enum gemm_lib)lib, (enum gemm_op)_i, false, 24, 64, 128 };
        double rate = gemm_rate(&c, 0.001, &sum[lib]);
        bool none = (lib == GEMM_PACKED && _i == GEMM_WEIGHT_GRAD) ||
                    (lib == GEMM_ONEDNN && (sizeof(real) == 8 || !packed_built_in()));
        ck_assert(none ? rate == 0 : rate > 0);
        if (!none) /* sums of about 1e5 products of at most 0.25 */
            ck_assert_double_eq_tol(sum[lib], sum[GEMM_OPENBLAS], 1e-2);
    }
    ck_assert(fabs(sum[GEMM_OPENBLAS]) > 1);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, gemm_is_three_loops, 0, ARRAY_LEN(shape));
    tcase_add_test(tc, gemm_of_nothing);
    tcase_add_test(tc, copies_and_sums);
    tcase_add_loop_test(tc, svd_finds_planted_values, 0, ARRAY_LEN(svd_shape));
    tcase_add_test(tc, svd_refuses_nan);
    tcase_add_loop_test(tc, bf16_is_rounded, 0, ARRAY_LEN(bf16_case));
    tcase_add_loop_test(tc, packed_is_gemm, 0, 2 * (int)ARRAY_LEN(packed_shape) * N_DENSE);
    tcase_add_loop_test(tc, packed_rows_do_not_depend_on_the_call, 0, N_DENSE);
    tcase_add_loop_test(tc, packed_in_two_threads, 0, N_DENSE);
    tcase_add_loop_test(tc, packed_after_fork, 0, N_DENSE);
    tcase_add_test(tc, facts_are_named);
    tcase_add_loop_test(tc, rates_are_of_the_same_product, 0, N_GEMM_OP);
}

const struct suite suite_mat = { "mat", fill };
