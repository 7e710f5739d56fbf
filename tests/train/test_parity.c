/* test_parity.c - the parity check on the golden models: it passes, and it notices one changed
 * value. */
#include "core/base/base.h"
#include "core/format/safetensors.h"
#include "core/parity/parity.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], golden[4096], path[4200], adapter[4200];
static struct base_model base;
static FILE *report;
static char *text;
static size_t text_size;

static void setup(void)
{
    const char *from = "tests/golden/bert";

    temp_dir(dir);
    report = open_memstream(&text, &text_size);
    snprintf(golden, sizeof golden, "%s", from);
    snprintf(adapter, sizeof adapter, "%s/adapter", golden);
    ck_assert_msg(base_model_load(&base, golden) == 0, "%s", fail_text());
}

static void teardown(void)
{
    fclose(report);
    free(text);
    temp_remove(dir);
    base_model_free(&base);
}

static enum precision precision;

static int check(struct parity_result *r, const char *expected, double tol)
{
    struct parity_cfg cfg = { expected, adapter, tol, report, precision };
    int rc = parity_check(r, &base, &cfg);

    fflush(report);
    return rc;
}

START_TEST(golden_model_agrees)
{
    struct parity_result r;

    snprintf(path, sizeof path, "%s/expected.safetensors", golden);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0, "%s", text);
    /* every tensor but ids, lens and labels; then those of grad_full.safetensors beside it */
    ck_assert_int_eq(r.n_checked, 42 + 41);
    ck_assert_double_gt(r.worst, 0);
    *path = 0;
}
END_TEST

/* The other encoders (tests/golden/encoders/make.py). */
START_TEST(golden_encoder_agrees)
{
    static const char *const archs[] = { "roberta", "mpnet" };
    struct parity_result r;

    base_model_free(&base);
    snprintf(golden, sizeof golden, "tests/golden/encoders/%s", archs[_i]);
    snprintf(adapter, sizeof adapter, "%s/adapter", golden);
    ck_assert_msg(base_model_load(&base, golden) == 0, "%s", fail_text());
    snprintf(path, sizeof path, "%s/expected.safetensors", golden);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0, "%s", text);
    ck_assert_int_eq(r.n_checked, 117);
    *path = 0;
}
END_TEST

START_TEST(gradients_alone_agree)
{
    struct parity_result r;

    snprintf(path, sizeof path, "%s/grad_full.safetensors", golden);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0 && r.n_checked == 41, "%s", text);
    *path = 0;
}
END_TEST

/* Six steps of PyTorch and PEFT (tests/golden/bert/make_train.py). */
START_TEST(a_training_agrees)
{
    struct parity_result r;

    ck_assert_msg(check(&r, "tests/golden/bert/train.safetensors", 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0 && r.n_checked == 14, "%s", text);
    ck_assert_msg(check(&r, "tests/golden/bert/train.safetensors", 1e-20) == 0, "%s", fail_text());
    ck_assert_int_gt(r.n_bad,
                     1); /* in f64, tensors that were written as F32 still have a tolerance */
}
END_TEST

/* Rounding the inputs of frozen weights changes the results, but by no more than the tolerance of
 * bf16. */
START_TEST(bf16_agrees_within_its_tolerance)
{
    static const char *const files[] = { "expected.safetensors", "train.safetensors" };
    struct parity_result r;

    precision = PRECISION_BF16;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", golden, files[i]);
        ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
        ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0 && r.worst > 1e-3, "%s", text);
    }
    precision = PRECISION_F32;
    *path = 0;
}
END_TEST

/* A copy of the golden FILE with one byte of the first value of one tensor changed. */
static void write_changed(const char *file, const char *name, unsigned char flip, int from_end)
{
    struct st_file s;

    snprintf(path, sizeof path, "%s/%s", golden, file);
    ck_assert_msg(st_open(&s, path) == 0, "%s", fail_text());
    const struct st_tensor *t = st_find(&s, name);
    ck_assert_ptr_nonnull(t);
    unsigned char *copy = xalloc(s.file.size, 1);
    memcpy(copy, s.file.data, s.file.size);
    copy[t->data - s.file.data + (t->dtype == ST_F64 ? 7 : 3) - from_end] ^= flip;
    snprintf(path, sizeof path, "%s/changed.safetensors", dir);
    ck_assert_int_eq(file_write(path, copy, s.file.size, FAIL_STORE), 0);
    free(copy);
    st_close(&s);
}

/* What a gradient's rounding may do to a final value hides no wrong one. */
START_TEST(a_wrong_final_value_is_found)
{
    static const char name[] = "final.base_model.model.bert.encoder.layer.0.attention.self.query."
                               "lora_B.weight";
    struct parity_result r;

    write_changed("train.safetensors", name, 0x40, 1);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 1 && strstr(text, name), "%s", text);
    *path = 0;
}
END_TEST

/* The same for decoders. */
START_TEST(golden_decoder_agrees)
{
    static const char *const changed[][2] = {
        { "hidden", "hidden" },
        { "logits", "logits" },
        { "loss", "loss" },
        { "logits_lora", "logits_lora" },
        { "loss_lora", "loss_lora" },
        { "grad.base_model.model.transformer.h.1.attn.c_attn.lora_B.weight",
          "grad.base_model.model.model.layers.2.mlp.gate_proj.lora_A.weight" },
        { "adamw.base_model.model.transformer.h.0.mlp.c_fc.lora_A.weight",
          "adamw.base_model.model.model.layers.1.self_attn.o_proj.lora_B.weight" },
        { "merged.transformer.h.0.attn.c_attn.weight",
          "merged.model.layers.0.self_attn.q_proj.weight" },
    };
    struct parity_result r;

    base_model_free(&base);
    snprintf(golden, sizeof golden, "tests/golden/%s", _i ? "llama" : "gpt2");
    snprintf(adapter, sizeof adapter, "%s/adapter", golden);
    ck_assert_msg(base_model_load(&base, golden) == 0, "%s", fail_text());
    snprintf(path, sizeof path, "%s/expected.safetensors", golden);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0 && r.n_checked == (_i ? 96 : 58), "%s", text);
    for (size_t i = 0; i < ARRAY_LEN(changed); i++) {
        write_changed("expected.safetensors", changed[i][_i], 0x80, 0);
        ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
        ck_assert_msg(r.n_bad == 1, "%s: %s", changed[i][_i], text);
        unlink(path);
    }
    *path = 0;
}
END_TEST

/* Configurations of DeBERTa (tests/golden/deberta/make.py). */
START_TEST(golden_deberta_agrees)
{
    static const struct {
        const char *name;
        int n_checked;
    } kind[] = { { "v2", 119 }, { "v3", 91 }, { "own", 115 }, { "c2p", 79 }, { "p2c", 93 } };
    struct parity_result r;

    base_model_free(&base);
    snprintf(golden, sizeof golden, "tests/golden/deberta/%s", kind[_i].name);
    snprintf(adapter, sizeof adapter, "%s/adapter", golden);
    ck_assert_msg(base_model_load(&base, golden) == 0, "%s", fail_text());
    snprintf(path, sizeof path, "%s/expected.safetensors", golden);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0 && r.n_checked == kind[_i].n_checked, "%s",
                  text);
    *path = 0;
}
END_TEST

static const char *const quantities[] = {
    "hidden",
    "logits",
    "loss",
    "logits_lora",
    "loss_lora",
    "grad.base_model.model.classifier.weight",
    "grad.base_model.model.bert.encoder.layer.0.attention.self.key.lora_A.weight",
    "adamw.base_model.model.bert.encoder.layer.1.attention.output.dense.lora_B.weight",
    "merged.bert.encoder.layer.0.attention.self.query.weight",
};

START_TEST(a_changed_value_is_noticed)
{
    struct parity_result r;
    char line[128];

    write_changed("expected.safetensors", quantities[_i], 0x80,
                  0); /* the sign of its first value */
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    snprintf(line, sizeof line, "DIFFERS  %s\n", quantities[_i]);
    ck_assert_msg(r.n_bad == 1 && strstr(text, line), "%s", text);
}
END_TEST

START_TEST(a_nan_differs)
{
    struct parity_result r;

    write_changed("expected.safetensors", "loss", 0x7f ^ 0x3f,
                  0); /* 1.05: its exponent becomes 0x7ff */
    ck_assert_msg(check(&r, path, 1e-3) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_bad, 1);
    ck_assert(isinf(r.worst));
}
END_TEST

START_TEST(unknown_quantities_are_a_failure)
{
    static const real x[] = { 1, 2, 3 };
    const struct st_out out[] = { { "ids", x, 1, { 3 } }, { "surprise", x, 1, { 3 } } };
    struct parity_result r;

    /* Renaming a tensor in place keeps the size of the file. */
    snprintf(path, sizeof path, "%s/expected.safetensors", golden);
    struct file f;
    ck_assert_int_eq(file_map(&f, path), 0);
    unsigned char *copy = xalloc(f.size, 1);
    memcpy(copy, f.data, f.size);
    char *at = memmem(copy, f.size, "\"logits\"", 8);
    ck_assert_ptr_nonnull(at);
    memcpy(at, "\"stigol\"", 8);
    snprintf(path, sizeof path, "%s/changed.safetensors", dir);
    ck_assert_int_eq(file_write(path, copy, f.size, FAIL_STORE), 0);
    free(copy);
    file_unmap(&f);
    ck_assert_msg(check(&r, path, 0) == 0, "%s", fail_text());
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 1 && strstr(text, "not checked  stigol\n"), "%s",
                  text);

    ck_assert_int_eq(st_write(path, out + 1, 1, false), 0);
    ck_assert_int_eq(check(&r, path, 0), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "has no ids, ids.0 or init.*"));
    ck_assert_int_eq(st_write(path, out, 2, false), 0);
    ck_assert_int_eq(check(&r, path, 0), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, golden_model_agrees);
    tcase_add_loop_test(tc, golden_decoder_agrees, 0, 2);
    tcase_add_loop_test(tc, golden_encoder_agrees, 0, 2);
    tcase_add_loop_test(tc, golden_deberta_agrees, 0, 5);
    tcase_add_test(tc, gradients_alone_agree);
    tcase_add_test(tc, a_training_agrees);
    tcase_add_test(tc, a_wrong_final_value_is_found);
    tcase_add_test(tc, bf16_agrees_within_its_tolerance);
    tcase_add_loop_test(tc, a_changed_value_is_noticed, 0, ARRAY_LEN(quantities));
    tcase_add_test(tc, a_nan_differs);
    tcase_add_test(tc, unknown_quantities_are_a_failure);
}

const struct suite suite_parity = { "parity", fill };
