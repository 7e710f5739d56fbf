/* test_unigram.c - the unigram tokenizer against SentencePiece and the tokenizers package on frozen
 * cases (tests/golden/unigram), damaged models, and DeBERTa's inputs. */
#include "core/os/file.h"
#include "core/text/tok.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */
#include "tests/kit/temp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/unigram/"
static const char *const models[] = { "spm", "rules", "raw", "five", "four", "words" };

static struct tok *load(const char *model)
{
    char *dir = xprintf(GOLDEN "%s", model);
    struct tok *t = tok_load(dir);

    ck_assert_msg(t != NULL, "%s", fail_text());
    free(dir);
    return t;
}

static void check_case(const struct tok *t, const json_t *c)
{
    const json_t *text = json_object_get(c, "text"), *ids = json_object_get(c, "ids");
    struct ids v = { 0 };

    tok_encode(t, json_string_value(text), json_string_length(text), &v);
    bool same = v.n == (int)json_array_size(ids);
    for (int i = 0; i < v.n && same; i++)
        same = v.id[i] == json_integer_value(json_array_get(ids, (size_t)i));
    char *shown = json_dumps(c, 0);
    ck_assert_msg(same, "%d ids for %s", v.n, shown);
    free(shown);
    ids_free(&v);
}

START_TEST(frozen_cases)
{
    FILE *f = fopen(GOLDEN "cases.jsonl", "r");
    struct tok *t = load(models[_i]);
    char line[4096];
    int n = 0;

    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
        json_t *c = json_loads(line, 0, NULL);
        ck_assert_ptr_nonnull(c);
        if (strcmp(json_string_value(json_object_get(c, "model")), models[_i]) == 0) {
            check_case(t, c);
            n++;
        }
        json_decref(c);
    }
    ck_assert_int_ge(n, 88);
    fclose(f);
    tok_free(t);
}
END_TEST

/* [CLS] a [SEP] b [SEP] with types, and [MASK] after the pieces. */
START_TEST(inputs_are_those_of_deberta)
{
    struct tok *t = load(_i ? "five" : "spm");
    struct ids v = { 0 };
    struct text back = { 0 };
    int second;

    tok_pair(t, "a [MASK]", "model", 0, &v, &second);
    ck_assert_int_eq(tok_vocab(t), 101);
    ck_assert_int_eq(tok_role(t, TOK_MASK), _i ? -1 : 100); /* tokenizer.json has no names */
    ck_assert(second > 3 && v.id[0] == 1 && v.id[second - 2] == 100 && v.id[second - 1] == 2);
    ck_assert_int_eq(v.id[v.n - 1], 2);
    tok_decode(t, v.id, v.n, true, &back);
    ck_assert_str_eq(text_string(&back), "a model");
    text_free(&back);
    ids_free(&v);
    tok_free(t);
}
END_TEST

/* A byte of an unknown character comes back from byte fallback. */
START_TEST(bytes_come_back)
{
    struct tok *t = load("rules");
    struct ids v = { 0 };
    struct text back = { 0 };
    const char *text = "low \xF0\x9F\x98\x80 rank";

    tok_encode(t, text, strlen(text), &v);
    tok_decode(t, v.id, v.n, false, &back);
    ck_assert_str_eq(text_string(&back), text);
    text_free(&back);
    ids_free(&v);
    tok_free(t);
}
END_TEST

/* --- what is refused */

static void check_refused(const char *dir, const char *says)
{
    struct tok *t = tok_load(dir);

    ck_assert_msg(!t, "loaded, not '%s'", says);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), says) && !strchr(fail_text(), '\n'), "%s", fail_text());
}

static void write_model(const char *dir, const void *data, size_t size)
{
    char *path = path_join(dir, "spm.model");

    ck_assert_int_eq(file_write(path, data, size, FAIL_STORE), 0);
    free(path);
}

/* Every beginning of a model is refused, or is one of its pieces alone, which has an unknown one.
 */
START_TEST(truncated_models)
{
    struct file f;
    char dir[64];
    int refused = 0;

    temp_dir(dir);
    ck_assert_int_eq(file_map(&f, GOLDEN "raw/spm.model"), 0);
    for (size_t n = 0; n < f.size; n += n < 400 ? 1 : 37) {
        write_model(dir, f.data, n);
        struct tok *t = tok_load(dir);
        refused += !t;
        ck_assert(t || fail_code() == FAIL_INPUT);
        tok_free(t);
    }
    ck_assert_int_gt(refused, 300);
    file_unmap(&f);
    temp_remove(dir);
}
END_TEST

/* Models of a few bytes: pieces "a" of type normal and "?" of type unknown. */
#define PIECE_A                                                                                    \
    "\x0a\x0a\x0a\x01"                                                                             \
    "a\x15\x00\x00\x80\xbf\x18\x01"
#define PIECE_UNK                                                                                  \
    "\x0a\x0a\x0a\x01"                                                                             \
    "?\x15\x00\x00\x00\x00\x18\x02"
static const struct {
    const char *bytes;
    size_t size;
    const char *says; /* NULL: it is accepted */
} small[] = {
#define SMALL(bytes, says)                                                                         \
    {                                                                                              \
        bytes, sizeof bytes - 1, says                                                              \
    }
    SMALL(PIECE_UNK PIECE_A, NULL),
    SMALL("", "has no pieces"),
    SMALL(PIECE_A, "has no unknown piece, such as '<unk>', among its 1 pieces"),
    SMALL(PIECE_UNK PIECE_A PIECE_A, "piece 2 is 'a', which is also piece 1"),
    SMALL(PIECE_UNK PIECE_A "\x12\x02\x18\x02", "is a BPE model of SentencePiece"),
    SMALL(PIECE_UNK PIECE_A "\x12\x03\xc0\x01\x01", "treat_whitespace_as_suffix"),
    SMALL(PIECE_UNK PIECE_A "\x12\x09\x18\x02", "a field beyond the end at byte 26"),
    SMALL(PIECE_UNK PIECE_A "\x12", "an unfinished number"),
    SMALL(PIECE_UNK "\x0a\x04\x0a\x02\xff\xfe", "piece 1 is not UTF-8"),
    SMALL(PIECE_UNK "\x0a\x02\x0a\x00", "piece 1 must be a string without NUL that is not empty"),
    SMALL(PIECE_UNK PIECE_A "\x1a\x0c\x12\x0a\x08\x00\x00\x00"
                            "abcdef",
          "the map of characters has 10 bytes, of which its trie takes 8"),
};

START_TEST(small_models)
{
    char dir[64];

    temp_dir(dir);
    write_model(dir, small[_i].bytes, small[_i].size);
    if (small[_i].says) {
        check_refused(dir, small[_i].says);
    } else {
        struct tok *t = tok_load(dir);
        ck_assert_msg(t != NULL, "%s", fail_text());
        tok_free(t);
    }
    temp_remove(dir);
}
END_TEST

static const struct {
    const char *normalizer, *pre, *model, *says;
} json[] = {
    { "null", "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}",
      "\"unk_id\":0,\"vocab\":[[\"?\",0],[\"a\",-1]]", NULL },
    { "null", "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}",
      "\"unk_id\":2,\"vocab\":[[\"?\",0],[\"a\",-1]]", "unk_id must be the place" },
    { "null", "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}",
      "\"unk_id\":0,\"vocab\":[[\"?\",0],[\"a\"]]", "piece 1 must be a piece and its score" },
    { "null", "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}",
      "\"unk_id\":0,\"vocab\":[[\"?\",0],[\"?\",-1]]", "piece 1 is '?', which is also piece 0" },
    { "{\"type\":\"Nmt\"}", "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}",
      "\"unk_id\":0,\"vocab\":[[\"?\",0]]", "the normalizer is 'Nmt'" },
    { "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"a\"}",
      "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\"}", "\"unk_id\":0,\"vocab\":[[\"?\",0]]",
      "must be a string in base64" },
    { "null", "{\"type\":\"Whitespace\"}", "\"unk_id\":0,\"vocab\":[[\"?\",0]]",
      "the pre_tokenizer is 'Whitespace'" },
    { "null", "{\"type\":\"Metaspace\",\"replacement\":\"_\"}",
      "\"unk_id\":0,\"vocab\":[[\"?\",0]]", "must be U+2581" },
};

START_TEST(json_files)
{
    char dir[64];
    char *text = xprintf("{\"model\":{\"type\":\"Unigram\",%s},\"normalizer\":%s,"
                         "\"pre_tokenizer\":%s}",
                         json[_i].model, json[_i].normalizer, json[_i].pre);

    temp_dir(dir);
    temp_file(dir, "tokenizer.json", text);
    free(text);
    if (json[_i].says) {
        check_refused(dir, json[_i].says);
    } else {
        struct tok *t = tok_load(dir);
        ck_assert_msg(t != NULL, "%s", fail_text());
        tok_free(t);
    }
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, frozen_cases, 0, (int)ARRAY_LEN(models));
    tcase_add_loop_test(tc, inputs_are_those_of_deberta, 0, 2);
    tcase_add_test(tc, bytes_come_back);
    tcase_add_test(tc, truncated_models);
    tcase_add_loop_test(tc, small_models, 0, (int)ARRAY_LEN(small));
    tcase_add_loop_test(tc, json_files, 0, (int)ARRAY_LEN(json));
}

const struct suite suite_unigram = { "unigram", fill };
