/* test_quantized.c - matrices in blocks: their values against other programs', products and
 * gradients against a model that has these values in its weights. */
#include "core/format/quant.h"
#include "core/format/safetensors.h"
#include "core/weights/quantized.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum precision kinds[] = { PRECISION_Q8_0, PRECISION_Q4_1, PRECISION_NF4 };
enum { N_KINDS = ARRAY_LEN(kinds) };

#ifdef REAL_IS_DOUBLE
static const double tol = 1e-12;
#else
static const double tol = 1e-5;
#endif

/* What bitsandbytes (NF4) and gguf-py make of a matrix; see make.py. ggml's types bit for bit, NF4
 * but for rounding: the next code is at least 1 % away. */
START_TEST(values_of_other_programs)
{
    struct st_file file;

    ck_assert_int_eq(st_open(&file, "tests/golden/quantized/values.safetensors"), 0);
    const struct st_tensor *w = st_find(&file, "w");
    const struct st_tensor *want = st_find(&file, precision_name(kinds[_i]));
    char name[] = "w";
    struct param p = { .name = name, .rows = (int)w->shape[0], .cols = (int)w->shape[1] };
    size_t n = param_size(&p);
    bool nf4 = kinds[_i] == PRECISION_NF4;
    real *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y), *z = xalloc(n, sizeof *z);
    ck_assert_int_eq(st_reals(x, w, n), 0);
    ck_assert_int_eq(st_reals(z, want, n), 0);
    p.value = x;
    ck_assert_int_eq(quantized_param_read(y, &p, kinds[_i]), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)y[i] - (double)z[i]) <= (nf4 ? 1e-6 * fabs((double)z[i]) : 0),
                      "value %zu of %s: %.9g, not %.9g (of %.9g)", i, precision_name(kinds[_i]),
                      (double)y[i], (double)z[i], (double)x[i]);
    free(x);
    free(y);
    free(z);
    st_close(&file);
}
END_TEST

/* The blocks of a GGUF file are taken as they are: with codes of 3 to 9 only, quantizing what they
 * stand for would give other scales and values. */
START_TEST(blocks_of_a_file_are_kept)
{
    enum { ROWS = 2, COLS = 64, MOST = ROWS * COLS / QUANT_BLOCK * (2 + QUANT_BLOCK) };
    enum precision kind = kinds[_i];
    enum st_dtype type = kind == PRECISION_Q8_0 ? ST_Q8_0 : ST_Q4_1;
    size_t step = st_dtype_bytes(type), n_blocks = ROWS * COLS / QUANT_BLOCK;
    unsigned char data[MOST] = { 0 };
    real want[ROWS * COLS], got[ROWS * COLS];
    char name[] = "w";

    for (size_t i = 0; i < n_blocks * step; i++)
        data[i] = (unsigned char)(3 + i % 7 + (kind == PRECISION_Q4_1 ? (3 + i % 5) << 4 : 0));
    for (size_t i = 0; i < n_blocks; i++) { /* scales 0.1, and the least value -0.3 */
        data[i * step] = 0x66, data[i * step + 1] = 0x2e;
        if (kind == PRECISION_Q4_1)
            data[i * step + 2] = 0xcd, data[i * step + 3] = 0xb4;
    }
    struct st_tensor t = { .name = name,
                           .dtype = type,
                           .n_dims = 2,
                           .shape = { ROWS, COLS },
                           .count = ROWS * COLS,
                           .data = data };
    struct param p = { .name = name, .rows = ROWS, .cols = COLS, .tensor = &t };
    param_read(want, &p);
    ck_assert_int_eq(quantized_param_read(got, &p, kind), 0);
    for (int i = 0; i < ROWS * COLS; i++)
        ck_assert_msg(got[i] == want[i], "%s, value %d: %.9g, not %.9g", precision_name(kind), i,
                      (double)got[i], (double)want[i]);
}
END_TEST

/* All binary16 numbers, and the middle between each and the next, which rounds to the even one. */
START_TEST(halves)
{
    for (unsigned h = 0; h < 0x7c00; h++) {
        float x = quant_half(h), next = quant_half(h + 1), middle = x + (next - x) / 2;
        ck_assert_uint_eq(quant_to_half(x), h);
        ck_assert_uint_eq(quant_to_half(-x), h | 0x8000);
        if (h + 1 < 0x7c00) {
            ck_assert_uint_eq(quant_to_half(middle), h + (h & 1));
            ck_assert_uint_eq(quant_to_half(nextafterf(middle, INFINITY)), h + 1);
        }
    }
    ck_assert_uint_eq(quant_to_half(65520), 0x7c00);
    ck_assert_uint_eq(quant_to_half(INFINITY), 0x7c00);
    ck_assert_uint_eq(quant_to_half(NAN), 0x7e00);
}
END_TEST

struct built {
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    struct workspace ws;
    void *cfg;
    double loss;
    real **own; /* replaced values */
};

/* A model of the folder GOLDEN. With REPLACED its matrices have the values of blocks of KIND, and
 * it multiplies in f32; otherwise it has the blocks. */
static void build(struct built *f, const char *golden, const char *method, enum precision kind,
                  bool replaced)
{
    const struct adapt *a = adapt_find(method);

    *f = (struct built){ 0 };
    ck_assert_msg(base_model_load(&f->base, golden) == 0, "%s", fail_text());
    f->own = xalloc((size_t)f->base.n_params, sizeof *f->own);
    for (int i = 0; replaced && i < f->base.n_params; i++) {
        struct param *p = &f->base.params[i];
        if (!param_is_proj(p))
            continue;
        f->own[i] = xalloc(param_size(p), sizeof *f->own[i]);
        ck_assert_int_eq(quantized_param_read(f->own[i], p, kind), 0);
        p->value = f->own[i];
        p->stored = NULL;
        p->tensor = NULL;
    }
    struct head h = tiny_head(f->base.arch->causal ? POOL_NONE : POOL_MEAN, false, 0);
    h.precision = replaced ? PRECISION_F32 : kind;
    f->cfg = tiny_cfg(a, "targets", "q,v,o,down");
    tiny_batch(&f->t, &f->base.dims);
    ck_assert_msg(model_init(&f->m, &f->base, &h, a, f->cfg, 4, false) == 0, "%s", fail_text());
    if (strcmp(method, "lora") == 0)
        tiny_fill_b(&f->m);
    ck_assert_int_eq(workspace_init(&f->ws, &f->m, true), 0);
    f->loss = tiny_loss(&f->m, &f->t.b);
    tiny_grad(&f->m, &f->ws, &f->t.b);
}

static void unbuild(struct built *f)
{
    workspace_free(&f->ws);
    tiny_cfg_free(f->m.adapt, f->cfg);
    model_free(&f->m);
    for (int i = 0; i < f->base.n_params; i++)
        free(f->own[i]);
    free(f->own);
    base_model_free(&f->base);
}

/* PiSSA and DoRA compute with the frozen weights themselves. */
START_TEST(a_model_with_these_weights)
{
    static const char *const golden[] = { "tests/golden/bert", "tests/golden/gpt2",
                                          "tests/golden/llama" };
    static const char *const method[] = { "lora", "dora", "pissa" };
    enum precision kind = kinds[_i % N_KINDS];
    struct built blocks, plain, original;

    for (size_t g = 0; g < ARRAY_LEN(golden); g++) {
        build(&blocks, golden[g], method[_i / N_KINDS], kind, false);
        build(&plain, golden[g], method[_i / N_KINDS], kind, true);
        build(&original, golden[g], method[_i / N_KINDS], PRECISION_F32, false);
        double far = tiny_diff(blocks.ws.grad, plain.ws.grad, plain.m.n_train,
                               tiny_max(plain.ws.grad, plain.m.n_train));
        ck_assert_double_le(fabs(blocks.loss - plain.loss), tol * fabs(plain.loss));
        ck_assert_msg(far <= tol, "%s %s %s: gradients differ by %g", golden[g],
                      method[_i / N_KINDS], precision_name(kind), far);
        /* the blocks are in use */
        ck_assert_double_gt(fabs(blocks.loss - original.loss), 1e-7 * fabs(original.loss));
        unbuild(&blocks);
        unbuild(&plain);
        unbuild(&original);
    }
}
END_TEST

/* A checkpoint whose values binary16 cannot scale is refused, also by methods that read the frozen
 * weights before anything is packed. */
START_TEST(values_that_are_too_large)
{
    static const char *const method[] = { "lora", "dora", "pissa" };
    const struct adapt *a = adapt_find(method[_i]);
    struct base_model base;
    struct model m;
    void *cfg = tiny_cfg(a, "targets", "q,v,o,down");

    ck_assert_int_eq(base_model_load(&base, "tests/golden/llama"), 0);
    for (int i = 0; i < base.n_params; i++) {
        struct param *p = &base.params[i];
        if (p->layer != 0 || p->role != (enum role)(ROLE_W + PROJ_Q))
            continue;
        real *x = xalloc(param_size(p), sizeof *x);
        param_read(x, p);
        x[5] = (real)1e6;
        p->value = x;
        struct head h = tiny_head(POOL_NONE, false, 0);
        h.precision = PRECISION_Q4_1;
        ck_assert_int_eq(model_init(&m, &base, &h, a, cfg, 4, false), -1);
        ck_assert_int_eq((int)fail_code(), FAIL_INPUT);
        ck_assert_ptr_nonnull(strstr(fail_text(), p->name));
        free(x);
        p->value = NULL;
    }
    tiny_cfg_free(a, cfg);
    base_model_free(&base);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, values_of_other_programs, 0, N_KINDS);
    tcase_add_loop_test(tc, blocks_of_a_file_are_kept, 0, 2); /* of ggml's types */
    tcase_add_test(tc, halves);
    tcase_add_loop_test(tc, a_model_with_these_weights, 0, 3 * N_KINDS);
    tcase_add_loop_test(tc, values_that_are_too_large, 0, 3);
}
const struct suite suite_quantized = { "quantized", fill };
