/* test_file.c - reading and replacing files, hashes, and other programs. */
#include "core/os/file.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* FIPS 180-4's "abc", and no bytes. */
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
    tcase_add_test(tc, write_replaces_and_maps_back);
    tcase_add_test(tc, guard_survives_truncation);
    tcase_add_test(tc, sha256_known_answers);
    tcase_add_test(tc, spawn_reports);
}

const struct suite suite_file = { "file", fill };
