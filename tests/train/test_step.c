/* test_update.c - the update with a table of seldom touched rows against AdamW on all numbers. */
#include "core/train/parts.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More than one piece before, in and behind the rows. */
enum { BEFORE = 70000, ROWS = 700, COLS = 200, BEHIND = 80001, SLOTS = 3, STEPS = 5 };
enum { N = BEFORE + ROWS * COLS + BEHIND };

static const struct sparse_rows table = { BEFORE, ROWS, COLS };

static struct mat numbers(int seed)
{
    return test_mat(1, N, seed);
}

/* Gradients of a step in every slot that it uses: of all numbers around the table and of a few rows,
 * others in each step and slot. Their sum goes to SUM. */
static void gradients(struct update *u, int step, int used, struct mat sum)
{
    struct mat g = numbers(step * SLOTS);

    mat_zero(sum);
    for (int s = 0; s < used; s++) {
        int ids[] = { (step * 31 + s * 7) % ROWS, s, ROWS - 1, (step * 31 + s * 7) % ROWS };
        test_fill(g, step * SLOTS + s);
        for (int r = 0; r < ROWS; r++) {
            bool hit = false;
            for (size_t i = 0; i < ARRAY_LEN(ids); i++)
                hit |= ids[i] == r;
            if (!hit)
                mat_zero(mat_cols(g, BEFORE + r * COLS, COLS));
        }
        memcpy(u->grad[s], g.x, N * sizeof(real));
        mat_add(sum, 1, g);
        update_touch(u, s, ids, ARRAY_LEN(ids));
    }
    free(g.x);
}

static void one_step(struct update *u, struct mat theta, struct mat sum, int step, double *norm)
{
    int used = step % 2 ? SLOTS : SLOTS - 1;
    struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, step == 3 ? 0 : 0.1, step };
    double scale = step == 2 ? 0.25 : 1;

    gradients(u, step, used, sum);
    *norm = update_norm(u, used);
    update_apply(u, theta.x, scale, &o);
}

static void ck_same(const real *a, const real *b)
{
    ck_assert_mem_eq(a, b, N * sizeof *a);
}

/* With 1 to 3 threads, and after step 3 through a new update that got its moments from outside. */
START_TEST(rows_are_as_if_dense)
{
    struct mat theta = numbers(1), m = numbers(2), v = numbers(3), sum = numbers(4);
    struct mat mine = numbers(1), zero = numbers(5);
    struct pool *pool = pool_new(_i + 1);
    struct update u, next;
    double norm;

    mat_zero(m);
    mat_zero(v);
    mat_zero(zero);
    ck_assert_int_eq(update_init(&u, pool, N, SLOTS, &table), 0);
    for (int step = 1; step <= STEPS; step++) {
        one_step(&u, mine, sum, step, &norm);
        ck_assert_double_le(fabs(norm / vec_norm(sum.x, N) - 1), 1e-6);
        for (size_t i = 0; i < N && step == 2; i++)
            sum.x[i] *= (real)0.25;
        struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, step == 3 ? 0 : 0.1, step };
        adamw_step(theta.x, m.x, v.x, sum.x, N, &o);
        ck_same(theta.x, mine.x);
        ck_same(m.x, u.m);
        ck_same(v.x, u.v);
        for (int s = 0; s < SLOTS; s++)
            ck_same(zero.x, u.grad[s]);
        if (step != 3)
            continue;
        ck_assert_int_eq(update_init(&next, pool, N, SLOTS, &table), 0);
        memcpy(next.m, u.m, N * sizeof(real));
        memcpy(next.v, u.v, N * sizeof(real));
        update_resumed(&next);
        update_free(&u);
        u = next;
    }
    update_free(&u);
    pool_free(pool);
    struct mat all[] = { theta, m, v, sum, mine, zero };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

/* Without a table every number is one of many. */
START_TEST(no_table)
{
    struct mat theta = test_mat(1, 10, 1), mine = test_mat(1, 10, 1), zero = test_mat(1, 10, 2);
    struct mat g = test_mat(1, 10, 3), m = test_mat(1, 10, 4), v = test_mat(1, 10, 5);
    struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, 0.1, 1 };
    struct pool *pool = pool_new(1);
    struct update u;

    mat_zero(m);
    mat_zero(v);
    mat_zero(zero);
    ck_assert_int_eq(update_init(&u, pool, 10, 1, NULL), 0);
    memcpy(u.grad[0], g.x, 10 * sizeof(real));
    update_touch(&u, 0, NULL, 0);
    ck_assert_double_le(fabs(update_norm(&u, 1) / vec_norm(g.x, 10) - 1), 1e-12);
    update_apply(&u, mine.x, 1, &o);
    adamw_step(theta.x, m.x, v.x, g.x, 10, &o);
    ck_assert_mem_eq(mine.x, theta.x, 10 * sizeof(real));
    ck_assert_mem_eq(u.grad[0], zero.x, 10 * sizeof(real));
    update_free(&u);
    pool_free(pool);
    struct mat all[] = { theta, mine, zero, g, m, v };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, rows_are_as_if_dense, 0, 3);
    tcase_add_test(tc, no_table);
}

const struct suite suite_update = { "update", fill };
