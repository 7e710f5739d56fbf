/* test_peft.c - adapter folders: what PEFT wrote is read, what we write is read back, and
 * everything else is refused by name. */
#include "core/os/file.h"
#include "core/format/json.h"
#include "core/peft/peft.h"
#include "core/peft/peft_tensors.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = { "adapter_config.json", "adapter_model.safetensors" };
static char dir[64], golden[4096];
static struct base_model base;

static void setup(void)
{
    const char *from = "tests/golden/bert";

    temp_dir(dir);
    snprintf(golden, sizeof golden, "%s/adapter", from);
    ck_assert_msg(base_model_load(&base, from) == 0, "%s", fail_text());
}

static void teardown(void)
{
    temp_remove(dir);
    base_model_free(&base);
}

static void make(struct model *m, const char *method, const void *cfg, int n_labels, uint64_t seed)
{
    struct head h = { .n_labels = n_labels, .pooling = POOL_CLS, .pool_scale = 1 };
    const struct adapt *a = adapt_find(method);

    ck_assert_ptr_nonnull(a);
    ck_assert_msg(model_init(m, &base, &h, a, cfg, seed, false) == 0, "%s", fail_text());
}

START_TEST(what_peft_wrote_is_read)
{
    struct lora_cfg cfg;
    struct model m;
    struct mat a, b;
    struct st_file s;
    int n_labels;

    ck_assert_msg(peft_read_config(&cfg, &n_labels, golden, &base.dims) == 0, "%s", fail_text());
    ck_assert(cfg.rank == 3 && cfg.alpha == 6 && cfg.dropout == 0 && n_labels == 3);
    ck_assert_int_eq(cfg.init, LORA_INIT_KAIMING);
    ck_assert_str_eq(cfg.targets, "q,k,v,o");
    make(&m, "lora", &cfg, n_labels, 1);
    ck_assert_msg(peft_load(&m, golden) == 0, "%s", fail_text());

    char *path = path_join(golden, files[1]);
    ck_assert_int_eq(st_open(&s, path), 0);
    real want[3 * 48];
    const char *key = "base_model.model.bert.encoder.layer.1.attention.output.dense.lora_B.weight";
    ck_assert_int_eq(st_reals(want, st_find(&s, key), 3 * 48), 0);
    lora_matrices(&m, 1, PROJ_O, &a, &b);
    ck_assert(b.rows == 48 && b.cols == 3 && memcmp(b.x, want, sizeof want) == 0);
    ck_assert_int_eq(st_reals(want, st_find(&s, "base_model.model.classifier.weight"), 3 * 48), 0);
    ck_assert_int_eq(memcmp(model_param(&m, "classifier.weight")->value, want, sizeof want), 0);
    st_close(&s);
    free(path);
    model_free(&m);
    free(cfg.targets);
}
END_TEST

/* Our names, and what target_modules must be. */
static const struct {
    const char *targets, *json;
} targets[] = {
    { "q", "[\"query\"]" },
    { "q,v", "[\"query\",\"value\"]" },
    { "q,k,v,o", "[\"attention.output.dense\",\"key\",\"query\",\"value\"]" },
    { "o", "[\"attention.output.dense\"]" },
    { "up", "[\"intermediate.dense\"]" },
    { "o,down", "[\"output.dense\"]" },
    { "q,k,v,o,up,down", "[\"intermediate.dense\",\"key\",\"output.dense\",\"query\",\"value\"]" },
    { "down", "\".*\\\\.layer\\\\.\\\\d+\\\\.output\\\\.dense\"" },
    { "q,v,down", "\".*\\\\.layer\\\\.\\\\d+\\\\.(attention\\\\.self\\\\.query|attention\\\\."
                  "self\\\\.value|output\\\\.dense)\"" },
};

START_TEST(saved_is_read_back)
{
    struct lora_cfg cfg = { .rank = 1 + _i % 4,
                            .alpha = 2.5 * (_i + 2),
                            .targets = xstrdup(targets[_i].targets),
                            .dropout = 0.125 };
    struct lora_cfg back;
    struct model m, n;
    int n_labels;

    make(&m, "lora", &cfg, 4, 1);
    for (size_t i = 0; i < m.n_train; i++)
        m.theta[i] = (real)(float)(0.25 + (double)i / 7);
    ck_assert_msg(peft_save(&m, &cfg, dir, "some/base", NULL) == 0, "%s", fail_text());

    char *path = path_join(dir, files[0]);
    json_t *j = json_read(path);
    char *text = json_dumps(json_object_get(j, "target_modules"), JSON_ENCODE_ANY | JSON_COMPACT);
    ck_assert_str_eq(text, targets[_i].json);
    ck_assert_str_eq(json_string_value(json_object_get(j, "base_model_name_or_path")), "some/base");
    ck_assert_str_eq(json_string_value(json_object_get(j, "task_type")), "SEQ_CLS");
    ck_assert_uint_eq(json_object_size(j), 11);
    free(text);
    json_decref(j);
    free(path);

    ck_assert_msg(peft_read_config(&back, &n_labels, dir, &base.dims) == 0, "%s", fail_text());
    ck_assert(back.rank == cfg.rank && back.alpha == cfg.alpha && back.dropout == 0.125 &&
              n_labels == 4);
    ck_assert_str_eq(back.targets, cfg.targets);
    make(&n, "lora", &back, n_labels, 2);
    ck_assert_uint_eq(n.n_train, m.n_train);
    ck_assert_msg(peft_load(&n, dir) == 0, "%s", fail_text());
    ck_assert_int_eq(memcmp(n.theta, m.theta, m.n_train * sizeof *m.theta), 0);
    model_free(&n);
    model_free(&m);
    free(back.targets);
    free(cfg.targets);
}
END_TEST

/* Methods that PEFT calls LORA: saved, recognized, and read back by the methods that share the
 * format. */
static const struct {
    const char *method, *read_as;
} kinds[] = { { "lora", "lora" },     { "rslora", "rslora" },  { "dora", "dora" },
              { "rsdora", "rsdora" }, { "lora-plus", "lora" }, { "lora-fa", "lora" } };

START_TEST(kinds_are_named)
{
    const char *other = strstr(kinds[_i].read_as, "dora") ? "lora" : "dora";
    void *cfg = tiny_cfg(adapt_find(kinds[_i].method), NULL, NULL);
    struct lora_cfg back, wrong = { .rank = 8, .alpha = 16, .targets = xstrdup("q,v") };
    struct model m, n;
    int n_labels;

    make(&m, kinds[_i].method, cfg, 3, 1);
    for (int i = base.n_params; i < m.n_params; i++)
        for (int k = 0; k < m.params[i].rows * m.params[i].cols; k++)
            m.params[i].value[k] = (real)(float)(0.5 + (double)(i + k) / 7);
    ck_assert_msg(peft_save(&m, cfg, dir, "base", NULL) == 0, "%s", fail_text());
    ck_assert_ptr_eq(peft_method(dir), adapt_find(kinds[_i].read_as));
    ck_assert_msg(peft_read_config(&back, &n_labels, dir, &base.dims) == 0, "%s", fail_text());
    make(&n, kinds[_i].read_as, &back, 3, 2);
    ck_assert_msg(peft_load(&n, dir) == 0, "%s", fail_text());
    for (int i = base.n_params; i < m.n_params; i++)
        ck_assert_mem_eq(m.params[i].value, model_param(&n, m.params[i].name)->value,
                         (size_t)(m.params[i].rows * m.params[i].cols) * sizeof(real));
    model_free(&n);
    make(&n, other, &wrong, 3, 2);
    ck_assert_int_eq(peft_load(&n, dir), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), kinds[_i].read_as));
    model_free(&n);
    tiny_cfg_free(m.adapt, cfg);
    model_free(&m);
    free(wrong.targets);
    free(back.targets);
}
END_TEST

static const char *const methods[] = { "bitfit", "ft",      "head", "topk",     "pissa",
                                       "ia3",    "adalora", "vera", "adapter-h" };

START_TEST(other_methods_are_read_back)
{
    const struct adapt *a = adapt_find(methods[_i]);
    struct lora_cfg lora = { .rank = 2, .alpha = 4, .targets = xstrdup("q") };
    struct model m, n, l;

    ck_assert_ptr_nonnull(a);
    void *cfg = tiny_cfg(a, NULL, NULL);
    make(&m, methods[_i], cfg, 3, 1);
    make(&n, methods[_i], cfg, 3, 2);
    make(&l, "lora", &lora, 3, 3);
    ck_assert_msg(peft_save(&l, &lora, dir, "base", NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(peft_load(&n, dir), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "of the method 'lora'"));
    for (size_t i = 0; i < m.n_train; i++)
        m.theta[i] = (real)(float)((double)i / 7);
    ck_assert_msg(peft_save(&m, cfg, dir, NULL, NULL) == 0, "%s", fail_text());
    ck_assert_msg(peft_load(&n, dir) == 0, "%s", fail_text());
    ck_assert_int_eq(memcmp(n.theta, m.theta, m.n_train * sizeof *m.theta), 0);
    ck_assert_int_eq(peft_load(&l, dir), -1); /* the older configuration is gone */
    ck_assert_ptr_nonnull(strstr(fail_text(), methods[_i]));
    model_free(&l);
    model_free(&n);
    model_free(&m);
    tiny_cfg_free(a, cfg);
    free(lora.targets);
}
END_TEST

/* --- the record beside the tensors */

static const struct {
    const char *method;
    enum pooling pooling;
    bool regression;
    double scale;
} records[] = { { "lora", POOL_CLS, false, 4 },
                { "lora", POOL_MEAN, false, 0.3 },
                { "dora", POOL_MEAN, true, 4 },
                { "bitfit", POOL_MEAN, false, 4 },
                { "ft", POOL_CLS, true, 7 } };

static void make_scaled(struct model *m, int at, double scale, uint64_t seed, void *cfg)
{
    struct head h = { .n_labels = records[at].regression ? 1 : 3,
                      .regression = records[at].regression,
                      .pooling = records[at].pooling,
                      .pool_scale = scale };
    const struct adapt *a = adapt_find(records[at].method);

    ck_assert_msg(model_init(m, &base, &h, a, cfg, seed, false) == 0, "%s", fail_text());
}

/* The folder has the classifier times the scale, and a model of any scale reads what it needs. */
START_TEST(scale_is_in_the_classifier)
{
    const char *const labels[] = { "no", "perhaps", "\xc3\xa9t\xc3\xa9" };
    const struct adapter_task task = { labels, 3, 77 };
    void *cfg = tiny_cfg(adapt_find(records[_i].method), NULL, NULL);
    double scale = records[_i].scale;
    struct adapter_record r;
    struct model m, one, same;

    make_scaled(&m, _i, scale, 1, cfg);
    make_scaled(&one, _i, 1, 2, cfg);
    make_scaled(&same, _i, scale, 3, cfg);
    for (int again = 0; again < 2; again++) { /* saving does not change the model */
        ck_assert_msg(peft_save(&m, cfg, dir, "base", &task) == 0, "%s", fail_text());
        ck_assert_msg(peft_load(&one, dir) == 0, "%s", fail_text());
        ck_assert_msg(peft_load(&same, dir) == 0, "%s", fail_text());
        const struct param *w = model_param(&m, "classifier.weight");
        for (size_t i = 0; i < param_size(w); i++) {
            double want = scale * (double)w->value[i], eps = 3e-7 * fabs(want);
            ck_assert_double_eq_tol((double)model_param(&one, w->name)->value[i], want, eps);
            ck_assert_double_eq_tol(scale * (double)model_param(&same, w->name)->value[i], want,
                                    eps);
        }
    }
    ck_assert_msg(adapter_record_read(&r, dir) == 0, "%s", fail_text());
    ck_assert(r.present && r.pooling == records[_i].pooling && r.pool_scale == scale &&
              r.regression == records[_i].regression && r.max_length == 77);
    ck_assert_int_eq(r.n_labels, r.regression ? 0 : 3);
    for (int i = 0; i < r.n_labels; i++)
        ck_assert_str_eq(r.labels[i], labels[i]);
    adapter_record_free(&r);
    model_free(&m);
    model_free(&one);
    model_free(&same);
    tiny_cfg_free(adapt_find(records[_i].method), cfg);
}
END_TEST

/* An interrupted save leaves the record alone, which must not be read as an adapter. */
START_TEST(a_record_alone_is_not_an_adapter)
{
    struct lora_cfg cfg = { .rank = 2, .alpha = 4, .targets = xstrdup("q") };
    char *config = path_join(dir, files[0]);
    struct model m;

    make_scaled(&m, 0, 4, 1, &cfg);
    ck_assert_msg(peft_save(&m, &cfg, dir, "base", NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(unlink(config), 0);
    ck_assert_int_eq(peft_load(&m, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    model_free(&m);
    free(config);
    free(cfg.targets);
}
END_TEST

/* Folders from before there were records hold the classifier as it was trained. */
START_TEST(without_a_record_nothing_is_scaled)
{
    struct lora_cfg cfg = { .rank = 2, .alpha = 4, .targets = xstrdup("q") };
    char *record = path_join(dir, "lowrank_adapter.json");
    struct adapter_record r;
    struct model m, n;

    make_scaled(&m, 0, 4, 1, &cfg);
    make_scaled(&n, 0, 1, 2, &cfg);
    ck_assert_msg(peft_save(&n, &cfg, dir, "base", NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(unlink(record), 0);
    ck_assert_msg(adapter_record_read(&r, dir) == 0 && !r.present, "%s", fail_text());
    ck_assert_msg(peft_load(&m, dir) == 0, "%s", fail_text());
    for (size_t i = 0; i < m.n_train; i++) /* the file holds single precision */
        ck_assert(m.theta[i] == (real)(float)n.theta[i]);
    model_free(&n);
    model_free(&m);
    free(record);
    free(cfg.targets);
}
END_TEST

static const struct {
    const char *record, *config, *says; /* says NULL: there is no record */
} odd_records[] = {
    { "{\"method\":\"bitfit\",\"n_labels\":2}", NULL, NULL },
    { "{\"pooling\":\"mean\"}", "{\"peft_version\":\"0.21.2\"}", NULL },
    { "{\"pooling\":\"max\"}", "{}", "pooling must be \"cls\" or \"mean\"" },
    { "{\"pooling\":\"cls\"}", "{}", "pool_scale must be a number" },
    { "{\"pooling\":\"cls\",\"pool_scale\":0}", "{}", "pool_scale must be a number" },
    { "{\"pooling\":\"cls\",\"pool_scale\":1}", "{}", "problem_type must be" },
    { "{\"pooling\":\"cls\",\"pool_scale\":1,\"problem_type\":\"regression\",\"n_labels\":2,"
      "\"labels\":[\"a\"]}",
      "{}", "labels must be a list of n_labels names" },
    { "{\"pooling\":\"cls\",\"pool_scale\":1,\"problem_type\":\"regression\","
      "\"max_length\":0}",
      "{}", "max_length must be a whole number" },
};

START_TEST(records_are_checked)
{
    struct adapter_record r;

    temp_file(dir, "lowrank_adapter.json", odd_records[_i].record);
    if (odd_records[_i].config)
        temp_file(dir, files[0], odd_records[_i].config);
    int rc = adapter_record_read(&r, dir);
    ck_assert(!r.present);
    ck_assert_int_eq(rc, odd_records[_i].says ? -1 : 0);
    if (odd_records[_i].says)
        ck_assert_msg(strstr(fail_text(), odd_records[_i].says), "says \"%s\"", fail_text());
}
END_TEST

static const struct {
    const char *config;
    int has_head;
} heads[] = {
    { "{\"task_type\":\"SEQ_CLS\"}", 1 },
    { "{\"task_type\":null}", 1 },
    { "{\"task_type\":\"FEATURE_EXTRACTION\"}", 0 },
    { "{\"task_type\":\"TOKEN_CLS\"}", -1 },
    { "{\"task_type\":\"QUESTION_ANS\"}", -1 },
    { "{\"auto_mapping\":{\"base_model_class\":\"BertForSequenceClassification\"}}", 1 },
    { "{\"auto_mapping\":{\"base_model_class\":\"BertModel\"}}", 0 },
    { "{\"auto_mapping\":{\"base_model_class\":\"BertForMaskedLM\"}}", 0 },
    { "{\"auto_mapping\":{\"base_model_class\":\"BertForTokenClassification\"}}", -1 },
};

START_TEST(other_tasks_are_refused)
{
    temp_file(dir, files[0], heads[_i].config);
    ck_assert_int_eq(peft_has_task_head(dir), heads[_i].has_head);
    if (heads[_i].has_head < 0)
        ck_assert_ptr_nonnull(strstr(fail_text(), "it must be"));
}
END_TEST

/* --- tensors: a saved adapter, written again with one of them changed */

enum change { DROP, ADD, TRANSPOSE, NOT_FINITE, BARE };
static const struct {
    enum change change;
    const char *says;
} tensors[] = {
    { DROP, "lacks the tensor "
            "'base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight'" },
    { ADD, "has the tensor 'base_model.model.bert.more', which the model does not have" },
    { TRANSPOSE, "has the shape [48, 2]; the model needs [2, 48]" },
    { NOT_FINITE, "has a NaN at index 5" },
    { BARE, NULL }, /* keys without "bert." */
};

START_TEST(tensors_must_agree)
{
    struct lora_cfg cfg = { .rank = 2, .alpha = 4, .targets = xstrdup("q") };
    char *path = path_join(dir, files[1]);
    struct peft_tensor *t;
    struct st_out out[16];
    struct model m;

    make(&m, "lora", &cfg, 3, 1);
    ck_assert_msg(peft_save(&m, &cfg, dir, "base", NULL) == 0, "%s", fail_text());
    int n = peft_tensors(&t, &m), first = tensors[_i].change == DROP;
    ck_assert_int_eq(n, 2 * 2 + 2);
    for (int i = 0; i < n; i++)
        out[i] = (struct st_out){
            t[i].key, t[i].x, t[i].is_vector ? 1 : 2, { (size_t)t[i].rows, (size_t)t[i].cols }
        };
    out[n - 1].shape[0] = 3;
    if (tensors[_i].change == ADD)
        out[n++] = (struct st_out){ "base_model.model.bert.more", t[0].x, 0, { 0 } };
    if (tensors[_i].change == TRANSPOSE)
        out[0].shape[0] = 48, out[0].shape[1] = 2;
    real before = t[0].x[0], bad[96] = { 7 };
    bad[5] = (real)(0.0 / 0.0);
    if (tensors[_i].change == NOT_FINITE)
        out[0].data = bad;
    if (tensors[_i].change == BARE)
        out[0].name = "base_model.model.encoder.layer.0.attention.self.query.lora_A.weight";
    ck_assert_msg(st_write(path, out + first, n - first, false) == 0, "%s", fail_text());
    int rc = peft_load(&m, dir);
    if (tensors[_i].says) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), tensors[_i].says), "says \"%s\"", fail_text());
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
    }
    ck_assert(t[0].x[0] == (tensors[_i].says ? before : (real)(float)before));
    peft_tensors_free(t, 2 * 2 + 2);
    model_free(&m);
    free(path);
    free(cfg.targets);
}
END_TEST

START_TEST(not_an_adapter)
{
    struct lora_cfg cfg = { .rank = 2, .alpha = 4, .targets = xstrdup("q") };
    struct model m;

    make(&m, "lora", &cfg, 3, 1);
    ck_assert_int_eq(peft_load(&m, dir), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_ptr_nonnull(strstr(fail_text(), "is not an adapter"));
    ck_assert_int_eq(peft_save(&m, &cfg, "/proc/nowhere", "base", NULL), -1);
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    m.theta[0] = (real)(1.0 / 0.0);
    ck_assert_int_eq(peft_save(&m, &cfg, dir, "base", NULL), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "is not finite"));
    model_free(&m);
    free(cfg.targets);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_peft_wrote_is_read);
    tcase_add_loop_test(tc, saved_is_read_back, 0, ARRAY_LEN(targets));
    tcase_add_loop_test(tc, kinds_are_named, 0, ARRAY_LEN(kinds));
    tcase_add_loop_test(tc, other_methods_are_read_back, 0, ARRAY_LEN(methods));
    tcase_add_loop_test(tc, scale_is_in_the_classifier, 0, ARRAY_LEN(records));
    tcase_add_test(tc, a_record_alone_is_not_an_adapter);
    tcase_add_test(tc, without_a_record_nothing_is_scaled);
    tcase_add_loop_test(tc, records_are_checked, 0, ARRAY_LEN(odd_records));
    tcase_add_loop_test(tc, other_tasks_are_refused, 0, ARRAY_LEN(heads));
    tcase_add_loop_test(tc, tensors_must_agree, 0, ARRAY_LEN(tensors));
    tcase_add_test(tc, not_an_adapter);
}

const struct suite suite_peft = { "peft", fill };
