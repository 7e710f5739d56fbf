/* test_adapt.c - every method of adapt_table on every encoder, and lists of methods, do what
 * adapt.h promises. */
#include "core/peft/peft.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"
#include "tests/kit/tiny_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double tol = 1e-12; /* of logits, which are summed in another order */
#else
static const double tol = 1e-5;
#endif

/* Lists that combine hooks of every kind. */
static const char *const lists[] = {
    "lora+bitfit",       "lora+adapter-h",    "bitfit+adapter-p",           "adapter-l+lora",
    "lora+prefix-embed", "lora+prefix-layer", "adapter-h+bitfit+prefix-kv", "dora+prefix-kv",
    "ia3+adapter-l",     "adalora+bitfit",    "pissa+prefix-embed"
};

/* Methods whose ranks and alphas differ between layers and matrices; of VeRA only the layers. */
static const char *const patterned[] = { "lora", "rslora",           "lora-plus", "lora-fa",
                                         "dora", "rsdora",           "pissa",     "adalora",
                                         "vera", "lora+prefix-embed" };

static int n_single(void)
{
    int n = 0;

    while (adapt_table[n])
        n++;
    return n;
}

/* Cases: every method, list, and pattern on BERT, then every method on each other encoder. */
static int n_of_bert(void)
{
    return n_single() + (int)(ARRAY_LEN(lists) + ARRAY_LEN(patterned));
}

static int n_cases(void)
{
    return n_of_bert() + (tiny_encoders() - 1) * n_single();
}

static const char *arch_at(int i)
{
    return tiny_encoder(i < n_of_bert() ? 0 : 1 + (i - n_of_bert()) / n_single());
}

static bool is_patterned(int i)
{
    return i >= n_single() + (int)ARRAY_LEN(lists) && i < n_of_bert();
}

static const struct adapt *method_at(int i)
{
    int n = n_single(), k = i - n - (int)ARRAY_LEN(lists);

    if (i < n || i >= n_of_bert())
        return adapt_table[i < n ? i : (i - n_of_bert()) % n];
    return adapt_find(k < 0 ? lists[i - n] : patterned[k]);
}

static struct {
    struct base_model base;
    struct model m;
    struct tiny_batch t;
    void *cfg;
    int n_logits;
    bool patterned;
} f;

static void set_case(int i)
{
    f.patterned = is_patterned(i);
    tiny_arch(arch_at(i));
}

/* A rank of 0, one layer without any, one pair alone at its input, and a pair that is wider than
 * the one before it. */
static void set_patterns(const struct adapt *a)
{
    static const char *const all[][2] = { { "rank_pattern", "v:3,1:6,1.q:2,2.v:0" },
                                          { "alpha_pattern", "q:24,1.v:3" },
                                          { "adapt_layers", "1-2" },
                                          { "target_rank", "2" } };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (opt_find(a->opts, all[i][0]))
            tiny_set(a, f.cfg, all[i][0], all[i][1]);
}

static void build(const struct adapt *a, enum pooling pooling, const char *key, const char *value)
{
    struct head h = tiny_head(pooling, false, 0);

    ck_assert_msg(base_model_load(&f.base, tiny_write()) == 0, "%s", fail_text());
    f.base.dims.pooling = pooling;
    f.cfg = tiny_cfg(a, key, value);
    if (f.patterned)
        set_patterns(a);
    ck_assert_msg(model_init(&f.m, &f.base, &h, a, f.cfg, 4, false) == 0, "%s", fail_text());
    tiny_batch(&f.t, &f.base.dims);
    f.n_logits = f.t.b.n_seq * h.n_labels;
}

static void unbuild(void)
{
    tiny_cfg_free(f.m.adapt, f.cfg);
    model_free(&f.m);
    base_model_free(&f.base);
    tiny_remove();
}

static void logits(real *out, const struct model *m)
{
    struct workspace ws;

    ck_assert_int_eq(workspace_init(&ws, m, false), 0);
    ck_assert_int_eq(model_fwd(m, &ws, &f.t.b), 0);
    memcpy(out, ws.logits.x, (size_t)f.n_logits * sizeof *out);
    workspace_free(&ws);
}

/* A few steps of plain gradient descent: everything that trains moves. */
static double descend(struct model *m, int steps)
{
    struct workspace ws;
    double loss = 0;

    ck_assert_int_eq(workspace_init(&ws, m, true), 0);
    for (int s = 0; s < steps; s++) {
        tiny_grad(m, &ws, &f.t.b);
        loss = tiny_loss(m, &f.t.b);
        for (size_t i = 0; i < m->n_train; i++)
            m->theta[i] -= (real)0.002 * ws.grad[i];
    }
    workspace_free(&ws);
    return loss;
}

/* Three classes; a dense layer is as wide as the model. */
static size_t head_size(void)
{
    return 3 * 60 + 3 + (model_role(&f.m, -1, ROLE_DENSE_W) ? 60 * 60 + 60 : 0);
}

START_TEST(starts_as_base)
{
    real a[TINY_SEQS * 3], b[TINY_SEQS * 3];
    struct model plain;

    set_case(_i);
    for (int pooling = 0; pooling < 2; pooling++) {
        build(method_at(_i), (enum pooling)pooling, NULL, NULL);
        logits(a, &f.m);
        ck_assert_int_eq(model_init(&plain, &f.base, &f.m.head, adapt_find("head"), NULL, 4, false),
                         0);
        logits(b, &plain);
        if (f.m.adapt->starts_as_base)
            ck_assert_double_le(tiny_diff(a, b, (size_t)f.n_logits, 1), tol);
        model_free(&plain);
        unbuild();
    }
}
END_TEST

START_TEST(counts_are_closed_forms)
{
    set_case(_i);
    for (int pooling = 0; pooling < 2; pooling++) {
        build(method_at(_i), (enum pooling)pooling, NULL, NULL);
        size_t sum = 0;
        for (int i = 0; i < f.m.n_params; i++)
            if (f.m.params[i].trainable)
                sum += param_size(&f.m.params[i]);
        ck_assert_uint_eq(sum, f.m.n_train);
        ck_assert_int_eq(adapt_count(f.m.adapt, f.cfg, &f.base.dims),
                         (long)(f.m.n_train - f.m.n_train_head));
        ck_assert_uint_eq(f.m.n_train_head, head_size());
        unbuild();
    }
}
END_TEST

START_TEST(gradients_match_differences)
{
    set_case(_i);
    build(method_at(_i), POOL_CLS, NULL, NULL);
    descend(&f.m, 2); /* away from an update of 0 */
    tiny_check_gradients(&f.m, &f.t.b);
    unbuild();
}
END_TEST

START_TEST(frozen_stays_and_loss_falls)
{
    set_case(_i);
    build(method_at(_i), POOL_CLS, NULL, NULL);
    int n = f.base.n_params;
    real **old = xalloc((size_t)n, sizeof *old);
    for (int i = 0; i < n; i++) {
        const struct param *p = &f.base.params[i];
        size_t bytes = param_size(p) * sizeof(real);
        old[i] = xalloc(bytes, 1);
        memcpy(old[i], p->value, bytes);
    }
    double first = tiny_loss(&f.m, &f.t.b), last = descend(&f.m, 10);
    ck_assert_double_lt(last, first);
    for (int i = 0; i < n; i++) {
        const struct param *p = &f.base.params[i];
        size_t bytes = param_size(p) * sizeof(real);
        ck_assert_msg(memcmp(old[i], p->value, bytes) == 0, "'%s' of the base model changed",
                      p->name);
        ck_assert(f.m.params[i].trainable || memcmp(old[i], f.m.params[i].value, bytes) == 0);
        free(old[i]);
    }
    free(old);
    unbuild();
}
END_TEST

/* Adding the update to a copy of the weights (a model that trains all of them has one) gives the
 * same logits, and subtracting it again gives the original weights. */
START_TEST(merged_equals_unmerged)
{
    real a[TINY_SEQS * 3], b[TINY_SEQS * 3];
    struct model whole;

    set_case(_i);
    if (!method_at(_i)->merge)
        return;
    bool targets = opt_find(method_at(_i)->opts, "targets");
    build(method_at(_i), POOL_CLS, targets ? "targets" : NULL, "q,k,v,o,up,down");
    descend(&f.m, 6);
    logits(a, &f.m);
    ck_assert_int_eq(model_init(&whole, &f.base, &f.m.head, adapt_find("ft"), NULL, 4, false), 0);
    for (int i = 0; i < whole.n_params; i++) {
        /* Tensors that f.m trains itself: the classifier, or those of a part of a list. */
        const struct param *p = &whole.params[i], *trained = model_param(&f.m, p->name);
        if (trained->trainable)
            memcpy(p->value, trained->value, param_size(p) * sizeof *p->value);
    }
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int i = 0; i < whole.n_params; i++) {
            struct param *p = &whole.params[i];
            if (param_is_proj(p))
                f.m.adapt->merge(&f.m, p->layer, (enum proj)p->role, param_mat(p), sign);
        }
        if (sign > 0) {
            logits(b, &whole);
            ck_assert_double_le(
                tiny_diff(a, b, (size_t)f.n_logits, tiny_max(a, (size_t)f.n_logits)), 10 * tol);
        }
    }
    for (int i = 0; i < f.base.n_params; i++) {
        const struct param *p = &f.base.params[i];
        ck_assert_double_le(tiny_diff(f.m.params[i].value, whole.params[i].value, param_size(p), 1),
                            1e-6);
    }
    model_free(&whole);
    unbuild();
}
END_TEST

/* A model with other initial values gets every value from an adapter's folder. */
START_TEST(saved_is_loaded)
{
    real a[TINY_SEQS * 3], b[TINY_SEQS * 3];
    struct model other;
    char dir[64];

    set_case(_i);
    build(method_at(_i), POOL_CLS, NULL, NULL);
    descend(&f.m, 3);
    logits(a, &f.m);
    temp_dir(dir);
    ck_assert_msg(peft_save(&f.m, f.cfg, dir, "tiny", NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(model_init(&other, &f.base, &f.m.head, f.m.adapt, f.cfg, 77, false), 0);
    ck_assert_msg(peft_load(&other, dir) == 0, "%s", fail_text());
    logits(b, &other);
#ifdef REAL_IS_DOUBLE
    ck_assert_double_le(tiny_diff(a, b, (size_t)f.n_logits, 1), 1e-5); /* files are f32 */
#else
    ck_assert_int_eq(memcmp(a, b, (size_t)f.n_logits * sizeof *a), 0);
#endif
    model_free(&other);
    struct head two = f.m.head;
    two.n_labels = 2; /* another task starts from it */
    ck_assert_int_eq(model_init(&other, &f.base, &two, f.m.adapt, f.cfg, 78, false), 0);
    ck_assert_msg(peft_begin(&other, dir) == 0, "%s", fail_text());
    for (int i = 0; i < other.n_params; i++) {
        const struct param *p = &other.params[i], *q = model_param(&f.m, p->name);
        if (!param_is_head(p) && (p->trainable || p->role == ROLE_OTHER))
            ck_assert_msg(tiny_diff(p->value, q->value, param_size(p), 1) <=
                              (sizeof(real) == 8 ? 1e-6 : 0),
                          "'%s'", p->name);
    }
    model_free(&other);
    temp_remove(dir);
    unbuild();
}
END_TEST

/* A run with dropout and gradient accumulation on one thread has the same bits when it is stopped
 * in the middle and resumed on two. */
START_TEST(resumes_to_the_same_bits)
{
    static struct tiny t;
    static struct log log;
    char path[100];

    set_case(_i);
    if (f.patterned)
        return; /* the same tensors, of other sizes */
    tiny_init(&t, 40, false, method_at(_i)->name, 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.cfg.steps = 6;
    t.cfg.batch = 4;
    t.cfg.accumulate = 2;
    ck_assert_msg(tiny_run(&t, &log) == 0, "%s", fail_text());
    ck_assert_int_eq(t.result.end, RUN_DONE);
    real *theta = tiny_keep(t.model.theta, t.model.n_train);
    t.job.ckpt_path = path;
    for (int k = 0; k < 2; k++) {
        tiny_again(&t, 2);
        memset(&log, 0, sizeof log);
        log.stop_at = k ? 0 : 3;
        ck_assert_int_eq(tiny_run(&t, &log), 0);
        ck_assert_int_eq(t.result.end, k ? RUN_DONE : RUN_STOPPED);
    }
    ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train));
    free(theta);
    tiny_free(&t);
}
END_TEST

/* Losses and gradients, and so the dropout masks, do not depend on how a batch is divided. */
START_TEST(micro_batches_add_up)
{
    struct head h = tiny_head(POOL_MEAN, false, 0.1);
    struct model m;

    set_case(_i);
    build(method_at(_i), POOL_MEAN, NULL, NULL);
    ck_assert_int_eq(model_init(&m, &f.base, &h, f.m.adapt, f.cfg, 4, false), 0);
    ck_assert_double_le(tiny_add_up(&m, &f.t), 10 * tol);
    model_free(&m);
    unbuild();
}
END_TEST

/* --- lists */

START_TEST(lists_are_methods)
{
    const struct adapt *a = adapt_find("lora+bitfit");

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_eq(a, adapt_find("bitfit,lora"));
    ck_assert_str_eq(a->name, "bitfit+lora");
    ck_assert(adapt_has(a, "lora") && !adapt_has(a, "ft") && adapt_has(&adapt_lora, "lora"));
    ck_assert_ptr_null(adapt_find("lora+lora"));
    ck_assert_ptr_null(adapt_find("lora+nothing"));
    ck_assert_ptr_null(adapt_find("lora+"));
    ck_assert_ptr_null(adapt_find("+lora"));
    ck_assert_ptr_null(adapt_find("lora+,bitfit"));
    ck_assert_ptr_null(adapt_find(""));
}
END_TEST

/* The message names both methods, and the list as it was written. */
static const struct {
    const char *list, *why;
} refused[] = {
    { "bitfit+topk", "'bitfit' and 'topk' cannot be combined: both train "
                     "'encoder.layer.1.attention.self.query.bias'" },
    { "lora+bitfit+topk", "'bitfit' and 'topk' cannot be combined: both train "
                          "'encoder.layer.1.attention.self.query.bias'" },
    { "ft+bitfit", "'bitfit' and 'ft' cannot be combined: both train 'embeddings.LayerNorm.bias'" },
    { "lora+dora+bitfit", "'dora' and 'lora' cannot be combined: both add "
                          "'encoder.layer.0.attention.self.query.lora_A.weight'" },
    { "prefix-layer+prefix-embed",
      "'prefix-embed' and 'prefix-layer' cannot be combined: both insert virtual tokens" },
    { "lora,ia3", "'ia3' and 'lora' cannot be combined: the first rescales projections that the "
                  "second adds to" },
};

START_TEST(lists_refuse)
{
    const char *list = refused[_i].list, *why = refused[_i].why;
    const struct adapt *a = adapt_find(list);
    struct head h = tiny_head(POOL_CLS, false, 0);
    struct model m;

    ck_assert_int_eq(base_model_load(&f.base, tiny_write()), 0);
    f.cfg = tiny_cfg(a, NULL, NULL);
    ck_assert_int_eq(model_init(&m, &f.base, &h, a, f.cfg, 1, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    char *said = xprintf("'method' is '%s', but %s", list, why);
    ck_assert_str_eq(fail_text(), said);
    free(said);
    tiny_cfg_free(a, f.cfg);
    base_model_free(&f.base);
    tiny_remove();
}
END_TEST

/* --- LoRA */

START_TEST(lora_refuses)
{
    static const char *const targets[] = { "q,v", "k,w", "" };
    static const char *const text[] = {
        "'rank' is 61, but 'q' is a matrix of 60 x 60",
        "'targets' has 'w', which must be one of q, k, v, o, up, down, gate, qkv",
        "'targets' is empty"
    };
    struct lora_cfg cfg = { .rank = _i ? 8 : 61, .targets = (char *)(uintptr_t)targets[_i] };
    struct head h = tiny_head(POOL_CLS, false, 0);
    struct model m;

    ck_assert_int_eq(base_model_load(&f.base, tiny_write()), 0);
    ck_assert_int_eq(model_init(&m, &f.base, &h, &adapt_lora, &cfg, 1, false), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_str_eq(fail_text(), text[_i]);
    base_model_free(&f.base);
    tiny_remove();
}
END_TEST

/* The standard deviation of A is that of U(-1/sqrt(in), 1/sqrt(in)), initializer_range, or 1/r; B
 * is 0. Another seed, and another rank, draws another A: the subspace of a small rank must not
 * start inside that of a larger one. */
START_TEST(lora_initial_values)
{
    static const char *const name[] = { "kaiming", "gaussian", "peft_gaussian" };
    const double want[] = { 1 / sqrt(3 * 60), 0.2, 1.0 / 8 };
    double sum = 0, n = 0, b_max = 0;
    struct mat a, b;

    build(&adapt_lora, POOL_CLS, "init", name[_i]);
    for (int layer = 0; layer < 3; layer++)
        for (int p = 0; p < N_PROJ; p++) {
            lora_matrices(&f.m, layer, (enum proj)p, &a, &b);
            ck_assert(!a.x == (p != PROJ_Q && p != PROJ_V));
            if (!a.x)
                continue;
            sum += vec_dot(a.x, a.x, 8 * 60);
            n += 8 * 60;
            b_max = fmax(b_max, tiny_max(b.x, 8 * 60));
        }
    ck_assert_double_eq(b_max, 0);
    ck_assert_double_le(fabs(sqrt(sum / n) / want[_i] - 1), 0.08); /* 2,880 draws: 5 sigma */
    struct model other;
    lora_matrices(&f.m, 0, PROJ_Q, &a, &b);
    real first = a.x[0];
    ck_assert_int_eq(model_init(&other, &f.base, &f.m.head, &adapt_lora, f.cfg, 5, false), 0);
    lora_matrices(&other, 0, PROJ_Q, &a, &b);
    ck_assert(a.x[0] != first);
    model_free(&other);
    ((struct lora_cfg *)f.cfg)->rank = 16;
    ck_assert_int_eq(model_init(&other, &f.base, &f.m.head, &adapt_lora, f.cfg, 4, false), 0);
    lora_matrices(&other, 0, PROJ_Q, &a, &b);
    ck_assert(a.x[0] != first);
    model_free(&other);
    unbuild();
}
END_TEST

static void fill(TCase *tc)
{
    int n = n_cases();

    tcase_add_loop_test(tc, starts_as_base, 0, n);
    tcase_add_loop_test(tc, counts_are_closed_forms, 0, n);
    if (tiny_checks_gradients())
        tcase_add_loop_test(tc, gradients_match_differences, 0, n);
    tcase_add_loop_test(tc, frozen_stays_and_loss_falls, 0, n);
    tcase_add_loop_test(tc, merged_equals_unmerged, 0, n);
    tcase_add_loop_test(tc, saved_is_loaded, 0, n);
    tcase_add_loop_test(tc, resumes_to_the_same_bits, 0, n);
    tcase_add_loop_test(tc, micro_batches_add_up, 0, n);
    tcase_add_test(tc, lists_are_methods);
    tcase_add_loop_test(tc, lists_refuse, 0, (int)ARRAY_LEN(refused));
    tcase_add_loop_test(tc, lora_refuses, 0, 3);
    tcase_add_loop_test(tc, lora_initial_values, 0, 3);
}

const struct suite suite_adapt = { "adapt", fill };
