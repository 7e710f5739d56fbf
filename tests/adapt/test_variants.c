/* test_variants.c - variants of LoRA against those of PEFT, with every tensor away from its initial
 * values (tests/golden/variants/make.py). */
#include "core/os/file.h"
#include "core/train/step.h"
#include "core/peft/peft.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double tol = 1e-10; /* both sides compute in f64 */
#else
static const double tol = 3e-5; /* f32 through two layers */
#endif

#define MIXED "q,k,o,up"
static const struct {
    const char *method, *keys[6][2];
} row[] = {
    { "rslora", { { "rank", "3" }, { "alpha", "6" }, { "targets", "q,v" } } },
    { "lora-plus", { { "rank", "3" }, { "alpha", "6" }, { "targets", "q,v" } } },
    { "dora", { { "rank", "3" }, { "alpha", "6" }, { "targets", MIXED } } },
    { "pissa", { { "rank", "3" }, { "alpha", "6" }, { "targets", "q,v" } } },
    { "vera", { { "rank", "5" }, { "targets", MIXED } } },
    { "ia3", { { "ia3_targets", "k,v,down" } } },
    { "adalora",
      { { "init_rank", "4" },
        { "target_rank", "2" },
        { "alpha", "6" },
        { "targets", MIXED },
        { "tinit", "2" },
        { "tfinal", "3" } } },
    { "lora-fa", { { "rank", "3" }, { "alpha", "6" }, { "targets", MIXED } } },
};

static struct {
    const char *method;
    struct base_model base;
    struct st_file file;
    struct model m;
    struct workspace ws;
    void *cfg;
    struct tiny_batch t;
} f;

/* The tensor METHOD.WHAT.NAME. In PEFT's file some names end with a second ".weight", some with
 * none. */
static const struct st_tensor *find(const char *what, const struct param *p)
{
    const char *trunk = strncmp(p->name, "encoder.", 8) == 0 ? "bert." : "";
    char *name = xprintf("%s.%s.%s%s.weight", f.method, what, trunk, p->name);
    const struct st_tensor *t = NULL;

    for (size_t n = strlen(name); !t && n;) { /* two, one, none */
        t = st_find(&f.file, name);
        n = n > 7 && strcmp(name + n - 7, ".weight") == 0 ? n - 7 : 0;
        name[n] = 0;
    }
    free(name);
    return t;
}

/* Set every tensor of the method and the head for which there is METHOD.WHAT.NAME; returns how
 * many. */
static int set_tensors(const char *what)
{
    int n = 0;

    for (int i = f.base.n_params; i < f.m.n_params; i++) {
        const struct param *p = &f.m.params[i];
        const struct st_tensor *t = find(what, p);
        if (!t)
            continue;
        ck_assert_msg(st_reals(p->value, t, param_size(p)) == 0, "%s", fail_text());
        n++;
    }
    return n;
}

static double away(const struct st_tensor *t, const real *x, size_t n, double floor)
{
    return tiny_away(&f.file, t->name, x, n, floor);
}

/* The largest difference of X, which is laid out as theta, from METHOD.WHAT.NAME of every trained
 * tensor. */
static double all_away(const char *what, const real *x, double floor)
{
    double worst = 0;

    for (int i = 0; i < f.m.n_params; i++) {
        const struct param *p = &f.m.params[i];
        const struct st_tensor *t = p->trainable ? find(what, p) : NULL;
        if (!p->trainable)
            continue;
        ck_assert_msg(t, "no '%s' of '%s' for '%s'", what, f.method, p->name);
        double e = away(t, x + p->off, param_size(p), floor);
        worst = e <= worst ? worst : e;
    }
    return worst;
}

static void build(const char *method, const char *const keys[][2], int n)
{
    struct head h = { .n_labels = 3, .pooling = POOL_CLS, .pool_scale = 1 };
    const struct adapt *a = adapt_find(method);

    ck_assert_ptr_nonnull(a);
    f.method = method;
    ck_assert_msg(base_model_load(&f.base, "tests/golden/bert") == 0, "%s", fail_text());
    ck_assert_msg(st_open(&f.file, "tests/golden/variants/expected.safetensors") == 0, "%s",
                  fail_text());
    tiny_recorded(&f.t, &f.file, "");
    f.cfg = tiny_cfg(a, NULL, NULL);
    for (int i = 0; i < n && keys[i][0]; i++)
        tiny_set(a, f.cfg, keys[i][0], keys[i][1]);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 1, false) == 0, "%s", fail_text());
    ck_assert_int_eq(workspace_init(&f.ws, &f.m, true), 0);
}

/* With the values of the file when FILLED, else with initial values. */
static void build_row(const char *method, bool filled)
{
    size_t i = 0;

    while (strcmp(row[i].method, method) != 0)
        i++;
    build(method, row[i].keys, ARRAY_LEN(row[i].keys));
    if (!filled)
        return;
    ck_assert_int_ge(set_tensors("param"), 4);
}

static void unbuild(void)
{
    workspace_free(&f.ws);
    tiny_cfg_free(f.m.adapt, f.cfg);
    model_free(&f.m);
    st_close(&f.file);
    base_model_free(&f.base);
}

/* The mean loss; its gradient to f.ws.grad. */
static double gradient(void)
{
    struct mat dlogits;

    memset(f.ws.grad, 0, f.m.n_train * sizeof *f.ws.grad);
    ck_assert_int_eq(model_fwd(&f.m, &f.ws, &f.t.b), 0);
    double loss = model_loss(&f.m, &f.ws, &f.t.b, 1.0 / f.t.b.n_seq, &dlogits) / f.t.b.n_seq;
    model_bwd(&f.m, &f.ws, &f.t.b, dlogits);
    return loss;
}

static const struct st_tensor *named(const char *what)
{
    char *name = xprintf("%s.%s", f.method, what);
    const struct st_tensor *t = st_find(&f.file, name);

    ck_assert_msg(t, "no '%s'", name);
    free(name);
    return t;
}

START_TEST(passes_agree)
{
    build_row(row[_i].method, true);
    real loss = (real)gradient();
    double e = away(named("logits"), f.ws.logits.x, (size_t)f.t.b.n_seq * 3, 0);
    if (f.m.adapt->step_grad) /* the loss of PEFT includes the regularizer */
        f.m.adapt->step_grad(&f.m, f.ws.grad, 1, 10);
    else
        e = fmax(e, away(named("loss"), &loss, 1, 0));
    e = fmax(e, all_away("grad", f.ws.grad, 1e-3 * tiny_max(f.ws.grad, f.m.n_train)));
    ck_assert_double_le(e, tol);
    unbuild();
}
END_TEST

/* --- single methods */

/* The product of the pair that PiSSA starts from is that of PEFT; its factors agree up to signs. */
START_TEST(pissa_starts)
{
    double e = 0;

    build_row("pissa", false);
    for (int v = 0; v < 2; v++) {
        const char *proj = v ? "value" : "query";
        char *key = xprintf("delta.bert.encoder.layer.0.attention.self.%s.weight", proj);
        struct mat a, b, w = test_mat(48, 48, 1);
        lora_matrices(&f.m, 0, v ? PROJ_V : PROJ_Q, &a, &b);
        mat_gemm(w, 0, 2, b, NOTRANS, a, NOTRANS);
        e = fmax(e, away(named(key), w.x, 48 * 48, 0));
        free(w.x);
        free(key);
    }
    ck_assert_double_le(e, 1e-5); /* PEFT computes the SVD in f32 */
    unbuild();
}
END_TEST

/* Two steps with a different learning rate for B. */
START_TEST(lora_plus_steps)
{
    struct pool *pool = pool_new(1);
    struct optim_step step;

    build_row("lora-plus", true);
    ck_assert_int_eq(step_init(&step, pool, f.m.n_train, 1, NULL), 0);
    step_rates(&step, &f.m);
    for (long s = 1; s <= 2; s++) {
        struct adamw o = { 1e-3, 0.9, 0.999, 1e-8, 0.1, s };
        gradient();
        memcpy(step.grad[0], f.ws.grad, f.m.n_train * sizeof(real));
        step_norm(&step, 1);
        step_apply(&step, f.m.theta, 1, &o);
    }
    ck_assert_double_le(all_away("step", f.m.theta, 0), tol);
    step_free(&step);
    pool_free(pool);
    unbuild();
}
END_TEST

/* Only the regularizer, on a gradient of 0. */
START_TEST(adalora_regularizes)
{
    build_row("adalora", true);
    real *g = xalloc(f.m.n_train, sizeof *g);
    f.m.adapt->step_grad(&f.m, g, 1, 10);
    ck_assert_double_le(all_away("reg", g, 1e-6), tol);
    free(g);
    unbuild();
}
END_TEST

/* Three steps without an update, with gradients of 1, 2 and 3 times the loss and of the
 * regularizer: PEFT cuts in the third step, from 32 triplets of 8 matrices to 24; the last cut
 * leaves 16, which stay. */
START_TEST(adalora_allocates)
{
    double e = 0;
    int left = 0;

    build_row("adalora", true);
    size_t n = f.m.n_train;
    real *g = xalloc(n, sizeof *g);
    for (long step = 1; step <= 3; step++) {
        gradient();
        for (size_t i = 0; i < n; i++)
            g[i] = (real)step * f.ws.grad[i];
        f.m.adapt->step_grad(&f.m, g, step, 10);
        f.m.adapt->step_done(&f.m, step, 10);
    }
    for (size_t i = 0; i < n; i++)
        g[i] = f.m.opt_state[i] * f.m.opt_state[n + i];
    for (int i = f.base.n_params; i < f.m.n_params; i++) {
        const struct param *p = &f.m.params[i];
        const struct st_tensor *importance = find("importance", p), *lambda = find("lambda", p);
        e = importance ? fmax(e, away(importance, g + p->off, param_size(p), 0)) : e;
        e = lambda ? fmax(e, away(lambda, p->value, param_size(p), 0)) : e;
        for (int k = 0; lambda && k < p->rows; k++)
            left += p->value[k] != 0;
    }
    ck_assert_int_eq(left, 24);
    ck_assert_double_le(e, 10 * tol); /* products of three gradients */
    for (long step = 7; step <= 8; step++) {
        f.m.adapt->step_done(&f.m, step, 10);
        left = 0;
        for (int i = 0; i < f.m.n_params; i++)
            for (int k = 0; strstr(f.m.params[i].name, "lora_E") && k < 4; k++) {
                left += f.m.params[i].value[k] != 0;
                f.m.params[i].value[k] += 1; /* as the moments might */
            }
        ck_assert_int_eq(left, 16);
    }
    free(g);
    unbuild();
}
END_TEST

/* Folders that PEFT has saved. */
static const char *const folder[] = { "rslora", "dora" };

START_TEST(folders_are_read)
{
    char *dir = path_join("tests/golden/variants/adapters", folder[_i]);
    struct lora_cfg cfg;
    int n_labels;

    build_row(folder[_i], false);
    ck_assert_str_eq(peft_method(dir)->name, folder[_i]);
    ck_assert_msg(peft_read_config(&cfg, &n_labels, dir, &f.base.dims) == 0, "%s", fail_text());
    const struct lora_cfg *mine = f.cfg;
    ck_assert(cfg.rank == mine->rank && cfg.alpha == mine->alpha && n_labels == 3);
    ck_assert_str_eq(cfg.targets, mine->targets);
    ck_assert_msg(peft_load(&f.m, dir) == 0, "%s", fail_text());
    gradient();
    ck_assert_double_le(away(named("logits"), f.ws.logits.x, (size_t)f.t.b.n_seq * 3, 0), tol);
    free(cfg.targets);
    free(dir);
    unbuild();
}
END_TEST

/* --- on every input, with dropout, divided, on a decoder with fused matrices */

static const struct {
    const char *golden, *method, *key, *value; /* golden NULL: the tiny BERT */
} inputs[] = {
    { NULL, "rslora", "targets", "q,k,v,o,up,down" },
    { NULL, "lora-fa", "targets", "q,k,v,o,up,down" },
    { NULL, "dora", "targets", "q,k,v,o,up,down" },
    { NULL, "pissa", "targets", "q,k,v,o,up,down" },
    { NULL, "vera", "targets", "q,k,v,o,up,down" },
    { NULL, "adalora", "targets", "q,k,v,o,up,down" },
    { NULL, "ia3", "ia3_targets", "q,k,v,o,up,down" },
    { "tests/golden/gpt2", "dora", "targets", "qkv,up" },
    { "tests/golden/gpt2", "pissa", "targets", "qkv,down" },
    { "tests/golden/gpt2", "vera", "targets", "o,qkv" },
    { "tests/golden/gpt2", "adalora", "targets", "down,qkv" },
    { "tests/golden/gpt2", "ia3", "ia3_targets", "k,v,down" },
};

/* Move every trained value a little from where it starts; large values would make attention too
 * sharp for finite differences. */
static void stir(struct model *m)
{
    for (size_t i = m->n_train_head; i < m->n_train; i++)
        m->theta[i] += (real)(0.03 * sin((double)i));
}

START_TEST(every_input)
{
    const struct adapt *a = adapt_find(inputs[_i].method);
    bool decoder = inputs[_i].golden;
    struct head h = tiny_head(decoder ? POOL_NONE : POOL_CLS, false, 0.2);
    struct tiny_batch t;

    h.recompute = _i % 2;
    ck_assert_msg(base_model_load(&f.base, decoder ? inputs[_i].golden : tiny_write()) == 0, "%s",
                  fail_text());
    f.cfg = tiny_cfg(a, inputs[_i].key, inputs[_i].value);
    if (opt_find(a->opts, "lora_dropout"))
        tiny_set(a, f.cfg, "lora_dropout", "0.3");
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    ck_assert_int_eq(a->count(f.cfg, &f.base.dims), (long)(f.m.n_train - f.m.n_train_head));
    tiny_batch(&t, &f.base.dims);
    stir(&f.m);
    ck_assert_double_le(tiny_add_up(&f.m, &t), sizeof(real) == 8 ? 1e-12 : 2e-5);
    if (tiny_checks_gradients())
        tiny_check_gradients(&f.m, &t.b);
    tiny_cfg_free(a, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    if (!decoder)
        tiny_remove();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, passes_agree, 0, ARRAY_LEN(row));
    tcase_add_loop_test(tc, every_input, 0, ARRAY_LEN(inputs));
    tcase_add_loop_test(tc, folders_are_read, 0, ARRAY_LEN(folder));
    tcase_add_test(tc, lora_plus_steps);
    tcase_add_test(tc, pissa_starts);
    tcase_add_test(tc, adalora_regularizes);
    tcase_add_test(tc, adalora_allocates);
}

const struct suite suite_variants = { "variants", fill };
