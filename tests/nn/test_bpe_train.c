/* test_bpe_train.c - a learned byte-level vocabulary against the tokenizers package
 * (tests/golden/bpe_train), and what must hold for every text. */
#include "core/os/file.h"
#include "core/text/bpe_train.h"
#include "core/text/tok.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */
#include "tests/kit/temp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *dir, const char *name)
{
    struct file f = { 0 };
    char *path = path_join(dir, name);

    ck_assert_int_eq(file_map(&f, path), 0);
    char *text = xalloc(f.size + 1, 1);
    memcpy(text, f.data, f.size);
    file_unmap(&f);
    free(path);
    return text;
}

/* Of the golden text, whose documents end with an empty line. */
static struct bpe_train *trained_on_golden(void)
{
    struct bpe_train *t = bpe_train_new();
    char *text = read_text("tests/golden/bpe_train", "text.txt"), *p = text;

    for (char *end; (end = strstr(p, "\n\n")); p = end + 2)
        bpe_train_add(t, p, (size_t)(end - p));
    bpe_train_add(t, p, strlen(p));
    free(text);
    return t;
}

START_TEST(merges_and_ids_are_those_of_tokenizers)
{
    struct bpe_train *t = trained_on_golden();
    char dir[64];

    ck_assert_int_eq(bpe_train_merge(t, 1000, 2), 1000);
    temp_dir(dir);
    ck_assert_int_eq(bpe_train_write(t, dir, 32), 0);
    bpe_train_free(t);
    char *ours = read_text(dir, "merges.txt"),
         *theirs = read_text("tests/golden/bpe_train", "merges.txt");
    ck_assert_str_eq(ours, theirs);
    char *path = path_join(dir, "vocab.json");
    json_t *our_ids = json_load_file(path, 0, NULL);
    json_t *their_ids = json_load_file("tests/golden/bpe_train/vocab.json", 0, NULL);
    ck_assert_ptr_nonnull(their_ids);
    ck_assert(json_equal(our_ids, their_ids));
    json_decref(our_ids);
    json_decref(their_ids);
    free(path);
    free(ours);
    free(theirs);
}
END_TEST

START_TEST(the_files_are_a_tokenizer)
{
    struct bpe_train *t = trained_on_golden();
    struct ids ids = { 0 };
    struct text back = { 0 };
    char dir[64], all[256];

    bpe_train_merge(t, 400, 2);
    temp_dir(dir);
    ck_assert_int_eq(bpe_train_write(t, dir, 32), 0);
    bpe_train_free(t);
    struct tok *tok = tok_load(dir);
    ck_assert_ptr_nonnull(tok);
    ck_assert_int_eq(tok_vocab(tok), 400);
    ck_assert_int_eq(tok_role(tok, TOK_EOS), 0);
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    tok_encode(tok, all, sizeof all, &ids);
    tok_decode(tok, ids.id, ids.n, false, &back);
    ck_assert_uint_eq(back.n, sizeof all);
    ck_assert_int_eq(memcmp(back.s, all, sizeof all), 0);
    text_free(&back);
    ids_free(&ids);
    tok_free(tok);
}
END_TEST

START_TEST(a_text_without_further_pairs_ends_the_vocabulary)
{
    struct bpe_train *t = trained_on_golden();

    ck_assert_int_eq(bpe_train_merge(t, 5000, 2), 1036); /* as tokenizers has it */
    bpe_train_free(t);
    t = bpe_train_new();
    bpe_train_add(t, "aaaa aaaa", 9); /* aa, then aaaa; " aaaa" occurs once */
    ck_assert_int_eq(bpe_train_merge(t, 1000, 2), BPE_TRAIN_LEAST + 2);
    bpe_train_free(t);
    t = bpe_train_new();
    ck_assert_int_eq(bpe_train_merge(t, 1000, 1), BPE_TRAIN_LEAST);
    bpe_train_free(t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, merges_and_ids_are_those_of_tokenizers);
    tcase_add_test(tc, the_files_are_a_tokenizer);
    tcase_add_test(tc, a_text_without_further_pairs_ends_the_vocabulary);
}

const struct suite suite_bpe_train = { "bpe_train", fill };
