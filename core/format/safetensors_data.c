/* safetensors_data.c - reading the values of safetensors files with conversion, and writing
 * files. */
#include "core/format/safetensors.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The number in N_BYTES little-endian bytes at any alignment. */
static uint64_t read_bits(const unsigned char *p, int n_bytes)
{
    uint64_t u = 0;

    for (int i = n_bytes - 1; i >= 0; i--)
        u = u << 8 | p[i];
    return u;
}

static double from_f32(uint32_t u)
{
    float f;

    memcpy(&f, &u, sizeof f);
    return f;
}

static double from_f64(uint64_t u)
{
    double d;

    memcpy(&d, &u, sizeof d);
    return d;
}

/* IEEE binary16: 1 sign, 5 exponent, 10 fraction bits. */
static double from_f16(unsigned u)
{
    int exponent = (int)(u >> 10 & 31), fraction = (int)(u & 1023);
    double x;

    if (exponent == 31)
        x = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        x = ldexp(fraction, -24);
    else
        x = ldexp(1024 + fraction, exponent - 25);
    return u >> 15 ? -x : x;
}

static double read_number(const struct st_tensor *t, size_t i)
{
    switch (t->dtype) {
    case ST_F16: return from_f16((unsigned)read_bits(t->data + 2 * i, 2));
    case ST_BF16: return from_f32((uint32_t)read_bits(t->data + 2 * i, 2) << 16);
    case ST_F32: return from_f32((uint32_t)read_bits(t->data + 4 * i, 4));
    default: return from_f64(read_bits(t->data + 8 * i, 8));
    }
}

static long read_integer(const struct st_tensor *t, size_t i)
{
    switch (t->dtype) {
    case ST_I8: return (int8_t)t->data[i];
    case ST_I16: return (int16_t)read_bits(t->data + 2 * i, 2);
    case ST_I32: return (int32_t)read_bits(t->data + 4 * i, 4);
    case ST_I64: return (long)read_bits(t->data + 8 * i, 8);
    default: return t->data[i];
    }
}

struct copy {
    const struct safetensors *s;
    const struct st_tensor *t;
    real *reals;
    double *doubles;
    long *longs;
};

static int copy_reals(void *arg)
{
    const struct copy *c = arg;
    const struct st_tensor *t = c->t;

    if (t->dtype == (sizeof(real) == 4 ? ST_F32 : ST_F64) && t->count > 0)
        memcpy(c->reals, t->data, t->count * sizeof(real));
    else
        for (size_t i = 0; i < t->count; i++)
            c->reals[i] = (real)read_number(t, i);
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(c->reals[i]))
            return fail(FAIL_INPUT, "tensor '%s' of '%s' has %s at index %zu", st_escaped(t->name),
                        c->s->file.path, isnan(c->reals[i]) ? "a NaN" : "an infinity", i);
    return 0;
}

static int copy_doubles(void *arg)
{
    const struct copy *c = arg;

    for (size_t i = 0; i < c->t->count; i++)
        c->doubles[i] = read_number(c->t, i);
    return 0;
}

static int copy_longs(void *arg)
{
    const struct copy *c = arg;

    for (size_t i = 0; i < c->t->count; i++)
        c->longs[i] = read_integer(c->t, i);
    return 0;
}

static int check_request(const struct safetensors *s, const struct st_tensor *t, size_t count,
                         bool integers)
{
    if ((t->dtype <= ST_I64) != integers)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' has the dtype %s, but %s needed here",
                    st_escaped(t->name), s->file.path, st_dtype_name(t->dtype),
                    integers ? "integers are" : "a float type is");
    if (t->count != count)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' has %zu values, but %zu are needed here",
                    st_escaped(t->name), s->file.path, t->count, count);
    return 0;
}

int st_reals(real *dst, const struct safetensors *s, const struct st_tensor *t, size_t count)
{
    struct copy c = { .s = s, .t = t, .reals = dst };

    return check_request(s, t, count, false) != 0 ? -1 : file_guard(&s->file, copy_reals, &c);
}

int st_doubles(double *dst, const struct safetensors *s, const struct st_tensor *t, size_t count)
{
    struct copy c = { .s = s, .t = t, .doubles = dst };

    return check_request(s, t, count, false) != 0 ? -1 : file_guard(&s->file, copy_doubles, &c);
}

int st_longs(long *dst, const struct safetensors *s, const struct st_tensor *t, size_t count)
{
    struct copy c = { .s = s, .t = t, .longs = dst };

    return check_request(s, t, count, true) != 0 ? -1 : file_guard(&s->file, copy_longs, &c);
}

static int all_finite(void *arg)
{
    const struct st_tensor *t = arg;
    const float *x = (const float *)(const void *)t->data;

    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(x[i]))
            return 1;
    return 0;
}

const float *st_floats_in_place(const struct st_tensor *t)
{
    struct st_tensor copy = *t;
    struct file span = { t->name, t->data, t->count * sizeof(float) };

    if (t->dtype != ST_F32 || (uintptr_t)t->data % _Alignof(float) != 0)
        return NULL;
    return file_guard(&span, all_finite, &copy) == 0 ? (const float *)(const void *)t->data : NULL;
}

static size_t out_count(const struct st_out *t)
{
    size_t count = 1;

    for (int i = 0; i < t->n_dims; i++)
        CHECK(!__builtin_mul_overflow(count, t->shape[i], &count), "shape of '%s'", t->name);
    return count;
}

/* The header, which the caller frees. Errors: NULL for a name that is not UTF-8 or occurs twice. */
static char *header_text(const struct st_out *t, int n, const char *dtype, size_t size_of)
{
    json_t *h = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    size_t at = 0;
    char *text = NULL;

    CHECK(h, "no header");
    for (int i = 0; i < n; i++) {
        json_t *shape = json_array();
        size_t end = at + out_count(&t[i]) * size_of;
        for (int k = 0; k < t[i].n_dims; k++)
            json_array_append_new(shape, json_integer((json_int_t)t[i].shape[k]));
        json_t *entry = json_pack("{s:s,s:o,s:[I,I]}", "dtype", dtype, "shape", shape,
                                  "data_offsets", (json_int_t)at, (json_int_t)end);
        bool twice = json_object_get(h, t[i].name) != NULL;
        if (json_object_set_new(h, t[i].name, entry) != 0 || twice) {
            fail(FAIL_STORE, "the name of tensor '%s' occurs twice or is not UTF-8",
                 st_escaped(t[i].name));
            goto out;
        }
        at = end;
    }
    text = json_dumps(h, JSON_COMPACT);
    CHECK(text, "header of %d tensors", n);
out:
    json_decref(h);
    return text;
}

static void write_values(unsigned char *p, const struct st_out *t, size_t count, bool f64)
{
    for (size_t i = 0; i < count; i++) {
        float f = (float)t->data[i];
        double d = (double)t->data[i];
        if (f64)
            memcpy(p + 8 * i, &d, 8);
        else
            memcpy(p + 4 * i, &f, 4);
    }
}

/* Spaces extend the header to a multiple of 8 bytes, so that the data are aligned in a mapped
 * file. */
int st_write(const char *path, const struct st_out *t, int n, bool f64)
{
    size_t size_of = f64 ? 8 : 4, data = 0;
    char *text = header_text(t, n, f64 ? "F64" : "F32", size_of);

    if (!text)
        return fail_context("cannot write '%s'", path);
    size_t used = strlen(text), header = (used + 7) / 8 * 8;
    for (int i = 0; i < n; i++)
        data += out_count(&t[i]) * size_of;
    unsigned char *p = xalloc(8 + header + data, 1), *q = p + 8 + header;
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)header >> 8 * i);
    memset(p + 8, ' ', header);
    memcpy(p + 8, text, used);
    for (int i = 0; i < n; i++) {
        write_values(q, &t[i], out_count(&t[i]), f64);
        q += out_count(&t[i]) * size_of;
    }
    int rc = file_write(path, p, 8 + header + data, FAIL_STORE);
    free(p);
    free(text);
    return rc;
}
