/* test_plain.c - products with trainable weights, which are not packed. */
#include "core/math/packed.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The error of sums of up to 400 products of N(0,1) numbers, relative to the largest result. */
static double tolerance(void)
{
    return sizeof(real) == sizeof(double) ? 1e-14 : 1e-5;
}

static const int row_count[] = { 1, 2, 5, 13, 16, 31, 64, 127, 128, 129, 200, 257, 400 };

/* A weight, and everything that its products read and write. */
struct fix {
    struct mat w, bias, x, y, want_x, want_y, all_x, all_y;
};

static void fix_init(struct fix *f, int in, int out, int gap)
{
    enum { ROWS = 400 };

    f->w = test_mat(out, in, 7);
    f->bias = test_mat(1, out, 8);
    f->all_x = test_mat(ROWS, in + gap, 1);
    f->all_y = test_mat(ROWS, out + gap, 2);
    f->x = mat_cols(f->all_x, 0, in);
    f->y = mat_cols(f->all_y, 0, out);
    f->want_x = test_mat(ROWS, in, 3);
    f->want_y = test_mat(ROWS, out, 4);
}

static void fix_free(struct fix *f)
{
    free(f->w.x);
    free(f->bias.x);
    free(f->all_x.x);
    free(f->all_y.x);
    free(f->want_x.x);
    free(f->want_y.x);
}

/* The error of all four products with ROWS rows, against mat_gemm. */
static double plain_error(struct fix *f, int rows)
{
    struct mat x = mat_rows(f->x, 0, rows), y = mat_rows(f->y, 0, rows);
    struct mat want_x = mat_rows(f->want_x, 0, rows), want_y = mat_rows(f->want_y, 0, rows);
    double worst;

    test_fill(x, 1);
    mat_row(y, 0)[0] = NAN;
    plain_fwd(f->w, y, x, NULL);
    mat_gemm(want_y, 0, 1, x, NOTRANS, f->w, TRANS);
    worst = test_error(y, want_y);
    plain_fwd(f->w, y, x, f->bias.x);
    mat_add_row(want_y, f->bias.x);
    worst = fmax(worst, test_error(y, want_y));
    mat_copy(want_x, x);
    mat_gemm(want_x, 1, 1, y, NOTRANS, f->w, NOTRANS);
    plain_bwd(f->w, x, y, true);
    worst = fmax(worst, test_error(x, want_x));
    mat_gemm(want_x, 0, 1, y, NOTRANS, f->w, NOTRANS);
    plain_bwd(f->w, x, y, false);
    return fmax(worst, test_error(x, want_x));
}

/* in, out */
static const int shape[][2] = { { 384, 384 }, { 64, 48 }, { 33, 17 }, { 5, 3 }, { 1, 2 } };

START_TEST(plain_is_gemm)
{
    for (int gap = 0; gap < 10; gap += 9) {
        struct fix f;
        fix_init(&f, shape[_i][0], shape[_i][1], gap);
        for (size_t i = 0; i < ARRAY_LEN(row_count); i++)
            ck_assert_double_le(plain_error(&f, row_count[i]), tolerance());
        fix_free(&f);
    }
}
END_TEST

/* A weight may change between calls. */
START_TEST(plain_sees_a_new_weight)
{
    struct fix f;

    fix_init(&f, 64, 48, 0);
    ck_assert_double_le(plain_error(&f, 64), tolerance());
    test_fill(f.w, 99);
    ck_assert_double_le(plain_error(&f, 64), tolerance());
    fix_free(&f);
}
END_TEST

/* The bits of a row do not depend on the number of rows in the call. */
START_TEST(plain_rows_do_not_depend_on_the_call)
{
    struct fix f;
    int in = shape[_i][0], out = shape[_i][1];

    if (strcmp(packed_library(), "none") == 0) {
        skip("rows of plain products: this CPU or this build has no oneDNN kernels");
        return;
    }
    fix_init(&f, in, out, 0);
    plain_fwd(f.w, f.y, f.x, f.bias.x);
    plain_bwd(f.w, f.want_x, f.y, false);
    struct mat y = f.want_y, dx = test_mat(400, in, 5);
    for (size_t i = 0; i < ARRAY_LEN(row_count); i++) {
        int n = row_count[i], from = 400 - n;

        plain_fwd(f.w, mat_rows(y, 0, n), mat_rows(f.x, from, n), f.bias.x);
        plain_bwd(f.w, mat_rows(dx, 0, n), mat_rows(f.y, from, n), false);
        ck_assert_mem_eq(y.x, mat_row(f.y, from), (size_t)n * (size_t)out * sizeof(real));
        ck_assert_mem_eq(dx.x, mat_row(f.want_x, from), (size_t)n * (size_t)in * sizeof(real));
    }
    free(dx.x);
    fix_free(&f);
}
END_TEST

/* Many calls with different sizes; returns ARG if all results were right, else NULL. */
static void *worker(void *arg)
{
    struct fix f;
    double worst = 0;

    math_thread_init();
    fix_init(&f, 96, 160, 0);
    for (int rows = 1; rows < 140; rows += 3)
        worst = fmax(worst, plain_error(&f, rows));
    fix_free(&f);
    return worst <= tolerance() ? arg : NULL;
}

START_TEST(plain_in_two_threads)
{
    pthread_t thread;
    void *theirs, *ours;
    int token;

    ck_assert_int_eq(pthread_create(&thread, NULL, worker, &token), 0);
    ours = worker(&token);
    pthread_join(thread, &theirs);
    ck_assert(ours != NULL && theirs != NULL);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, plain_is_gemm, 0, ARRAY_LEN(shape));
    tcase_add_test(tc, plain_sees_a_new_weight);
    tcase_add_loop_test(tc, plain_rows_do_not_depend_on_the_call, 0, ARRAY_LEN(shape));
    tcase_add_test(tc, plain_in_two_threads);
}

const struct suite suite_plain = { "plain", fill };
