/* tensor.c - names, types, and values of stored tensors. */
#include "core/format/tensor.h"
#include "core/format/quant.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN = 80 };

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [ST_BOOL] = { "BOOL", 1 },  [ST_U8] = { "U8", 1 },      [ST_I8] = { "I8", 1 },
    [ST_I16] = { "I16", 2 },    [ST_I32] = { "I32", 4 },    [ST_I64] = { "I64", 8 },
    [ST_F16] = { "F16", 2 },    [ST_BF16] = { "BF16", 2 },  [ST_F32] = { "F32", 4 },
    [ST_F64] = { "F64", 8 },    [ST_Q4_0] = { "Q4_0", 18 }, [ST_Q4_1] = { "Q4_1", 20 },
    [ST_Q5_0] = { "Q5_0", 22 }, [ST_Q5_1] = { "Q5_1", 24 }, [ST_Q8_0] = { "Q8_0", 34 },
};

const char *st_dtype_name(enum st_dtype d)
{
    return dtypes[d].name;
}

size_t st_dtype_bytes(enum st_dtype d)
{
    return dtypes[d].bytes;
}

const char *st_escaped(const char *name)
{
    static _Thread_local char ring[4][NAME_SHOWN + 8];
    static _Thread_local unsigned at;
    char *buf = ring[at++ % 4];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        bool plain = *p >= 32 && *p < 127 && !strchr("'\"\\", *p);
        if (n + (plain ? 1 : 4) > NAME_SHOWN) {
            strcpy(buf + n, "...");
            return buf;
        }
        n += (size_t)sprintf(buf + n, plain ? "%c" : "\\x%02x", *p);
    }
    buf[n] = 0;
    return buf;
}

int st_refuse(const char *path, const char *tensor, const char *fmt, ...)
{
    char why[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return fail(FAIL_INPUT, "tensor '%s' of '%s' %s", st_escaped(tensor), path, why);
}

static int begins_like_pointer(void *arg)
{
    static const char pointer[] = "version https://git-lfs";
    const struct file *f = arg;

    return f->size >= strlen(pointer) && memcmp(f->data, pointer, strlen(pointer)) == 0;
}

int st_check_pointer(const struct file *f, const char *wanted)
{
    int found = file_guard(f, begins_like_pointer, (void *)(uintptr_t)f);

    if (found > 0)
        fail(FAIL_INPUT, "'%s' is a git-LFS pointer, not %s; 'git lfs pull' fetches the file",
             f->path, wanted);
    return found == 0 ? 0 : -1;
}

/* --- the tensors of one file */

static int by_name(const void *a, const void *b, void *arg)
{
    const struct st_tensor *t = arg;

    return strcmp(t[*(const int *)a].name, t[*(const int *)b].name);
}

int *st_order(const struct st_tensor *t, int n)
{
    int *order = xalloc((size_t)n + 1, sizeof *order);

    for (int i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, (size_t)n, sizeof *order, by_name, (void *)(uintptr_t)t);
    return order;
}

int st_index(struct st_file *s)
{
    s->by_name = st_order(s->t, s->n);
    for (int i = 1; i < s->n; i++)
        if (strcmp(s->t[s->by_name[i - 1]].name, s->t[s->by_name[i]].name) == 0)
            return st_refuse(s->file.path, s->t[s->by_name[i]].name, "is there twice");
    return 0;
}

void st_close(struct st_file *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->t[i].name);
    free(s->t);
    free(s->by_name);
    file_unmap(&s->file);
    *s = (struct st_file){ 0 };
}

const struct st_tensor *st_search(const struct st_tensor *t, const int *order, int n,
                                  const char *name)
{
    int lo = 0, hi = n;

    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        int c = strcmp(name, t[order[mid]].name);
        if (c == 0)
            return &t[order[mid]];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct st_tensor *st_find(const struct st_file *s, const char *name)
{
    return st_search(s->t, s->by_name, s->n, name);
}

/* --- values */

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

/* Where in the data the value with the row-major index I is, in values. */
static size_t place_of(const struct st_tensor *t, size_t i)
{
    size_t at = 0;

    if (!t->is_strided)
        return i;
    for (int k = t->n_dims - 1; k >= 0; k--) {
        at += i % t->shape[k] * t->stride[k];
        i /= t->shape[k];
    }
    return at;
}

static double read_number(const struct st_tensor *t, size_t index)
{
    size_t i = place_of(t, index);

    switch (t->dtype) {
    case ST_F16: return quant_half((unsigned)read_bits(t->data + 2 * i, 2));
    case ST_BF16: return from_f32((uint32_t)read_bits(t->data + 2 * i, 2) << 16);
    case ST_F32: return from_f32((uint32_t)read_bits(t->data + 4 * i, 4));
    default: return from_f64(read_bits(t->data + 8 * i, 8));
    }
}

static long read_integer(const struct st_tensor *t, size_t index)
{
    size_t i = place_of(t, index);

    switch (t->dtype) {
    case ST_I8: return (int8_t)t->data[i];
    case ST_I16: return (int16_t)read_bits(t->data + 2 * i, 2);
    case ST_I32: return (int32_t)read_bits(t->data + 4 * i, 4);
    case ST_I64: return (long)read_bits(t->data + 8 * i, 8);
    default: return t->data[i];
    }
}

static const unsigned char *block_bytes(const struct st_tensor *t, size_t first)
{
    return t->data + first / QUANT_BLOCK * st_dtype_bytes(t->dtype);
}

const unsigned char *st_row_bytes(const struct st_tensor *t, size_t i)
{
    CHECK(quant_is(t->dtype), "a tensor of %s", st_dtype_name(t->dtype));
    return block_bytes(t, i * t->shape[t->n_dims - 1]);
}

/* Decode COUNT values of a tensor of blocks, from value FIRST on, to REALS or DOUBLES. */
static void read_blocks(real *reals, double *doubles, const struct st_tensor *t, size_t first,
                        size_t count)
{
    const unsigned char *p = block_bytes(t, first);
    float x[QUANT_BLOCK];

    for (size_t i = 0; i < count; i += QUANT_BLOCK, p += st_dtype_bytes(t->dtype)) {
        quant_read(x, t->dtype, p, QUANT_BLOCK);
        for (size_t k = 0; k < QUANT_BLOCK; k++)
            if (reals)
                reals[i + k] = (real)x[k];
            else
                doubles[i + k] = x[k];
    }
}

void st_row(real *dst, const struct st_tensor *t, size_t i)
{
    size_t n = t->shape[t->n_dims - 1];

    if (quant_is(t->dtype))
        read_blocks(dst, NULL, t, i * n, n);
    else
        for (size_t k = 0; k < n; k++)
            dst[k] = (real)read_number(t, i * n + k);
}

struct copy {
    const struct st_tensor *t;
    real *reals;
    double *doubles;
    long *longs;
};

static int copy_reals(void *arg)
{
    const struct copy *c = arg;
    const struct st_tensor *t = c->t;

    if (t->dtype == (sizeof(real) == 4 ? ST_F32 : ST_F64) && !t->is_strided && t->count > 0)
        memcpy(c->reals, t->data, t->count * sizeof(real));
    else if (quant_is(t->dtype))
        read_blocks(c->reals, NULL, t, 0, t->count);
    else
        for (size_t i = 0; i < t->count; i++)
            c->reals[i] = (real)read_number(t, i);
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(c->reals[i]))
            return st_refuse(t->file->path, t->name, "has %s at index %zu",
                             isnan(c->reals[i]) ? "a NaN" : "an infinity", i);
    return 0;
}

static int copy_doubles(void *arg)
{
    const struct copy *c = arg;

    if (quant_is(c->t->dtype))
        read_blocks(NULL, c->doubles, c->t, 0, c->t->count);
    else
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

static int check_request(const struct st_tensor *t, size_t count, bool integers)
{
    if ((t->dtype <= ST_I64) != integers)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' has the dtype %s, but %s needed here",
                    st_escaped(t->name), t->file->path, st_dtype_name(t->dtype),
                    integers ? "integers are" : "a float type is");
    if (t->count != count)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' has %zu values, but %zu are needed here",
                    st_escaped(t->name), t->file->path, t->count, count);
    return 0;
}

int st_reals(real *dst, const struct st_tensor *t, size_t count)
{
    struct copy c = { .t = t, .reals = dst };

    return check_request(t, count, false) != 0 ? -1 : file_guard(t->file, copy_reals, &c);
}

int st_doubles(double *dst, const struct st_tensor *t, size_t count)
{
    struct copy c = { .t = t, .doubles = dst };

    return check_request(t, count, false) != 0 ? -1 : file_guard(t->file, copy_doubles, &c);
}

int st_longs(long *dst, const struct st_tensor *t, size_t count)
{
    struct copy c = { .t = t, .longs = dst };

    return check_request(t, count, true) != 0 ? -1 : file_guard(t->file, copy_longs, &c);
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

    if (t->dtype != ST_F32 || t->is_strided || (uintptr_t)t->data % _Alignof(float) != 0)
        return NULL;
    return file_guard(&span, all_finite, &copy) == 0 ? (const float *)(const void *)t->data : NULL;
}
