/* test_model.c - whole models: against what PyTorch computed, against finite differences, and cut
 * into micro-batches. */
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double golden_tol = 1e-9; /* relative to the largest value; both sides use f64 */
static const double split_tol = 1e-12;
#else
static const double golden_tol = 2e-5; /* f32 through two layers */
static const double split_tol = 1e-5;
#endif

/* --- golden values: a random BERT with a PEFT adapter, by PyTorch in f64 */

static struct {
    struct base_model base;
    struct st_file expected, other;
    struct tiny_batch t;
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
    tiny_recorded(&g.t, &g.expected, "");
}

static void golden_close(void)
{
    st_close(&g.expected);
    st_close(&g.other);
    base_model_free(&g.base);
}

/* The name of a parameter in files of transformers. */
static const char *long_name(const char *before, const struct param *p)
{
    static char text[256];

    snprintf(text, sizeof text, "%s%s%s", before, param_is_head(p) ? "" : "bert.", p->name);
    return text;
}

static struct head golden_head(void)
{
    return (struct head){ .n_labels = 3, .pooling = POOL_CLS, .pool_scale = 1 };
}

/* The largest difference of a trained tensor's gradient. The gradient of the bias of a key is only
 * rounding, so that small gradients are compared relative to a tenth of the largest. */
static double gradients_away(const struct model *m, const struct workspace *ws,
                             const struct st_file *s, const char *before)
{
    double worst = 0, floor = 0.1 * tiny_max(ws->grad, m->n_train);

    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (p->trainable)
            worst = fmax(
                worst, tiny_away(s, long_name(before, p), ws->grad + p->off, param_size(p), floor));
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
        ck_assert_int_eq(model_fwd(&m, &ws, &g.t.b), 0);
        e = fmax(e, tiny_away(&g.expected, "logits", ws.logits.x, (size_t)g.t.b.n_seq * 3, 0));
    }
    int d = g.base.dims.d_model, padded = (int)st_find(&g.expected, "ids")->shape[1];
    real *x = xalloc((size_t)g.t.b.n_seq * (size_t)padded * (size_t)d, sizeof *x);
    for (int s = 0; s < g.t.b.n_seq; s++)
        for (int i = g.t.off[s]; i < g.t.off[s + 1]; i++)
            memcpy(x + ((size_t)s * (size_t)padded + (size_t)(i - g.t.off[s])) * (size_t)d,
                   mat_row(ws.hidden, i), (size_t)d * sizeof *x);
    e = fmax(e, tiny_away(&g.expected, "hidden", x, (size_t)(g.t.b.n_seq * padded * d), 0));
    double loss = model_loss(&m, &ws, &g.t.b, 1, NULL) / g.t.b.n_seq;
    real z = (real)loss;
    e = fmax(e, tiny_away(&g.expected, "loss", &z, 1, 0));
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
        if (!p->trainable)
            continue;
        real *x = tiny_tensor(&g.other, long_name("base_model.model.", p), param_size(p));
        memcpy(p->value, x, param_size(p) * sizeof *x);
        free(x);
    }
    ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
    ck_assert_int_eq(model_fwd(&m, &ws, &g.t.b), 0);
    double e = tiny_away(&g.expected, "logits_lora", ws.logits.x, (size_t)g.t.b.n_seq * 3, 0);
    real z = (real)(model_loss(&m, &ws, &g.t.b, 1.0 / g.t.b.n_seq, &dlogits) / g.t.b.n_seq);
    e = fmax(e, tiny_away(&g.expected, "loss_lora", &z, 1, 0));
    model_bwd(&m, &ws, &g.t.b, dlogits);
    e = fmax(e, gradients_away(&m, &ws, &g.expected, "grad.base_model.model."));

    const char *q = "encoder.layer.0.attention.self.query.weight";
    struct param *w = model_param(&m, q);
    struct mat copy = mat_make(xalloc(param_size(w), sizeof(real)), w->rows, w->cols);
    mat_copy(copy, param_mat(w));
    m.adapt->merge(&m, 0, PROJ_Q, copy, 1);
    e = fmax(e, tiny_away(&g.expected, long_name("merged.", w), copy.x, param_size(w), 0));
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
    ck_assert_int_eq(model_fwd(&m, &ws, &g.t.b), 0);
    model_loss(&m, &ws, &g.t.b, 1.0 / g.t.b.n_seq, &dlogits);
    model_bwd(&m, &ws, &g.t.b, dlogits);
    ck_assert_double_le(gradients_away(&m, &ws, &g.other, ""), golden_tol);
    workspace_free(&ws);
    model_free(&m);
    golden_close();
}
END_TEST

/* --- models of odd shape */

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

static void build(int i)
{
    const struct adapt *a = adapt_find(row[i].method);
    struct head h = tiny_head(row[i].pooling, row[i].regression, row[i].p);

    ck_assert_msg(base_model_load(&f.base, tiny_write()) == 0, "%s", fail_text());
    f.cfg = tiny_cfg(a, row[i].key, row[i].value);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    tiny_fill_b(&f.m);
    tiny_batch(&f.t, &f.base.dims);
}

static void unbuild(void)
{
    tiny_cfg_free(f.m.adapt, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    tiny_remove();
}

START_TEST(gradients_match_differences)
{
    build(_i);
    tiny_check_gradients(&f.m, &f.t.b);
    unbuild();
}
END_TEST

/* Losses and gradients, and so the dropout masks, do not depend on how a batch is divided. */
START_TEST(micro_batches_add_up)
{
    build(_i);
    ck_assert_double_le(tiny_add_up(&f.m, &f.t), split_tol);
    unbuild();
}
END_TEST

/* Workspaces with gradients, without, and with all hidden states have the same logits, and a batch
 * takes the memory that workspace_bytes says. */
START_TEST(workspaces_agree)
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

/* Backward goes to the lowest layer that needs it. */
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
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, micro_batches_add_up, 0, n);
    tcase_add_loop_test(tc, workspaces_agree, 0, n);
    tcase_add_loop_test(tc, lowest_layer, 0, n);
    tcase_add_test(tc, packing_changes_nothing);
    tcase_add_loop_test(tc, checkpoint_and_config_disagree, 0, (int)ARRAY_LEN(wrong));
}

const struct suite suite_model = { "model", fill };
