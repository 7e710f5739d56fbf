/* quantized.c - quantizing and decoding matrices in blocks. */
#include "core/weights/quantized.h"

#include "core/base/clones.h"
#include "core/format/quant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NF4_BLOCK = 64, SCALES = 256, LEVELS = 16 };

struct quantized {
    enum precision kind;
    int rows, cols, per_row; /* per_row: blocks of a row */
    size_t row_bytes;
    unsigned char *data;  /* [rows, row_bytes] */
    unsigned char *scale; /* nf4: [rows * per_row] the second quantization's codes, */
    float *scale_of;      /* its b for every SCALES of them, */
    float mean;           /* and u */
};

static const float nf4_level[LEVELS] = { -1.0f,
                                         -0.6961928009986877f,
                                         -0.5250730514526367f,
                                         -0.39491748809814453f,
                                         -0.28444138169288635f,
                                         -0.18477343022823334f,
                                         -0.09105003625154495f,
                                         0.0f,
                                         0.07958029955625534f,
                                         0.16093020141124725f,
                                         0.24611230194568634f,
                                         0.33791524171829224f,
                                         0.44070982933044434f,
                                         0.5626170039176941f,
                                         0.7229568362236023f,
                                         1.0f };

static enum st_dtype type_of(enum precision kind)
{
    return kind == PRECISION_Q8_0 ? ST_Q8_0 : ST_Q4_1;
}

static int values_of(enum precision kind)
{
    return kind == PRECISION_NF4 ? NF4_BLOCK : QUANT_BLOCK;
}

static size_t bytes_of(enum precision kind)
{
    return kind == PRECISION_NF4 ? NF4_BLOCK / 2 : st_dtype_bytes(type_of(kind));
}

static int blocks_in(int cols, enum precision kind)
{
    return (cols + values_of(kind) - 1) / values_of(kind);
}

static size_t groups_of(size_t n_scales)
{
    return (n_scales + SCALES - 1) / SCALES;
}

size_t quantized_size(int rows, int cols, enum precision kind)
{
    size_t n = (size_t)rows * (size_t)blocks_in(cols, kind);

    return n * bytes_of(kind) + (kind == PRECISION_NF4 ? n + groups_of(n) * sizeof(float) : 0);
}

void quantized_free(void *blocks)
{
    struct quantized *b = blocks;

    if (!b)
        return;
    free(b->data);
    free(b->scale);
    free(b->scale_of);
    free(b);
}

static struct quantized *quantized_alloc(const struct param *p, enum precision kind)
{
    struct quantized *b = xalloc(1, sizeof *b);

    CHECK(precision_is_blocks(kind), "precision %d", (int)kind);
    *b = (struct quantized){
        .kind = kind, .rows = p->rows, .cols = p->cols, .per_row = blocks_in(p->cols, kind)
    };
    b->row_bytes = (size_t)b->per_row * bytes_of(kind);
    size_t n = (size_t)b->rows * (size_t)b->per_row;
    b->data = malloc((size_t)b->rows * b->row_bytes);
    if (kind == PRECISION_NF4) {
        b->scale = malloc(n);
        b->scale_of = malloc(groups_of(n) * sizeof *b->scale_of);
    }
    if (b->data && (kind != PRECISION_NF4 || (b->scale && b->scale_of)))
        return b;
    fail(FAIL_MEMORY, "no memory for the blocks of '%s'", p->name);
    quantized_free(b);
    return NULL;
}

/* --- ggml's types */

static void put_half(unsigned char *to, float x)
{
    unsigned bits = quant_to_half(x);

    to[0] = (unsigned char)(bits & 255);
    to[1] = (unsigned char)(bits >> 8);
}

static void put_q8_0(unsigned char *to, const float *x)
{
    float most = 0;

    for (int i = 0; i < QUANT_BLOCK; i++)
        most = fmaxf(most, fabsf(x[i]));
    float d = most / 127, by = d > 0 ? 1 / d : 0;
    put_half(to, d);
    for (int i = 0; i < QUANT_BLOCK; i++)
        to[2 + i] = (unsigned char)(signed char)roundf(x[i] * by);
}

static void put_q4_1(unsigned char *to, const float *x)
{
    float least = x[0], most = x[0];
    int q[QUANT_BLOCK];

    for (int i = 1; i < QUANT_BLOCK; i++) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    float d = (most - least) / 15, by = d > 0 ? 1 / d : 0;
    put_half(to, d);
    put_half(to + 2, least);
    for (int i = 0; i < QUANT_BLOCK; i++) {
        q[i] = (int)((x[i] - least) * by + 0.5f);
        q[i] = q[i] > 15 ? 15 : q[i];
    }
    for (int i = 0; i < QUANT_BLOCK / 2; i++)
        to[4 + i] = (unsigned char)(q[i] | q[i + QUANT_BLOCK / 2] << 4);
}

/* --- NF4 */

static int nf4_code(float x)
{
    int q = 0;

    for (int i = 0; i + 1 < LEVELS; i++)
        q += x > (float)(((double)nf4_level[i] + (double)nf4_level[i + 1]) / 2);
    return q;
}

/* The N <= NF4_BLOCK values of a block; returns a. */
static float put_nf4(unsigned char *to, const float *x, int n)
{
    float most = 0;
    unsigned char q[NF4_BLOCK];

    for (int i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    float by = most > 0 ? 1 / most : 0;
    for (int i = 0; i < NF4_BLOCK; i++)
        q[i] = (unsigned char)nf4_code(i < n ? x[i] * by : 0);
    for (int i = 0; i < NF4_BLOCK / 2; i++)
        to[i] = (unsigned char)(q[2 * i] << 4 | q[2 * i + 1]);
    return most;
}

static int rising(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* bitsandbytes' create_dynamic_map: the decade 10^(e-6), e = 0 ... 6, has the midpoints of 2^e
 * equal parts of 0.1 to 1, with either sign; beside these there are 0 and 1. */
static const float *dynamic_levels(void)
{
    static _Thread_local float c[SCALES];
    int n = 0;

    if (c[SCALES - 1] > 0)
        return c;
    for (int e = 0; e < 7; e++) {
        int parts = 1 << e;
        for (int i = 0; i < parts; i++) {
            double level = pow(10, e - 6) * (0.1 + 0.9 * (2 * i + 1) / (2 * parts));
            c[n++] = (float)level;
            c[n++] = (float)-level;
        }
    }
    c[n++] = 0;
    c[n++] = 1;
    CHECK(n == SCALES, "%d levels", n);
    qsort(c, SCALES, sizeof *c, rising);
    return c;
}

static int nearest_level(const float *c, float x)
{
    int lo = 0, hi = SCALES - 1;

    while (hi - lo > 1) {
        int mid = (lo + hi) / 2;
        if (c[mid] <= x)
            lo = mid;
        else
            hi = mid;
    }
    return x - c[lo] <= c[hi] - x ? lo : hi;
}

/* The second quantization, of the scales A of all blocks. */
static void put_scales(struct quantized *b, const float *a, size_t n)
{
    const float *c = dynamic_levels();
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i];
    b->mean = (float)(sum / (double)n);
    for (size_t g = 0; g < groups_of(n); g++) {
        size_t from = g * SCALES, to = from + SCALES < n ? from + SCALES : n;
        float most = 0;
        for (size_t i = from; i < to; i++)
            most = fmaxf(most, fabsf(a[i] - b->mean));
        b->scale_of[g] = most;
        for (size_t i = from; i < to; i++)
            b->scale[i] =
                (unsigned char)nearest_level(c, most > 0 ? (a[i] - b->mean) * (1 / most) : 0);
    }
}

/* --- whole matrices */

/* The values of P; NULL after FAIL_MEMORY. */
static real *values(const struct param *p)
{
    real *x = malloc(param_size(p) * sizeof *x);

    if (x)
        param_read(x, p);
    else
        fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
    return x;
}

/* Block K of a row of COLS values, as floats; a shorter one is filled up with its last value. */
static int block_values(float *to, const real *row, int cols, int k, int size)
{
    int n = cols - k * size < size ? cols - k * size : size;

    for (int i = 0; i < size; i++)
        to[i] = (float)row[k * size + (i < n ? i : n - 1)];
    return n;
}

static int quantize(struct quantized *b, const struct param *p)
{
    real *x = values(p);
    float *a = xalloc((size_t)b->rows * (size_t)b->per_row, sizeof *a), one[NF4_BLOCK];
    size_t at = 0, bytes = bytes_of(b->kind);
    bool fits = true;

    for (int r = 0; x && r < b->rows; r++)
        for (int k = 0; k < b->per_row; k++, at++) {
            unsigned char *to = b->data + at * bytes;
            int n =
                block_values(one, x + (size_t)r * (size_t)b->cols, b->cols, k, values_of(b->kind));
            if (b->kind == PRECISION_NF4)
                a[at] = put_nf4(to, one, n);
            else if (b->kind == PRECISION_Q8_0)
                put_q8_0(to, one);
            else
                put_q4_1(to, one);
            for (int half = 0; b->kind != PRECISION_NF4 && half < (b->kind == PRECISION_Q4_1) + 1;
                 half++)
                fits &= (to[2 * half + 1] & 0x7c) != 0x7c;
        }
    if (x && b->kind == PRECISION_NF4)
        put_scales(b, a, at);
    free(a);
    free(x);
    if (x && !fits)
        return fail(FAIL_INPUT, "'%s' has values that are too large for blocks in q8_0 or q4_1",
                    p->name);
    return x ? 0 : -1;
}

static bool is_in_blocks(const struct param *p, enum precision kind)
{
    return !p->value && p->tensor && kind != PRECISION_NF4 && p->tensor->dtype == type_of(kind) &&
           p->cols % QUANT_BLOCK == 0;
}

struct quantized *quantized_new(const struct param *p, enum precision kind)
{
    struct quantized *b = quantized_alloc(p, kind);

    if (!b)
        return NULL;
    if (is_in_blocks(p, kind)) {
        for (int r = 0; r < p->rows; r++)
            memcpy(b->data + (size_t)r * b->row_bytes, param_row_bytes(p, r), b->row_bytes);
        return b;
    }
    if (quantize(b, p) == 0)
        return b;
    quantized_free(b);
    return NULL;
}

/* --- decoding */

/* Two values at a time: a byte has the codes of both. */
VEC_CLONES
static void read_nf4(float *x, const unsigned char *q, float a, const float (*pair)[2])
{
    for (int i = 0; i < NF4_BLOCK / 2; i++) {
        x[2 * i] = pair[q[i]][0] * a;
        x[2 * i + 1] = pair[q[i]][1] * a;
    }
}

static const float (*nf4_pairs(void))[2]
{
    static _Thread_local float pair[256][2];

    for (int q = 0; pair[0][0] == 0 && q < 256; q++) {
        int k = 255 - q; /* the first is set last */
        pair[k][0] = nf4_level[k >> 4];
        pair[k][1] = nf4_level[k & 15];
    }
    return (const float(*)[2])pair;
}

static void read_row(const struct quantized *b, int row, float *x)
{
    const unsigned char *from = b->data + (size_t)row * b->row_bytes;
    size_t at = (size_t)row * (size_t)b->per_row;

    if (b->kind != PRECISION_NF4) {
        quant_read(x, type_of(b->kind), from, (size_t)b->per_row * QUANT_BLOCK);
        return;
    }
    const float *c = dynamic_levels();
    const float(*pair)[2] = nf4_pairs();
    for (int k = 0; k < b->per_row; k++, at++) {
        float a = c[b->scale[at]] * b->scale_of[at / SCALES] + b->mean;
        read_nf4(x + (size_t)k * NF4_BLOCK, from + (size_t)k * (NF4_BLOCK / 2), a, pair);
    }
}

static void quantized_read(const void *blocks, int from, int n, real *x)
{
    const struct quantized *b = blocks;
    int size = values_of(b->kind), whole = b->per_row * size;
    bool direct = sizeof(real) == sizeof(float) && whole == b->cols;
    float *row = direct ? NULL : xalloc((size_t)whole, sizeof *row);

    for (int r = 0; r < n; r++) {
        real *to = x + (size_t)r * (size_t)b->cols;
        read_row(b, from + r, direct ? (float *)(void *)to : row);
        for (int i = 0; row && i < b->cols; i++)
            to[i] = (real)row[i];
    }
    free(row);
}

struct packed_source quantized_source(struct quantized *b)
{
    return (struct packed_source){ .out = b->rows,
                                   .in = b->cols,
                                   .bytes = quantized_size(b->rows, b->cols, b->kind),
                                   .state = b,
                                   .read = quantized_read,
                                   .free = quantized_free };
}

int quantized_param_read(real *x, const struct param *p, enum precision precision)
{
    if (!precision_is_blocks(precision) || p->trainable) {
        param_read(x, p);
        return 0;
    }
    struct quantized *b = quantized_new(p, precision);
    if (b)
        quantized_read(b, 0, b->rows, x);
    quantized_free(b);
    return b ? 0 : -1;
}
