/* test_prof.c - time by kind of work: the kinds sum to the whole, however scopes nest, in several
 * threads and in child processes. */
#include "core/os/pool.h"
#include "core/os/prof.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static double sum_of(const double s[N_WORK])
{
    double sum = 0;

    for (int i = 0; i < N_WORK; i++)
        sum += s[i];
    return sum;
}

static void spend(double seconds)
{
    double end = now_mono() + seconds;

    while (now_mono() < end)
        ;
}

/* Spend 1 ms in adapter, 3 ms in norm around it, and 2 ms in other around both. */
static void nest(void)
{
    prof_begin(WORK_OTHER);
    spend(0.001);
    prof_begin(WORK_NORM);
    spend(0.002);
    prof_begin(WORK_ADAPTER);
    spend(0.001);
    prof_end();
    spend(0.001);
    prof_end();
    spend(0.001);
    prof_end();
}

/* Each scope has at least the time that was spent in it, and all together have no more than the
 * clock measured, which they would if an inner scope counted twice. */
static void check_nest(const double s[N_WORK], int times, double clock)
{
    ck_assert_double_ge(s[WORK_OTHER], 0.002 * times * 0.999);
    ck_assert_double_ge(s[WORK_NORM], 0.003 * times * 0.999);
    ck_assert_double_ge(s[WORK_ADAPTER], 0.001 * times * 0.999);
    ck_assert_double_le(sum_of(s), clock * 1.0001);
    ck_assert(s[WORK_FROZEN] == 0 && s[WORK_LOSS] == 0);
}

START_TEST(kinds_sum_to_the_whole)
{
    double s[N_WORK], start, clock;

    ck_assert_int_eq(prof_start(), 0);
    start = now_mono();
    for (int i = 0; i < 5; i++)
        nest();
    clock = now_mono() - start;
    prof_stop();
    prof_read(s);
    check_nest(s, 5, clock);
    /* The sum is the time inside the outermost scopes, in which 30 ms were spent. */
    ck_assert_double_ge(sum_of(s), 0.030 * 0.999);
    ck_assert_int_eq(prof_start(), 0);
    prof_read(s);
    prof_stop();
    ck_assert_double_eq(sum_of(s), 0);
}
END_TEST

START_TEST(off_counts_nothing)
{
    double s[N_WORK];

    ck_assert_int_eq(prof_start(), 0);
    prof_stop();
    nest();
    prof_read(s);
    ck_assert_double_eq(sum_of(s), 0);
}
END_TEST

static void piece(void *arg, int i, int thread)
{
    double *clock = arg, start = now_mono();

    (void)thread;
    nest();
    clock[i] = now_mono() - start;
}

START_TEST(threads_add_up)
{
    static const int threads[] = { 1, 2, 7 };
    struct pool *pool = pool_new(threads[_i]);
    double s[N_WORK], clock[12], whole = 0;

    ck_assert_ptr_nonnull(pool);
    ck_assert_int_eq(prof_start(), 0);
    pool_run(pool, 12, piece, clock);
    prof_stop();
    pool_free(pool); /* the times of a thread outlive it */
    prof_read(s);
    for (int i = 0; i < 12; i++)
        whole += clock[i];
    check_nest(s, 12, whole);
}
END_TEST

/* Child processes add to the totals of their parent. Of a scope that is open at the fork, the time
 * before counts for the parent; after it, each process counts its own. */
START_TEST(children_add_up)
{
    double s[N_WORK], start;
    int status;

    ck_assert_int_eq(prof_start(), 0);
    start = now_mono();
    prof_begin(WORK_LOSS);
    spend(0.050);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            nest();
            prof_end();
            _exit(0);
        }
    for (int i = 0; i < 3; i++) {
        wait(&status);
        ck_assert_int_eq(status, 0);
    }
    prof_end();
    double clock = now_mono() - start;
    prof_stop();
    prof_read(s);
    ck_assert_double_ge(s[WORK_NORM], 3 * 0.003 * 0.999);
    ck_assert_double_ge(s[WORK_LOSS], 0.050 * 0.999);
    /* The parent waits while the children run. If they counted its 50 ms as well, the sum would
     * be larger by 150 ms. */
    ck_assert_double_le(s[WORK_LOSS], clock + 3 * (clock - 0.050));
    ck_assert_double_le(sum_of(s), clock + 3 * (clock - 0.050));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, kinds_sum_to_the_whole);
    tcase_add_test(tc, off_counts_nothing);
    tcase_add_loop_test(tc, threads_add_up, 0, 3);
    tcase_add_test(tc, children_add_up);
}

const struct suite suite_prof = { "prof", fill };
