/* test_gguf_model.c - models in GGUF files: every type of tensor against what the gguf package and
 * transformers make of it, what is refused, and which file of a folder is read. */
#include "core/format/safetensors.h"
#include "core/nn/model.h"
#include "core/parity/parity.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/gguf/"

/* --- golden models */

static const char *const kinds[] = { "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1" };

START_TEST(every_type_is_decoded)
{
    char folder[64], path[96], name[128];
    struct base_model b;
    struct st_file want;

    snprintf(folder, sizeof folder, GOLDEN "types/%s", kinds[_i]);
    snprintf(path, sizeof path, "%s.safetensors", folder);
    ck_assert_msg(base_model_load(&b, folder) == 0, "%s", fail_text());
    ck_assert_msg(st_open(&want, path) == 0, "%s", fail_text());
    ck_assert_int_eq(b.n_params, want.n);
    ck_assert_int_eq(b.dims.untied,
                     strcmp(kinds[_i], "F32") == 0 || strcmp(kinds[_i], "Q8_0") == 0);
    for (int i = 0; i < b.n_params; i++) {
        const struct param *p = &b.params[i];
        const struct st_tensor *t;
        size_t n = param_size(p);
        real *x = xalloc(n, sizeof *x), *y = xalloc(n, sizeof *y);
        snprintf(name, sizeof name, "%s%s", p->role == ROLE_LM_HEAD ? "" : "model.", p->name);
        ck_assert_msg((t = st_find(&want, name)) != NULL, "%s", name);
        ck_assert_int_eq(st_reals(y, t, n), 0);
        param_read(x, p);
        ck_assert_msg(memcmp(x, y, n * sizeof *x) == 0, "%s", name);
        ck_assert_msg(!param_is_proj(p) || (p->tensor && !p->value), "%s is in memory", name);
        free(x);
        free(y);
    }
    st_close(&want);
    base_model_free(&b);
}
END_TEST

static void check_parity(const char *expected, int n)
{
    struct parity_cfg cfg = { .expected = expected, .out = fopen("/dev/null", "w") };
    struct parity_result r;
    struct base_model b;

    ck_assert_msg(base_model_load(&b, GOLDEN "types/Q8_0") == 0, "%s", fail_text());
    ck_assert_msg(parity_check(&r, &b, &cfg) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_checked, n);
    ck_assert_msg(r.n_bad == 0 && r.n_unknown == 0, "%d %d %g", r.n_bad, r.n_unknown, r.worst);
    base_model_free(&b);
    fclose(cfg.out);
}

START_TEST(texts_and_a_training_agree)
{
    check_parity(GOLDEN "expected.safetensors", 4);
    check_parity(GOLDEN "train.safetensors", 3 + 8);
}
END_TEST

static char dir[64];

/* --- models */

/* The golden model of Q4_0 with the bytes FROM replaced by TO, of the same length. */
static void change_golden(const char *from, const char *to, size_t n)
{
    char path[128];
    struct file f;

    ck_assert_int_eq(file_map(&f, GOLDEN "types/Q4_0/model.gguf"), 0);
    unsigned char *copy = xalloc(f.size, 1), *at;
    memcpy(copy, f.data, f.size);
    ck_assert_ptr_nonnull(at = memmem(copy, f.size, from, n));
    memcpy(at, to, n);
    snprintf(path, sizeof path, "%s/model.gguf", dir);
    ck_assert_int_eq(file_write(path, copy, f.size, FAIL_STORE), 0);
    free(copy);
    file_unmap(&f);
}

static const struct {
    const char *from, *to;
    size_t n;
    const char *says;
} changes[] = {
    { "llama.block_count", "llama.block_xount", 17, "llama.block_xount' of '" },
    { "\5\0\0\0\0\0\0\0llama", "\5\0\0\0\0\0\0\0gemma", 13, "these are read: llama" },
    { "llama.rope.freq_base\6\0\0\0\0\xc0\xda\x45", "llama.rope.freq_base\6\0\0\0\0\0\xc0\x7f", 28,
      "is not a finite number" },
    { "tokenizer.ggml.token_type", "llama.rope.scaling.factor", 25, "scaling.factor' of '" },
    { "tokenizer.ggml.token_type", "llama.not.known.this.time", 25, "is not known here" },
    { "llama.vocab_size\4\0\0\0\x25", "llama.vocab_size\4\0\0\0\x26", 21,
      "has the shape [37, 32]; by the file's own keys it must be [38, 32]" },
    { "llama.block_count\4\0\0\0\2", "llama.block_count\4\0\0\0\1", 22, "does not account for" },
    { "llama.block_count\4\0\0\0\2", "llama.block_count\4\0\0\0\3", 22,
      "lacks 'blk.2.attn_q.weight'" },
    { "llama.block_count\4\0\0\0\2", "llama.block_count\4\0\0\0\0", 22, "block_count is 0" },
    { "llama.rope.dimension_count\4\0\0\0\10", "llama.rope.dimension_count\4\0\0\0\4", 31,
      "must be 8, the width of a head" },
    { "llama.attention.head_count_kv\4\0\0\0\2", "llama.attention.head_count_kv\4\0\0\0\3", 34,
      "attention.head_count 4 is not a multiple of attention.head_count_kv 3" },
    { "blk.1.attn_k.weight", "blk.1.attn_x.weight", 19, "lacks 'blk.1.attn_k.weight'" },
};

START_TEST(models_that_are_refused)
{
    struct base_model b;

    temp_dir(dir);
    change_golden(changes[_i].from, changes[_i].to, changes[_i].n);
    ck_assert_msg(base_model_load(&b, dir) != 0, "change %d was read", _i);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), changes[_i].says), "%s", fail_text());
    temp_remove(dir);
}
END_TEST

START_TEST(one_file_in_a_folder)
{
    struct base_model b;
    char path[128], key[65], plain[65];

    temp_dir(dir);
    change_golden("GGUF", "GGUF", 4);
    ck_assert_msg(base_model_load(&b, dir) == 0, "%s", fail_text());
    snprintf(path, sizeof path, "%s/model.gguf", dir);
    ck_assert_int_eq(sha256_file(plain, path) | weights_key(key, path, NULL, NULL), 0);
    ck_assert_str_eq(b.weights_sha256, plain);
    ck_assert_str_eq(key, plain);
    base_model_free(&b);
    ck_assert_int_ne(base_model_load(&b, path), 0);
    ck_assert_ptr_nonnull(strstr(fail_text(), "is a file; give the folder that holds it"));
    temp_file(dir, "other.gguf", "");
    ck_assert_int_ne(base_model_load(&b, dir), 0);
    ck_assert_ptr_nonnull(strstr(fail_text(), "has 2 GGUF files"));
    temp_file(dir, "model.safetensors", "");
    ck_assert_str_eq(weights_unread(dir, WEIGHTS_OF_MODEL), "the GGUF file");
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, every_type_is_decoded, 0, ARRAY_LEN(kinds));
    tcase_add_test(tc, texts_and_a_training_agree);
    tcase_add_loop_test(tc, models_that_are_refused, 0, ARRAY_LEN(changes));
    tcase_add_test(tc, one_file_in_a_folder);
}

const struct suite suite_gguf_model = { "gguf_model", fill };
