/* test_gguf.c - the keys of GGUF files, and a table of faults. The files are written here. */
#include "core/format/gguf.h"
#include "core/nn/model.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- files written here */

static char dir[64];
static struct bytes {
    unsigned char x[4096];
    size_t n;
} file;

static void put(const void *x, size_t n)
{
    ck_assert_uint_le(file.n + n, sizeof file.x);
    memcpy(file.x + file.n, x, n);
    file.n += n;
}

static void put_u32(uint32_t x)
{
    put(&x, sizeof x);
}

static void put_u64(uint64_t x)
{
    put(&x, sizeof x);
}

static void put_string(const char *s)
{
    put_u64(strlen(s));
    put(s, strlen(s));
}

static void put_key(const char *key, enum gguf_type t)
{
    put_string(key);
    put_u32(t);
}

static void put_header(uint32_t version, uint64_t tensors, uint64_t keys)
{
    file.n = 0;
    put("GGUF", 4);
    put_u32(version);
    put_u64(tensors);
    put_u64(keys);
}

static void put_tensor(const char *name, int n_dims, uint64_t d0, uint64_t d1, uint32_t type,
                       uint64_t offset)
{
    put_string(name);
    put_u32((uint32_t)n_dims);
    put_u64(d0);
    if (n_dims > 1)
        put_u64(d1);
    put_u32(type);
    put_u64(offset);
}

/* Zeros up to N bytes after the next multiple of 32. */
static void put_data(size_t n)
{
    static const unsigned char zeros[512];

    put(zeros, (32 - file.n % 32) % 32);
    put(zeros, n);
}

static const char *saved(void)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/x.gguf", dir);
    ck_assert_int_eq(file_write(path, file.x, file.n, FAIL_STORE), 0);
    return path;
}

static void put_array(const char *key, enum gguf_type item, uint64_t n)
{
    put_key(key, GGUF_ARRAY);
    put_u32(item);
    put_u64(n);
}

static void put_keys_of_all_types(void)
{
    static const enum gguf_type numbers[] = { GGUF_U8,  GGUF_I8,  GGUF_U16, GGUF_I16, GGUF_U32,
                                              GGUF_I32, GGUF_U64, GGUF_I64, GGUF_BOOL };
    static const int bytes[] = { 1, 1, 2, 2, 4, 4, 8, 8, 1 };
    const long minus = -1, one = 1;
    const float f = 0.5f;
    const double d = 0.1;

    for (int i = 0; i < (int)ARRAY_LEN(numbers); i++) {
        put_key(gguf_type_name(numbers[i]), numbers[i]);
        put(i < 8 ? &minus : &one, (size_t)bytes[i]);
    }
    put_key("f32", GGUF_F32);
    put(&f, sizeof f);
    put_key("f64", GGUF_F64);
    put(&d, sizeof d);
    put_key("string", GGUF_STRING);
    put_string("text");
    put_array("strings", GGUF_STRING, 3);
    put_string("a");
    put_string("");
    put_string("\xc4\xa0the");
    put_array("numbers", GGUF_I32, 2);
    put_u32(7);
    put_u32((uint32_t)-7);
}

START_TEST(keys_of_all_types)
{
    static const struct {
        const char *key;
        double value;
    } want[] = {
        { "u8", 255 },         { "i8", -1 },  { "u16", 65535 },  { "i16", -1 },
        { "u32", 4294967295 }, { "i32", -1 }, { "u64", 0x1p64 }, { "i64", -1 },
        { "f32", 0.5 },        { "bool", 1 }, { "f64", 0.1 },
    };
    struct st_file s;
    struct gguf g;
    const char **text;
    size_t *n;
    double x;

    temp_dir(dir);
    put_header(2 + (uint32_t)_i, 1, 14);
    put_keys_of_all_types();
    put_tensor("x", 2, 3, 2, 0, 0);
    put_data(24);
    ck_assert_msg(gguf_open(&s, &g, saved()) == 0, "%s", fail_text());
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert_msg(gguf_number(&x, gguf_find(&g, want[i].key), 0), "%s", want[i].key);
        ck_assert_double_eq(x, want[i].value);
        ck_assert(!gguf_number(&x, gguf_find(&g, want[i].key), 1));
    }
    char *string = gguf_string(gguf_find(&g, "string"));
    ck_assert_str_eq(string, "text");
    free(string);
    ck_assert_ptr_null(gguf_string(gguf_find(&g, "u8")));
    ck_assert(!gguf_number(&x, gguf_find(&g, "string"), 0) && !gguf_number(&x, NULL, 0));
    ck_assert(gguf_number(&x, gguf_find(&g, "numbers"), 1) && x == -7);
    ck_assert_ptr_null(gguf_find(&g, "absent"));
    ck_assert_int_eq(gguf_strings(&text, &n, gguf_find(&g, "numbers")), -1);
    ck_assert_int_eq(gguf_strings(&text, &n, gguf_find(&g, "strings")), 3);
    ck_assert(n[0] == 1 && n[1] == 0 && n[2] == 5 && memcmp(text[2], "\xc4\xa0the", 5) == 0);
    free(text);
    free(n);
    ck_assert_int_eq(s.t[0].n_dims, 2);
    ck_assert(s.t[0].shape[0] == 2 && s.t[0].shape[1] == 3);
    gguf_free(&g);
    st_close(&s);
    temp_remove(dir);
}
END_TEST

START_TEST(no_file_is_read_that_ends_early)
{
    struct st_file s;

    temp_dir(dir);
    put_header(3, 1, 14);
    put_keys_of_all_types();
    put_tensor("x", 2, 3, 2, 0, 0);
    put_data(24);
    for (size_t whole = file.n; file.n > 0;) {
        file.n--;
        ck_assert_msg(gguf_open(&s, NULL, saved()) != 0, "%zu of %zu bytes", file.n, whole);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
    }
    temp_remove(dir);
}
END_TEST

/* --- faults */

static void f32_at(const char *name, uint64_t at)
{
    put_tensor(name, 1, 8, 0, 0, at);
}

static void alignment_of(uint32_t a)
{
    put_header(3, 1, 1);
    put_key("general.alignment", GGUF_U32);
    put_u32(a);
    f32_at("x", 0);
    put_data(32);
}

static void one_tensor(int n_dims, uint64_t d0, uint64_t d1, uint32_t type, uint64_t offset)
{
    put_header(3, 1, 0);
    put_tensor("x", n_dims, d0, d1, type, offset);
    put_data(256);
}

static void two_tensors(const char *a, uint64_t at_a, const char *b, uint64_t at_b)
{
    put_header(3, 2, 0);
    f32_at(a, at_a);
    f32_at(b, at_b);
    put_data(96);
}

static const struct {
    const char *says;
    int what;
} faults[] = {
    { "version 1; versions 2 and 3 are read", 0 },
    { "version 4; versions", 1 },
    { "big-endian", 2 },
    { "it does not begin with \"GGUF\"", 3 },
    { "has 18446744073709551615 tensors", 4 },
    { "and 18446744073709551615 keys", 5 },
    { "ends within its keys", 6 },
    { "9223372036854775807 bytes are needed", 7 },
    { "array of 1152921504606846976 entries", 8 },
    { "array of 4611686018427387905 entries", 9 },
    { "array of arrays", 10 },
    { "unknown type 99", 11 },
    { "neither 0 nor 1", 12 },
    { "key 'k' of", 13 },
    { "has 0 bytes; it must have 1 to 65535", 14 },
    { "is 0; it must be a power of two", 15 },
    { "is 48; it must be a power of two", 16 },
    { "is of type u64; it must be u32", 17 },
    { "has 5 dimensions", 18 },
    { "has no values", 19 },
    { "more than 2^64", 20 },
    { "has the type Q4_K; F32, F16", 21 },
    { "has the unknown type 77", 22 },
    { "rows of 48 values; of Q4_0 they must be blocks of 32", 23 },
    { "32 bytes at 256 of the data", 24 },
    { "which is not a multiple of 32", 25 },
    { "bytes at 18446744073709551584", 26 },
    { "'b' of '", 27 },
    { "is there twice", 28 },
    { "no file can hold", 29 },
    { "1 to 64, none of them 0", 30 },
};

static void put_faulty_header(int what)
{
    switch (what) {
    case 0: put_header(1, 0, 0); break;
    case 1: put_header(4, 0, 0); break;
    case 2: put_header(3u << 24, 0, 0); break;
    case 3:
        put_header(3, 0, 0);
        file.x[0] = 'g';
        break;
    case 4: put_header(3, UINT64_MAX, 0); break;
    case 5: put_header(3, 0, UINT64_MAX); break;
    default: put_header(3, 0, 99); break;
    }
}

static void put_faulty_metadata(int what)
{
    switch (what) {
    case 7:
        put_header(3, 0, 1);
        put_key("k", GGUF_STRING);
        put_u64(INT64_MAX);
        break;
    case 8:
    case 9:
        put_header(3, 0, 1);
        put_array("k", what == 8 ? GGUF_STRING : GGUF_U32,
                  what == 8 ? 1ull << 60 : (1ull << 62) + 1);
        put_u64(0);
        break;
    case 10:
        put_header(3, 0, 1);
        put_array("k", GGUF_ARRAY, 1);
        put_data(64);
        break;
    case 11:
        put_header(3, 0, 1);
        put_key("k", (enum gguf_type)99);
        break;
    case 12:
        put_header(3, 0, 1);
        put_array("k", GGUF_BOOL, 2);
        put("\1\2", 2);
        break;
    case 13:
        put_header(3, 0, 3);
        for (int i = 0; i < 3; i++) {
            put_key(i == 1 ? "j" : "k", GGUF_U32);
            put_u32(1);
        }
        break;
    case 14:
        put_header(3, 0, 1);
        put_key("", GGUF_U32);
        break;
    case 15: alignment_of(0); break;
    case 16: alignment_of(48); break;
    default:
        put_header(3, 0, 1);
        put_key("general.alignment", GGUF_U64);
        put_u64(32);
        break;
    }
}

static void put_faulty_tensor(int what)
{
    char longest[80];

    memset(longest, 'n', sizeof longest);
    longest[65] = 0;
    switch (what) {
    case 18: one_tensor(5, 1, 1, 0, 0); break;
    case 19: one_tensor(2, 4, 0, 0, 0); break;
    case 20: one_tensor(2, 1ull << 33, 1ull << 33, 0, 0); break;
    case 21: one_tensor(1, 256, 0, 12, 0); break;
    case 22: one_tensor(1, 8, 0, 77, 0); break;
    case 23: one_tensor(2, 48, 2, 2, 0); break;
    case 24: one_tensor(1, 8, 0, 0, 256); break;
    case 25: one_tensor(1, 8, 0, 0, 16); break;
    case 26: one_tensor(1, 8, 0, 0, UINT64_MAX - 31); break;
    case 27: two_tensors("a", 32, "b", 32); break;
    case 28: two_tensors("a", 0, "a", 32); break;
    case 29: one_tensor(1, 1ull << 62, 0, 0, 0); break;
    default:
        put_header(3, 1, 0);
        f32_at(longest, 0);
        put_data(32);
        break;
    }
}

static void put_fault(int what)
{
    (what < 7 ? put_faulty_header : what < 18 ? put_faulty_metadata : put_faulty_tensor)(what);
}

START_TEST(faulty_files)
{
    struct st_file s;

    temp_dir(dir);
    put_fault(faults[_i].what);
    ck_assert_msg(gguf_open(&s, NULL, saved()) != 0, "fault %d was read", _i);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), faults[_i].says) && !strchr(fail_text(), '\n'), "%d: %s", _i,
                  fail_text());
    temp_remove(dir);
}
END_TEST

/* --- models */

START_TEST(scaled_rotary_positions_are_refused)
{
    struct base_model b;

    temp_dir(dir);
    put_header(3, 0, 2);
    put_key("general.architecture", GGUF_STRING);
    put_string("llama");
    put_key("llama.rope.scaling.type", GGUF_STRING);
    put_string("yarn");
    saved();
    ck_assert_int_ne(base_model_load(&b, dir), 0);
    ck_assert_ptr_nonnull(strstr(fail_text(), "rope.scaling.type' of '"));
    ck_assert_ptr_nonnull(strstr(fail_text(), "is 'yarn'; rotary positions are computed without"));
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, keys_of_all_types, 0, 2);
    tcase_add_test(tc, no_file_is_read_that_ends_early);
    tcase_add_loop_test(tc, faulty_files, 0, ARRAY_LEN(faults));
    tcase_add_test(tc, scaled_rotary_positions_are_refused);
}

const struct suite suite_gguf = { "gguf", fill };
