/* test_decoder.c - a decoder with every method: gradients against finite differences, division into
 * micro-batches, no view of later tokens; and adapters as PEFT holds them. */
#include "core/os/file.h"
#include "core/weights/stored.h"
#include "core/peft/peft.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char gpt2[] = "tests/golden/gpt2"; /* 2 layers, d 36, 101 words */
static const char llama[] =
    "tests/golden/llama";         /* 3 layers, d 40, 4 query heads of 12, one of keys */
static const char *golden = gpt2; /* the model of build */

#ifdef REAL_IS_DOUBLE
static const double tol = 1e-12;
#else
static const double tol = 2e-5;
#endif

static const struct {
    const char *golden, *method, *key, *value;
    double p;
    int lowest;
} row[] = {
    { gpt2, "ft", NULL, NULL, 0.2, -1 },
    { gpt2, "ft", NULL, NULL, 0, -1 },
    { gpt2, "lora", "targets", "q,v", 0, 0 },
    { gpt2, "lora", "targets", "q,k,v,o,up,down", 0.2, 0 },
    { gpt2, "lora", "targets", "qkv,o", 0.2, 0 },
    { gpt2, "lora", "lora_dropout", "0.3", 0, 0 },
    { gpt2, "lora", "targets", "down", 0.2, 0 },
    { gpt2, "lora", "targets", "o", 0, 0 },
    { gpt2, "bitfit", NULL, NULL, 0.2, 0 },
    { gpt2, "topk", "top_layers", "1", 0.2, 1 },
    { llama, "ft", NULL, NULL, 0.2, -1 },
    { llama, "ft", NULL, NULL, 0, -1 },
    { llama, "lora", "targets", "q,v", 0, 0 },
    { llama, "lora", "targets", "q,k,v,o,up,gate,down", 0.2, 0 },
    { llama, "lora", "targets", "k,gate", 0.2, 0 },
    { llama, "lora", "lora_dropout", "0.3", 0, 0 },
    { llama, "dora", "targets", "v,o,gate", 0.2, 0 },
    { llama, "pissa", "targets", "k,gate,down", 0.2, 0 },
    { llama, "vera", "targets", "v,up,gate,o", 0.2, 0 },
    { llama, "adalora", "targets", "q,k,gate", 0.2, 0 },
    { llama, "ia3", "ia3_targets", "k,v,gate,down", 0.2, 0 },
    { llama, "adapter-h", NULL, NULL, 0.2, 0 },
    { llama, "prefix-kv", "prefix_width", "16", 0.2, 0 },
    { llama, "prefix-kv", "prefix_width", "0", 0.2, 0 },
    { llama, "prefix-embed", NULL, NULL, 0.2, -1 },
    { llama, "topk", "top_layers", "1", 0.2, 2 },
};

static struct {
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    void *cfg;
} f;

static int try_build(const char *method, const char *key, const char *value, double p)
{
    const struct adapt *a = adapt_find(method);
    struct head h = tiny_head(POOL_NONE, false, p);

    ck_assert_msg(base_model_load(&f.base, golden) == 0, "%s", fail_text());
    f.cfg = tiny_cfg(a, key, value);
    tiny_batch(&f.t, &f.base.dims);
    return model_init(&f.m, &f.base, &h, a, f.cfg, 4, false);
}

static void build(const char *method, const char *key, const char *value, double p)
{
    ck_assert_msg(try_build(method, key, value, p) == 0, "%s", fail_text());
    tiny_fill_b(&f.m);
}

static void build_row(int i)
{
    golden = row[i].golden;
    build(row[i].method, row[i].key, row[i].value, row[i].p);
}

static void unbuild(const char *method)
{
    tiny_cfg_free(adapt_find(method), f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    golden = gpt2;
}

/* Logits of every token, without dropout; the caller frees. */
static real *logits(const struct model *m, const struct batch *b)
{
    size_t n = (size_t)b->n_tok * (size_t)m->base->dims.vocab;
    real *z = xalloc(n, sizeof *z);
    struct workspace ws;

    ck_assert_int_eq(workspace_init(&ws, m, false), 0);
    ws.all_logits = true;
    ck_assert_int_eq(model_fwd(m, &ws, b), 0);
    ck_assert(ws.logits.rows == b->n_tok && ws.logits.cols == m->base->dims.vocab);
    memcpy(z, ws.logits.x, n * sizeof *z);
    workspace_free(&ws);
    return z;
}

START_TEST(gradients_match_differences)
{
    build_row(_i);
    tiny_check_gradients(&f.m, &f.t.b);
    unbuild(row[_i].method);
}
END_TEST

/* Recomputed blocks have their input apart from the residual stream. */
START_TEST(recomputed_blocks_agree)
{
    build_row(_i);
    tiny_check_recompute(&f.m, &f.t.b);
    unbuild(row[_i].method);
}
END_TEST

/* Losses and gradients, and so the dropout masks, do not depend on how a batch is divided. */
START_TEST(micro_batches_add_up)
{
    build_row(_i);
    ck_assert_int_eq(f.m.lowest, row[_i].lowest);
    ck_assert_double_le(tiny_add_up(&f.m, &f.t), tol);
    unbuild(row[_i].method);
}
END_TEST

/* The loss is that of the logits of tokens that have a next one. */
START_TEST(loss_is_that_of_the_logits)
{
    struct batch b;
    struct workspace ws;
    double want = 0;

    build("lora", "targets", "q,v", 0);
    b = f.t.b;
    real *z = logits(&f.m, &b);
    int V = f.base.dims.vocab, n = 0;
    want = xent((struct mat){ 0 }, mat_make(z, b.n_tok, V), f.t.next, 1);
    for (int t = 0; t < b.n_tok; t++)
        n += f.t.next[t] >= 0;
    ck_assert(n > 20 && n < b.n_tok - TINY_SEQS);
    ck_assert_int_eq(batch_targets(&f.m, &b), n);
    ck_assert_int_eq(workspace_init(&ws, &f.m, false), 0);
    ck_assert_int_eq(model_fwd(&f.m, &ws, &b), 0);
    ck_assert_ptr_null(ws.logits.x);
    ck_assert_double_le(fabs(model_loss(&f.m, &ws, &b, 1, NULL) - want) / want, tol);
    for (int t = 0; t < b.n_tok; t++)
        f.t.next[t] = -1;
    ck_assert(model_loss(&f.m, &ws, &b, 1, NULL) == 0);
    workspace_free(&ws);
    free(z);
    unbuild("lora");
}
END_TEST

/* A batch without targets has no gradient. */
START_TEST(no_targets_no_gradient)
{
    struct workspace ws;

    build("ft", NULL, NULL, 0.2);
    for (int t = 0; t < f.t.b.n_tok; t++)
        f.t.next[t] = -1;
    ck_assert_int_eq(workspace_init(&ws, &f.m, true), 0);
    tiny_grad(&f.m, &ws, &f.t.b);
    ck_assert(tiny_max(ws.grad, f.m.n_train) == 0);
    workspace_free(&ws);
    unbuild("ft");
}
END_TEST

/* A changed token changes its own logits and those after it in its sequence, and no other bit. */
START_TEST(later_tokens_are_not_seen)
{
    build("lora", "targets", "q,k,v,o,up,down", 0);
    int V = f.base.dims.vocab, first = f.t.off[2], end = f.t.off[3];
    real *before = logits(&f.m, &f.t.b);
    for (int at = first; at < end; at += 4) {
        int old = f.t.ids[at];
        f.t.ids[at] = (old + 1) % V;
        real *after = logits(&f.m, &f.t.b);
        for (int t = 0; t < f.t.b.n_tok; t++) {
            bool same = memcmp(before + t * V, after + t * V, (size_t)V * sizeof(real)) == 0;
            ck_assert_msg(same == (t < at || t >= end), "token %d after a change at %d", t, at);
        }
        f.t.ids[at] = old;
        free(after);
    }
    free(before);
    unbuild("lora");
}
END_TEST

/* Every method has as many parameters as its closed form says, and starts as the base model where
 * it promises to. */
START_TEST(methods_on_a_decoder)
{
    const struct adapt *a = adapt_table[_i / 2];
    struct model plain;
    struct head h = tiny_head(POOL_NONE, false, 0);

    golden = _i % 2 ? llama : gpt2;
    if (try_build(a->name, NULL, NULL, 0) != 0) {
        bool no_head = strcmp(a->name, "head") == 0;
        ck_assert(no_head || (golden == llama && strcmp(a->name, "bitfit") == 0));
        ck_assert_int_eq(fail_code(), FAIL_USAGE);
        ck_assert_msg(strstr(fail_text(), no_head ? "trains a classifier, which"
                                                  : "trains biases, which llama models do not"),
                      "%s", fail_text());
        unbuild(a->name);
        return;
    }
    ck_assert_int_eq(adapt_count(a, f.cfg, &f.base.dims), (long)f.m.n_train);
    ck_assert_uint_eq(f.m.n_train_head, 0);
    ck_assert_int_eq(model_init(&plain, &f.base, &h, adapt_nothing, NULL, 4, false), 0);
    real *x = logits(&f.m, &f.t.b), *y = logits(&plain, &f.t.b);
    if (a->starts_as_base)
        ck_assert_double_le(
            tiny_diff(x, y, (size_t)f.t.b.n_tok * (size_t)f.base.dims.vocab, tiny_max(y, 1)),
            10 * tol);
    free(x);
    free(y);
    model_free(&plain);
    unbuild(a->name);
}
END_TEST

START_TEST(classes_are_refused)
{
    struct head h = tiny_head(POOL_MEAN, false, 0);
    struct base_model b;
    struct model m;

    ck_assert_int_eq(base_model_load(&b, golden), 0);
    ck_assert_int_eq(model_init(&m, &b, &h, adapt_find("ft"), NULL, 1, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_ptr_nonnull(strstr(fail_text(), "is a decoder (gpt2)"));
    base_model_free(&b);
}
END_TEST

START_TEST(targets_that_exclude_each_other)
{
    ck_assert_int_eq(try_build("lora", "targets", "qkv,v", 0), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_str_eq(fail_text(), "'targets' has both qkv and a part of it ('v,qkv')");
    unbuild("lora");
}
END_TEST

/* --- checkpoints: the released GPT-2 has no prefix, and a mask that looks like a weight */

static const struct {
    const char *drop, *add, *says;
} checkpoint[] = {
    { NULL, "h.0.attn.bias", NULL },
    { NULL, "h.1.attn.masked_bias", NULL },
    { NULL, "lm_head.weight", NULL }, /* tied to the word embeddings */
    { NULL, "h.2.ln_1.bias", "does not account for: 'h.2.ln_1.bias'" },
    { "h.1.attn.c_attn.weight", NULL, "lacks 'h.1.attn.c_attn.weight'" },
    { "h.0.mlp.c_fc.weight", "h.0.mlp.c_fc.weight",
      "has the shape [4]; by config.json it must be [36, 52]" },
    { "h.0.attn.c_attn.bias", "h.0.attn.c_attn.bias",
      "has the shape [4]; by config.json it must be [108]" },
};

/* Write the golden checkpoint to DIR under names without prefix, without the tensor DROP and with a
 * tensor ADD. */
static void write_other(const char *dir, const char *drop, const char *add)
{
    static const real four[4] = { 1, 2, 3, 4 };
    const struct weights *s = &f.base.weights;
    struct st_out *out = xalloc((size_t)s->n + 1, sizeof *out);
    char *path = path_join(dir, "model.safetensors");
    struct file config;
    int n = 0;

    for (int i = 0; i < s->n; i++) {
        const struct st_tensor *t = &s->t[i];
        const char *name = t->name + strlen(f.base.arch->prefix);
        if (drop && strcmp(name, drop) == 0)
            continue;
        real *x = xalloc(t->count, sizeof *x);
        ck_assert_int_eq(st_reals(x, t, t->count), 0);
        out[n] = (struct st_out){ .name = name, .data = x, .n_dims = t->n_dims };
        memcpy(out[n++].shape, t->shape, sizeof t->shape);
    }
    if (add)
        out[n++] = (struct st_out){ .name = add, .data = four, .n_dims = 1, .shape = { 4 } };
    ck_assert_msg(st_write(path, out, n, false) == 0, "%s", fail_text());
    free(path);
    path = path_join(dir, "config.json");
    char *from = path_join(golden, "config.json");
    ck_assert_int_eq(file_map(&config, from), 0);
    ck_assert_int_eq(file_write(path, config.data, config.size, FAIL_STORE), 0);
    file_unmap(&config);
    free(from);
    free(path);
    for (int i = 0; i < n; i++)
        if (out[i].data != four)
            free((real *)(uintptr_t)out[i].data);
    free(out);
}

/* The same values, whatever layout each file has. */
static void same_values(const struct param *p, const struct param *q)
{
    size_t n = param_size(p);
    real *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y);

    param_read(x, p);
    param_read(y, q);
    ck_assert_mem_eq(x, y, n * sizeof *x);
    free(x);
    free(y);
}

START_TEST(checkpoints)
{
    char dir[64];
    struct base_model other;

    build("lora", "targets", "q,v", 0);
    temp_dir(dir);
    write_other(dir, checkpoint[_i].drop, checkpoint[_i].add);
    int rc = base_model_load(&other, dir);
    if (checkpoint[_i].says) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), checkpoint[_i].says) != NULL, "%s", fail_text());
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_int_eq(other.n_params, f.base.n_params);
        for (int i = 0; i < other.n_params; i++)
            same_values(&other.params[i], &f.base.params[i]);
        base_model_free(&other);
    }
    temp_remove(dir);
    unbuild("lora");
}
END_TEST

/* --- adapters as PEFT holds them */

static const struct {
    const char *targets, *back, *json;
    int times; /* the rank in the file, in ranks of the model */
} saved[] = {
    { "q,v", "qkv", "[\"c_attn\"]", 2 },
    { "k", "qkv", "[\"c_attn\"]", 1 },
    { "q,k,v,o", "o,qkv", "[\"attn.c_proj\",\"c_attn\"]", 3 },
    { "q,down", "down,qkv", "[\"c_attn\",\"mlp.c_proj\"]", 1 },
    { "qkv,o,up,down", "o,up,down,qkv", "[\"c_attn\",\"c_fc\",\"c_proj\"]", 1 },
    { "o,up", "o,up", "[\"attn.c_proj\",\"c_fc\"]", 1 },
};

/* adapter_config.json has TARGETS as target_modules, and says that the model is a decoder. */
static void check_config(const char *dir, const char *targets)
{
    char *path = path_join(dir, "adapter_config.json");
    struct file file;
    size_t n = 0;

    ck_assert_int_eq(file_map(&file, path), 0);
    char *text = xalloc(file.size + 1, 1); /* without spaces */
    for (size_t i = 0; i < file.size; i++)
        if (!strchr(" \n", ((const char *)file.data)[i]))
            text[n++] = ((const char *)file.data)[i];
    ck_assert_msg(strstr(text, targets) != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\"task_type\":\"CAUSAL_LM\""));
    ck_assert_ptr_nonnull(strstr(text, "\"fan_in_fan_out\":true"));
    file_unmap(&file);
    free(text);
    free(path);
}

/* An adapter that is written and read again, as a fused one where PEFT has no other, is the same
 * function. */
START_TEST(saved_for_peft_is_the_same_function)
{
    char dir[64];
    struct lora_cfg back;
    struct head h = tiny_head(POOL_NONE, false, 0);
    struct model m;
    int n_labels;

    build("lora", "targets", saved[_i].targets, 0);
    const struct lora_cfg *cfg = f.cfg;
    for (size_t i = 0; i < f.m.n_train; i++)
        f.m.theta[i] = (real)(float)f.m.theta[i];
    real *x = logits(&f.m, &f.t.b);
    temp_dir(dir);
    ck_assert_msg(peft_save(&f.m, cfg, dir, "gpt2", NULL) == 0, "%s", fail_text());
    ck_assert_msg(peft_read_config(&back, &n_labels, dir, &f.base.dims) == 0, "%s", fail_text());
    ck_assert_str_eq(back.targets, saved[_i].back);
    ck_assert(n_labels == 0 && back.rank == cfg->rank * saved[_i].times &&
              back.alpha == cfg->alpha * saved[_i].times);
    ck_assert_int_eq(model_init(&m, &f.base, &h, &adapt_lora, &back, 7, false), 0);
    ck_assert_msg(peft_load(&m, dir) == 0, "%s", fail_text());
    real *y = logits(&m, &f.t.b);
    size_t n = (size_t)f.t.b.n_tok * (size_t)f.base.dims.vocab;
    ck_assert_double_le(tiny_diff(x, y, n, tiny_max(x, n)), tol);
    check_config(dir, saved[_i].json);
    free(x);
    free(y);
    model_free(&m);
    free(back.targets);
    temp_remove(dir);
    unbuild("lora");
}
END_TEST

static void fill(TCase *tc)
{
    int n = (int)ARRAY_LEN(row), n_adapt = 0;

    while (adapt_table[n_adapt])
        n_adapt++;
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, recomputed_blocks_agree, 0, n);
    tcase_add_loop_test(tc, micro_batches_add_up, 0, n);
    tcase_add_test(tc, loss_is_that_of_the_logits);
    tcase_add_test(tc, no_targets_no_gradient);
    tcase_add_test(tc, later_tokens_are_not_seen);
    tcase_add_loop_test(tc, methods_on_a_decoder, 0, 2 * n_adapt);
    tcase_add_test(tc, classes_are_refused);
    tcase_add_test(tc, targets_that_exclude_each_other);
    tcase_add_loop_test(tc, checkpoints, 0, ARRAY_LEN(checkpoint));
    tcase_add_loop_test(tc, saved_for_peft_is_the_same_function, 0, ARRAY_LEN(saved));
}

const struct suite suite_decoder = { "decoder", fill };
