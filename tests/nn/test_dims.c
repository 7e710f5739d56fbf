/* test_dims.c - config.json of checkpoints: what is read, what is refused, and the messages. */
#include "core/os/file.h"
#include "core/weights/dims.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static void setup(void)
{
    temp_dir(dir);
    char *pooling = path_join(dir, "1_Pooling");
    ck_assert_int_eq(make_dirs(pooling), 0);
    free(pooling);
}

static void teardown(void)
{
    temp_remove(dir);
}

#define SIZES                                                                                      \
    "\"hidden_size\":60,\"num_hidden_layers\":3,\"num_attention_heads\":5,"                        \
    "\"intermediate_size\":100,\"vocab_size\":113,\"max_position_embeddings\":33"
#define BERT "{\"model_type\":\"bert\"," SIZES

START_TEST(everything_is_read)
{
    struct dims d;

    temp_file(dir, "config.json",
              BERT ",\"type_vocab_size\":1,\"pad_token_id\":7,\"layer_norm_eps\":1e-5,"
                   "\"initializer_range\":0.2,\"hidden_act\":\"relu\",\"hidden_dropout_prob\":0.3,"
                   "\"attention_probs_dropout_prob\":0,\"classifier_dropout\":0.25,"
                   "\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"},"
                   "\"problem_type\":\"single_label_classification\",\"is_decoder\":false,"
                   "\"position_embedding_type\":\"absolute\",\"unknown\":[1]}");
    temp_file(dir, "1_Pooling/config.json",
              "{\"word_embedding_dimension\":60,\"pooling_mode_cls_token\":false,"
              "\"pooling_mode_mean_tokens\":true,\"pooling_mode_max_tokens\":false}");
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert_str_eq(d.arch, "bert");
    ck_assert(d.n_layers == 3 && d.d_model == 60 && d.n_heads == 5 && d.d_head == 12 &&
              d.d_ffn == 100);
    ck_assert(d.vocab == 113 && d.max_pos == 33 && d.n_types == 1 && d.pad_id == 7 &&
              d.n_labels == 3);
    ck_assert(d.ln_eps == 1e-5 && d.init_range == 0.2 && d.hidden_dropout == 0.3 &&
              d.attn_dropout == 0 && d.classifier_dropout == 0.25);
    ck_assert(d.act == ACT_RELU && d.pooling == POOL_MEAN);
    ck_assert_str_eq(d.problem, "single_label_classification");
    free(d.problem);
}
END_TEST

START_TEST(defaults_are_those_of_transformers)
{
    struct dims d;

    temp_file(dir, "config.json",
              BERT ",\"classifier_dropout\":null,\"problem_type\":null,\"pad_token_id\":null}");
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert(d.n_types == 2 && d.pad_id == 0 && d.ln_eps == 1e-12 && d.init_range == 0.02);
    ck_assert(d.act == ACT_GELU && d.hidden_dropout == 0.1 && d.attn_dropout == 0.1 &&
              d.classifier_dropout == 0.1);
    ck_assert(d.pooling == POOL_CLS && d.n_labels == 0 && d.problem == NULL);
    temp_file(dir, "config.json", BERT ",\"architectures\":[\"BertForSequenceClassification\"]}");
    ck_assert_int_eq(dims_load(&d, dir), 0);
    ck_assert_int_eq(d.n_labels, 2);
    temp_file(dir, "config.json", BERT ",\"num_labels\":1}");
    ck_assert_int_eq(dims_load(&d, dir), 0);
    ck_assert_int_eq(d.n_labels, 1);
}
END_TEST

START_TEST(a_decoder_is_read)
{
    struct dims d;

    temp_file(dir, "config.json",
              "{\"model_type\":\"gpt2\",\"n_embd\":60,\"n_layer\":3,\"n_head\":5,"
              "\"n_inner\":null,\"vocab_size\":113,\"n_positions\":33,"
              "\"layer_norm_epsilon\":1e-6,\"resid_pdrop\":0.2,\"embd_pdrop\":0.2,"
              "\"attn_pdrop\":0,\"tie_word_embeddings\":true,\"pad_token_id\":null}");
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert(d.n_layers == 3 && d.d_model == 60 && d.n_heads == 5 && d.d_head == 12);
    ck_assert(d.d_ffn == 240 && d.vocab == 113 && d.max_pos == 33 && d.n_types == 0);
    ck_assert(d.ln_eps == 1e-6 && d.hidden_dropout == 0.2 && d.attn_dropout == 0);
    ck_assert(d.act == ACT_GELU_TANH && d.pooling == POOL_NONE && d.n_labels == 0);
    temp_file(dir, "config.json", "{\"model_type\":\"gpt2\"}"); /* the smallest released one */
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert(d.n_layers == 12 && d.d_model == 768 && d.d_ffn == 3072 && d.vocab == 50257 &&
              d.max_pos == 1024 && d.ln_eps == 1e-5 && d.hidden_dropout == 0.1);
}
END_TEST

/* A configuration without model_type is a BERT's if its class or its tensors say so. */
START_TEST(the_type_is_deduced)
{
    struct dims d;

    temp_file(dir, "config.json", "{\"architectures\":[\"BertForMaskedLM\"]," SIZES "}");
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert_str_eq(d.arch, "bert");
    temp_file(dir, "config.json", "{\"architectures\":[\"BertGenerationDecoder\"]," SIZES "}");
    ck_assert_int_eq(dims_load(&d, dir), -1);
    temp_file(dir, "config.json", "{" SIZES "}");
    ck_assert_int_eq(dims_load(&d, dir), -1);
    char *weights = path_join(dir, "model.safetensors");
    struct file f;
    ck_assert_int_eq(file_map(&f, "tests/golden/bert/model.safetensors"), 0);
    ck_assert_int_eq(file_write(weights, f.data, f.size, FAIL_STORE), 0);
    file_unmap(&f);
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert_str_eq(d.arch, "bert");
    unlink(weights);
    free(weights);
}
END_TEST

/* Values of keys that nobody reads do not matter; those of others are still checked. */
START_TEST(odd_values_elsewhere)
{
    struct dims d;

    temp_file(dir, "config.json",
              BERT ",\"a\":1000000000000000019884624838656,\"b\":[-1e999,NaN,-Infinity],"
                   "\"c\":\"1e999 NaN \\\" \\ud83d\\ude00\"}");
    ck_assert_msg(dims_load(&d, dir) == 0, "%s", fail_text());
    ck_assert_int_eq(d.d_model, 60);
    temp_file(dir, "config.json", BERT ",\"layer_norm_eps\":NaN,\"hidden_act\":\"gelu\"}");
    ck_assert_int_eq(dims_load(&d, dir), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "layer_norm_eps is [\"NaN\"]"));
    temp_file(dir, "config.json", BERT ",\"a\":\"\\u0000\"}");
    ck_assert_int_eq(dims_load(&d, dir), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "a string contains \\u0000"));
    temp_file(dir, "config.json", BERT ",\"a\":1000000000000000019884624838656,\"a\":1}");
    ck_assert_int_eq(dims_load(&d, dir), -1);
}
END_TEST

#define GPT2 "{\"model_type\":\"gpt2\""

static const struct {
    const char *text, *says;
} bad[] = {
    { "", "config.json" },
    { "[]", "not a JSON object" },
    { "{", "line 1" },
    { "{\"model_type\":\"bert\",\"model_type\":\"bert\"," SIZES "}", "duplicate" },
    { "{" SIZES "}", "model_type is missing" },
    { "{\"model_type\":\"t5\"," SIZES "}",
      "model_type is \"t5\"; it must be one of bert, deberta-v2, gpt2, llama, mpnet, roberta" },
    { "{\"model_type\":3," SIZES "}", "model_type is 3" },
    { "{\"model_type\":\"bert\",\"hidden_size\":60}", "num_hidden_layers is missing" },
    { BERT ",\"type_vocab_size\":0}",
      "type_vocab_size is 0; it must be a whole number from 1 to 65536" },
    { BERT ",\"type_vocab_size\":2.0}", "type_vocab_size is 2.0" },
    { BERT ",\"type_vocab_size\":\"2\"}", "type_vocab_size is \"2\"" },
    { BERT ",\"pad_token_id\":-1}", "pad_token_id is -1" },
    { BERT ",\"pad_token_id\":113}", "pad_token_id 113 is outside the vocabulary of 113" },
    { BERT ",\"layer_norm_eps\":-1e-3}", "layer_norm_eps is -0.001" },
    { BERT ",\"hidden_dropout_prob\":1.0}", "hidden_dropout_prob is 1.0" },
    { BERT ",\"classifier_dropout\":\"no\"}", "classifier_dropout is \"no\"" },
    { BERT ",\"hidden_act\":\"swiglu\"}", "hidden_act is \"swiglu\"" },
    { BERT ",\"hidden_act\":null}", "hidden_act is null" },
    { BERT ",\"position_embedding_type\":\"relative_key\"}",
      "position_embedding_type is \"relative_key\"" },
    { BERT ",\"is_decoder\":true}", "is_decoder is true" },
    { BERT ",\"add_cross_attention\":true}", "add_cross_attention is true" },
    { BERT ",\"problem_type\":1}", "problem_type is 1" },
    { BERT ",\"id2label\":[]}", "id2label is []" },
    { BERT ",\"num_labels\":0}", "num_labels is 0" },
    { "{\"model_type\":\"bert\",\"hidden_size\":60,\"num_hidden_layers\":3,\"num_attention_heads\":"
      "7,"
      "\"intermediate_size\":100,\"vocab_size\":113,\"max_position_embeddings\":33}",
      "hidden_size 60 is not a multiple of num_attention_heads 7" },
    { "{\"model_type\":\"bert\",\"hidden_size\":1e3,\"num_hidden_layers\":3}",
      "hidden_size is 1000" },
    { "{\"model_type\":\"bert\",\"num_hidden_layers\":99999999999}",
      "num_hidden_layers is 99999999999" },
    { "{\"model_type\":\"bert\",\"num_hidden_layers\":null}", "num_hidden_layers is null" },
    { GPT2 ",\"n_embd\":100}", "n_embd 100 is not a multiple of n_head 12" },
    { GPT2 ",\"n_inner\":0}", "n_inner is 0; it must be a whole number from 1 to" },
    { GPT2 ",\"embd_pdrop\":0.2}", "resid_pdrop and embd_pdrop differ" },
    { GPT2 ",\"embd_pdrop\":1}", "embd_pdrop is 1; it must be a number from 0" },
    { GPT2 ",\"tie_word_embeddings\":\"no\"}",
      "tie_word_embeddings is \"no\"; it must be true or false" },
    { GPT2 ",\"scale_attn_weights\":false}", "scale_attn_weights is false; it must be true" },
    { GPT2 ",\"scale_attn_by_inverse_layer_idx\":true}",
      "scale_attn_by_inverse_layer_idx is true; it must be false" },
    { GPT2 ",\"activation_function\":\"swiglu\"}", "activation_function is \"swiglu\"" },
};

START_TEST(bad_configs)
{
    struct dims d;

    temp_file(dir, "config.json", bad[_i].text);
    ck_assert_msg(dims_load(&d, dir) == -1, "accepted: %s", bad[_i].text);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), bad[_i].says) && strstr(fail_text(), dir), "%s: says \"%s\"",
                  bad[_i].text, fail_text());
    ck_assert_ptr_null(d.problem);
}
END_TEST

static const struct {
    const char *text, *says;
    enum pooling pooling;
} pooling[] = {
    { "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":false}", NULL, POOL_CLS },
    { "{\"pooling_mode\":\"mean\"}", NULL, POOL_MEAN },
    { "{\"pooling_mode\":\"cls\"}", NULL, POOL_CLS },
    { "{\"pooling_mode_max_tokens\":true}", "pooling_mode_max_tokens is true", POOL_CLS },
    { "{\"pooling_mode\":\"max\"}", "pooling_mode is \"max\"", POOL_CLS },
    { "{\"pooling_mode_cls_token\":1}", "pooling_mode_cls_token is 1", POOL_CLS },
    { "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true}", "2 ways of pooling",
      POOL_CLS },
    { "{}", "0 ways of pooling", POOL_CLS },
    { "no", "1_Pooling/config.json", POOL_CLS },
};

START_TEST(pooling_configs)
{
    struct dims d;

    temp_file(dir, "config.json", BERT "}");
    temp_file(dir, "1_Pooling/config.json", pooling[_i].text);
    int rc = dims_load(&d, dir);
    if (pooling[_i].says) {
        ck_assert_int_eq(rc, -1);
        ck_assert_msg(strstr(fail_text(), pooling[_i].says), "says \"%s\"", fail_text());
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_int_eq(d.pooling, pooling[_i].pooling);
    }
}
END_TEST

START_TEST(missing_folder)
{
    struct dims d;

    ck_assert_int_eq(dims_load(&d, "/nowhere"), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_ptr_nonnull(strstr(fail_text(), "/nowhere/config.json"));
}
END_TEST

START_TEST(golden_config)
{
    const char *golden = "tests/golden/bert";
    struct dims d;

    ck_assert_msg(dims_load(&d, golden) == 0, "%s", fail_text());
    ck_assert(d.d_model == 48 && d.d_head == 12 && d.n_labels == 3 && d.init_range == 0.2);
    free(d.problem);
}
END_TEST

static const struct {
    const char *config, *says; /* says NULL: accepted */
    const char *ignored;
} classes[] = {
    { BERT "}", NULL, "" },
    { BERT ",\"architectures\":null}", NULL, "" },
    { BERT ",\"architectures\":[\"BertModel\"]}", NULL, "" },
    { BERT ",\"architectures\":[\"BertForSequenceClassification\"]}", NULL, "" },
    { BERT ",\"architectures\":[\"BertForMaskedLM\"]}", NULL, "BertForMaskedLM" },
    { BERT ",\"architectures\":[\"BertForPreTraining\"]}", NULL, "BertForPreTraining" },
    { BERT ",\"architectures\":[\"BertForTokenClassification\"]}",
      "architectures is 'BertForTokenClassification'; it must be a sequence classifier", NULL },
    { BERT ",\"architectures\":[\"BertForQuestionAnswering\"]}", "'BertForQuestionAnswering'",
      NULL },
    { BERT ",\"architectures\":[\"BertForMultipleChoice\"]}", "'BertForMultipleChoice'", NULL },
    { BERT ",\"architectures\":[\"BertLMHeadModel\"]}", "'BertLMHeadModel'", NULL },
};

START_TEST(other_heads_are_refused)
{
    struct dims d;

    temp_file(dir, "config.json", classes[_i].config);
    int rc = dims_load(&d, dir);
    if (classes[_i].says) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), classes[_i].says), "says \"%s\"", fail_text());
    } else {
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_str_eq(d.head_class, classes[_i].ignored);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, everything_is_read);
    tcase_add_test(tc, defaults_are_those_of_transformers);
    tcase_add_test(tc, a_decoder_is_read);
    tcase_add_test(tc, the_type_is_deduced);
    tcase_add_test(tc, odd_values_elsewhere);
    tcase_add_loop_test(tc, bad_configs, 0, ARRAY_LEN(bad));
    tcase_add_loop_test(tc, pooling_configs, 0, ARRAY_LEN(pooling));
    tcase_add_test(tc, missing_folder);
    tcase_add_test(tc, golden_config);
    tcase_add_loop_test(tc, other_heads_are_refused, 0, ARRAY_LEN(classes));
}

const struct suite suite_dims = { "dims", fill };
