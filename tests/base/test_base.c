/* test_base.c - failures, arenas, durations, interruption, and facts about the machine. */
#include "core/base/base.h"
#include "core/os/cpu.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(fail_keeps_one_line)
{
    ck_assert_int_eq(fail(FAIL_STORE, "cannot open '%s':\n\033[31m%d\n", "x", 5), -1);
    ck_assert_str_eq(fail_text(), "cannot open 'x':  [31m5");
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(fail_context("run %d", 3), -1);
    ck_assert_str_eq(fail_text(), "run 3: cannot open 'x':  [31m5");
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    fail(FAIL_RUN, "again: %s", fail_text());
    ck_assert_str_eq(fail_text(), "again: run 3: cannot open 'x':  [31m5");
    char *more = xalloc(1, 5001);
    for (int i = 0; i < 2500; i++)
        memcpy(more + 2 * i, "\xC3\xA9", 2);
    fail(FAIL_RUN, "%s", more);
    fail_context("%s", more);
    size_t n = strlen(fail_text());
    ck_assert_uint_gt(n, 2000);
    ck_assert_int_eq((unsigned char)fail_text()[n - 1], 0xA9);
    free(more);
}
END_TEST

START_TEST(bug_aborts)
{
    freopen("/dev/null", "w", stderr);
    CHECK(1 + 1 == 3, "sum %d", 1 + 1);
}
END_TEST

START_TEST(arena_hands_out_and_rewinds)
{
    struct arena a = { 0 };

    arena_free(&a);
    ck_assert_int_eq(arena_init(&a, 1000), 0);
    ck_assert_uint_eq(a.size, 2 << 20);
    ck_assert_uint_eq((uintptr_t)a.base % (2 << 20), 0);
    unsigned char *p = arena_get(&a, 1, 1), *q = arena_get(&a, 3, 100);
    ck_assert_uint_eq((uintptr_t)p % 64, 0);
    ck_assert_uint_eq((uintptr_t)(q - p), 64);
    memset(q, 7, 300);
    size_t mark = a.used;
    arena_get(&a, a.size - a.used, 1);
    ck_assert_uint_eq(a.used, a.size);
    arena_rewind(&a, mark);
    arena_rewind(&a, 64);
    ck_assert_ptr_eq(arena_get(&a, 300, 1), q);
    ck_assert_uint_eq(q[299], 7);
    ck_assert_uint_eq(a.peak, a.size);
    arena_free(&a);
    ck_assert_ptr_null(a.base);
    ck_assert_int_eq(arena_init(&a, SIZE_MAX - 5), -1);
    ck_assert_int_eq(fail_code(), FAIL_MEMORY);
    ck_assert_int_eq(arena_init(&a, (size_t)1 << 55), -1);
    ck_assert_int_eq(fail_code(), FAIL_MEMORY);
}
END_TEST

START_TEST(arena_overflow_is_a_bug)
{
    struct arena a = { 0 };

    freopen("/dev/null", "w", stderr);
    arena_init(&a, 1);
    if (_i == 0)
        arena_get(&a, a.size + 1, 1);
    arena_get(&a, SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(durations)
{
    static const struct {
        double s;
        const char *want;
    } row[] = { { 0.04, "0.0 s" },     { 9.94, "9.9 s" },     { 42, "42 s" },
                { 59.6, "1 min 0 s" }, { 200, "3 min 20 s" }, { 7500, "2 h 05 min" },
                { NAN, "unknown" },    { -1, "unknown" },     { 3599.7, "1 h 00 min" } };
    char buf[32];

    for (size_t i = 0; i < ARRAY_LEN(row); i++)
        ck_assert_str_eq(duration_text(buf, row[i].s), row[i].want);
    ck_assert_double_ge(now_mono(), 0);
    ck_assert_double_ge(now_wall(), 1.6e9);
    ck_assert_uint_gt(peak_rss_bytes(), 100000);
}
END_TEST

START_TEST(stop_sets_a_flag)
{
    stop_install();
    ck_assert_int_eq(stop_requested(), 0);
    raise(SIGPIPE);
    raise(SIGUSR1);
    ck_assert_int_eq(stop_requested(), SIGUSR1);
    raise(SIGINT);
    ck_assert_int_eq(stop_requested(), SIGINT);
    raise(SIGINT);
}
END_TEST

/* timeout(1) sends SIGTERM twice at once; only a later one ends the process. */
START_TEST(second_sigterm_ends_the_process)
{
    stop_install();
    raise(SIGTERM);
    raise(SIGTERM);
    ck_assert_int_eq(stop_requested(), SIGTERM);
    ck_assert(!stop_requested_twice());
    usleep(200000);
    stop_handle_second(true);
    raise(SIGTERM);
    ck_assert(stop_requested_twice());
    stop_handle_second(false);
    usleep(200000);
    raise(SIGTERM);
}
END_TEST

START_TEST(machine_is_plausible)
{
    const struct cpu *c = cpu_info();

    ck_assert_int_ge(c->cores, 1);
    ck_assert_uint_gt(c->mem_total, 1 << 20);
    ck_assert_uint_le(c->mem_available, c->mem_total);
    ck_assert(*c->model);
    ck_assert_ptr_null(cpu_blas_core_wanted(NULL));
    ck_assert_ptr_null(cpu_blas_core_wanted("SkylakeX"));
    const char *want = cpu_blas_core_wanted("Prescott");
    ck_assert(c->avx2 ? want && strcmp(want, c->avx512 ? "SkylakeX" : "Haswell") == 0 : !want);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, fail_keeps_one_line);
    tcase_add_test_raise_signal(tc, bug_aborts, SIGABRT);
    tcase_add_test(tc, arena_hands_out_and_rewinds);
    tcase_add_loop_test_raise_signal(tc, arena_overflow_is_a_bug, SIGABRT, 0, 2);
    tcase_add_test(tc, durations);
    tcase_add_exit_test(tc, stop_sets_a_flag, FAIL_STOPPED);
    tcase_add_exit_test(tc, second_sigterm_ends_the_process, 128 + SIGTERM);
    tcase_add_test(tc, machine_is_plausible);
}

const struct suite suite_base = { "base", fill };
