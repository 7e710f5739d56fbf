/* test_bpe.c - byte-level BPE against transformers and the tokenizers package on frozen cases
 * (tests/golden/bpe), and what holds for every text: its bytes come back. */
#include "core/os/file.h"
#include "core/os/pool.h"
#include "core/text/tok.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */
#include "tests/kit/temp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char golden[] = "tests/golden/bpe";

static char *read_golden(const char *name)
{
    struct file f = { 0 };
    char *path = path_join(golden, name);

    ck_assert_int_eq(file_map(&f, path), 0);
    char *text = xalloc(f.size + 1, 1);
    memcpy(text, f.data, f.size);
    file_unmap(&f);
    free(path);
    return text;
}

/* The merges as strings or as pairs. */
static json_t *merges_json(bool pairs)
{
    char *text = read_golden("merges.txt"), *save = NULL;
    json_t *list = json_array();

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *space = strchr(line, ' ');
        if (strncmp(line, "#version", 8) == 0)
            continue;
        json_array_append_new(list,
                              pairs ? json_pack("[s%, s]", line, (size_t)(space - line), space + 1)
                                    : json_string(line));
    }
    free(text);
    return list;
}

/* V with what "@vocab", "@merges" and "@pairs" stand for, at the two depths where they are. */
static void fill_in(json_t *model)
{
    const char *vocab = json_string_value(json_object_get(model, "vocab"));
    const char *merges = json_string_value(json_object_get(model, "merges"));

    if (vocab)
        json_object_set_new(model, "vocab", json_load_file("tests/golden/bpe/vocab.json", 0, NULL));
    if (merges)
        json_object_set_new(model, "merges", merges_json(strcmp(merges, "@pairs") == 0));
}

static void write_golden(const char *dir, const char *name, const char *from)
{
    struct file f = { 0 };
    char *source = path_join(golden, from), *path = path_join(dir, name);

    ck_assert_int_eq(file_map(&f, source), 0);
    ck_assert_int_eq(file_write(path, f.data, f.size, FAIL_STORE), 0);
    file_unmap(&f);
    free(source);
    free(path);
}

static void write_folder(const char *dir, json_t *files)
{
    const char *name;
    json_t *v;

    json_object_foreach(files, name, v)
    {
        const char *text = json_string_value(v);
        if (text) {
            write_golden(dir, name,
                         strcmp(text, "@vocab") == 0    ? "vocab.json"
                         : strcmp(text, "@merges") == 0 ? "merges.txt"
                                                        : "model.gguf");
            continue;
        }
        fill_in(json_object_get(v, "model"));
        char *dump = json_dumps(v, 0);
        temp_file(dir, name, dump);
        free(dump);
    }
}

/* A new folder with the golden vocabulary and the file NAME (NULL: no other file). */
static const char *plain_dir(const char *name, const char *text)
{
    static char dir[64];

    temp_dir(dir);
    write_golden(dir, "vocab.json", "vocab.json");
    write_golden(dir, "merges.txt", "merges.txt");
    if (name)
        temp_file(dir, name, text);
    return dir;
}

static struct tok *load(const char *dir)
{
    struct tok *t = tok_load(dir);

    ck_assert_msg(t != NULL, "%s", fail_text());
    ck_assert_str_eq(tok_name(t), "bpe");
    return t;
}

static void check_case(const struct tok *t, const char *name, const json_t *c)
{
    const json_t *a = json_array_get(c, 0), *b = json_array_get(c, 1), *want = json_array_get(c, 3);
    struct ids ids = { 0 };

    tok_join(t, json_string_value(a), json_string_length(a), json_string_value(b),
             json_string_length(b), (int)json_integer_value(json_array_get(c, 2)), &ids, NULL);
    char *line = json_dumps(c, 0);
    ck_assert_msg((size_t)ids.n == json_array_size(want), "%s: %d ids for %s", name, ids.n, line);
    for (int i = 0; i < ids.n; i++)
        ck_assert_msg(ids.id[i] == json_integer_value(json_array_get(want, (size_t)i)),
                      "%s: id %d is %d for %s", name, i, ids.id[i], line);
    free(line);
    ids_free(&ids);
}

START_TEST(frozen_cases)
{
    FILE *f = fopen("tests/golden/bpe/cases.jsonl", "r");
    char *line = NULL;
    size_t cap = 0, n = 0, i;
    json_t *c;

    ck_assert_ptr_nonnull(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *folder = json_loads(line, JSON_ALLOW_NUL, NULL);
        char dir[64];
        temp_dir(dir);
        write_folder(dir, json_object_get(folder, "files"));
        struct tok *t = load(dir);
        json_array_foreach(json_object_get(folder, "cases"), i, c)
        {
            check_case(t, json_string_value(json_object_get(folder, "name")), c);
            n++;
        }
        tok_free(t);
        temp_remove(dir);
        json_decref(folder);
    }
    ck_assert_uint_ge(n, 200);
    free(line);
    fclose(f);
}
END_TEST

/* The 29 awkward texts, if the real vocabularies are there. */
START_TEST(real_vocabulary)
{
    const char *shared = shared_path("data/gpt2_bpe/encoder.json");
    if (!shared) {
        skip("shared data are not there");
        return;
    }
    char *dir = xprintf("%.*s", (int)(strlen(shared) - strlen("/encoder.json")), shared);
    struct tok *t = load(dir);
    const char *path = shared_path("golden/real/tokens.jsonl");
    FILE *f = path ? fopen(path, "r") : NULL;
    char *line = NULL;
    size_t cap = 0;
    int n = 0;

    ck_assert_ptr_nonnull(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *c = json_loads(line, JSON_ALLOW_NUL, NULL);
        if (strcmp(json_string_value(json_object_get(c, "tokenizer")), "gpt2") == 0) {
            json_t *list =
                json_pack("[OniO]", json_object_get(c, "text"), 0, json_object_get(c, "ids"));
            check_case(t, "gpt2", list);
            json_decref(list);
            n++;
        }
        json_decref(c);
    }
    ck_assert_int_eq(n, 29);
    free(line);
    fclose(f);
    free(dir);
    tok_free(t);
}
END_TEST

static void check_back(const struct tok *t, const char *text, size_t size)
{
    struct ids ids = { 0 };
    struct text back = { 0 };

    tok_encode(t, text, size, &ids);
    for (int i = 0; i < ids.n; i++)
        ck_assert_ptr_nonnull(tok_piece(t, ids.id[i]));
    tok_decode(t, ids.id, ids.n, false, &back);
    ck_assert_uint_eq(back.n, size);
    ck_assert_int_eq(memcmp(text_string(&back), text, size), 0);
    ids_free(&ids);
    text_free(&back);
}

/* Any bytes: a byte alone, random ones, and valid UTF-8 with one byte changed or cut out. */
START_TEST(bytes_come_back)
{
    static const char valid[] =
        "a \xC3\xA9 \xE4\xBD\xA0\xF0\x9F\x98\x80  <s> the\n rank 12\xEF\xBF\xBD";
    struct tok *t = load(golden);
    char text[64];
    uint32_t x = 1;

    for (int b = 0; b < 256; b++) {
        text[0] = (char)b;
        check_back(t, text, 1);
    }
    for (int i = 0; i < 3000; i++) {
        size_t n = sizeof valid - 1;
        memcpy(text, valid, n);
        x = x * 1664525u + 1013904223u;
        for (size_t k = 0; i % 3 == 0 && k < n; k++)
            text[k] = (char)((x = x * 1664525u + 1013904223u) >> 24);
        text[(x >> 8) % n] = (char)(x >> 24);
        check_back(t, text, i % 3 == 1 ? n - (x >> 16) % 8 : n);
    }
    tok_free(t);
}
END_TEST

/* A word of a million bytes takes no quadratic time, and more words than the cache holds have the
 * ids that they had before. */
START_TEST(long_and_many_words)
{
    struct tok *t = load(golden);
    size_t n = 1 << 20;
    char *text = xalloc(n + 1, 1);
    struct ids one = { 0 }, two = { 0 };

    for (size_t i = 0; i < n; i++)
        text[i] = "rank"[i % 4];
    check_back(t, text, n);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 8 == 0 ? ' ' : (char)('a' + (i / 8 >> 3 * (i % 8 - 1)) % 8);
    tok_encode(t, text, 8000, &one);
    check_back(t, text, n);
    tok_encode(t, text, 8000, &two);
    ck_assert_int_eq(one.n, two.n);
    ck_assert_int_eq(memcmp(one.id, two.id, (size_t)one.n * sizeof *one.id), 0);
    ids_free(&one);
    ids_free(&two);
    free(text);
    tok_free(t);
}
END_TEST

struct shared_work {
    const struct tok *t;
    char text[8][4096];
    struct ids ids[8];
};

static void encode_one(void *arg, int piece, int thread)
{
    struct shared_work *w = arg;

    (void)thread;
    tok_encode(w->t, w->text[piece], sizeof w->text[piece], &w->ids[piece]);
}

START_TEST(several_threads)
{
    struct shared_work w = { .t = load(golden) };
    struct pool *p = pool_new(4);
    uint32_t x = 7;

    for (int i = 0; i < 8; i++)
        for (size_t k = 0; k < sizeof w.text[i]; k++)
            w.text[i][k] = "abc de\xC3"[(x = x * 1664525u + 1013904223u) >> 24 & 7];
    pool_run(p, 8, encode_one, &w);
    for (int i = 0; i < 8; i++) {
        struct ids want = { 0 };
        tok_encode(w.t, w.text[i], sizeof w.text[i], &want);
        ck_assert_int_eq(w.ids[i].n, want.n);
        ck_assert_int_eq(memcmp(w.ids[i].id, want.id, (size_t)want.n * sizeof *want.id), 0);
        ids_free(&want);
        ids_free(&w.ids[i]);
    }
    pool_free(p);
    tok_free((struct tok *)(uintptr_t)w.t);
}
END_TEST

START_TEST(roles_and_layouts)
{
    struct tok *t =
        load(plain_dir("tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\"}"));
    struct ids ids = { 0 };
    struct text text = { 0 };
    int second;

    ck_assert_int_eq(tok_role(t, TOK_CLS), 0);
    ck_assert_int_eq(tok_role(t, TOK_PAD), 1);
    ck_assert_int_eq(tok_role(t, TOK_EOS), 2);
    ck_assert_int_eq(tok_role(t, TOK_UNK), 3);
    ck_assert(tok_is_special(t, tok_role(t, TOK_MASK)) && !tok_is_special(t, 4));
    ck_assert(!tok_is_special(t, -1) && !tok_is_special(t, tok_vocab(t)));
    tok_pair(t, "a", "b", 0, &ids, &second);
    ck_assert_int_eq(ids.n, 6); /* <s> a </s></s> b </s>, all of type 0 */
    ck_assert_int_eq(second, 6);
    tok_decode(t, ids.id, ids.n, false, &text);
    ck_assert_str_eq(text_string(&text), "<s>a</s></s>b</s>");
    text.n = 0;
    tok_decode(t, ids.id, ids.n, true, &text);
    ck_assert_str_eq(text_string(&text), "ab");
    text_free(&text);
    ids_free(&ids);
    tok_free(t);

    t = load(plain_dir(NULL, NULL)); /* GPT-2 */
    ck_assert_int_eq(tok_role(t, TOK_PAD), -1);
    ck_assert_int_eq(tok_role(t, TOK_EOS), tok_role(t, TOK_BOS));
    ck_assert_str_eq(tok_piece(t, tok_role(t, TOK_EOS)), "<|endoftext|>");
    tok_pair(t, "a", "b", 0, &ids, &second);
    ck_assert_int_eq(ids.n, 2);
    ids_free(&ids);
    tok_free(t);
}
END_TEST

#define PRE "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"
#define AB "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}"
#define JSON(pre, model) "{" pre ",\"model\":{\"type\":\"BPE\"," model "}}"
#define REGEX(pattern)                                                                             \
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","             \
    "\"behavior\":"                                                                                \
    "\"Isolated\",\"pattern\":{\"Regex\":\"" pattern "\"}},{\"type\":\"ByteLevel\"}]}"

/* Folders with the golden vocabulary and a file that makes them errors, and what is said. */
static const struct {
    const char *name, *text, *message;
} refused[] = {
    { "merges.txt", "#version: 0.2\na b\nzzz a\n", "merges.txt:3: the merge 'zzz a' names 'zzz'" },
    { "merges.txt", "a b c\n", "merges.txt:1: a merge must be two pieces" },
    { "merges.txt", "a\n", "merges.txt:1: a merge must be two pieces" },
    { "merges.txt", "a b\n", "made by none of the 1 merges" },
    { "vocab.json", "{\"a\": 0, \"b\": 0}", "two pieces have the id 0" },
    { "vocab.json", "{\"a\": -1}", "the id of 'a' must be a whole number" },
    { "vocab.json", "{\"a\": 0,", "vocab.json" },
    { "vocab.json", "{\"a\": 0}", "which is not in" },
    { "config.json", "{\"model_type\": \"qwen2\"}", "model_type is 'qwen2'" },
    { "tokenizer_config.json", "{\"tokenizer_class\": \"CLIPTokenizer\"}",
      "tokenizer_class is 'CLIPTokenizer'" },
    { "tokenizer_config.json", "{\"add_bos_token\": 1}", "'add_bos_token' must be true" },
    { "added_tokens.json", "{\"new\": 9999}", "'new' has the id 9999" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[\"a c\"]"),
      "merge 1: the merge 'a c' names 'c'" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[[\"b\",\"a\"]]"), "names 'ba'" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[[\"a\"]]"), "must be two pieces" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":7"), "'merges' must be a list" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[],\"byte_fallback\":true"), "byte_fallback" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[],\"end_of_word_suffix\":\"</w>\""),
      "end_of_word_suffix is '</w>'" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[],\"dropout\":0.1"), "dropout is 0.1" },
    { "tokenizer.json", JSON(PRE, AB ",\"merges\":[],\"unk_token\":\"u\""),
      "unk_token 'u' is not in its vocabulary" },
    { "tokenizer.json", JSON(PRE ",\"normalizer\":{\"type\":\"NFC\"}", AB ",\"merges\":[]"),
      "the normalizer is 'NFC'" },
    { "tokenizer.json", JSON("\"pre_tokenizer\":null", AB ",\"merges\":[]"),
      "pre_tokenizer is missing" },
    { "tokenizer.json", JSON("\"pre_tokenizer\":{\"type\":\"Metaspace\"}", AB ",\"merges\":[]"),
      "the pre_tokenizer has 'Metaspace'" },
    { "tokenizer.json", JSON("\"pre_tokenizer\":{\"type\":\"Digits\"}", AB ",\"merges\":[]"),
      "has no ByteLevel" },
    { "tokenizer.json", JSON(REGEX("\\\\w+"), AB ",\"merges\":[]"), "'\\w' in the pattern" },
    { "tokenizer.json", JSON(REGEX("^a"), AB ",\"merges\":[]"), "'^' in the pattern" },
    { "tokenizer.json", JSON(REGEX("[a&&b]"), AB ",\"merges\":[]"), "'&&' in the pattern" },
    { "tokenizer.json", JSON(REGEX("(a"), AB ",\"merges\":[]"), "the pattern '(a'" },
    { "tokenizer.json",
      JSON(PRE ",\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",1],\"sep\":[\"b\","
               "1]}",
           AB ",\"merges\":[\"a b\"]"),
      "another id than the vocabulary, 0" },
    { "tokenizer.json",
      JSON(PRE ",\"post_processor\":{\"type\":\"Other\"}", AB ",\"merges\":[\"a b\"]"),
      "the post_processor is 'Other'" },
};

START_TEST(refused_files)
{
    const char *dir = plain_dir(refused[_i].name, refused[_i].text);

    ck_assert_ptr_null(tok_load(dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), refused[_i].message) != NULL, "%s", fail_text());
    ck_assert_msg(!strchr(fail_text(), '\n'), "%s", fail_text());
}
END_TEST

/* Beside tokenizer.json, transformers 5.24 leaves what begins a text to the post_processor. */
START_TEST(flags_beside_tokenizer_json)
{
    const char *dir = plain_dir("tokenizer.json", JSON(PRE, AB ",\"merges\":[\"a b\"]"));
    struct ids ids = { 0 };

    temp_file(dir, "tokenizer_config.json",
              "{\"bos_token\": \"a\", \"add_bos_token\": true, \"add_eos_token\": true}");
    struct tok *t = tok_load(dir);
    ck_assert_msg(t != NULL, "%s", fail_text());
    tok_pair(t, "b", NULL, 0, &ids, NULL);
    ck_assert_int_eq(ids.n, 1);
    tok_begin(t, &ids);
    ck_assert_int_eq(ids.n, 1);
    ids_free(&ids);
    tok_free(t);
}
END_TEST

#define GGML "tokenizer.ggml."
/* Changes of the golden GGUF file to as many other bytes, and what is said. */
static const struct {
    const char *from, *to, *message;
    size_t size;
} gguf_faults[] = {
    { "gpt2", "gpt3", GGML "model is 'gpt3'; only 'gpt2'", 4 },
    { "smollm", "smallm", GGML "pre is 'smallm'; supported are gpt-2", 6 },
    { GGML "tokens", GGML "tokenz", GGML "tokens must be a list", 21 },
    { GGML "merges", GGML "mergez", GGML "merges must be a list", 21 },
    { GGML "model", GGML "modem", GGML "model is missing", 20 },
    { GGML "pre", GGML "prf", GGML "pre is missing", 18 },
    { "e r", "e \1", "merge", 3 },
    { "bos_token_id\4\0\0\0\0\0", "bos_token_id\4\0\0\0\0\11",
      "bos_token_id is 2304, but there are 522 tokens", 18 },
};

START_TEST(refused_gguf)
{
    char dir[64];
    struct file f = { 0 };

    temp_dir(dir);
    ck_assert_int_eq(file_map(&f, "tests/golden/bpe/model.gguf"), 0);
    char *data = xalloc(f.size, 1), *path = path_join(dir, "model.gguf");
    memcpy(data, f.data, f.size);
    char *at = memmem(data, f.size, gguf_faults[_i].from, gguf_faults[_i].size);
    ck_assert_ptr_nonnull(at);
    memcpy(at, gguf_faults[_i].to, gguf_faults[_i].size);
    ck_assert_int_eq(file_write(path, data, f.size, FAIL_STORE), 0);
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), gguf_faults[_i].message) != NULL, "%s", fail_text());
    file_unmap(&f);
    free(data);
    free(path);
}
END_TEST

START_TEST(one_file_of_two)
{
    char dir[64];

    temp_dir(dir);
    write_golden(dir, "vocab.json", "vocab.json");
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_msg(strstr(fail_text(), "merges.txt") != NULL, "%s", fail_text());
    temp_remove(dir);
    temp_dir(dir);
    write_golden(dir, "merges.txt", "merges.txt");
    ck_assert_ptr_null(tok_load(dir));
    ck_assert_msg(strstr(fail_text(), "no tokenizer") != NULL, "%s", fail_text());
    temp_remove(dir);
}
END_TEST

/* The pair of files that is read matters, and no other one. */
START_TEST(files_that_matter)
{
    const char *dir = plain_dir("vocab.bpe", "");

    ck_assert(tok_file_matters(dir, "vocab.json") && tok_file_matters(dir, "merges.txt"));
    ck_assert(!tok_file_matters(dir, "vocab.bpe") && !tok_file_matters(dir, "encoder.json"));
    temp_file(dir, "tokenizer.json", "{}");
    ck_assert(!tok_file_matters(dir, "vocab.json") && !tok_file_matters(dir, "merges.txt"));
    ck_assert(tok_file_matters(dir, "tokenizer.json"));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, frozen_cases);
    tcase_add_test(tc, real_vocabulary);
    tcase_add_test(tc, bytes_come_back);
    tcase_add_test(tc, long_and_many_words);
    tcase_add_test(tc, several_threads);
    tcase_add_test(tc, roles_and_layouts);
    tcase_add_loop_test(tc, refused_files, 0, (int)ARRAY_LEN(refused));
    tcase_add_test(tc, flags_beside_tokenizer_json);
    tcase_add_loop_test(tc, refused_gguf, 0, (int)ARRAY_LEN(gguf_faults));
    tcase_add_test(tc, one_file_of_two);
    tcase_add_test(tc, files_that_matter);
}

const struct suite suite_bpe = { "bpe", fill };
