/* test_prefix.c - prefixes: against what torch and PEFT compute, with sequences of every length,
 * divided into micro-batches, on decoders, and which positions of a model they need. */
#include "experiments/recipe/recipe.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double golden_tol = 1e-9; /* both sides compute in f64 */
static const double tol = 1e-12;       /* another order of sums */
#else
static const double golden_tol = 3e-5; /* f32 through two layers */
static const double tol = 2e-5;
#endif

static struct {
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    const struct adapt *a;
    void *cfg;
} f;

/* The method's options with KEYS, "prefix=5 infix=3". */
static void *cfg_of(const struct adapt *a, const char *keys)
{
    void *cfg = tiny_cfg(a, NULL, NULL);
    char *text = xstrdup(keys), *rest = text, *word;

    while ((word = strsep(&rest, " "))) {
        char *value = strchr(word, '=');
        *value++ = 0;
        tiny_set(a, cfg, word, value);
    }
    free(text);
    return cfg;
}

static int try_model(const char *method, const char *keys, const struct head *h, bool own)
{
    f.a = adapt_find(method);
    ck_assert_msg(f.a != NULL, "no method '%s'", method);
    f.cfg = cfg_of(f.a, keys);
    return model_init(&f.m, &f.base, h, f.a, f.cfg, 4, own);
}

static void unbuild(bool tiny)
{
    tiny_cfg_free(f.a, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    if (tiny)
        tiny_remove();
}

/* --- golden values */

static const struct {
    const char *where, *name, *method, *keys; /* WHERE NAME begins the names in the file */
    enum pooling pooling;
} golden[] = {
    { "bert.embed", ".cls", "prefix-embed", "prefix=5 infix=3", POOL_CLS },
    { "bert.embed", ".mean", "prefix-embed", "prefix=5 infix=3", POOL_MEAN },
    { "bert.layer", ".cls", "prefix-layer", "prefix=5 infix=3", POOL_CLS },
    { "bert.layer", ".mean", "prefix-layer", "prefix=5 infix=3", POOL_MEAN },
    { "bert.kv", ".cls", "prefix-kv", "prefix=5 prefix_width=16", POOL_CLS },
    { "bert.kv", ".mean", "prefix-kv", "prefix=5 prefix_width=16", POOL_MEAN },
    { "gpt2.embed", "", "prefix-embed", "prefix=5", POOL_NONE },
    { "gpt2.layer", "", "prefix-layer", "prefix=5", POOL_NONE },
    { "gpt2.kv", "", "prefix-kv", "prefix=5 prefix_width=16", POOL_NONE },
};

static struct st_file expected;

/* The tensor A B C of N values; the caller frees them. */
static real *recorded(const char *a, const char *b, const char *c, size_t n)
{
    char *name = xprintf("%s%s%s", a, b, c);
    real *x = tiny_tensor(&expected, name, n);

    free(name);
    return x;
}

static double away(const real *x, real *want, size_t n, double floor)
{
    double e = tiny_diff(x, want, n, fmax(tiny_max(want, n), floor));

    free(want);
    return e;
}

static void golden_open(int i)
{
    bool bert = golden[i].pooling != POOL_NONE;
    struct head h = { .n_labels = bert ? 3 : 0, .pooling = golden[i].pooling, .pool_scale = 1 };
    struct st_file ids;

    ck_assert_int_eq(base_model_load(&f.base, bert ? "tests/golden/bert" : "tests/golden/gpt2"), 0);
    ck_assert_int_eq(st_open(&expected, "tests/golden/prefix/expected.safetensors"), 0);
    if (bert) {
        ck_assert_int_eq(st_open(&ids, "tests/golden/bert/expected.safetensors"), 0);
        tiny_recorded(&f.t, &ids, "");
        st_close(&ids);
    } else {
        tiny_recorded(&f.t, &expected, "gpt2.");
    }
    ck_assert_msg(try_model(golden[i].method, golden[i].keys, &h, true) == 0, "%s", fail_text());
    for (int k = 0; k < f.m.n_params; k++) {
        const struct param *p = &f.m.params[k];
        if (!p->trainable)
            continue;
        real *x = recorded(golden[i].where, ".", p->name, param_size(p));
        memcpy(p->value, x, param_size(p) * sizeof *x);
        free(x);
    }
}

START_TEST(golden_values)
{
    const char *where = golden[_i].where, *name = golden[_i].name;
    struct workspace ws;
    struct mat dout;

    golden_open(_i);
    const struct batch *b = &f.t.b;
    ck_assert_int_eq(workspace_init(&ws, &f.m, true), 0);
    ws.all_logits = f.base.arch->causal;
    ck_assert_int_eq(model_fwd(&f.m, &ws, b), 0);
    size_t n = (size_t)ws.logits.rows * (size_t)ws.logits.cols;
    double e = away(ws.logits.x, recorded(where, name, ".out", n), n, 0);
    int terms = batch_targets(&f.m, b);
    real loss = (real)(model_loss(&f.m, &ws, b, 1.0 / terms, &dout) / terms);
    e = fmax(e, away(&loss, recorded(where, name, ".loss", 1), 1, 0));
    model_bwd(&f.m, &ws, b, dout);
    double floor = 0.1 * tiny_max(ws.grad, f.m.n_train);
    char *grad = xprintf("%s.grad.", name);
    for (int i = 0; i < f.m.n_params; i++) {
        const struct param *p = &f.m.params[i];
        n = param_size(p);
        if (p->trainable)
            e = fmax(e, away(ws.grad + p->off, recorded(where, grad, p->name, n), n, floor));
    }
    free(grad);
    ck_assert_double_le(e, golden_tol);
    workspace_free(&ws);
    st_close(&expected);
    unbuild(false);
}
END_TEST

/* --- models of odd shape: sequences of 9, 1, 17, 4 and 12 tokens */

static const struct {
    const char *method, *keys;
    enum pooling pooling; /* none: a decoder */
    bool regression;
    double p;
} row[] = {
    { "prefix-embed", "prefix=3 infix=2", POOL_CLS, false, 0.2 },
    { "prefix-embed", "prefix=0 infix=1", POOL_MEAN, true, 0.2 },
    { "prefix-embed", "prefix=16 prefix_init=normal", POOL_MEAN, false, 0 },
    { "prefix-layer", "prefix=2 infix=3", POOL_MEAN, false, 0.2 },
    { "prefix-layer", "prefix=1 infix=0", POOL_CLS, true, 0.2 },
    { "prefix-layer", "prefix=0 infix=4", POOL_CLS, false, 0 },
    { "prefix-kv", "prefix=5 prefix_width=7", POOL_CLS, false, 0.2 },
    { "prefix-kv", "prefix=40 prefix_width=0", POOL_MEAN, true, 0.2 },
    { "prefix-kv", "prefix=1 prefix_width=3", POOL_MEAN, false, 0 },
    { "prefix-embed", "prefix=4", POOL_NONE, false, 0.2 },
    { "prefix-layer", "prefix=3", POOL_NONE, false, 0.2 },
    { "prefix-kv", "prefix=6 prefix_width=5", POOL_NONE, false, 0.2 },
    { "prefix-kv", "prefix=2 prefix_width=0", POOL_NONE, false, 0 },
};

static void build(int i)
{
    struct head h = tiny_head(row[i].pooling, row[i].regression, row[i].p);
    const char *dir = row[i].pooling == POOL_NONE ? "tests/golden/gpt2" : tiny_write();

    ck_assert_msg(base_model_load(&f.base, dir) == 0, "%s", fail_text());
    tiny_batch(&f.t, &f.base.dims);
    ck_assert_msg(try_model(row[i].method, row[i].keys, &h, false) == 0, "%s", fail_text());
}

START_TEST(gradients_match_differences)
{
    build(_i);
    tiny_check_gradients(&f.m, &f.t.b);
    unbuild(row[_i].pooling != POOL_NONE);
}
END_TEST

/* Losses and gradients, and so the dropout masks, do not depend on how a batch is divided. */
START_TEST(micro_batches_add_up)
{
    build(_i);
    ck_assert_double_le(tiny_add_up(&f.m, &f.t), tol);
    unbuild(row[_i].pooling != POOL_NONE);
}
END_TEST

/* Recomputed blocks have the same bits. All hidden states are those of real tokens, with the same
 * logits. */
START_TEST(workspaces_agree)
{
    struct workspace some, all;

    build(_i);
    const struct batch *b = &f.t.b;
    tiny_check_recompute(&f.m, b);
    ck_assert_int_eq(workspace_init(&some, &f.m, true), 0);
    tiny_grad(&f.m, &some, b);
    ck_assert_int_eq(workspace_init(&all, &f.m, false), 0);
    all.all_hidden = all.train = true;
    all.seed = some.seed;
    all.step = some.step;
    all.batch_slots = some.batch_slots;
    ck_assert_int_eq(model_fwd(&f.m, &all, b), 0);
    ck_assert_int_eq(all.hidden.rows, b->n_tok);
    if (some.logits.x)
        ck_assert_double_le(
            tiny_diff(all.logits.x, some.logits.x, (size_t)(b->n_seq * some.logits.cols), 1), tol);
    workspace_free(&all);
    workspace_free(&some);
    unbuild(row[_i].pooling != POOL_NONE);
}
END_TEST

/* --- what inference needs of prefix-kv */

static real *logits(const struct model *m)
{
    size_t n = TINY_SEQS * 3;
    real *z = xalloc(n, sizeof *z);
    struct workspace ws;

    ck_assert_int_eq(workspace_init(&ws, m, false), 0);
    ck_assert_int_eq(model_fwd(m, &ws, &f.t.b), 0);
    memcpy(z, ws.logits.x, n * sizeof *z);
    workspace_free(&ws);
    return z;
}

/* A model that has the keys and values of the MLP itself computes the same bits. */
START_TEST(mlp_can_be_dropped)
{
    struct model plain;

    build(6);
    void *cfg = cfg_of(f.a, "prefix=5 prefix_width=0");
    ck_assert_int_eq(model_init(&plain, &f.base, &f.m.head, f.a, cfg, 4, false), 0);
    ck_assert_uint_eq(plain.n_train - plain.n_train_head,
                      (size_t)f.a->count_inference(f.cfg, &f.base.dims));
    real *scratch = xalloc(f.a->scratch(&f.m, false), sizeof *scratch);
    const struct param *to = model_param(&plain, "prefix.embedding.weight");
    int d = f.base.dims.d_model;
    struct workspace ws = { .scratch = scratch };
    f.a->pass_begin(&f.m, &ws);
    for (int i = 0; i < f.base.dims.n_layers; i++) {
        struct mat k, v, dk, dv, kv = mat_make(to->value, to->rows, to->cols);
        f.a->prefix_kv(&f.m, &ws, i, &k, &v, &dk, &dv);
        ck_assert(!dk.x && !dv.x);
        mat_copy(mat_cols(kv, 2 * i * d, d), k);
        mat_copy(mat_cols(kv, (2 * i + 1) * d, d), v);
    }
    real *x = logits(&f.m), *y = logits(&plain);
    ck_assert_mem_eq(x, y, TINY_SEQS * 3 * sizeof *x);
    free(x);
    free(y);
    free(scratch);
    tiny_cfg_free(f.a, cfg);
    model_free(&plain);
    unbuild(true);
}
END_TEST

/* --- initial values: embeddings of words; inside the model normalized as the first block reads
 * them */

START_TEST(rows_begin_as_words)
{
    struct head h = tiny_head(POOL_CLS, false, 0);
    int found = 0;

    ck_assert_int_eq(base_model_load(&f.base, tiny_write()), 0);
    ck_assert_int_eq(try_model("prefix-layer", "prefix=6", &h, false), 0);
    const struct param *x = model_param(&f.m, "prefix.embedding.weight");
    const struct param *w = model_param(&f.m, "embeddings.word_embeddings.weight");
    const struct param *in = model_param(&f.m, "prefix.layer.1.weight");
    size_t bytes = (size_t)x->cols * sizeof(real);
    for (int i = 0; i < x->rows; i++)
        for (int k = 0; k < w->rows; k++)
            found += memcmp(x->value + i * x->cols, w->value + k * w->cols, bytes) == 0;
    ck_assert_int_eq(found, 6);
    ck_assert(memcmp(x->value, x->value + x->cols, bytes) != 0);
    double size = vec_norm(in->value, (size_t)(in->rows * in->cols)) / sqrt(in->rows * in->cols);
    ck_assert(size > 0.8 && size < 1.2); /* words have sigma 0.2, gains are 1 + N(0, 0.1) */
    unbuild(true);
}
END_TEST

/* --- refusals */

static const struct {
    const char *method, *keys;
    bool decoder;
    const char *says;
} refused[] = {
    { "prefix-embed", "prefix=0", false,
      "'prefix' and 'infix' are both 0; one of them must be at least 1" },
    { "prefix-layer", "prefix=20 infix=13", false,
      "'prefix' is 20 and 'infix' is 13, but the model has 33 positions for virtual tokens "
      "and text together" },
    { "prefix-embed", "prefix=65536 infix=65536", false, "but the model has 33 positions" },
    { "prefix-layer", "prefix=2 infix=1", true,
      "'infix' is 1, but a decoder (gpt2) reads plain text, in which there is no prompt for "
      "an infix to follow; it must be 0" },
};

START_TEST(refuses)
{
    bool tiny = !refused[_i].decoder;
    struct head h = tiny_head(tiny ? POOL_CLS : POOL_NONE, false, 0);

    ck_assert_int_eq(base_model_load(&f.base, tiny ? tiny_write() : "tests/golden/gpt2"), 0);
    ck_assert_int_eq(try_model(refused[_i].method, refused[_i].keys, &h, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), refused[_i].says) != NULL, "%s", fail_text());
    unbuild(tiny);
}
END_TEST

/* --- max_len of a run: virtual tokens take positions, of which there are 40 */

static const struct {
    const char *words;
    int max_len; /* 0: refused */
    const char *says;
} lens[] = {
    { "method=prefix-embed prefix=8 infix=4", 28, NULL }, /* the task has 128, the model 40 */
    { "method=prefix-layer prefix=8 max_len=20", 20, NULL },
    { "method=prefix-layer prefix=8 max_len=33", 32, NULL },
    { "method=prefix-embed prefix=30 infix=7", 3, NULL },
    { "method=prefix-kv prefix=64", 40, NULL }, /* takes no positions */
    { "method=prefix-embed prefix=30 infix=8", 0,
      "'prefix' is 30 and 'infix' is 8, but the model has 40 positions, of which a text needs 3" },
    { "method=prefix-embed prefix=500", 0, "'prefix' is 500 and 'infix' is 0" },
    { "method=prefix-embed max_len=41", 0, "'max_len' is 41, but the model has 40 positions" },
};

START_TEST(max_len_leaves_room)
{
    char acc[] = "accuracy", name[] = "toy", *text = xstrdup(lens[_i].words), *rest = text, *word;
    struct task toy = { .name = name, .n_labels = 3, .metrics = { acc }, .n_metrics = 1 };
    struct dims d = { .n_layers = 2, .d_model = 32, .n_heads = 4, .d_ffn = 64, .max_pos = 40 };
    struct settings v = { 0 };
    struct recipe r;

    toy.max_len = 128;
    verbosity = -1;
    while ((word = strsep(&rest, " ")))
        ck_assert_int_eq(settings_word(&v, word), 0);
    ck_assert_msg(recipe_parse(&r, &v) == 0, "%s", fail_text());
    int rc = recipe_autos(&r, &d, &toy);
    ck_assert_msg(rc == (lens[_i].max_len ? 0 : -1), "%s", fail_text());
    if (rc == 0)
        ck_assert_int_eq(r.train.max_len, lens[_i].max_len);
    else
        ck_assert_msg(strstr(fail_text(), lens[_i].says) != NULL, "%s", fail_text());
    recipe_free(&r);
    settings_free(&v);
    free(text);
}
END_TEST

static void fill(TCase *tc)
{
    int n = (int)ARRAY_LEN(row);

    tcase_add_loop_test(tc, golden_values, 0, (int)ARRAY_LEN(golden));
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, micro_batches_add_up, 0, n);
    tcase_add_loop_test(tc, workspaces_agree, 0, n);
    tcase_add_test(tc, mlp_can_be_dropped);
    tcase_add_test(tc, rows_begin_as_words);
    tcase_add_loop_test(tc, refuses, 0, (int)ARRAY_LEN(refused));
    tcase_add_loop_test(tc, max_len_leaves_room, 0, (int)ARRAY_LEN(lens));
}

const struct suite suite_prefix = { "prefix", fill };
