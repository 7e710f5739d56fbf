/* test_weights.c - the same model in every kind of file, and faults of indices. */
#include "core/format/safetensors.h"
#include "core/nn/model.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN "tests/golden/weights/"
static const char index_name[] = "model.safetensors.index.json";

/* --- the same values */

static const struct {
    const char *dir, *file;
    int n_files; /* with the index */
} kinds[] = {
    { GOLDEN "sharded", "model.safetensors.index.json", 4 },
    { GOLDEN "bin", "pytorch_model.bin", 1 },
    { GOLDEN "bin_sharded", "pytorch_model.bin.index.json", 3 },
    { GOLDEN "old", "pytorch_model.bin", 1 },
    { GOLDEN "types", "pytorch_model.bin", 1 },
};

static void check_same(const struct st_tensor *a, const struct st_tensor *b)
{
    ck_assert(a && b && a->count == b->count);
    real *x = xalloc(a->count, sizeof *x), *y = xalloc(b->count, sizeof *y);
    ck_assert_int_eq(st_reals(x, a, a->count) | st_reals(y, b, b->count), 0);
    ck_assert_msg(memcmp(x, y, a->count * sizeof *x) == 0, "%s", a->name);
    free(x);
    free(y);
}

START_TEST(every_kind_gives_the_same_model)
{
    struct base_model a, b;
    char *path = weights_in(kinds[_i].dir, WEIGHTS_OF_MODEL), **files;

    ck_assert_msg(base_model_load(&a, GOLDEN "single") == 0, "%s", fail_text());
    ck_assert_msg(base_model_load(&b, kinds[_i].dir) == 0, "%s", fail_text());
    ck_assert_int_eq(a.n_params, b.n_params);
    for (int i = 0; i < a.n_params; i++) {
        const struct param *p = &a.params[i], *q = &b.params[i];
        real *x = xalloc(param_size(p), sizeof *x), *y = xalloc(param_size(p), sizeof *y);
        ck_assert_str_eq(p->name, q->name);
        param_read(x, p);
        param_read(y, q);
        ck_assert_msg(memcmp(x, y, param_size(p) * sizeof *x) == 0, "%s", p->name);
        free(x);
        free(y);
    }
    check_same(base_model_head(&a, ROLE_HEAD_W), base_model_head(&b, ROLE_HEAD_W));
    check_same(base_model_head(&a, ROLE_HEAD_B), base_model_head(&b, ROLE_HEAD_B));
    ck_assert_str_eq(strrchr(path, '/') + 1, kinds[_i].file);
    int n = weights_files(&files, path);
    ck_assert_int_eq(n, kinds[_i].n_files);
    weights_files_free(files, n);
    free(path);
    base_model_free(&b);
    base_model_free(&a);
}
END_TEST

/* --- a copy of the golden shards that can be changed */

static char dir[64];

static void copy_in(const char *from, const char *name)
{
    ck_assert_msg(file_copy_there(from, dir, name) == 0, "%s", fail_text());
}

static void copy_shards(void)
{
    temp_dir(dir);
    copy_in(GOLDEN "sharded", index_name);
    copy_in(GOLDEN "sharded", "config.json");
    for (int i = 1; i <= 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "model-0000%d-of-00003.safetensors", i);
        copy_in(GOLDEN "sharded", name);
    }
}

/* The index with the first FROM in it replaced by TO. */
static void change_index(const char *from, const char *to)
{
    char *path = path_join(dir, index_name);
    struct file f;

    ck_assert_int_eq(file_map(&f, path), 0);
    char *text = xprintf("%.*s", (int)f.size, (const char *)f.data), *at = strstr(text, from);
    ck_assert_msg(at != NULL, "%s", from);
    *at = 0;
    char *changed = xprintf("%s%s%s", text, to, at + strlen(from));
    temp_file(dir, index_name, changed);
    free(changed);
    free(text);
    file_unmap(&f);
    free(path);
}

static void check_refused(const char *says)
{
    struct base_model b;

    ck_assert_msg(base_model_load(&b, dir) == -1, "accepted; should say \"%s\"", says);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), says), "says \"%s\", not \"%s\"", fail_text(), says);
}

#define FILE2 "model-00002-of-00003.safetensors"
#define POSITION                                                                                   \
    "\"bert.embeddings.position_embeddings.weight\": \"model-00001-of-00003.safetensors\""
static const struct {
    const char *from, *to, *says;
} indices[] = {
    { "\"classifier.bias\": \"", "\"classifier.bias\": \"../",
      "the index puts tensor 'classifier.bias' in '../model-0000" },
    { "\"classifier.bias\": \"", "\"classifier.bias\": \"/etc/",
      "the index puts tensor 'classifier.bias' in '/etc/model-0000" },
    { "\"classifier.bias\": \"", "\"classifier.bias\": \"a/../",
      "must be a file in the same folder" },
    { "\"classifier.bias\": \"", "\"classifier.bias\": \"other-",
      "cannot open '" /* the shard's path */ },
    { "\"classifier.bias\": ", "\"classifier.bias\": null, \"x\": ",
      "the file of tensor 'classifier.bias' is not a string" },
    { "\"classifier.bias\": ", "\"more\": \"" FILE2 "\", \"classifier.bias\": ",
      "lacks the tensor 'more': it should be in '" },
    { POSITION, "\"bert.embeddings.position_embeddings.weight\": \"" FILE2 "\"",
      "tensor 'bert.embeddings.position_embeddings.weight' is in '" },
    { POSITION ",", "", "has the tensor 'bert.embeddings.position_embeddings.weight', which '" },
    { "\"classifier.bias\": ", "\"bert.pooler.dense.bias\": \"" FILE2 "\", \"classifier.bias\": ",
      "duplicate object key" },
    { "\"weight_map\"", "\"weights\"", "weight_map is missing" },
    { "\"weight_map\": {", "\"weight_map\": [], \"x\": {", "weight_map is no object" },
    { "\"weight_map\": {", "\"weight_map\": {}, \"x\": {", "weight_map names no tensor" },
};

START_TEST(faulty_indices)
{
    copy_shards();
    change_index(indices[_i].from, indices[_i].to);
    check_refused(indices[_i].says);
    ck_assert_ptr_nonnull(strstr(fail_text(), index_name));
    temp_remove(dir);
}
END_TEST

START_TEST(faulty_shards)
{
    static const real four[4];
    struct st_out surplus = { .name = "more", .data = four, .n_dims = 1, .shape = { 4 } }, twice = {
        .name = "bert.pooler.dense.bias", .data = four, .n_dims = 1, .shape = { 4 }
    };

    copy_shards();
    char *path = path_join(dir, "more.safetensors");
    ck_assert_int_eq(st_write(path, &surplus, 1, false), 0);
    change_index("\"classifier.bias\": ", "\"any\": \"more.safetensors\", \"classifier.bias\": ");
    check_refused("more.safetensors' has the tensor 'more', which '");
    ck_assert_int_eq(st_write(path, &twice, 1, false), 0);
    check_refused("tensor 'bert.pooler.dense.bias' is in two files, '");
    temp_file(dir, "more.safetensors", "version https://git-lfs.github.com/spec/v1\n");
    check_refused("more.safetensors' is a git-LFS pointer");
    temp_file(dir, "more.safetensors", "");
    check_refused("more.safetensors' is not a safetensors file");
    unlink(path);
    check_refused("cannot open '");
    ck_assert_ptr_nonnull(strstr(fail_text(), "more.safetensors'"));
    temp_file(dir, index_name, "version https://git-lfs.github.com/spec/v1\n");
    check_refused("index.json' is a git-LFS pointer, not a JSON file");
    temp_file(dir, index_name, "[]");
    check_refused("index.json' is not a JSON object");
    free(path);
    temp_remove(dir);
}
END_TEST

/* --- which file is read */

START_TEST(the_single_file_wins)
{
    copy_shards();
    ck_assert_ptr_null(weights_unread(dir, WEIGHTS_OF_MODEL));
    copy_in(GOLDEN "single", "model.safetensors");
    temp_file(dir, index_name, "damaged");
    char *path = weights_in(dir, WEIGHTS_OF_MODEL);
    ck_assert_str_eq(strrchr(path, '/'), "/model.safetensors");
    ck_assert_str_eq(weights_unread(dir, WEIGHTS_OF_MODEL), index_name);
    struct base_model b;
    ck_assert_msg(base_model_load(&b, dir) == 0, "%s", fail_text());
    base_model_free(&b);
    free(path);
    temp_remove(dir);
}
END_TEST

START_TEST(no_weights)
{
    temp_dir(dir);
    ck_assert_ptr_null(weights_in(dir, WEIGHTS_OF_MODEL));
    ck_assert_ptr_nonnull(strstr(fail_text(), "has no weights: there is no model.safetensors, "
                                              "model.safetensors.index.json, pytorch_model.bin, or "
                                              "pytorch_model.bin.index.json"));
    ck_assert_ptr_null(weights_in(dir, WEIGHTS_OF_ADAPTER));
    ck_assert_ptr_nonnull(
        strstr(fail_text(), "no adapter_model.safetensors, or adapter_model.bin"));
    temp_file(dir, "tf_model.h5", "");
    ck_assert_ptr_null(weights_in(dir, WEIGHTS_OF_MODEL));
    ck_assert_ptr_nonnull(strstr(fail_text(), "only in tf_model.h5, which is not read"));
    temp_remove(dir);
    ck_assert_ptr_null(weights_in(dir, WEIGHTS_OF_MODEL));
    ck_assert_ptr_nonnull(strstr(fail_text(), "No such file"));
}
END_TEST

/* --- the key of the content */

static void key_of(char key[65])
{
    char *path = weights_in(dir, WEIGHTS_OF_MODEL);

    ck_assert_msg(path && weights_key(key, path, NULL, NULL) == 0, "%s", fail_text());
    free(path);
}

START_TEST(the_key_is_of_every_file)
{
    char plain[65], key[65], index[65], shard[65];

    temp_dir(dir);
    copy_in(GOLDEN "single", "model.safetensors");
    key_of(key);
    ck_assert_int_eq(sha256_file(plain, GOLDEN "single/model.safetensors"), 0);
    ck_assert_str_eq(key, plain);
    temp_remove(dir);
    copy_shards();
    key_of(key);
    change_index("total_size\": ", "total_size\": 1");
    key_of(index);
    ck_assert_str_ne(key, index);
    temp_file(dir, FILE2, "other");
    key_of(shard);
    ck_assert_str_ne(index, shard);
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, every_kind_gives_the_same_model, 0, ARRAY_LEN(kinds));
    tcase_add_loop_test(tc, faulty_indices, 0, ARRAY_LEN(indices));
    tcase_add_test(tc, faulty_shards);
    tcase_add_test(tc, the_single_file_wins);
    tcase_add_test(tc, no_weights);
    tcase_add_test(tc, the_key_is_of_every_file);
}

const struct suite suite_weights = { "weights", fill };
