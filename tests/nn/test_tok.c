/* test_tok.c - tokenization against the tokenizers package: a small vocabulary of our own
 * (tests/golden/tok), and the lines for MiniLM of the shared golden data, if both are there. */
#include "core/os/file.h"
#include "core/text/tok.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */
#include "tests/kit/temp.h"
#include "tests/kit/tok_lines.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char small[] = "tests/golden/tok";

/* A new folder with a vocabulary and, unless it is NULL, a configuration; the caller removes it. */
static char *make_dir(const char *vocab, size_t size, const char *config)
{
    char *dir = xalloc(64, 1);

    temp_dir(dir);
    char *path = path_join(dir, "vocab.txt");
    ck_assert_int_eq(file_write(path, vocab, size, FAIL_STORE), 0);
    free(path);
    if (config)
        temp_file(dir, "tokenizer_config.json", config);
    return dir;
}

static void remove_dir(char *dir)
{
    temp_remove(dir);
    free(dir);
}

static char *small_dir(const char *config)
{
    struct file f = { 0 };

    ck_assert_int_eq(file_map(&f, "tests/golden/tok/vocab.txt"), 0);
    char *dir = make_dir((const char *)f.data, f.size, config);
    file_unmap(&f);
    return dir;
}

/* The configurations in cases.jsonl; NULL: no file, so everything has its default. */
static const struct {
    const char *json;
    bool lower, keep_accents;
} configs[] = {
    { NULL, true, false },
    { "{\"do_lower_case\": false, \"strip_accents\": null}", false, false },
    { "{\"do_lower_case\": true, \"strip_accents\": false}", true, true },
};

static bool case_is(const json_t *c, int i)
{
    return json_is_true(json_object_get(c, "lower")) == configs[i].lower &&
           json_is_false(json_object_get(c, "strip")) == configs[i].keep_accents;
}

START_TEST(small_vocabulary)
{
    char *dir = small_dir(configs[_i].json);
    struct tok *t = tok_load(dir);

    ck_assert_msg(t != NULL, "%s", fail_text());
    ck_assert_str_eq(tok_name(t), "wordpiece");
    ck_assert_int_ge(tok_lines(t, "tests/golden/tok/cases.jsonl", case_is, _i), 50);
    tok_free(t);
    remove_dir(dir);
}
END_TEST

static bool any_line(const json_t *c, int unused)
{
    return unused == 0 && c != NULL;
}

/* MPNet's special tokens and layout, by the class of the tokenizer or by that of the model. */
START_TEST(mpnet_vocabulary)
{
    static const char *const named[][2] = { { "tokenizer_config.json",
                                              "{\"tokenizer_class\": \"MPNetTokenizer\"}" },
                                            { "config.json", "{\"model_type\": \"mpnet\"}" } };
    struct file f = { 0 };

    ck_assert_int_eq(file_map(&f, "tests/golden/tok/mpnet/vocab.txt"), 0);
    char *dir = make_dir((const char *)f.data, f.size, NULL);
    file_unmap(&f);
    temp_file(dir, named[_i][0], named[_i][1]);
    struct tok *t = tok_load(dir);
    ck_assert_msg(t != NULL, "%s", fail_text());
    ck_assert_int_eq(tok_lines(t, "tests/golden/tok/mpnet/cases.jsonl", any_line, 0), 22);
    tok_free(t);
    remove_dir(dir);
}
END_TEST

/* The models of which tokens.jsonl has lines. */
enum { MINILM, SMOLLM2 };
static bool is_model(const json_t *c, int model)
{
    static const char *const names[] = { [MINILM] = "minilm", [SMOLLM2] = "smollm2" };

    return strcmp(json_string_value(json_object_get(c, "tokenizer")), names[model]) == 0;
}

/* The lines for MODEL in shared golden data, if both are here. */
static void check_fetched(const char *model, const char *lines, const char *why,
                          bool (*wanted)(const json_t *, int), int arg)
{
    const char *home = getenv("LOWRANK_HOME"), *path = shared_path(lines);
    char *dir = xprintf("%s/models/%s", home ? home : "out", model);

    if (!path) {
        skip("tok: there is no shared golden data");
    } else if (access(dir, R_OK) != 0) {
        skip(why);
    } else {
        struct tok *t = tok_load(dir);
        ck_assert_msg(t != NULL, "%s", fail_text());
        ck_assert_int_ge(tok_lines(t, path, wanted, arg), 29);
        tok_free(t);
    }
    free(dir);
}

START_TEST(minilm)
{
    check_fetched("minilm", "golden/real/tokens.jsonl", "tok: model 'minilm' has not been fetched",
                  is_model, MINILM);
}
END_TEST

START_TEST(mpnet)
{
    check_fetched("mpnet", "golden/real/mpnet_tokens.jsonl",
                  "tok: model 'mpnet' has not been fetched", any_line, 0);
}
END_TEST

START_TEST(smollm2)
{
    check_fetched("smollm2", "golden/real/tokens.jsonl",
                  "tok: model 'smollm2' has not been fetched", is_model, SMOLLM2);
}
END_TEST

/* Bytes that are not text, or unusual text. Each row, repeated, must give COUNT ids, all of
 * PIECE. */
static const struct {
    const char *bytes;
    int size, times, count;
    const char *piece;
} odd[] = {
    { "", 0, 1, 0, "" },
    { "\0", 1, 1000, 0, "" },
    { "\xFF\xFE", 2, 1000, 0, "" },
    { "\xE4\xBD", 2, 1, 0, "" },              /* ends within a character */
    { "\xC0\xAF\xED\xA0\x80", 5, 10, 0, "" }, /* overlong, surrogate */
    { "a\0", 2, 1, 1, "a" },
    { "\xF0\x9F\xFFt", 4, 1, 1, "t" },
    { "word", 4, 2500000, 1, "[UNK]" }, /* a word of 10 MB */
    { "word ", 5, 200000, 200000, "word" },
    { "\xE4\xBD\xA0", 3, 100000, 100000, "\xE4\xBD\xA0" },
    { "a\xCC\x81", 3, 1, 1, "a" },
    { "\xE3\x80\xAE\xCC\x81\xE1\xAD\x84", 9, 100000, 1,
      "[UNK]" }, /* many combining marks in a row */
};

START_TEST(odd_text)
{
    struct tok *t = tok_load(small);
    size_t size = (size_t)odd[_i].size * (size_t)odd[_i].times;
    char *text = xalloc(size + 1, 1);
    struct ids ids = { 0 };
    int wrong = 0;

    ck_assert_ptr_nonnull(t);
    for (int i = 0; i < odd[_i].times; i++)
        memcpy(text + (size_t)i * (size_t)odd[_i].size, odd[_i].bytes, (size_t)odd[_i].size);
    tok_encode(t, text, size, &ids);
    ck_assert_int_eq(ids.n, odd[_i].count);
    for (int i = 0; i < ids.n; i++)
        wrong += strcmp(tok_piece(t, ids.id[i]), odd[_i].piece) != 0;
    ck_assert_int_eq(wrong, 0);
    ids_free(&ids);
    free(text);
    tok_free(t);
}
END_TEST

#define SPECIALS "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"

/* Folders that are errors, and what the message mentions. */
static const struct {
    const char *vocab, *config, *message;
} refused[] = {
    { "[PAD]\n[UNK]\n[CLS]\nthe\n", NULL, "[SEP]" },
    { "", NULL, "[UNK]" },
    { SPECIALS "\xFF\n", NULL, "line 5" },
    { SPECIALS, "{\"do_lower_case\": 1}", "do_lower_case" },
    { SPECIALS, "[true]", "object" },
    { SPECIALS, "{\n\"do_lower_case\": tru}", "line 2" },
};

START_TEST(refused_folder)
{
    char *dir = make_dir(refused[_i].vocab, strlen(refused[_i].vocab), refused[_i].config);

    ck_assert_ptr_null(tok_load(dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), refused[_i].message) != NULL, "%s", fail_text());
    remove_dir(dir);
}
END_TEST

/* A folder of files in tests/golden/tok/added.jsonl. */
static char *folder_of(const json_t *files)
{
    char *dir = xalloc(64, 1);
    const char *name;
    json_t *text;

    temp_dir(dir);
    json_object_foreach((json_t *)(uintptr_t)files, name, text)
        temp_file(dir, name, json_string_value(text));
    return dir;
}

/* Added tokens, special tokens with other names, tokenizer.json, and vocabularies with repeated
 * lines, as transformers reads them. */
START_TEST(folders_of_transformers)
{
    FILE *f = fopen("tests/golden/tok/added.jsonl", "r");
    char *line = NULL;
    size_t cap = 0, i;
    int row = 0;

    ck_assert_ptr_nonnull(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *c = json_loads(line, 0, NULL), *one;
        char *dir = folder_of(json_object_get(c, "files"));
        struct tok *t = tok_load(dir);
        row++;
        ck_assert_msg(t != NULL, "line %d: %s", row, fail_text());
        json_array_foreach(json_object_get(c, "cases"), i, one)
        {
            struct ids ids = { 0 };
            json_t *text = json_array_get(one, 0);
            tok_encode(t, json_string_value(text), json_string_length(text), &ids);
            const char *differs = tok_ids_differ(&ids, json_array_get(one, 1));
            ck_assert_msg(!differs[0], "line %d, '%s': %s", row, json_string_value(text), differs);
            ids_free(&ids);
        }
        tok_free(t);
        remove_dir(dir);
        json_decref(c);
    }
    ck_assert_int_ge(row, 20);
    free(line);
    fclose(f);
}
END_TEST

#define JSON_PARTS                                                                                 \
    "\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true},"                             \
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"                                           \
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]}" \
    ","
#define JSON_VOCAB "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"the\":4}"
#define JSON_MODEL "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\"," JSON_VOCAB "}"

/* Folders with another file that are errors, and what the message says. */
static const struct {
    const char *name, *text, *message;
} refused_file[] = {
    { "added_tokens.json", "{\"[E1]\": 9}", "'[E1]' has the id 9" },
    { "added_tokens.json", "{\"the\": 9}", "'the' has the id 9, but in" },
    { "added_tokens.json", "{\"[E1]\": \"9\"}", "'[E1]' must have a text and an id" },
    { "added_tokens.json", "[1]", "is not a JSON object" },
    { "special_tokens_map.json", "{\"cls_token\": 1}", "'cls_token' must be a string" },
    { "special_tokens_map.json", "{\"cls_token\": \"<s>\"}", "has no <s> among its 5 pieces" },
    { "tokenizer_config.json", "{\"a\": 1, \"a\": 2}", "duplicate" },
    { "tokenizer_config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}",
      "tokenizer_class is 'BertJapaneseTokenizer'" },
    { "tokenizer.json", "{" JSON_PARTS "\"model\":{\"type\":\"WordLevel\",\"vocab\":{}}}",
      "the model is 'WordLevel'; supported are" },
    { "tokenizer.json", "{\"normalizer\":{\"type\":\"NFC\"}," JSON_MODEL "}",
      "the normalizer is 'NFC'" },
    { "tokenizer.json", "{\"pre_tokenizer\":{\"type\":\"Whitespace\"}," JSON_MODEL "}",
      "the pre_tokenizer is 'Whitespace'" },
    { "tokenizer.json",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":"
      "\"RobertaProcessing\"}," JSON_MODEL "}",
      "the post_processor needs 'cls' and 'sep'" },
    { "tokenizer.json",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":"
      "\"TemplateProcessing\",\"single\":[],\"pair\":[]}," JSON_MODEL "}",
      "templates are |" },
    { "tokenizer.json", "{" JSON_PARTS "\"added_tokens\":1," JSON_MODEL "}", "must be a list" },
    { "tokenizer.json",
      "{" JSON_PARTS "\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":99999999}}}",
      "the id of 'a' must be a whole number from 0 to" },
    { "tokenizer.json",
      "{" JSON_PARTS "\"added_tokens\":[{\"id\":7,\"content\":\"x\"}]," JSON_MODEL "}",
      "'x' has the id 7" },
    { "tokenizer.json",
      "{" JSON_PARTS
      "\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"\"," JSON_VOCAB "}}",
      "continuing_subword_prefix" },
    { "tokenizer.json",
      "{" JSON_PARTS "\"model\":{\"type\":\"WordPiece\",\"max_input_chars_per_word\":0," JSON_VOCAB
      "}}",
      "max_input_chars_per_word" },
};

START_TEST(refused_files)
{
    char *dir = make_dir(SPECIALS "the\n", strlen(SPECIALS "the\n"), NULL);

    temp_file(dir, refused_file[_i].name, refused_file[_i].text);
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), refused_file[_i].message) != NULL, "%s", fail_text());
    remove_dir(dir);
}
END_TEST

/* tokenizer.json wins over vocab.txt, but must agree with tokenizer_config.json. */
START_TEST(tokenizer_json_first)
{
    char *dir = make_dir(SPECIALS "x\nthe\n", strlen(SPECIALS "x\nthe\n"), NULL);

    temp_file(dir, "tokenizer.json", "{" JSON_PARTS JSON_MODEL "}");
    struct tok *t = tok_load(dir);
    ck_assert_msg(t != NULL, "%s", fail_text());
    ck_assert_str_eq(tok_piece(t, 4), "the");
    ck_assert_ptr_nonnull(strstr(tok_path(t), "tokenizer.json"));
    tok_free(t);
    temp_file(dir, "tokenizer_config.json", "{\"do_lower_case\": false}");
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_ptr_nonnull(strstr(fail_text(), "do_lower_case is false, but the normalizer in"));
    remove_dir(dir);
}
END_TEST

/* A file that is a pipe is refused, and does not block. */
START_TEST(pipe_instead_of_file)
{
    char *dir = make_dir(SPECIALS, strlen(SPECIALS), NULL);
    char *path = path_join(dir, "tokenizer_config.json");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    free(path);
    remove_dir(dir);
}
END_TEST

/* What can change no id has no part in a run's key. */
START_TEST(files_that_matter)
{
    char *dir = make_dir(SPECIALS, strlen(SPECIALS), "{}");

    ck_assert(tok_file_matters(dir, "vocab.txt"));
    ck_assert(tok_file_matters(dir, "tokenizer_config.json"));
    ck_assert(!tok_file_matters(dir, "tokenizer.json"));
    temp_file(dir, "special_tokens_map.json",
              "{\"cls_token\": \"[CLS]\", \"mask_token\": {\"content\": \"[MASK]\"}}");
    ck_assert(!tok_file_matters(dir, "special_tokens_map.json"));
    temp_file(dir, "special_tokens_map.json", "{\"cls_token\": \"[SEP]\"}");
    ck_assert(tok_file_matters(dir, "special_tokens_map.json"));
    temp_file(dir, "added_tokens.json", "{}");
    ck_assert(!tok_file_matters(dir, "added_tokens.json"));
    temp_file(dir, "added_tokens.json", "{\"x\": 4}");
    ck_assert(tok_file_matters(dir, "added_tokens.json"));
    remove_dir(dir);
}
END_TEST

START_TEST(no_tokenizer)
{
    ck_assert_ptr_null(tok_load("/nonexistent"));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
}
END_TEST

START_TEST(lines_may_end_in_crlf)
{
    static const char vocab[] = "\xEF\xBB\xBF[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nthe\r\n##m";
    char *dir = make_dir(vocab, sizeof vocab - 1, NULL);
    struct tok *t = tok_load(dir);
    struct ids ids = { 0 };
    int second;

    ck_assert_msg(t != NULL, "%s", fail_text());
    ck_assert_int_eq(tok_vocab(t), 6);
    ck_assert_int_eq(tok_role(t, TOK_PAD), 0);
    ck_assert_ptr_null(tok_piece(t, 6));
    ck_assert_ptr_null(tok_piece(t, -1));
    ck_assert_int_eq(tok_pair(t, "them", "the", 0, &ids, &second), 0);
    ck_assert_int_eq(second, 4);
    ck_assert_int_eq(ids.n, 6);
    ck_assert_str_eq(tok_piece(t, ids.id[2]), "##m");
    ids_free(&ids);
    tok_free(t);
    remove_dir(dir);
}
END_TEST

/* The tokens of two texts, the limit, what is left of each, and how many were removed; there are 3
 * special tokens. */
static const struct {
    int a, b, max_len, keep_a, keep_b;
} cuts[] = {
    { 3, 4, 0, 3, 4 }, { 3, 4, 10, 3, 4 }, { 3, 4, 9, 3, 3 }, { 4, 3, 9, 3, 3 },
    { 9, 2, 8, 3, 2 }, { 2, 9, 8, 2, 3 },  { 5, 5, 8, 2, 3 }, { 6, 5, 8, 3, 2 },
    { 5, 6, 8, 2, 3 }, { 9, 9, 9, 3, 3 },  { 0, 9, 5, 0, 2 }, { 9, 0, 5, 2, 0 },
    { 1, 1, 4, 0, 1 }, { 2, 1, 4, 1, 0 },  { 4, 4, 3, 0, 0 }, { 4, 4, 1, 0, 0 },
};

START_TEST(longest_first)
{
    static const char many[] = "the the the the the the the the the ";
    struct tok *t = tok_load(small);
    struct ids ids = { 0 };
    int second;
    int cut = tok_join(t, many, 4 * (size_t)cuts[_i].a, many, 4 * (size_t)cuts[_i].b,
                       cuts[_i].max_len, &ids, &second);

    ck_assert_int_eq(second, 2 + cuts[_i].keep_a);
    ck_assert_int_eq(ids.n, 3 + cuts[_i].keep_a + cuts[_i].keep_b);
    ck_assert_int_eq(cut, cuts[_i].a + cuts[_i].b - cuts[_i].keep_a - cuts[_i].keep_b);
    ids_free(&ids);
    tok_free(t);
}
END_TEST

/* utf8_next replaces invalid bytes as Unicode recommends: one U+FFFD for each maximal beginning of
 * a character. */
static const struct {
    const char *bytes;
    int n;
    uint32_t c[4];
} decoded[] = {
    { "a", 1, { 'a' } },
    { "\xC3\xA9", 1, { 0xE9 } },
    { "\xE4\xBD\xA0", 1, { 0x4F60 } },
    { "\xF4\x8F\xBF\xBF", 1, { 0x10FFFF } },
    { "\xF4\x90", 2, { 0xFFFD, 0xFFFD } },
    { "\xED\xA0\x80", 3, { 0xFFFD, 0xFFFD, 0xFFFD } },
    { "\xC1\xBF", 2, { 0xFFFD, 0xFFFD } },
    { "\xF0\x9F\x98"
      "a",
      2,
      { 0xFFFD, 'a' } },
    { "\xE4\xBD\xE4\xBD\xA0", 2, { 0xFFFD, 0x4F60 } },
};

START_TEST(utf8)
{
    const char *p = decoded[_i].bytes, *end = p + strlen(p);

    for (int i = 0; i < decoded[_i].n; i++)
        ck_assert_uint_eq(utf8_next(&p, end), decoded[_i].c[i]);
    ck_assert_ptr_eq(p, end);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, small_vocabulary, 0, (int)ARRAY_LEN(configs));
    tcase_add_loop_test(tc, mpnet_vocabulary, 0, 2);
    tcase_add_test(tc, minilm);
    tcase_add_test(tc, mpnet);
    tcase_add_test(tc, smollm2);
    tcase_add_loop_test(tc, odd_text, 0, (int)ARRAY_LEN(odd));
    tcase_add_loop_test(tc, refused_folder, 0, (int)ARRAY_LEN(refused));
    tcase_add_test(tc, folders_of_transformers);
    tcase_add_loop_test(tc, refused_files, 0, (int)ARRAY_LEN(refused_file));
    tcase_add_test(tc, tokenizer_json_first);
    tcase_add_test(tc, pipe_instead_of_file);
    tcase_add_test(tc, files_that_matter);
    tcase_add_test(tc, no_tokenizer);
    tcase_add_test(tc, lines_may_end_in_crlf);
    tcase_add_loop_test(tc, longest_first, 0, (int)ARRAY_LEN(cuts));
    tcase_add_loop_test(tc, utf8, 0, (int)ARRAY_LEN(decoded));
}

const struct suite suite_tok = { "tok", fill };
