/* test_ckpt.c - a training checkpoint is complete or does not exist, whatever happens. */
#include "core/os/file.h"
#include "core/train/ckpt.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 5000, N_VEC = 3 };
static const char key[] = "4f2a";

static char dir[64], path[100], old[100];
static real *vec[N_VEC];

static void begin(void)
{
    verbosity = -1;
    temp_dir(dir);
    snprintf(path, sizeof path, "%s/run.ckpt", dir);
    snprintf(old, sizeof old, "%s/run.ckpt.old", dir);
    for (int i = 0; i < N_VEC; i++)
        vec[i] = xalloc(N, sizeof(real));
}

static void end(void)
{
    temp_remove(dir);
    for (int i = 0; i < N_VEC; i++)
        free(vec[i]);
}

/* Every value depends on the step, so that a mixture of two files would show. */
static int save(long step)
{
    struct ckpt c = { .step = step, .loss_sum = 0.1 * (double)step };

    for (int i = 0; i < N_VEC; i++)
        for (int k = 0; k < N; k++)
            vec[i][k] = (real)(step + i);
    return ckpt_save(path, key, &c, (const real *const *)vec, N_VEC, N);
}

/* The step that was loaded; 0: none, -1: refused, -2: a mixture. */
static long load(void)
{
    struct ckpt c = { 0 };
    long wrong = 0;

    for (int i = 0; i < N_VEC; i++)
        memset(vec[i], 0, N * sizeof(real));
    int rc = ckpt_load(path, key, &c, vec, N_VEC, N);
    for (int i = 0; i < N_VEC; i++)
        for (int k = 0; k < N; k++)
            wrong += vec[i][k] != (real)(rc == 1 ? c.step + i : 0);
    wrong += rc == 1 && c.loss_sum != 0.1 * (double)c.step;
    return wrong ? -2 : rc == 1 ? c.step : rc;
}

static void damage(const char *file, int how)
{
    struct stat st;
    int fd = open(file, O_RDWR);
    char byte;

    ck_assert(fd >= 0 && fstat(fd, &st) == 0);
    off_t at[] = { 3, 30, 150, st.st_size / 2, st.st_size - 3 };
    if (how < 5) {
        ck_assert_int_eq(pread(fd, &byte, 1, at[how]), 1);
        byte ^= 4;
        ck_assert_int_eq(pwrite(fd, &byte, 1, at[how]), 1);
    } else {
        off_t size[] = { 0, 7, st.st_size / 2, st.st_size - 1, st.st_size + 1 };
        ck_assert_int_eq(ftruncate(fd, size[how - 5]), 0);
    }
    close(fd);
}

static int files(void)
{
    int n = 0;
    const char *names[] = { path, old };

    for (int i = 0; i < 2; i++)
        n += file_exists(names[i]);
    return n;
}

START_TEST(round_trip_and_two_generations)
{
    ck_assert_int_eq(load(), 0);
    ck_assert_int_eq(save(7), 0);
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(load(), 7);
    ck_assert_int_eq(save(8), 0);
    ck_assert_int_eq(load(), 8);
    ck_assert_int_eq(files(), 2);
    ck_assert_int_eq(unlink(path), 0); /* as a kill between the two renames leaves it */
    ck_assert_int_eq(load(), 7);
    ck_assert_int_eq(save(9), 0);
    ck_assert_int_eq(load(), 9);
}
END_TEST

START_TEST(damage_is_noticed)
{
    save(1);
    save(2);
    damage(path, _i);
    ck_assert_int_eq(load(), 1);
    damage(old, _i);
    ck_assert_int_eq(load(), 0);
    ck_assert_int_eq(save(3), 0);
    ck_assert_int_eq(load(), 3);
}
END_TEST

/* Every field of the head, at its extremes: the size of a value, the number of vectors, their
 * length, and the version. The older generation counts; without one the run starts anew. */
START_TEST(a_damaged_head_is_refused)
{
    static const struct {
        off_t at;
        uint64_t value;
        size_t size;
    } field[] = {
        { 12, 0, 4 }, { 12, UINT32_MAX, 4 }, { 12, 3, 4 },
        { 20, 0, 4 }, { 20, UINT32_MAX, 4 }, { 24, 0, 8 },
        { 24, 1, 8 }, { 24, UINT64_MAX, 8 }, { 24, UINT64_MAX / 4 + 1, 8 },
        { 8, 0, 4 },  { 16, 0, 4 },
    };
    const char *names[] = { path, old };

    save(1);
    save(2);
    for (int g = 0; g < 2; g++) {
        int fd = open(names[g], O_WRONLY);
        ck_assert_int_eq(pwrite(fd, &field[_i].value, field[_i].size, field[_i].at),
                         (ssize_t)field[_i].size);
        close(fd);
        ck_assert_int_eq(load(), g == 0 ? 1 : 0);
    }
}
END_TEST

START_TEST(another_run_or_size_is_refused)
{
    struct ckpt c;

    save(4);
    ck_assert_int_eq(ckpt_load(path, "4f2b", &c, vec, N_VEC, N), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_int_eq(ckpt_load(path, key, &c, vec, N_VEC, N - 1), -1);
    ck_assert_int_eq(ckpt_load(path, key, &c, vec, N_VEC - 1, N), -1);
    ck_assert_int_eq(load(), 4);
}
END_TEST

START_TEST(a_full_disk_keeps_the_old_one)
{
    struct rlimit lim = { 20000, 20000 };

    save(5);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    ck_assert_int_eq(save(6), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_ptr_nonnull(strstr(fail_text(), path));
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(load(), 5);
}
END_TEST

START_TEST(missing_folder_is_an_error)
{
    snprintf(path, sizeof path, "%s/none/run.ckpt", dir);
    ck_assert_int_eq(save(1), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_ptr_nonnull(strstr(fail_text(), "none/run.ckpt"));
    ck_assert_int_eq(load(), 0);
    ckpt_remove(path);
}
END_TEST

/* Kill a process that only saves, at any moment: there is always a file that verifies. */
START_TEST(killed_while_saving)
{
    long last = 1;

    ck_assert_int_eq(save(1), 0);
    for (int round = 0; round < 40 || last == 1; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (long step = last + 1;; step++)
                save(step);
        }
        usleep((useconds_t)(500 + 377 * round));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        long now = load();
        ck_assert_int_ge(now, last);
        last = now;
    }
    ck_assert_int_gt(last, 1);
    ckpt_remove(path);
    ck_assert_int_eq(rmdir(dir), 0); /* temporary files of the killed processes are gone as well */
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, round_trip_and_two_generations);
    tcase_add_loop_test(tc, damage_is_noticed, 0, 10);
    tcase_add_loop_test(tc, a_damaged_head_is_refused, 0, 11);
    tcase_add_test(tc, another_run_or_size_is_refused);
    tcase_add_test(tc, a_full_disk_keeps_the_old_one);
    tcase_add_test(tc, missing_folder_is_an_error);
    tcase_add_test(tc, killed_while_saving);
}

const struct suite suite_ckpt = { "ckpt", fill };
