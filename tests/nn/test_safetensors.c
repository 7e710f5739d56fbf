/* test_safetensors.c - valid, unusual and invalid safetensors files, each made by hand;
 * conversions; writing. */
#include "core/base/base.h"
#include "core/format/safetensors.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], path[128];

static void setup(void)
{
    temp_dir(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
}

static void teardown(void)
{
    temp_remove(dir);
}

static void put_bytes(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

/* Write a file with this header and N_DATA bytes 0, 1, 2, ... */
static void write_file(const char *header, size_t header_size, size_t n_data)
{
    unsigned char *p = calloc(8 + header_size + n_data, 1);

    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)header_size >> 8 * i);
    memcpy(p + 8, header, header_size);
    for (size_t i = 0; i < n_data; i++)
        p[8 + header_size + i] = (unsigned char)i;
    put_bytes(p, 8 + header_size + n_data);
    free(p);
}

#define TENSOR(name, dtype, shape, from, to)                                                       \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]" \
    "}"
#define TEXT(s) s, sizeof s - 1

/* What the message contains besides the path; NULL: the file is valid. */
static const struct {
    const char *header;
    size_t size, n_data;
    const char *says;
} heads[] = {
    { TEXT("{}"), 0, NULL },
    { TEXT("{" TENSOR("a", "F32", "[2]", "0", "8") "}"), 8, NULL },
    { TEXT("  {" TENSOR("a", "F32", "[2]", "0", "8") "}      "), 8, NULL },
    { TEXT("{" TENSOR("z", "U8", "[3]", "0", "3") "," TENSOR("a", "F32", "[2]", "3", "11") "}"), 11,
      NULL },
    { TEXT("{" TENSOR("b", "F32", "[1]", "8", "12") "," TENSOR("a", "F32", "[2]", "0", "8") "}"),
      12, NULL },
    { TEXT(
          "{" TENSOR("empty", "F32", "[0,3]", "0", "0") "," TENSOR("a", "F32", "[]", "0", "4") "}"),
      4, NULL },
    { TEXT("{" TENSOR("a", "F32", "[]", "0", "4") "," TENSOR("end", "F32", "[0]", "4", "4") "}"), 4,
      NULL },
    { TEXT("{\"__metadata__\":{\"format\":\"pt\"}," TENSOR("a", "I64", "[1]", "0", "8") "}"), 8,
      NULL },
    { TEXT("{" TENSOR("", "F32", "[1]", "0", "4") "}"), 4, NULL },
    /* --- The header */
    { TEXT(""), 0, "does not begin with '{'" },
    { TEXT("    "), 0, "does not begin with '{'" },
    { TEXT("[]"), 0, "does not begin with '{'" },
    { TEXT("\"{}\""), 0, "does not begin with '{'" },
    { TEXT("{"), 0, "not valid JSON" },
    { TEXT("{\"\xff\":1}"), 0, "not valid JSON" },
    { TEXT("{}\0\0\0"), 0, "has byte 0x00 after its end" },
    { TEXT("{} x"), 0, "has byte 0x78 after its end" },
    { TEXT("{}{}"), 0, "has byte 0x7b after its end" },
    { TEXT("\0{}"), 0, "does not begin with '{'" },
    { TEXT("{\"__metadata__\":[]}"), 0, "__metadata__ is not an object" },
    { TEXT("{\"__metadata__\":{\"n\":1}}"), 0, "'n' in __metadata__ is not a string" },
    { TEXT("{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("a", "F32", "[1]", "4", "8") "}"), 8,
      "duplicate" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"), 4,
      "duplicate" },
    { TEXT("{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"), 4,
      "not valid JSON" },
    /* --- One tensor */
    { TEXT("{\"a\":1}"), 0, "tensor 'a'" },
    { TEXT("{\"a\":{}}"), 0, "has no dtype" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}"), 4, "has no shape" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}"), 4, "data_offsets" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}"), 4,
      "unknown key 'x'" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,2,4]}}"), 4,
      "data_offsets" },
    { TEXT("{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}"), 4, "has no shape" },
    { TEXT("{" TENSOR("a", "F99", "[1]", "0", "4") "}"), 4, "'F99'" },
    { TEXT("{" TENSOR("a", "F8_E4M3", "[4]", "0", "4") "}"), 4, "'F8_E4M3'" },
    { TEXT("{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}"), 4, "9 dimensions" },
    { TEXT("{" TENSOR("a", "F32", "[-1]", "0", "4") "}"), 4, "whole" },
    { TEXT("{" TENSOR("a", "F32", "[1.0]", "0", "4") "}"), 4, "whole" },
    { TEXT("{" TENSOR("a", "F32", "[1e0]", "0", "4") "}"), 4, "whole" },
    { TEXT("{" TENSOR("a", "F32", "[\"1\"]", "0", "4") "}"), 4, "whole" },
    { TEXT("{" TENSOR("a", "F32", "[9007199254740993]", "0", "4") "}"), 4, "2^53" },
    { TEXT("{" TENSOR("a", "F32", "[2,18446744073709551614]", "0", "4") "}"), 4, "not valid JSON" },
    { TEXT("{" TENSOR("a", "F32", "[2,9223372036854775807]", "0", "4") "}"), 4, "2^53" },
    { TEXT("{" TENSOR("a", "F32", "[4294967296,4294967296]", "0", "4") "}"), 4, "overflows" },
    { TEXT("{" TENSOR("a", "F64", "[4294967296,1073741824]", "0", "4") "}"), 4, "overflows" },
    { TEXT("{" TENSOR("a", "F32", "[3]", "0", "8") "}"), 8, "needs 12 bytes" },
    { TEXT("{" TENSOR("a", "F16", "[2]", "0", "8") "}"), 8, "needs 4 bytes" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "8", "0") "}"), 8, "reversed" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "-8", "0") "}"), 8, "data_offsets" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "0.0", "8") "}"), 8, "data_offsets" },
    { TEXT("{" TENSOR("a", "F32", "[4]", "0", "16") "}"), 8, "ends at byte 16" },
    /* --- All tensors: they cover the data exactly once */
    { TEXT("{" TENSOR("a", "F32", "[2]", "0", "8") "," TENSOR("b", "F32", "[2]", "4", "12") "}"),
      12, "overlaps" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "0", "8") "," TENSOR("b", "F32", "[2]", "0", "8") "}"), 8,
      "overlaps" },
    { TEXT("{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("b", "F32", "[1]", "8", "12") "}"),
      12, "hole of 4" },
    { TEXT("{" TENSOR("a", "F32", "[1]", "4", "8") "}"), 8, "hole of 4" },
    { TEXT("{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("e", "F32", "[0]", "8", "8") "}"), 8,
      "hole" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "0", "8") "}"), 9, "1 bytes after its last tensor 'a'" },
    { TEXT("{" TENSOR("a", "F32", "[2]", "0", "8") "}"), 6, "ends at byte 8" },
    { TEXT("{}"), 1, "1 bytes after its last" },
    { TEXT("{" TENSOR("../../\\n\\u001b[2J'", "F32", "[2]", "0", "4") "}"), 4,
      "'../../\\x0a\\x1b[2J\\x27'" },
};

START_TEST(headers)
{
    struct st_file s;

    write_file(heads[_i].header, heads[_i].size, heads[_i].n_data);
    int rc = st_open(&s, path);
    if (!heads[_i].says) {
        ck_assert_msg(rc == 0, "%s: %s", heads[_i].header, fail_text());
        st_close(&s);
        return;
    }
    ck_assert_msg(rc == -1, "accepted: %s", heads[_i].header);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), heads[_i].says) && strstr(fail_text(), path),
                  "%s: says \"%s\"", heads[_i].header, fail_text());
    ck_assert_int_eq(s.n, 0);
}
END_TEST

static const struct {
    const char *bytes;
    size_t size;
    const char *says;
} starts[] = {
    { TEXT(""), "header" },
    { TEXT("\x02\0\0\0\0\0\0"), "header" },
    { TEXT("\x03\0\0\0\0\0\0\0{}"), "would have 3 bytes" },
    { TEXT("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "would have 18446744073709551615 bytes" },
    { TEXT("\x01\xe1\xf5\x05\0\0\0\0{}"), "at most 100 MB" },
    { TEXT("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 47\n"),
      "is a git-LFS pointer, not a safetensors file" },
};

START_TEST(beginnings)
{
    struct st_file s;

    put_bytes(starts[_i].bytes, starts[_i].size);
    ck_assert_int_eq(st_open(&s, path), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), starts[_i].says), "says \"%s\"", fail_text());
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH + 8);
    struct st_file s;

    strcpy(text, "{\"a\":");
    memset(text + 5, '[', DEPTH);
    write_file(text, DEPTH + 5, 0);
    free(text);
    ck_assert_int_eq(st_open(&s, path), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "not valid JSON"));
}
END_TEST

START_TEST(long_names_are_cut)
{
    enum { LENGTH = 1000000 };
    char *text = malloc(LENGTH + 100), *p = text;
    struct st_file s;

    p += sprintf(p, "{\"");
    memset(p, '\t' + 'A', LENGTH);
    p += LENGTH;
    p += sprintf(p, "\":{\"dtype\":\"F32\"}}");
    write_file(text, (size_t)(p - text), 0);
    free(text);
    ck_assert_int_eq(st_open(&s, path), -1);
    ck_assert_uint_lt(strlen(fail_text()), 400);
    ck_assert_ptr_nonnull(strstr(fail_text(), "JJJ..."));
}
END_TEST

START_TEST(many_tensors_are_quick)
{
    enum { N = 100000 };
    char *text = malloc((size_t)N * 80), *p = text;
    struct st_file s;
    double t0 = now_mono();
    long bad = 0;

    *p++ = '{';
    for (int i = 0; i < N; i++)
        p += sprintf(p, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                     i ? "," : "", N - 1 - i, i, i + 1);
    *p++ = '}';
    write_file(text, (size_t)(p - text), N);
    free(text);
    ck_assert_msg(st_open(&s, path) == 0, "%s", fail_text());
    ck_assert_int_eq(s.n, N);
    for (int i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        const struct st_tensor *t = st_find(&s, name);
        bad += !t || strcmp(t->name, name) != 0 || t->data[0] != (unsigned char)(N - 1 - i);
    }
    ck_assert_int_eq(bad, 0);
    ck_assert_ptr_null(st_find(&s, "t"));
    ck_assert_ptr_null(st_find(&s, "z"));
    st_close(&s);
    ck_assert_double_lt(now_mono() - t0, 20); /* with a quadratic algorithm: hours */
}
END_TEST

/* A tensor "a" of these bytes, at an odd address in the map, because the header has an odd
 * length. */
static void open_one(struct st_file *s, const char *dtype, const void *data, size_t size,
                     size_t count)
{
    unsigned char file[1024] = { 0 };
    int n = sprintf((char *)file + 8,
                    "{\"a\":{\"dtype\":\"%s\",\"shape\":[%zu],\"data_offsets\":[0,%zu]}}", dtype,
                    count, size);

    n += n % 2 == 0;
    file[7 + n] = file[7 + n] ? file[7 + n] : ' ';
    file[0] = (unsigned char)n;
    memcpy(file + 8 + n, data, size);
    put_bytes(file, 8 + (size_t)n + size);
    ck_assert_msg(st_open(s, path) == 0, "%s", fail_text());
}

START_TEST(floats_convert)
{
    static const unsigned char f16[] = { 0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b,
                                         0x01, 0x00, 0xff, 0x03, 0x00, 0x80 };
    static const double of_f16[] = { 1, -2, 65504, 0x1p-24, 1023 * 0x1p-24, -0.0 };
    static const unsigned char bf16[] = { 0x80, 0x3f, 0x49, 0xc0, 0x80, 0x00 };
    static const double of_bf16[] = { 1, -3.140625, 0x1p-126 };
    static const double f64[] = { 0.1, -1e30 };
    static const float f32[] = { 0.5F, -0.25F, 1e-30F };
    const struct st_tensor *t;
    struct st_file s;
    double d[8];
    real r[8];

    open_one(&s, "F16", f16, sizeof f16, 6);
    t = st_find(&s, "a");
    ck_assert_int_eq(st_doubles(d, t, 6), 0);
    ck_assert_int_eq(st_reals(r, t, 6), 0);
    ck_assert(memcmp(d, of_f16, sizeof of_f16) == 0 && r[2] == 65504 && signbit(r[5]));
    ck_assert_int_eq(st_reals(r, t, 5), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "has 6 values, but 5 are needed"));
    st_close(&s);

    open_one(&s, "BF16", bf16, sizeof bf16, 3);
    ck_assert_int_eq(st_doubles(d, st_find(&s, "a"), 3), 0);
    ck_assert_int_eq(memcmp(d, of_bf16, sizeof of_bf16), 0);
    st_close(&s);

    open_one(&s, "F64", f64, sizeof f64, 2);
    ck_assert_int_eq(st_doubles(d, st_find(&s, "a"), 2), 0);
    ck_assert_int_eq(st_reals(r, st_find(&s, "a"), 2), 0);
    ck_assert(memcmp(d, f64, sizeof f64) == 0 && r[0] == (real)0.1);
    st_close(&s);

    open_one(&s, "F32", f32, sizeof f32, 3);
    ck_assert_int_eq(st_reals(r, st_find(&s, "a"), 3), 0);
    ck_assert(r[0] == (real)f32[0] && r[1] == (real)f32[1] && r[2] == (real)f32[2]);
    ck_assert_ptr_null(st_floats_in_place(st_find(&s, "a"))); /* at an odd address */
    st_close(&s);
}
END_TEST

START_TEST(integers_convert)
{
    static const int64_t i64[] = { -1, INT64_MAX };
    static const int16_t i16[] = { -2, 300 };
    static const unsigned char u8[] = { 255, 1 };
    struct st_file s;
    double d[2];
    long v[2];

    open_one(&s, "I64", i64, sizeof i64, 2);
    ck_assert_int_eq(st_longs(v, st_find(&s, "a"), 2), 0);
    ck_assert(v[0] == -1 && v[1] == INT64_MAX);
    ck_assert_int_eq(st_doubles(d, st_find(&s, "a"), 2), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "I64"));
    st_close(&s);
    open_one(&s, "I16", i16, sizeof i16, 2);
    ck_assert_int_eq(st_longs(v, st_find(&s, "a"), 2), 0);
    ck_assert(v[0] == -2 && v[1] == 300);
    st_close(&s);
    open_one(&s, "U8", u8, sizeof u8, 2);
    ck_assert_int_eq(st_longs(v, st_find(&s, "a"), 2), 0);
    ck_assert(v[0] == 255 && v[1] == 1);
    st_close(&s);
    open_one(&s, "I8", u8, sizeof u8, 2);
    ck_assert_int_eq(st_longs(v, st_find(&s, "a"), 2), 0);
    ck_assert(v[0] == -1 && v[1] == 1);
    st_close(&s);
}
END_TEST

/* A NaN in the middle and an infinity at the end are reported with their index, for every float
 * dtype. */
START_TEST(nonfinite_is_refused)
{
    static const unsigned char f16[] = { 0, 0, 1, 0x7c, 0, 0 }, bf16[] = { 0, 0, 0, 0, 0x80, 0x7f };
    static const struct {
        const char *dtype;
        const unsigned char *data;
        const char *says;
    } rows[] = { { "F16", f16, "has a NaN at index 1" },
                 { "BF16", bf16, "has an infinity at index 2" } };
    float f32[] = { 1, 2, NAN };
    struct st_file s;
    real r[3];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        open_one(&s, rows[i].dtype, rows[i].data, 6, 3);
        ck_assert_int_eq(st_reals(r, st_find(&s, "a"), 3), -1);
        ck_assert_msg(strstr(fail_text(), rows[i].says), "%s", fail_text());
        st_close(&s);
    }
    open_one(&s, "F32", f32, sizeof f32, 3);
    ck_assert_int_eq(st_reals(r, st_find(&s, "a"), 3), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "tensor 'a'"));
    ck_assert_ptr_nonnull(strstr(fail_text(), "has a NaN at index 2"));
    ck_assert_ptr_null(st_floats_in_place(st_find(&s, "a")));
    st_close(&s);
}
END_TEST

START_TEST(written_files_read_back)
{
    static const real w[] = { 1, -2, 3, (real)0.1, 5, 6 };
    const struct st_out out[] = { { "w", w, 2, { 2, 3 } },
                                  { "odd \"name\"\n", w, 0, { 0 } },
                                  { "none", w, 1, { 0 } } };
    const struct st_out twice[] = { { "w", w, 0, { 0 } }, { "w", w, 0, { 0 } } };
    struct st_file s;
    real r[6] = { 0 };

    for (int f64 = 0; f64 < 2; f64++) {
        ck_assert_msg(st_write(path, out, 3, f64) == 0, "%s", fail_text());
        ck_assert_msg(st_open(&s, path) == 0, "%s", fail_text());
        ck_assert_int_eq(s.n, 3);
        const struct st_tensor *t = st_find(&s, "w");
        ck_assert(t && t->n_dims == 2 && t->shape[0] == 2 && t->shape[1] == 3);
        ck_assert_int_eq(t->dtype, f64 ? ST_F64 : ST_F32);
        ck_assert_int_eq(st_reals(r, t, 6), 0);
        ck_assert(fabs((double)(r[3] - w[3])) < 1e-8 && r[5] == 6); /* 0.1 as F32 */
        ck_assert((st_floats_in_place(t) != NULL) == !f64);
        ck_assert_ptr_nonnull(st_find(&s, "odd \"name\"\n"));
        st_close(&s);
    }
    ck_assert_int_eq(st_write(path, twice, 2, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(st_write("/nowhere/at/all", out, 3, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
}
END_TEST

/* Another process truncates the file after it was opened: an error, not a crash. */
START_TEST(truncation_is_an_error)
{
    enum { N = 1 << 16 };
    real *w = calloc(N, sizeof *w);
    const struct st_out out = { "w", w, 1, { N } };
    struct st_file s;

    ck_assert_int_eq(st_write(path, &out, 1, sizeof *w == 8), 0);
    ck_assert_int_eq(st_open(&s, path), 0);
    ck_assert_int_eq(truncate(path, 4096), 0);
    ck_assert_int_eq(st_reals(w, st_find(&s, "w"), N), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "changed while it was being read"));
    ck_assert_ptr_null(st_floats_in_place(st_find(&s, "w")));
    st_close(&s);
    free(w);
}
END_TEST

START_TEST(missing_file)
{
    struct st_file s;

    ck_assert_int_eq(st_open(&s, "/nowhere.safetensors"), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_int_eq(st_open(&s, "/tmp"), -1);
    st_close(&s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, headers, 0, ARRAY_LEN(heads));
    tcase_add_loop_test(tc, beginnings, 0, ARRAY_LEN(starts));
    tcase_add_test(tc, deep_nesting_is_refused);
    tcase_add_test(tc, long_names_are_cut);
    tcase_add_test(tc, many_tensors_are_quick);
    tcase_add_test(tc, floats_convert);
    tcase_add_test(tc, integers_convert);
    tcase_add_test(tc, nonfinite_is_refused);
    tcase_add_test(tc, written_files_read_back);
    tcase_add_test(tc, truncation_is_an_error);
    tcase_add_test(tc, missing_file);
}

const struct suite suite_safetensors = { "safetensors", fill };
