/* test_model.c - whole models: against what PyTorch computed, against signed differences, and cut
 * into micro-batches. */
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double golden_tol =
    1e-9; /* of the tensor's largest number; both sides compute in f64 */
static const double split_tol = 1e-12;
#else
static const double golden_tol = 2e-5; /* f32 through two layers */
static const double split_tol = 1e-5;
#endif

/* --- golden values: a random BERT with a PEFT adapter, by PyTorch in f64 */

static struct {
    struct base_model base;
    struct safetensors expected, other;
    struct batch b;
    int ids[128], pos[128], types[128], off[8], slot[8], label[8];
    int padded; /* length of a row of ids */
} g;

static void golden_open(const char *other)
{
    const char *dir = "tests/golden/bert";
    char *expected, *path;

    ck_assert_msg(base_model_load(&g.base, dir) == 0, "%s", fail_text());
    expected = path_join(dir, "expected.safetensors");
    path = path_join(dir, other);
    ck_assert_msg(st_open(&g.expected, expected) == 0 && st_open(&g.other, path) == 0, "%s",
                  fail_text());
    free(path);
    free(expected);
    const struct st_tensor *t = st_find(&g.expected, "ids");
    size_t n = t->shape[0], T = t->shape[1];
    long ids[256], len[8], label[8];
    ck_assert(n * T <= 256 && n <= 7);
    ck_assert_int_eq(st_longs(ids, &g.expected, t, n * T), 0);
    ck_assert_int_eq(st_longs(len, &g.expected, st_find(&g.expected, "lens"), n), 0);
    ck_assert_int_eq(st_longs(label, &g.expected, st_find(&g.expected, "labels"), n), 0);
    g.b = (struct batch){ .n_seq = (int)n,
                          .ids = g.ids,
                          .pos = g.pos,
                          .types = g.types,
                          .off = g.off,
                          .slot = g.slot,
                          .label = g.label };
    g.padded = (int)T;
    for (int s = 0; s < (int)n; s++) {
        g.slot[s] = s;
        g.label[s] = (int)label[s];
        for (int i = 0; i < len[s]; i++, g.b.n_tok++) {
            g.ids[g.b.n_tok] = (int)ids[(size_t)s * T + (size_t)i];
            g.pos[g.b.n_tok] = i;
        }
        g.off[s + 1] = g.b.n_tok;
        g.b.max_len = len[s] > g.b.max_len ? (int)len[s] : g.b.max_len;
    }
}

static void golden_close(void)
{
    st_close(&g.expected);
    st_close(&g.other);
    base_model_free(&g.base);
}

static real *tensor(const struct safetensors *s, const char *name, size_t n)
{
    const struct st_tensor *t = st_find(s, name);
    real *x = xalloc(n, sizeof *x);

    ck_assert_msg(t != NULL, "no '%s'", name);
    ck_assert_msg(st_reals(x, s, t, n) == 0, "%s", fail_text());
    return x;
}

/* Largest difference from the tensor NAME, relative to its largest number or FLOOR. */
static double away(const struct safetensors *s, const char *name, const real *x, size_t n,
                   double floor)
{
    real *y = tensor(s, name, n);
    double e = tiny_diff(x, y, n, fmax(tiny_max(y, n), floor));

    free(y);
    if (getenv("LOWRANK_TEST_VERBOSE"))
        printf("%-60s %.2e\n", name, e);
    return e;
}

/* The name a parameter has in transformers' files. */
static const char *long_name(const char *before, const struct param *p)
{
    static char text[256];
    bool head = strncmp(p->name, "classifier.", 11) == 0;

    snprintf(text, sizeof text, "%s%s%s", before, head ? "" : "bert.", p->name);
    return text;
}

static struct head golden_head(void)
{
    return (struct head){ .n_labels = 3, .pooling = POOL_CLS, .pool_scale = 1 };
}

/* Worst gradient of all trained tensors. The bias of a key has no gradient but rounding, so that
 * small tensors are measured by a tenth of the largest gradient. */
static double gradients_away(const struct model *m, const struct workspace *ws,
                             const struct safetensors *s, const char *before)
{
    double worst = 0, floor = 0.1 * tiny_max(ws->grad, m->n_train);

    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (p->trainable)
            worst = fmax(worst, away(s, long_name(before, p), ws->grad + p->off,
                                     (size_t)p->rows * (size_t)p->cols, floor));
    }
    return worst;
}

START_TEST(golden_base)
{
    struct model m;
    struct workspace ws;
    struct head h = golden_head();
    double e = 0;

    golden_open("model.safetensors");
    ck_assert_int_eq(model_init(&m, &g.base, &h, adapt_find("head"), NULL, 1, true), 0);
    ck_assert_int_eq(workspace_init(&ws, &m, false), 0);
    for (int all = 0; all < 2; all++) {
        ws.all_hidden = all;
        ck_assert_int_eq(model_fwd(&m, &ws, &g.b), 0);
        e = fmax(e, away(&g.expected, "logits", ws.logits.x, (size_t)g.b.n_seq * 3, 0));
    }
    int d = g.base.dims.d_model;
    real *x = xalloc((size_t)g.b.n_seq * (size_t)g.padded * (size_t)d, sizeof *x);
    for (int s = 0; s < g.b.n_seq; s++)
        for (int i = g.off[s]; i < g.off[s + 1]; i++)
            memcpy(x + ((size_t)s * (size_t)g.padded + (size_t)(i - g.off[s])) * (size_t)d,
                   mat_row(ws.hidden, i), (size_t)d * sizeof *x);
    e = fmax(e, away(&g.expected, "hidden", x, (size_t)(g.b.n_seq * g.padded * d), 0));
    double loss = model_loss(&m, &ws, &g.b, 1, NULL) / g.b.n_seq;
    real z = (real)loss;
    e = fmax(e, away(&g.expected, "loss", &z, 1, 0));
    ck_assert_double_le(e, golden_tol);
    free(x);
    workspace_free(&ws);
    model_free(&m);
    golden_close();
}
END_TEST

START_TEST(golden_adapter)
{
    struct lora_cfg cfg = { .rank = 3, .alpha = 6, .targets = (char[]){ "q,k,v,o" } };
    struct head h = golden_head();
    struct model m;
    struct workspace ws;
    struct mat dlogits;

    golden_open("adapter/adapter_model.safetensors");
    ck_assert_int_eq(model_init(&m, &g.base, &h, &adapt_lora, &cfg, 1, false), 0);
    for (int i = 0; i < m.n_params; i++) {
        struct param *p = &m.params[i];
        size_t n = (size_t)p->rows * (size_t)p->cols;
        if (!p->trainable)
            continue;
        real *x = tensor(&g.other, long_name("base_model.model.", p), n);
        memcpy(p->value, x, n * sizeof *x);
        free(x);
    }
    ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
    ck_assert_int_eq(model_fwd(&m, &ws, &g.b), 0);
    double e = away(&g.expected, "logits_lora", ws.logits.x, (size_t)g.b.n_seq * 3, 0);
    real z = (real)(model_loss(&m, &ws, &g.b, 1.0 / g.b.n_seq, &dlogits) / g.b.n_seq);
    e = fmax(e, away(&g.expected, "loss_lora", &z, 1, 0));
    model_bwd(&m, &ws, &g.b, dlogits);
    e = fmax(e, gradients_away(&m, &ws, &g.expected, "grad.base_model.model."));

    const char *q = "encoder.layer.0.attention.self.query.weight";
    struct param *w = model_param(&m, q);
    struct mat copy =
        mat_make(xalloc((size_t)w->rows * (size_t)w->cols, sizeof(real)), w->rows, w->cols);
    mat_copy(copy, mat_make(w->value, w->rows, w->cols));
    m.adapt->merge(&m, 0, PROJ_Q, copy, 1);
    e = fmax(e, away(&g.expected, long_name("merged.", w), copy.x,
                     (size_t)w->rows * (size_t)w->cols, 0));
    ck_assert_double_le(e, golden_tol);
    free(copy.x);
    workspace_free(&ws);
    model_free(&m);
    golden_close();
}
END_TEST

START_TEST(golden_full)
{
    struct head h = golden_head();
    struct model m;
    struct workspace ws;
    struct mat dlogits;

    golden_open("grad_full.safetensors");
    ck_assert_int_eq(model_init(&m, &g.base, &h, adapt_find("ft"), NULL, 1, true), 0);
    ck_assert_int_eq(m.n_train, m.n_total);
    ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
    ck_assert_int_eq(model_fwd(&m, &ws, &g.b), 0);
    model_loss(&m, &ws, &g.b, 1.0 / g.b.n_seq, &dlogits);
    model_bwd(&m, &ws, &g.b, dlogits);
    ck_assert_double_le(gradients_away(&m, &ws, &g.other, ""), golden_tol);
    workspace_free(&ws);
    model_free(&m);
    golden_close();
}
END_TEST

/* --- a model of odd shape */

static const struct {
    const char *method, *key, *value;
    enum pooling pooling;
    bool regression;
    double p;
} row[] = {
    { "ft", NULL, NULL, POOL_CLS, false, 0.2 },
    { "ft", NULL, NULL, POOL_MEAN, true, 0.2 },
    { "ft", NULL, NULL, POOL_MEAN, false, 0 },
    { "lora", "targets", "q,k,v,o,up,down", POOL_CLS, true, 0.2 },
    { "lora", "lora_dropout", "0.3", POOL_MEAN, false, 0 },
    { "lora", "targets", "down", POOL_CLS, false, 0.2 },
    { "lora", "targets", "k,up", POOL_MEAN, true, 0.2 },
    { "bitfit", NULL, NULL, POOL_CLS, false, 0.2 },
    { "topk", "top_layers", "1", POOL_CLS, true, 0.2 },
    { "head", NULL, NULL, POOL_CLS, false, 0.2 },
};

static struct {
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    void *cfg;
} f;

/* B of LoRA starts at 0, where half of the gradients vanish. */
static void make_all_nonzero(struct model *m)
{
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        for (size_t k = 0; strstr(p->name, "lora_B") && k < (size_t)p->rows * (size_t)p->cols; k++)
            p->value[k] = (real)(0.1 * sin((double)k + i));
    }
}

static void build(int i)
{
    const struct adapt *a = adapt_find(row[i].method);
    struct head h = tiny_head(row[i].pooling, row[i].regression, row[i].p);

    ck_assert_msg(base_model_load(&f.base, tiny_write()) == 0, "%s", fail_text());
    f.cfg = tiny_cfg(a, row[i].key, row[i].value);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    make_all_nonzero(&f.m);
    tiny_batch(&f.t, &f.base.dims);
}

static void unbuild(void)
{
    opt_free(f.m.adapt->opts, f.cfg);
    free(f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    tiny_remove();
}

#ifdef REAL_IS_DOUBLE
START_TEST(gradients_match_differences)
{
    const char *worst = "";

    build(_i);
    double e = tiny_gradient_error(&f.m, &f.t.b, 1, &worst);
    ck_assert_msg(e <= 1e-6, "%g in '%s'", e, worst);
    unbuild();
}
END_TEST

/* The check itself sees an error of one in 10,000. */
START_TEST(wrong_gradient_is_seen)
{
    const char *worst = "";

    build(_i);
    ck_assert_double_ge(tiny_gradient_error(&f.m, &f.t.b, 1 + 1e-4, &worst), 1e-6);
    unbuild();
}
END_TEST
#endif

/* Gradients, losses and so the dropout masks do not depend on how a step is cut. */
START_TEST(micro_batches_add_up)
{
    build(_i);
    ck_assert_double_le(tiny_add_up(&f.m, &f.t), split_tol);
    unbuild();
}
END_TEST

/* A lane with gradients, one without, one that keeps all hidden states: the same logits. The memory
 * of each batch is what workspace_bytes says. */
START_TEST(lanes_agree)
{
    struct workspace a, b;
    const struct batch *t = &f.t.b;

    build(_i);
    ck_assert_int_eq(workspace_init(&a, &f.m, true), 0);
    ck_assert_int_eq(workspace_init(&b, &f.m, false), 0);
    tiny_grad(&f.m, &a, t);
    ck_assert_uint_eq(a.mem.used, workspace_bytes(&f.m, t, true, a.train));
    b.train = true;
    b.seed = a.seed;
    b.step = a.step;
    b.batch_slots = a.batch_slots;
    for (int all = 0; all < 2; all++) {
        b.all_hidden = all;
        ck_assert_int_eq(model_fwd(&f.m, &b, t), 0);
        ck_assert_double_le(
            tiny_diff(a.logits.x, b.logits.x, (size_t)(t->n_seq * a.logits.cols), 1), split_tol);
    }
    ck_assert_int_eq(b.hidden.rows, t->n_tok);
    ck_assert(a.mem.used > b.mem.used || f.m.lowest == f.base.dims.n_layers);
    workspace_free(&a);
    workspace_free(&b);
    unbuild();
}
END_TEST

/* Only what is needed: the lowest layer, and nothing written below it. */
START_TEST(lowest_layer)
{
    static const int want[] = { -1, -1, -1, 0, 0, 0, 0, -1, 2, 3 };

    build(_i);
    ck_assert_int_eq(f.m.lowest, want[_i]);
    unbuild();
}
END_TEST

START_TEST(packing_changes_nothing)
{
    real before[TINY_SEQS * 3];
    struct workspace ws;

    build(0);
    ck_assert_int_eq(workspace_init(&ws, &f.m, false), 0);
    ck_assert_int_eq(model_fwd(&f.m, &ws, &f.t.b), 0);
    memcpy(before, ws.logits.x, sizeof before);
    ck_assert_int_eq(base_model_pack(&f.base, NULL, PRECISION_F32), 0);
    ck_assert_int_eq(model_fwd(&f.m, &ws, &f.t.b), 0);
    ck_assert_mem_eq(before, ws.logits.x, sizeof before);
    workspace_free(&ws);
    unbuild();
}
END_TEST

static const struct {
    int n_layers, d_model;
    const char *text;
} wrong[] = {
    { 4, 60, "lacks 'encoder.layer.3.attention.self.query.weight'" },
    { 4, 60, "... and 11 more" },
    { 2, 60, "that config.json does not account for: 'encoder.layer.2." },
    { 3, 120, "has the shape [113, 60]; by config.json it must be [113, 120]" },
};

START_TEST(checkpoint_and_config_disagree)
{
    struct base_model b;
    const char *dir = tiny_write();

    tiny_config(wrong[_i].n_layers, wrong[_i].d_model);
    ck_assert_int_eq(base_model_load(&b, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), wrong[_i].text) != NULL, "%s", fail_text());
    tiny_remove();
}
END_TEST

static void fill(TCase *tc)
{
    int n = (int)ARRAY_LEN(row);

    tcase_add_test(tc, golden_base);
    tcase_add_test(tc, golden_adapter);
    tcase_add_test(tc, golden_full);
#ifdef REAL_IS_DOUBLE
    tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, wrong_gradient_is_seen, 0, n);
#endif
    tcase_add_loop_test(tc, micro_batches_add_up, 0, n);
    tcase_add_loop_test(tc, lanes_agree, 0, n);
    tcase_add_loop_test(tc, lowest_layer, 0, n);
    tcase_add_test(tc, packing_changes_nothing);
    tcase_add_loop_test(tc, checkpoint_and_config_disagree, 0, (int)ARRAY_LEN(wrong));
}

const struct suite suite_model = { "model", fill };
