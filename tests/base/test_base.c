/* test_base.c - errors, arenas, messages, files, other programs. */
#include "core/base/base.h"
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

START_TEST(write_replaces_and_maps_back)
{
    char dir[64];
    temp_dir(dir);
    char *path = path_join(dir, "a.txt"), *deep = path_join(dir, "x/y//z"),
         *link = path_join(dir, "l");
    struct file f;

    ck_assert_int_eq(file_write(path, "first", 5, FAIL_STORE), 0);
    ck_assert_int_eq(symlink("a.txt", link), 0);
    ck_assert_int_eq(file_write(link, "two", 3, FAIL_STORE), 0);
    ck_assert_int_eq(temp_count(dir, NULL), 2);
    ck_assert_int_eq(file_map(&f, path), 0);
    ck_assert_uint_eq(f.size, 3);
    ck_assert_mem_eq(f.data, "two", 3);
    ck_assert_str_eq(f.path, path);
    file_unmap(&f);
    file_unmap(&f);
    ck_assert_int_eq(file_write(path, "", 0, FAIL_STORE), 0);
    ck_assert_int_eq(file_map(&f, path), 0);
    ck_assert_str_eq((const char *)f.data, "");
    file_unmap(&f);
    ck_assert_int_eq(file_write(deep, "x", 1, FAIL_STORE), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(make_dirs(deep), 0);
    ck_assert_int_eq(make_dirs(deep), 0);
    ck_assert(file_exists(deep));
    ck_assert_int_eq(file_write(deep, "x", 1, FAIL_INPUT), -1);
    ck_assert_int_eq(file_write("/dev/null", "x", 1, FAIL_INPUT), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_int_eq(file_map(&f, deep), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_int_eq(file_map(&f, "/dev/null"), -1);
    char *below = path_join(path, "d");
    ck_assert_int_eq(make_dirs(below), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(temp_count(dir, NULL), 3);
    temp_remove(dir);
    free(below), free(link), free(deep), free(path);
}
END_TEST

static int sum(void *arg)
{
    const struct file *f = arg;
    int s = 0;

    for (size_t i = 0; i < f->size; i++)
        s += f->data[i];
    return s;
}

START_TEST(guard_survives_truncation)
{
    char dir[64];
    temp_dir(dir);
    char *path = path_join(dir, "big"), *bytes = xalloc(100000, 1);
    struct file f;

    memset(bytes, 1, 100000);
    ck_assert_int_eq(file_write(path, bytes, 100000, FAIL_STORE), 0);
    ck_assert_int_eq(file_map(&f, path), 0);
    ck_assert_int_eq(file_guard(&f, sum, &f), 100000);
    ck_assert_int_eq(truncate(path, 10), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(file_guard(&f, sum, &f), -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_ptr_nonnull(strstr(fail_text(), "changed while it was being read"));
    }
    file_unmap(&f);
    temp_remove(dir);
    free(bytes), free(path);
}
END_TEST

/* FIPS 180-4's "abc", and the empty text. */
START_TEST(sha256_known_answers)
{
    char dir[64];
    temp_dir(dir);
    char hex[65], *path = path_join(dir, "abc");

    sha256_hex(hex, "abc", 3);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_int_eq(file_write(path, "abc", 3, FAIL_STORE), 0);
    memset(hex, 0, sizeof hex);
    ck_assert_int_eq(sha256_file(hex, path), 0);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(hex, "", 0);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_int_eq(sha256_file(hex, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    temp_remove(dir);
    free(path);
}
END_TEST

START_TEST(spawn_reports)
{
    static const struct {
        const char *script;
        int rc;
        const char *out;
        double timeout_s;
    } row[] = { { "echo a; echo b >&2", 0, "a\nb\n", 0 },
                { "exit 7", 7, "", 5 },
                { "kill -TERM $$", 143, "", 0 },
                { "cat", 0, "", 5 },
                { "sleep 100 & echo x", 0, "x\n", 20 },
                { "sleep 100", -1, "", 0.2 },
                { "yes", -1, NULL, 0.2 },
                { "seq 100000", 0, NULL, 20 } };
    char sh[] = "sh", c[] = "-c", out[64], none[] = "lowrank-no-such-program";
    char *argv[] = { sh, c, NULL, NULL }, *missing[] = { none, NULL };

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        double t0 = now_mono();
        argv[2] = xstrdup(row[i].script);
        ck_assert_int_eq(spawn_wait(argv, out, sizeof out, row[i].timeout_s), row[i].rc);
        if (row[i].out)
            ck_assert_str_eq(out, row[i].out);
        else
            ck_assert_uint_eq(strlen(out), sizeof out - 1);
        if (row[i].rc < 0)
            ck_assert_int_eq(fail_code(), FAIL_TOOL);
        ck_assert_double_le(now_mono() - t0, 30);
        free(argv[2]);
    }
    ck_assert_int_eq(spawn_wait(missing, out, sizeof out, 0), -1);
    ck_assert_str_eq(fail_text(), "program 'lowrank-no-such-program' is not installed");
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
    tcase_add_test(tc, machine_is_plausible);
    tcase_add_test(tc, write_replaces_and_maps_back);
    tcase_add_test(tc, guard_survives_truncation);
    tcase_add_test(tc, sha256_known_answers);
    tcase_add_test(tc, spawn_reports);
}

const struct suite suite_base = { "base", fill };
