/* test_generation.c - tasks with a prompt and a target: their files, the formats of corpora, what
 * is cut, which tokens have a loss, and which rows are references of the same input. Expected
 * tokens are written out here, as positions in the small vocabulary of write_vocab. Its tokenizer
 * begins every text with [CLS], as those of other models do with BOS: every prompt has it, and no
 * target. */
#include "core/data/demonstrations.h"
#include "core/data/microbatch.h"
#include "core/data/token_cache.h"
#include "core/os/file.h"
#include "core/text/tok.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <stdlib.h>
#include <string.h>

enum { BEGIN = 2, END, UNUSED, THE = 5, SUN, SHINES, RAIN, FALLS };

static char dir[64];
static struct tok *tok;
static struct task task;
static struct dataset d;

static void begin(void)
{
    verbosity = -1;
    temp_dir(dir);
    write_vocab(dir);
    temp_file(dir, "tokenizer_config.json",
              "{\"tokenizer_class\": \"BertTokenizer\", \"eos_token\": \"[SEP]\"}");
    tok = tok_load(dir);
    ck_assert_msg(tok != NULL, "%s", fail_text());
    ck_assert_int_eq(tok_role(tok, TOK_EOS), END);
}

static void end(void)
{
    dataset_free(&d);
    task_free(&task);
    tok_free(tok);
    temp_remove(dir);
}

#define HEAD "task: x\nkind: generation\ndir: x\n"
#define TAIL "splits: {train: a, dev: a}\nmetrics: [token_loss]\n"
#define TSV "format: tsv\nprompt: \"{1} the\"\ntarget: \" {2}\"\n"

static void load_task(const char *middle)
{
    char *text = xprintf("%s%s%s", HEAD, middle, TAIL);
    int rc = task_load(&task, temp_file(dir, "t.yaml", text));

    ck_assert_msg(rc == 0, "%s", fail_text());
    free(text);
}

static int load(const char *text, long max_len)
{
    temp_file(dir, "a", text);
    return dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, max_len, NULL);
}

/* The N_PROMPT tokens of the prompt after the first, and those of the target, N in all. */
static void expect(int example, int n_prompt, int n, const int *ids)
{
    int got;

    ck_assert_ptr_eq(dataset_prompt(&d, example, &got), d.ids + d.off[example]);
    ck_assert_int_eq(got, n_prompt + 1);
    ck_assert_int_eq((int)(d.off[example + 1] - d.off[example]), n + 1);
    ck_assert_int_eq(dataset_targets(&d, example), n - n_prompt);
    ck_assert_int_eq(d.ids[d.off[example]], BEGIN);
    ck_assert(memcmp(d.ids + d.off[example] + 1, ids, (size_t)n * sizeof *ids) == 0);
}

/* --- task files */

static const struct {
    const char *middle, *says;
} bad_task[] = {
    { "format: tsv\nprompt: \"{1}\"\n", "needs the key 'target'" },
    { "format: tsv\ntarget: \"{1}\"\n", "needs the key 'prompt'" },
    { TSV "columns: {text: 1, label: 2}\n", "instead of 'columns'" },
    { "format: tsv\nprompt: \"{1\"\ntarget: \"{2}\"\n", ":5:9: 'prompt' has a '{' without '}'" },
    { "format: tsv\nprompt: \"1}\"\ntarget: \"{2}\"\n", "'prompt' has a '}' without '{'" },
    { "format: tsv\nprompt: \"{}\"\ntarget: \"{2}\"\n", "'{}' must name a column" },
    { "format: tsv\nprompt: \"sun\"\ntarget: \"{2}\"\n", "'prompt' must name a column" },
    { "format: tsv\nprompt: \"{x}\"\ntarget: \"{2}\"\n", "a column is a number from 1, not 'x'" },
    { "format: webnlg\nprompt: \"{triple}\"\ntarget: \"{text}\"\n",
      "unknown column 'triple' of format webnlg; did you mean 'triples'?" },
    { "format: webnlg\nheader: true\nprompt: \"{triples}\"\ntarget: \"{text}\"\n",
      "webnlg does not have a 'header'" },
    { "format: jsonl\nseparator: x\nprompt: \"{a}\"\ntarget: \"{b}\"\n", "only tsv has a 'sep" },
    { TSV "labels: [a, b]\n", "'truncate' must be prompt_start or prompt_end" },
    { TSV "labels_file: f\n", "has no 'labels_file'" },
    { TSV "truncate: start\n", "unknown truncate 'start'" },
    { TSV "max_len: 8\nmax_target: 8\n", "'max_target' must be below 'max_len'" },
    { TSV "keep: {1: sun}\n", "'keep' must be one column with a list" },
    { TSV "keep: {x: [sun]}\n", "a column is a number from 1, not 'x'" },
    { TSV "end: no\n", "'end' must be true or false" },
};

START_TEST(bad_task_files)
{
    char *text = xprintf("%s%s%s", HEAD, bad_task[_i].middle, TAIL);

    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", text)), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), bad_task[_i].says), "'%s' lacks '%s'", fail_text(),
                  bad_task[_i].says);
    free(text);
}
END_TEST

START_TEST(keys_belong_to_their_kind)
{
    static const char classify[] =
        "task: x\nkind: classification\ndir: x\nformat: tsv\ncolumns: "
        "{text: 1, label: 2}\nlabels: [a, b]\nsplits: {train: a, dev: a}\n";
    char *prompt = xprintf("%smetrics: [accuracy]\nprompt: \"{1}\"\n", classify),
         *metric = xprintf("%smetrics: [perplexity]\n", classify);

    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", prompt)), -1);
    ck_assert_ptr_nonnull(
        strstr(fail_text(), "'prompt' is a key of tasks with 'kind: generation'"));
    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", metric)), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "'perplexity' is for generation"));
    ck_assert_int_eq(
        task_load(&task, temp_file(dir, "t.yaml",
                                   HEAD TSV "splits: {train: a, dev: a}\nmetrics: [accuracy]\n")),
        -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "'accuracy' needs 'labels'"));
    free(prompt);
    free(metric);
}
END_TEST

/* --- rows as tokens */

START_TEST(prompt_and_target)
{
    load_task(TSV);
    ck_assert_msg(load("sun\tshines\nrain\tfalls \nsun\t the sun\n", 0) == 0, "%s", fail_text());
    ck_assert_int_eq(d.n, 3);
    expect(0, 2, 4, (const int[]){ SUN, THE, SHINES, END });
    expect(1, 2, 4, (const int[]){ RAIN, THE, FALLS, END });
    expect(2, 2, 5, (const int[]){ SUN, THE, THE, SUN, END });
    ck_assert_int_eq(d.n_groups, 2);
    ck_assert_int_eq(d.group[0], 0);
    ck_assert_int_eq(d.group[1], 1);
    ck_assert_int_eq(d.group[2], 0);
    ck_assert_str_eq(dataset_reference(&d, 1), "falls");
    ck_assert_str_eq(dataset_reference(&d, 2), "the sun");
    ck_assert_int_eq((int)dataset_terms(&d, (const int[]){ 0, 2 }, 2), 5);
}
END_TEST

START_TEST(loss_on_targets_only)
{
    static const int want[] = { -1, -1, SHINES, END, -1, -1, -1, FALLS, END, -1 };
    struct microbatch mb = { 0 };

    load_task(TSV);
    ck_assert_int_eq(load("sun\tshines\nrain\tfalls\n", 0), 0);
    microbatch_fill(&mb, &d, (const int[]){ 0, 1 }, 2, 0);
    ck_assert_int_eq(mb.b.n_tok, 10);
    ck_assert(memcmp(mb.b.next, want, sizeof want) == 0);
    ck_assert_ptr_null(mb.b.label);
    microbatch_free(&mb);
}
END_TEST

START_TEST(without_an_end)
{
    load_task(TSV "end: false\n");
    ck_assert_int_eq(load("sun\tshines\n", 0), 0);
    expect(0, 2, 3, (const int[]){ SUN, THE, SHINES });
    dataset_free(&d);
    tok_free(tok);
    temp_file(dir, "tokenizer_config.json", "{\"tokenizer_class\": \"BertTokenizer\"}");
    tok = tok_load(dir);
    ck_assert_int_eq(load("sun\tshines\n", 0), 0);
    dataset_free(&d);
    task_free(&task);
    load_task(TSV);
    ck_assert_int_eq(load("sun\tshines\n", 0), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "'end: false'"));
}
END_TEST

static const char long_rows[] = "sun rain sun\tshines falls\nsun\tfalls\n";

static const struct {
    const char *keys;
    int max_len, n_prompt, n, ids[6];
} cuts[] = {
    { "", 7, 4, 6, { SUN, RAIN, SUN, THE, SHINES, FALLS } },
    { "truncate: target\n", 6, 4, 5, { SUN, RAIN, SUN, THE, SHINES } },
    { "truncate: prompt_start\n", 6, 2, 5, { SUN, THE, SHINES, FALLS, END } },
    { "truncate: prompt_end\n", 6, 2, 5, { SUN, RAIN, SHINES, FALLS, END } },
    { "max_target: 1\n", 6, 4, 5, { SUN, RAIN, SUN, THE, SHINES } },
};

START_TEST(cut_to_a_length)
{
    char *keys = xprintf("%s%s", TSV, cuts[_i].keys);
    load_task(keys);
    free(keys);
    ck_assert_msg(load(long_rows, cuts[_i].max_len) == 0, "%s", fail_text());
    expect(0, cuts[_i].n_prompt, cuts[_i].n, cuts[_i].ids);
    ck_assert_int_eq(d.n_truncated, task.max_target ? 0 : 1);
    ck_assert_int_eq(d.n_no_room, 0);
}
END_TEST

/* Five tokens hold the second prompt and its target, and no more than the first prompt. */
START_TEST(no_room_for_the_target)
{
    load_task(TSV);
    ck_assert_int_eq(load(long_rows, 5), 0);
    ck_assert_int_eq(d.n, 1);
    expect(0, 2, 4, (const int[]){ SUN, THE, FALLS, END });
    ck_assert_int_eq(d.n_no_room, 1);
    ck_assert_int_eq(d.first_no_room, 1);
    ck_assert_int_eq(d.line[0], 2);
    dataset_free(&d);
    ck_assert_int_eq(load(long_rows, 3), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_ptr_nonnull(strstr(fail_text(), "none of 2 examples has room"));
}
END_TEST

START_TEST(labels_are_answers)
{
    struct dataset all;

    load_task(TSV "labels: [shines, the falls]\ntruncate: prompt_start\n");
    ck_assert_msg(load("sun\tshines\nrain\tthe falls\n", 0) == 0, "%s", fail_text());
    ck_assert_int_eq(d.label[0], 0);
    ck_assert_int_eq(d.label[1], 1);
    dataset_answered(&all, &d);
    dataset_free(&d);
    d = all;
    ck_assert_int_eq(d.n, 4);
    expect(0, 2, 4, (const int[]){ SUN, THE, SHINES, END });
    expect(1, 2, 5, (const int[]){ SUN, THE, THE, FALLS, END });
    expect(3, 2, 5, (const int[]){ RAIN, THE, THE, FALLS, END });
    dataset_free(&d);
    /* every answer fits behind every prompt */
    ck_assert_int_eq(load("sun rain sun\tshines\n", 6), 0);
    expect(0, 2, 4, (const int[]){ SUN, THE, SHINES, END });
    dataset_free(&d);
    ck_assert_int_eq(load("sun\tshines\nrain\tfall\n", 0), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "/a:2: unknown label 'fall'"));
}
END_TEST

START_TEST(whole_inputs_are_drawn)
{
    static const char rows[] = "sun\ta\nrain\tb\nsun\tc\nrain\td\nthe\te\nsun\tf\nthe\tg\n";

    load_task(TSV);
    temp_file(dir, "a", rows);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct draw w = { .limit = 4, .seed = seed };
        int count[3] = { 0 };
        ck_assert_int_eq(dataset_load(&d, &task, SPLIT_DEV, dir, tok, 0, &w), 0);
        ck_assert_int_le(d.n, 4);
        for (int i = 0; i < d.n; i++)
            count[d.ids[d.off[i] + 1] == SUN ? 0 : d.ids[d.off[i] + 1] == RAIN ? 1 : 2]++;
        ck_assert(count[0] == 0 || count[0] == 3);
        ck_assert(count[1] == 0 || count[1] == 2);
        ck_assert(count[2] == 0 || count[2] == 2);
        dataset_free(&d);
    }
}
END_TEST

START_TEST(cached_as_loaded)
{
    char hash[65], *cache = path_join(dir, "cache");
    struct dataset again;

    load_task(TSV "labels: [shines, falls]\ntruncate: prompt_end\n");
    ck_assert_int_eq(load("sun\tshines\nrain\tfalls\nsun\tfalls\n", 0), 0);
    sha256_hex(hash, "x", 1);
    for (int pass = 0; pass < 2; pass++) {
        struct token_cache c = { cache, d.sha256, hash, hash, false };
        ck_assert_int_eq(token_cache_dataset(&again, &task, SPLIT_TRAIN, dir, tok, 0, NULL, &c), 0);
        ck_assert(again.generates);
        ck_assert_int_eq(again.n_groups, 2);
        ck_assert_int_eq(again.n_answers, 2);
        ck_assert(memcmp(again.ids, d.ids, d.n_tokens * sizeof *d.ids) == 0);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(again.group[i], d.group[i]);
            ck_assert_int_eq(again.label[i], d.label[i]);
            ck_assert_str_eq(dataset_reference(&again, i), dataset_reference(&d, i));
        }
        dataset_free(&again);
        temp_file(dir, "a", pass ? "" : "sun\tshines\nrain\tfalls\nsun\tfalls\n");
    }
    free(cache);
}
END_TEST

/* --- formats */

#define NLG "format: webnlg\nprompt: \"{triples}\"\ntarget: \"{text}\"\nend: false\n"
#define ENTRY                                                                                      \
    "<benchmark><entries>\n<entry category=\"City\" eid=\"1\" size=\"1\"><modifiedtripleset>\n"    \
    "<mtriple>sun | the | rain</mtriple></modifiedtripleset>\n"
#define JSON "format: json\nprompt: \"{a}\"\ntarget: \"{b}\"\nend: false\n"
#define SQL "format: wikisql\nprompt: \"{question} {columns}\"\ntarget: \"{sql}\"\nend: false\n"
#define DART "format: dart\nprompt: \"{triples}\"\ntarget: \"{text}\"\nend: false\n"

static const struct {
    const char *middle, *text, *says;
} bad_data[] = {
    { NLG, ENTRY "<lex comment=\"good\">sun</lex>\n</entry></entries>",
      "/a:5: not well-formed XML" },
    { NLG, "<benchmark>\n<entries>&x;</entries></benchmark>", "/a:2: not well-formed XML" },
    { NLG, "", "/a:1: not well-formed XML" },
    { NLG, "<a/>", "/a:1: not a file of WebNLG" },
    { NLG, ENTRY "<lex>sun</lex>\n</entry></entries></benchmark>",
      "/a:4: <lex> lacks the attribute 'comment'" },
    { NLG, "<benchmark><entries>\n<entry eid=\"1\" size=\"1\"/></entries></benchmark>",
      "/a:2: <entry> lacks the attribute 'category'" },
    { NLG,
      "<benchmark><entries><entry category=\"City\" eid=\"1\" size=\"1\"><modifiedtripleset>\n"
      "<mtriple>sun</mtriple></modifiedtripleset></entry></entries></benchmark>",
      "/a:2: a triple must be 'subject | property | object'" },
    { NLG, ENTRY "<lex comment=\"toFix\">sun</lex></entry></entries></benchmark>",
      "has no examples" },
    { NLG "keep: {category: [Airport]}\n",
      ENTRY "<lex comment=\"good\">sun</lex></entry></entries></benchmark>",
      "has no examples of those that 'keep' names" },
    { JSON, "{}", "/a:1: not a JSON list" },
    { JSON, "[\n{\"a\": \"x\", \"b\": \"y\"},\n{\"a\": \"x\",\n\"b\": }]", "/a:4:" },
    { JSON, "[\n{\"a\": \"x\", \"b\": \"y\"},\n{\"a\": \"x\"}]", "/a:3: no key 'b'" },
    { JSON, "[\n{\"a\": \"x\", \"b\": \"y\"}\n", "/a:3: the list does not end with ']'" },
    { JSON, "[\n{\"a\": \"x\", \"b\": \"y", "/a:2:" },
    { JSON, "[\n3]", "/a:2:1: '[' or '{' expected" },
    { JSON, "[{\"a\": \"x\", \"b\": \"y\"}]\nx", "/a:2: text after the end of the list" },
    { JSON, "[]", "has no examples" },
    { JSON, "[{\"a\": \"x\", \"b\": \"\xff\"}]", "/a:1: byte 0xff is not UTF-8" },
    { SQL, "{\"table_id\": \"t\", \"question\": \"sun\", \"sql\": {\"sel\": 3}}\n",
      "/a:1: 'sql' must have the strings" },
    { SQL,
      "{\"table_id\": \"t\", \"question\": \"sun\", \"sql\": {\"sel\": \"a\", \"agg\": \"\", "
      "\"conds\": [[\"a\", \"=\"]]}}\n",
      "/a:1: a condition in 'conds' must be" },
    { DART, "[{\"tripleset\": [[\"a\", \"b\"]], \"annotations\": []}]", "three strings" },
    { DART, "[{\"tripleset\": [[\"a\", \"b\", \"c\"]], \"annotations\": []}]",
      "/a:1: 'annotations' must be a list" },
};

START_TEST(bad_data_files)
{
    load_task(bad_data[_i].middle);
    ck_assert_int_eq(load(bad_data[_i].text, 0), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), bad_data[_i].says), "'%s' lacks '%s'", fail_text(),
                  bad_data[_i].says);
}
END_TEST

static const struct {
    const char *middle, *text;
    int n, n_groups;
    const char *prompt, *reference; /* of the last row */
} good[] = {
    { "format: tsv\nseparator: \"||\"\nstrip: true\nprompt: \"{1}{{}}\"\ntarget: \"{2}\"\nend: "
      "false\n",
      "sun||rain \nsun | the || falls \n", 2, 2, "sun | the{}", "falls" },
    { JSON,
      "\xEF\xBB\xBF[ {\"a\": \"x\\r\\ny]\", \"b\": \"[\\\"\"} ,\n{\"b\": \"y\", \"a\": \"x\"} ]\n",
      2, 2, "x", "y" },
    { NLG,
      ENTRY "<lex comment=\"good\">rain</lex><lex comment=\"toFix\">x</lex>\n<lex "
            "comment=\"good\">a &amp;\n b</lex></entry></entries></benchmark>",
      2, 1, "sun : the : rain", "a & b" },
    { SQL,
      "{\"table_id\": \"t\", \"question\": \"sun\", \"sql\": {\"sel\": \"b\", \"agg\": \"MAX\", "
      "\"conds\": []}}\n"
      "{\"table_id\": \"t\", \"question\": \"the\", \"sql\": {\"sel\": \"a\", \"agg\": \"\", "
      "\"conds\": [[\"c\", \">\", 3], [\"a\", \"=\", \"x\"]]}}\n",
      2, 2, "the a, b, c", "SELECT a FROM table WHERE c > 3 AND a = x" },
    { DART,
      "[{\"tripleset\": [[\"a\", \"b\", \"c\"], [\"d\", \"e\", \"f\"]], \"annotations\": "
      "[{\"source\": "
      "\"s\", \"text\": \"sun\"}, {\"text\": \"rain\"}]}]",
      2, 1, "a : b : c | d : e : f", "rain" },
};

START_TEST(good_data_files)
{
    struct data_file f;

    load_task(good[_i].middle);
    ck_assert_msg(load(good[_i].text, 0) == 0, "%s", fail_text());
    ck_assert_int_eq(d.n, good[_i].n);
    ck_assert_int_eq(d.n_groups, good[_i].n_groups);
    ck_assert_str_eq(dataset_reference(&d, d.n - 1), good[_i].reference);
    ck_assert_int_eq(data_file_read(&f, d.path, &task), 0);
    ck_assert_str_eq(data_file_cell(&f, f.n - 1, CELL_PROMPT), good[_i].prompt);
    data_file_free(&f);
}
END_TEST

/* The files of a folder and its folders, in the order of their names; others are left alone. */
START_TEST(a_folder_of_files)
{
    static const char one[] = ENTRY "<lex comment=\"good\">sun</lex></entry></entries></benchmark>",
                      two[] =
                          ENTRY "<lex comment=\"good\">rain</lex></entry></entries></benchmark>";
    char first[65], *parts = path_join(dir, "a/2");

    ck_assert_int_eq(make_dirs(parts), 0);
    temp_file(dir, "a/2/z.xml", two);
    temp_file(dir, "a/1.xml", one);
    temp_file(dir, "a/readme.txt", "x");
    load_task(NLG);
    ck_assert_msg(dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0, NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(d.n, 2);
    ck_assert_str_eq(dataset_reference(&d, 0), "sun");
    ck_assert_str_eq(dataset_reference(&d, 1), "rain");
    memcpy(first, d.sha256, sizeof first);
    dataset_free(&d);
    temp_file(dir, "a/2/z.xml", one);
    ck_assert_int_eq(dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0, NULL), 0);
    ck_assert_str_ne(d.sha256, first);
    dataset_free(&d);
    temp_file(dir, "a/2/z.xml", "<benchmark>");
    ck_assert_int_eq(dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0, NULL), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "a/2/z.xml:1: not well-formed XML"));
    free(parts);
}
END_TEST

static int times(const char *text, const char *word)
{
    int n = 0;

    for (const char *p = text; (p = strstr(p, word)); p++)
        n++;
    return n;
}

/* As many of each label, so far as they can be divided: the number, the fewest, and the most. */
START_TEST(demonstrations)
{
    static const int of[][3] = { { 1, 0, 1 }, { 2, 1, 1 }, { 4, 2, 2 }, { 5, 2, 3 }, { 6, 3, 3 } };
    load_task(TSV "labels: [shines, falls]\ntruncate: prompt_start\n");
    ck_assert_int_eq(load("sun\tshines\nrain\tfalls\nrain\tfalls\nsun\tshines\nsun rain\tshines\n"
                          "the sun\tshines\nrain sun\tfalls\n",
                          0),
                     0);
    for (size_t i = 0; i < ARRAY_LEN(of); i++)
        for (uint64_t seed = 1; seed < 9; seed++) {
            char *text = demonstrations_text(&d, &task, tok, of[i][0], seed),
                 *again = demonstrations_text(&d, &task, tok, of[i][0], seed);
            int shines = times(text, " the shines\n\n"), falls = times(text, " the falls\n\n");
            ck_assert_int_eq(shines + falls, of[i][0]);
            ck_assert_int_ge(shines < falls ? shines : falls, of[i][1]);
            ck_assert_int_le(shines < falls ? falls : shines, of[i][2]);
            ck_assert_str_eq(text, again);
            free(text);
            free(again);
        }
    ck_assert_ptr_null(demonstrations_text(&d, &task, tok, 8, 1));
    ck_assert_ptr_nonnull(strstr(fail_text(), "'shots' is 8, but only 7 training examples"));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, bad_task_files, 0, (int)ARRAY_LEN(bad_task));
    tcase_add_test(tc, keys_belong_to_their_kind);
    tcase_add_test(tc, prompt_and_target);
    tcase_add_test(tc, loss_on_targets_only);
    tcase_add_test(tc, without_an_end);
    tcase_add_loop_test(tc, cut_to_a_length, 0, (int)ARRAY_LEN(cuts));
    tcase_add_test(tc, no_room_for_the_target);
    tcase_add_test(tc, labels_are_answers);
    tcase_add_test(tc, whole_inputs_are_drawn);
    tcase_add_test(tc, cached_as_loaded);
    tcase_add_loop_test(tc, bad_data_files, 0, (int)ARRAY_LEN(bad_data));
    tcase_add_loop_test(tc, good_data_files, 0, (int)ARRAY_LEN(good));
    tcase_add_test(tc, a_folder_of_files);
    tcase_add_test(tc, demonstrations);
}

const struct suite suite_generation = { "generation", fill };
