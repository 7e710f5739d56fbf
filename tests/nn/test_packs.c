/* test_packs.c - the memory of frozen weights: what is not copied, and what is released. */
#include "core/weights/base_model_impl.h"
#include "core/weights/stored.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char golden[] = "tests/golden/gpt2"; /* 2 layers, d 36, 101 words */

static struct base_model base;
static struct model m;
static void *cfg;

static void build(const char *method, enum precision precision)
{
    const struct adapt *a = adapt_find(method);
    struct head h = { .pooling = POOL_NONE, .precision = precision };

    ck_assert_msg(base_model_load(&base, golden) == 0, "%s", fail_text());
    cfg = tiny_cfg(a, NULL, NULL);
    ck_assert_msg(model_init(&m, &base, &h, a, cfg, 4, false) == 0, "%s", fail_text());
}

static void unbuild(void)
{
    tiny_cfg_free(m.adapt, cfg);
    model_free(&m);
    base_model_free(&base);
}

/* Matrices that the file holds transposed are not copied when it is loaded, but multiply and train
 * as if they were. */
START_TEST(no_copies)
{
    build(_i ? "ft" : "lora", PRECISION_F32);
    for (int i = 0; i < base.n_params; i++) {
        const struct param *p = &base.params[i], *q = &m.params[i];
        bool transposed = !p->is_vector && p->layer >= 0;
#ifdef REAL_IS_FLOAT
        ck_assert_msg(!p->value == transposed && !p->stored != transposed, "'%s'", p->name);
#endif
        ck_assert(q->trainable ? !q->stored && q->value == m.theta + q->off
                               : q->value == p->value && q->stored == p->stored);
        if (transposed) { /* where the file has value (1, 2) */
            char *name = stored_name(base.arch, p);
            const struct st_tensor *t = base_model_tensor(&base, name);
            real *x = xalloc(param_size(p), sizeof *x);
            int part = p->role == ROLE_W + PROJ_K ? 1 : p->role == ROLE_W + PROJ_V ? 2 : 0;
            float want;
            size_t at = 2 * t->shape[1] + (size_t)(part * p->rows + 1);
            memcpy(&want, t->data + at * sizeof want, sizeof want);
            param_read(x, q);
            ck_assert_msg(x[p->cols + 2] == (real)want, "'%s'", p->name);
            free(x);
            free(name);
        }
    }
    unbuild();
}
END_TEST

/* How many bytes of a range are in this process's memory, from smaps, in whole kB. */
static size_t resident(const void *from, size_t bytes)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    unsigned long lo, hi, kb, sum = 0;
    bool in = false;
    char line[512];

    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
            in = lo < (uintptr_t)from + bytes && hi > (uintptr_t)from;
        else if (in && sscanf(line, "Rss: %lu kB", &kb) == 1)
            sum += kb;
    }
    fclose(f);
    return sum << 10;
}

/* The pages of a large table are released; those of a small one stay. */
START_TEST(tables_are_released)
{
    const int words = _i ? 40000 : 400, d = 512;
    struct dims dims = { .arch = "gpt2",
                         .n_layers = 1,
                         .d_model = d,
                         .n_heads = 8,
                         .d_head = 64,
                         .d_ffn = d,
                         .vocab = words,
                         .max_pos = 8,
                         .ln_eps = 1e-5,
                         .init_range = 0.02 };
    double sum = 0, again = 0;
    size_t table = (size_t)words * (size_t)d * sizeof(real);

    ck_assert_msg(base_model_random(&base, &dims, 1) == 0, "%s", fail_text());
    const struct param *p = param_find(base.params, base.n_params, "wte.weight");
    for (int i = 0; i < words; i++)
        sum += (double)p->value[(size_t)i * (size_t)d];
    ck_assert_uint_ge(resident(p->value, table), table / 10 * 9);
    for (int i = 0; i < words; i++) {
        again += (double)p->value[(size_t)i * (size_t)d];
        base_model_rows_read(&base, p, 1);
    }
    size_t left = resident(p->value, table);
    ck_assert_uint_ge(left, _i ? 0 : table / 10 * 9);
    ck_assert_uint_le(left, base_model_table_resident(table) + ((size_t)4 << 20));
    ck_assert(sum == again && base_model_table_resident(table) <= table &&
              (!_i || base_model_table_resident(table) < table / 2));
    base_model_free(&base);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, no_copies, 0, 2);
    tcase_add_loop_test(tc, tables_are_released, 0, 2);
}

const struct suite suite_packs = { "packs", fill };
