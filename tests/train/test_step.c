/* test_step.c - the optimizer step with a table of sparse rows against AdamW on all parameters. */
#include "core/train/step.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More than one piece before, in and after the table. */
enum { BEFORE = 70000, ROWS = 700, COLS = 200, AFTER = 80001, GRADS = 3, STEPS = 5 };
enum { N = BEFORE + ROWS * COLS + AFTER };

static const struct sparse_rows table = { BEFORE, ROWS, COLS };

static struct mat random_vector(int seed)
{
    return test_mat(1, N, seed);
}

/* A step's gradients in the vectors that it uses: of all parameters outside the table and of a few
 * rows, different ones in each step and vector. Their sum goes to SUM. */
static void make_gradients(struct optim_step *s, int step, int n_used, struct mat sum)
{
    struct mat x = random_vector(step * GRADS);

    mat_zero(sum);
    for (int g = 0; g < n_used; g++) {
        int ids[] = { (step * 31 + g * 7) % ROWS, g, ROWS - 1, (step * 31 + g * 7) % ROWS };
        test_fill(x, step * GRADS + g);
        for (int r = 0; r < ROWS; r++) {
            bool hit = false;
            for (size_t i = 0; i < ARRAY_LEN(ids); i++)
                hit |= ids[i] == r;
            if (!hit)
                mat_zero(mat_cols(x, BEFORE + r * COLS, COLS));
        }
        memcpy(s->grad[g], x.x, N * sizeof(real));
        mat_add(sum, 1, x);
        step_touch(s, g, ids, ARRAY_LEN(ids));
    }
    free(x.x);
}

static void one_step(struct optim_step *s, struct mat theta, struct mat sum, int step, double *norm)
{
    int n_used = step % 2 ? GRADS : GRADS - 1;
    struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, step == 3 ? 0 : 0.1, step };
    double scale = step == 2 ? 0.25 : 1;

    make_gradients(s, step, n_used, sum);
    *norm = step_norm(s, n_used);
    step_apply(s, theta.x, scale, &o);
}

static void ck_same(const real *a, const real *b)
{
    ck_assert_mem_eq(a, b, N * sizeof *a);
}

/* With 1 to 3 threads; after step 3 in a new struct that gets its moments from outside. */
START_TEST(sparse_rows_are_updated_as_dense_ones)
{
    struct mat theta = random_vector(1), m = random_vector(2), v = random_vector(3),
               sum = random_vector(4);
    struct mat mine = random_vector(1), zero = random_vector(5);
    struct pool *pool = pool_new(_i + 1);
    struct optim_step s, next;
    double norm;

    mat_zero(m);
    mat_zero(v);
    mat_zero(zero);
    ck_assert_int_eq(step_init(&s, pool, N, GRADS, &table), 0);
    for (int step = 1; step <= STEPS; step++) {
        one_step(&s, mine, sum, step, &norm);
        ck_assert_double_le(fabs(norm / vec_norm(sum.x, N) - 1), 1e-6);
        for (size_t i = 0; i < N && step == 2; i++)
            sum.x[i] *= (real)0.25;
        struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, step == 3 ? 0 : 0.1, step };
        adamw_step(theta.x, m.x, v.x, sum.x, N, &o);
        ck_same(theta.x, mine.x);
        ck_same(m.x, s.m);
        ck_same(v.x, s.v);
        for (int g = 0; g < GRADS; g++)
            ck_same(zero.x, s.grad[g]);
        if (step != 3)
            continue;
        ck_assert_int_eq(step_init(&next, pool, N, GRADS, &table), 0);
        memcpy(next.m, s.m, N * sizeof(real));
        memcpy(next.v, s.v, N * sizeof(real));
        step_resumed(&next);
        step_free(&s);
        s = next;
    }
    step_free(&s);
    pool_free(pool);
    struct mat all[] = { theta, m, v, sum, mine, zero };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

/* Without a table all parameters are updated alike. */
START_TEST(works_without_a_table)
{
    struct mat theta = test_mat(1, 10, 1), mine = test_mat(1, 10, 1), zero = test_mat(1, 10, 2);
    struct mat g = test_mat(1, 10, 3), m = test_mat(1, 10, 4), v = test_mat(1, 10, 5);
    struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, 0.1, 1 };
    struct pool *pool = pool_new(1);
    struct optim_step s;

    mat_zero(m);
    mat_zero(v);
    mat_zero(zero);
    ck_assert_int_eq(step_init(&s, pool, 10, 1, NULL), 0);
    memcpy(s.grad[0], g.x, 10 * sizeof(real));
    step_touch(&s, 0, NULL, 0);
    ck_assert_double_le(fabs(step_norm(&s, 1) / vec_norm(g.x, 10) - 1), 1e-12);
    step_apply(&s, mine.x, 1, &o);
    adamw_step(theta.x, m.x, v.x, g.x, 10, &o);
    ck_assert_mem_eq(mine.x, theta.x, 10 * sizeof(real));
    ck_assert_mem_eq(s.grad[0], zero.x, 10 * sizeof(real));
    step_free(&s);
    pool_free(pool);
    struct mat all[] = { theta, mine, zero, g, m, v };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, sparse_rows_are_updated_as_dense_ones, 0, 3);
    tcase_add_test(tc, works_without_a_table);
}

const struct suite suite_step = { "step", fill };
