/* test_bottleneck.c - adapters: against what PyTorch computed; on encoders and decoders, with
 * dropout, divided, recomputed; initial values; refused options. */
#include "core/peft/peft.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double golden_tol = 1e-12; /* both sides compute in f64 */
static const double tol = 1e-12;
#else
static const double golden_tol = 1e-4; /* f32 through two layers */
static const double tol = 2e-5;
#endif

static struct {
    struct base_model base;
    struct model m;
    void *cfg;
} f;

static void unbuild(void)
{
    tiny_cfg_free(f.m.adapt, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
}

/* --- golden values */

static const char *const methods[] = { "adapter-h", "adapter-l", "adapter-p", "adapter-d" };
static const char *const golden[] = { "bert", "gpt2" };

/* The tensor METHOD/BEFORE NAME; the caller frees its values. */
static real *recorded(const struct st_file *s, const char *before, const char *name, size_t n)
{
    char *key = xprintf("%s/%s%s", f.m.adapt->name, before, name);
    real *x = tiny_tensor(s, key, n);

    free(key);
    return x;
}

/* Set each tensor of the adapters from the file; with WS, compare its gradient with the file's. */
static double each_tensor(const struct st_file *s, const struct workspace *ws)
{
    double worst = 0;
    int n = 0;

    for (int i = f.base.n_params; i < f.m.n_params; i++) {
        struct param *p = &f.m.params[i];
        size_t size = param_size(p);
        if (!strstr(p->name, ".adapter."))
            continue;
        n++;
        real *x = recorded(s, ws ? "grad." : "", p->name, size);
        if (ws)
            worst = fmax(worst, tiny_diff(ws->grad + p->off, x, size, tiny_max(x, size)));
        else
            memcpy(p->value, x, size * sizeof *x);
        free(x);
    }
    ck_assert_int_gt(n, 3);
    return worst;
}

/* The recorded batch of a model. */
static void read_batch(struct tiny_batch *t, const char *model)
{
    char *path = xprintf("tests/golden/%s/expected.safetensors", model);
    struct st_file s;

    ck_assert_msg(st_open(&s, path) == 0, "%s", fail_text());
    tiny_recorded(t, &s, "");
    st_close(&s);
    free(path);
}

START_TEST(as_pytorch_computes)
{
    const struct adapt *a = adapt_find(methods[_i % 4]);
    const char *model = golden[_i / 4];
    bool bert = _i < 4;
    char *dir = xprintf("tests/golden/%s", model);
    char *path = xprintf("tests/golden/adapters/%s.safetensors", model);
    struct head h = { .n_labels = bert ? 3 : 0,
                      .pooling = bert ? POOL_CLS : POOL_NONE,
                      .pool_scale = 1 };
    struct st_file s;
    struct tiny_batch g;
    struct workspace ws;
    struct mat dout;

    read_batch(&g, model);
    ck_assert_msg(base_model_load(&f.base, dir) == 0 && st_open(&s, path) == 0, "%s", fail_text());
    f.cfg = tiny_cfg(a, "rank", "5");
    if (opt_find(a->opts, "drop_layers"))
        tiny_set(a, f.cfg, "drop_layers", "0");
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 1, true) == 0, "%s", fail_text());
    each_tensor(&s, NULL);
    ck_assert_int_eq(workspace_init(&ws, &f.m, true), 0);
    ck_assert_int_eq(model_fwd(&f.m, &ws, &g.b), 0);
    double mean = 1.0 / batch_targets(&f.m, &g.b);
    double loss = mean * model_loss(&f.m, &ws, &g.b, mean, &dout);
    model_bwd(&f.m, &ws, &g.b, dout);
    real *want = recorded(&s, "", "loss", 1);
    ck_assert_double_le(fabs(loss / (double)*want - 1), golden_tol);
    free(want);
    ck_assert_double_le(each_tensor(&s, &ws), golden_tol);
    workspace_free(&ws);
    st_close(&s);
    free(path);
    free(dir);
    unbuild();
}
END_TEST

/* --- encoders and decoders of odd shapes */

static const struct {
    const char *method, *key, *value;
    enum pooling pooling; /* none: a decoder */
    double p;
    int lowest;
} row[] = {
    { "adapter-h", NULL, NULL, POOL_CLS, 0.2, 0 },
    { "adapter-h", "rank", "1", POOL_MEAN, 0, 0 },
    { "adapter-h", "adapter_act", "gelu", POOL_NONE, 0.2, 0 },
    { "adapter-l", NULL, NULL, POOL_CLS, 0.2, 0 },
    { "adapter-l", "adapter_act", "silu", POOL_MEAN, 0, 0 },
    { "adapter-l", "rank", "36", POOL_NONE, 0.2, 0 },
    { "adapter-p", NULL, NULL, POOL_CLS, 0.2, 0 },
    { "adapter-p", "rank", "60", POOL_MEAN, 0, 0 },
    { "adapter-p", NULL, NULL, POOL_NONE, 0.2, 0 },
    { "adapter-d", "drop_layers", "0,2", POOL_CLS, 0.2, 1 },
    { "adapter-d", "drop_layers", "1", POOL_MEAN, 0, 0 },
    { "adapter-d", "drop_layers", "0", POOL_NONE, 0.2, 1 },
};

static struct tiny_batch t;

static void build(int i)
{
    const struct adapt *a = adapt_find(row[i].method);
    bool decoder = row[i].pooling == POOL_NONE;
    struct head h = tiny_head(row[i].pooling, false, row[i].p);
    const char *dir = decoder ? "tests/golden/gpt2" : tiny_write();

    ck_assert_msg(base_model_load(&f.base, dir) == 0, "%s", fail_text());
    if (!decoder)
        tiny_remove(); /* the file stays mapped */
    f.cfg = tiny_cfg(a, row[i].key, row[i].value);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    ck_assert_int_eq(f.m.lowest, row[i].lowest);
    tiny_batch(&t, &f.base.dims);
}

START_TEST(gradients_match_differences)
{
    build(_i);
    tiny_check_gradients(&f.m, &t.b);
    unbuild();
}
END_TEST

/* Divided into micro-batches, recomputed, and without a gradient. */
START_TEST(passes_agree)
{
    struct workspace ws;
    struct mat dout;

    build(_i);
    ck_assert_double_le(tiny_add_up(&f.m, &t), tol);
    tiny_check_recompute(&f.m, &t.b);
    double loss = tiny_loss(&f.m, &t.b);
    ck_assert_int_eq(workspace_init(&ws, &f.m, true), 0);
    tiny_grad(&f.m, &ws, &t.b);
    ck_assert_int_eq(model_fwd(&f.m, &ws, &t.b), 0);
    ck_assert_double_le(fabs(model_loss(&f.m, &ws, &t.b, 1, &dout) - loss) / loss, tol);
    workspace_free(&ws);
    unbuild();
}
END_TEST

/* --- initial values */

/* With all up projections at 0, exactly the loss of the frozen model; by default another one. */
START_TEST(near_zero_is_the_base)
{
    struct model plain, started;

    build(_i);
    tiny_set(f.m.adapt, f.cfg, "adapter_init", "near_zero");
    f.m.head.hidden_dropout = f.m.head.attn_dropout = f.m.head.classifier_dropout = 0;
    ck_assert_int_eq(model_init(&started, &f.base, &f.m.head, f.m.adapt, f.cfg, 4, false), 0);
    ck_assert_int_eq(model_init(&plain, &f.base, &f.m.head, adapt_nothing, NULL, 4, false), 0);
    double base = tiny_loss(&plain, &t.b);
    ck_assert(tiny_loss(&started, &t.b) == base);
    ck_assert(fabs(tiny_loss(&f.m, &t.b) / base - 1) > 1e-4);
    model_free(&plain);
    model_free(&started);
    unbuild();
}
END_TEST

static struct param *down(struct model *m)
{
    for (int i = m->base->n_params; i < m->n_params; i++)
        if (strstr(m->params[i].name, "down.weight"))
            return &m->params[i];
    return NULL;
}

/* Weights are N(0, initializer_range), biases 0 and gains 1; adapters differ from each other and
 * between seeds and ranks. */
START_TEST(initial_values)
{
    const struct adapt *a = adapt_find(methods[_i]);
    struct model other;
    double sum = 0, n = 0;

    ck_assert_int_eq(base_model_load(&f.base, "tests/golden/bert"), 0);
    struct head h = tiny_head(POOL_CLS, false, 0);
    f.cfg = tiny_cfg(a, "rank", "16");
    ck_assert_int_eq(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false), 0);
    real first = down(&f.m)->value[0];
    for (int i = 0; i < f.m.n_params; i++) {
        const struct param *p = &f.m.params[i];
        size_t size = param_size(p);
        if (!strstr(p->name, ".adapter."))
            continue;
        for (size_t k = 0; p->is_vector && k < size; k++)
            ck_assert(p->value[k] == (strstr(p->name, "norm.weight") ? 1 : 0));
        if (p->is_vector)
            continue;
        ck_assert((p->value[0] == first) == (p == down(&f.m)));
        sum += vec_dot(p->value, p->value, size);
        n += (double)size;
    }
    ck_assert_double_ge(n, 1536);
    ck_assert_double_le(fabs(sqrt(sum / n) / f.base.dims.init_range - 1), 0.1);
    for (int k = 0; k < 2; k++) {
        if (k)
            tiny_set(a, f.cfg, "rank", "8");
        ck_assert_int_eq(model_init(&other, &f.base, &h, a, f.cfg, k ? 4 : 5, false), 0);
        ck_assert(down(&other)->value[0] != first);
        model_free(&other);
    }
    unbuild();
}
END_TEST

/* An adapter that is saved and read into a model of another seed has the same values. */
START_TEST(saved_is_read_back)
{
    char dir[64];
    struct model other;

    build(3 * _i); /* the encoder's row of each method */
    temp_dir(dir);
    ck_assert_int_eq(model_init(&other, &f.base, &f.m.head, f.m.adapt, f.cfg, 5, false), 0);
    ck_assert(memcmp(other.theta, f.m.theta, f.m.n_train * sizeof *other.theta) != 0);
    for (size_t i = 0; i < f.m.n_train; i++)
        f.m.theta[i] = (real)(float)f.m.theta[i]; /* what a file holds */
    ck_assert_msg(peft_save(&f.m, f.cfg, dir, "base", NULL) == 0, "%s", fail_text());
    ck_assert_msg(peft_load(&other, dir) == 0, "%s", fail_text());
    ck_assert_mem_eq(other.theta, f.m.theta, f.m.n_train * sizeof *other.theta);
    temp_remove(dir);
    model_free(&other);
    unbuild();
}
END_TEST

/* --- refused options; the tiny encoder has 3 layers and d_model 60 */

static const struct {
    const char *method, *key, *value, *text;
} refused[] = {
    { "adapter-h", "rank", "61", "'rank' is 61, but d_model is 60; a bottleneck cannot be wider" },
    { "adapter-l", "rank", "1000",
      "'rank' is 1000, but d_model is 60; a bottleneck cannot be wider" },
    { "adapter-d", "drop_layers", "0,3",
      "'drop_layers' has '3', but the model has 3 layers (0 to 2)" },
    { "adapter-d", "drop_layers", "-1",
      "'drop_layers' has '-1', but the model has 3 layers (0 to 2)" },
    { "adapter-d", "drop_layers", "1,x",
      "'drop_layers' has 'x', but the model has 3 layers (0 to 2)" },
    { "adapter-d", "drop_layers", "99999999999999999999",
      "'drop_layers' has '99999999999999999999', but the model has 3 layers (0 to 2)" },
    { "adapter-d", "drop_layers", "2,0,1",
      "'drop_layers' is '2,0,1', which leaves none of the 3 layers with an adapter" },
    { "adapter-d", "drop_layers", "1,01", "'drop_layers' names layer 1 twice" },
};

START_TEST(bad_settings_are_refused)
{
    const struct adapt *a = adapt_find(refused[_i].method);
    struct head h = tiny_head(POOL_CLS, false, 0);

    ck_assert_int_eq(base_model_load(&f.base, tiny_write()), 0);
    void *cfg = tiny_cfg(a, refused[_i].key, refused[_i].value);
    ck_assert_int_eq(model_init(&f.m, &f.base, &h, a, cfg, 1, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_str_eq(fail_text(), refused[_i].text);
    if (strcmp(refused[_i].key, "rank"))
        ck_assert_int_eq(a->count(cfg, &f.base.dims), -1);
    tiny_cfg_free(a, cfg);
    base_model_free(&f.base);
    tiny_remove();
}
END_TEST

/* Only D has drop_layers, and none of them can be merged. */
START_TEST(keys)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        const struct adapt *a = adapt_find(methods[i]);
        ck_assert((opt_find(a->opts, "drop_layers") != NULL) == (i == 3));
        ck_assert_ptr_nonnull(opt_find(a->opts, "rank"));
        ck_assert(!a->merge && !a->starts_as_base);
    }
}
END_TEST

static void fill(TCase *tc)
{
    int n = (int)ARRAY_LEN(row);

    tcase_add_loop_test(tc, as_pytorch_computes, 0, 8);
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, passes_agree, 0, n);
    tcase_add_loop_test(tc, near_zero_is_the_base, 0, n);
    tcase_add_loop_test(tc, initial_values, 0, 4);
    tcase_add_loop_test(tc, saved_is_read_back, 0, 4);
    tcase_add_loop_test(tc, bad_settings_are_refused, 0, (int)ARRAY_LEN(refused));
    tcase_add_test(tc, keys);
}

const struct suite suite_bottleneck = { "bottleneck", fill };
