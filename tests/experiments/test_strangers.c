/* test_strangers.c - folders that transformers and PEFT wrote give the values that these compute
 * from text (tests/golden/strangers), also after a merge. */
#include "core/os/file.h"
#include "experiments/apply/merge.h"
#include "experiments/apply/reader.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char golden[] = "tests/golden/strangers";
static json_t *expected;
static char dir[64];
static struct session session;

static void setup(void)
{
    temp_dir(dir);
    session_init(&session, dir, NULL);
    expected = json_load_file("tests/golden/strangers/expected.json", 0, NULL);
    ck_assert(json_array_size(expected) > 0);
}

static void teardown(void)
{
    json_decref(expected);
    session_free(&session);
    temp_remove(dir);
}

static const char *field(const json_t *e, const char *key)
{
    return json_string_value(json_object_get(e, key));
}

static void compare(const struct reader *r, const json_t *e)
{
    const json_t *values = json_object_get(e, "values");
    const char *what = field(e, "what");
    struct mat m = strcmp(what, "logit") == 0    ? r->ws.logits
                   : strcmp(what, "hidden") == 0 ? r->ws.hidden
                                                 : r->ws.pooled;
    double norm = strcmp(what, "embedding") == 0 ? vec_norm(mat_row(m, 0), (size_t)m.cols) : 1;

    ck_assert_int_eq(r->a->has_head, strcmp(what, "logit") == 0);
    ck_assert_uint_eq(json_array_size(values), (size_t)(m.rows * m.cols));
    for (int i = 0; i < m.rows * m.cols; i++) {
        double want = json_real_value(json_array_get(values, (size_t)i)),
               got = (double)mat_row(m, i / m.cols)[i % m.cols] / norm;
        ck_assert_msg(fabs(got - want) < 2e-5, "%s %s '%s': value %d is %g; it must be %g",
                      field(e, "model"), field(e, "adapter") ? field(e, "adapter") : "",
                      field(e, "text"), i, got, want);
    }
}

/* The values of E from the model folder MODEL with ADAPTER. */
static void read_and_compare(const struct adapted *a, const json_t *e)
{
    const char *text = field(e, "text"), *pair = field(e, "pair");
    struct reader r;

    ck_assert_msg(reader_init(&r, a) == 0, "%s", fail_text());
    r.ws.all_hidden = true;
    ck_assert_msg(reader_run(&r, text, strlen(text), pair, pair ? strlen(pair) : 0) == 0, "%s",
                  fail_text());
    compare(&r, e);
    reader_free(&r);
}

START_TEST(folders_give_the_same_values)
{
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const json_t *e = json_array_get(expected, i);
        char *model = path_join(golden, field(e, "model")), *merged = path_join(dir, "merged"),
             *adapter = field(e, "adapter") ? path_join(golden, field(e, "adapter")) : NULL;
        struct adapted a, b;

        ck_assert_msg(adapted_open(&a, &session, model, adapter, POOLING_AUTO) == 0, "%s",
                      fail_text());
        read_and_compare(&a, e);
        if (adapter) {
            ck_assert_msg(merge_write(&a, merged) == 0, "%s", fail_text());
            ck_assert_msg(adapted_open(&b, &session, merged, NULL, POOLING_AUTO) == 0, "%s",
                          fail_text());
            read_and_compare(&b, e);
            adapted_close(&b);
        }
        adapted_close(&a);
        free(adapter);
        free(merged);
        free(model);
    }
}
END_TEST

/* What config.json of a merged folder says of its head; NULL: nothing. */
static const struct {
    const char *model, *adapter, *class, *problem, *label;
} merges[] = {
    { "encoder", "lora", "BertForSequenceClassification", "single_label_classification",
      "LABEL_0" },
    { "classifier", "lora", "BertForSequenceClassification", "single_label_classification",
      "LABEL_0" },
    { "encoder", "score", "BertForSequenceClassification", "regression", "LABEL_0" },
    { "classifier", "own", "BertForSequenceClassification", NULL, "anger" },
    { "encoder", "features", "BertModel", NULL, NULL },
    { "classifier", "features", "BertModel", NULL, NULL },
};

START_TEST(merged_folders_describe_their_head)
{
    char *model = path_join(golden, merges[_i].model), *out = path_join(dir, "merged"),
         *adapter = path_join(golden, merges[_i].adapter), *config = path_join(out, "config.json");
    struct adapted a;

    ck_assert_msg(adapted_open(&a, &session, model, adapter, POOLING_AUTO) == 0, "%s", fail_text());
    ck_assert_msg(merge_write(&a, out) == 0, "%s", fail_text());
    json_t *j = json_load_file(config, 0, NULL);
    const char *problem = field(j, "problem_type"),
               *label = field(json_object_get(j, "id2label"), "0");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(j, "architectures"), 0)),
                     merges[_i].class);
    ck_assert_int_eq(problem != NULL, merges[_i].problem != NULL);
    if (problem)
        ck_assert_str_eq(problem, merges[_i].problem);
    ck_assert_int_eq(label != NULL, merges[_i].label != NULL);
    if (label)
        ck_assert_str_eq(label, merges[_i].label);
    ck_assert_uint_eq(json_object_size(json_object_get(j, "id2label")),
                      json_object_size(json_object_get(j, "label2id")));
    json_decref(j);
    adapted_close(&a);
    free(config);
    free(adapter);
    free(out);
    free(model);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, folders_give_the_same_values);
    tcase_add_loop_test(tc, merged_folders_describe_their_head, 0, ARRAY_LEN(merges));
}

const struct suite suite_strangers = { "strangers", fill };
