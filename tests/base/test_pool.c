/* test_pool.c - every piece is done exactly once, by a thread of the pool, before pool_run
 * returns. */
#include "core/os/pool.h"
#include "core/base/base.h"
#include "tests/kit/suite.h"

#include <signal.h>
#include <stdlib.h>

struct job {
    int *count;
    long *sum; /* [threads] */
    int n_threads;
    bool bad_thread;
};

static void piece_fn(void *arg, int piece, int thread)
{
    struct job *j = arg;

    if (thread < 0 || thread >= j->n_threads)
        j->bad_thread = true;
    j->count[piece]++;
    j->sum[thread] += piece;
}

START_TEST(every_piece_once)
{
    static const int threads[] = { 1, 2, 3, 8 }, sizes[] = { 0, 1, 2, 7, 1000 };
    struct pool *p = pool_new(threads[_i]);

    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(pool_threads(p), threads[_i]);
    for (int round = 0; round < 200; round++) {
        int n = sizes[round % 5], count[1000] = { 0 };
        long sum[8] = { 0 }, total = 0;
        struct job j = { count, sum, threads[_i], false };
        pool_run(p, n, piece_fn, &j);
        ck_assert(!j.bad_thread);
        for (int i = 0; i < 1000; i++)
            ck_assert_int_eq(count[i], i < n);
        for (int i = 0; i < 8; i++)
            total += sum[i];
        ck_assert_int_eq(total, (long)n * (n - 1) / 2);
    }
    pool_free(p);
}
END_TEST

static void nested(void *arg, int piece, int thread)
{
    (void)piece;
    (void)thread;
    pool_run(arg, 2, nested, arg);
}

START_TEST(nesting_is_a_bug)
{
    freopen("/dev/null", "w", stderr);
    struct pool *p = pool_new(2);
    pool_run(p, 2, nested, p);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, every_piece_once, 0, 4);
    tcase_add_test_raise_signal(tc, nesting_is_a_bug, SIGABRT);
}

const struct suite suite_pool = { "pool", fill };
