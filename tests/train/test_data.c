/* test_data.c - task files, data files with every error we know of, and micro-batches. */
#include "core/os/file.h"
#include "core/base/text.h"
#include "core/data/microbatch.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct tok *tok;
static struct task task;
static struct dataset d;

static void begin(void)
{
    verbosity = -1;
    temp_dir(dir);
    write_vocab(dir);
    tok = tok_load(dir);
    ck_assert_ptr_nonnull(tok);
}

static void end(void)
{
    dataset_free(&d);
    task_free(&task);
    tok_free(tok);
    temp_remove(dir);
}

/* A task of two classes with this FORMAT, these COLUMNS and this HEADER ("": none). */
static void load_task(const char *format, const char *columns, const char *header)
{
    char text[500];

    snprintf(text, sizeof text,
             "task: x\nkind: classification\ndir: x\nformat: %s\n%s%s\ncolumns: %s\n"
             "labels: [\"no\", \"yes\"]\nsplits: {train: a, dev: a}\nmetrics: [accuracy]\n",
             format, *header ? "header: " : "", header, columns);
    int rc = task_load(&task, temp_file(dir, "t.yaml", text));
    ck_assert_msg(rc == 0, "%s", fail_text());
}

static int load(const char *text, long limit)
{
    temp_file(dir, "a", text);
    return dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0,
                        &(struct draw){ .limit = limit, .seed = 1 });
}

/* --- task files */

#define HEAD "task: x\nkind: classification\ndir: x\nformat: tsv\n"
#define TAIL "splits: {train: a, dev: b}\nmetrics: [accuracy]\n"
#define COLS "header: true\ncolumns: {text: s, label: l}\n"
#define REG "task: x\nkind: regression\ndir: x\nformat: tsv\n" COLS

static const struct {
    const char *text, *says; /* a part of the message and its position */
} bad_task[] = {
    { HEAD COLS "lables: [a, b]\n" TAIL, ":7:1: unknown key 'lables'; did you mean 'labels'?" },
    { HEAD COLS "labels: [a]\n" TAIL, ":7:9: 'labels' must be a list of 2 to 1000 classes" },
    { HEAD COLS "labels: [a, a]\n" TAIL, ":7:13: label 'a' occurs twice" },
    { HEAD COLS TAIL, "needs 'labels' or 'labels_file'" },
    { HEAD COLS "labels: [a, b]\nlabels_file: f\n" TAIL, "not both" },
    { HEAD COLS "labels: [a, b]\nrange: [0, 1]\n" TAIL, ":8:8: only a regression" },
    { HEAD "columns: {text: s, label: l}\nlabels: [a, b]\n" TAIL, "a number from 1, not 's'" },
    { HEAD "columns: {text: s, lable: l}\nlabels: [a, b]\n" TAIL, "did you mean 'label'?" },
    { HEAD "columns: {text: s}\nlabels: [a, b]\n" TAIL, "'columns' needs 'label'" },
    { HEAD "columns: {text: 1, label: 1}\nlabels: [a, b]\n" TAIL, "column '1' is named twice" },
    { HEAD "columns: 3\nlabels: [a, b]\n" TAIL, "must be a mapping" },
    { HEAD COLS "labels: [a, b]\nheld_out: 1.5\n" TAIL, ":8:11: 'held_out' must be a share" },
    { HEAD COLS "labels: [a, b]\nheld_out: -3\n" TAIL, ":8:11: 'held_out' must be a share" },
    { HEAD COLS "labels: [a, b]\nheld_out: 9\nsplits: {train: a, dev: a, test: c}\n"
                "metrics: [accuracy]\n",
      ":8:11: 'held_out' makes a test split of the train file" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a, dev: b, select: c}\nmetrics: [accuracy]\n",
      "unknown key 'select'" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a}\nmetrics: [accuracy]\n", "needs 'dev'" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a, dev: b}\nmetrics: [acuracy]\n",
      ":9:11: unknown metric 'acuracy'; did you mean 'accuracy'?" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a, dev: b}\nmetrics: [pearson]\n",
      "'pearson' is for regression" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a, dev: b}\nmetrics: []\n", "list of 1 to 8" },
    { HEAD COLS "labels: [a, b]\nskip_bad_rows: -1\n" TAIL,
      "'skip_bad_rows' must be a whole number" },
    { HEAD COLS "labels: [a, b]\nmax_len: 2\n" TAIL, "'max_len' must be a whole number" },
    { HEAD COLS "labels: [a, b]\nmax_len: 1e2x\n" TAIL, "'1e2x' is not a number" },
    { HEAD COLS "labels: [a, b]\nsplits: {train: a, dev: b}\n", "needs the key 'metrics'" },
    { "task: x\nkind: clasification\n", ":2:7: unknown kind 'clasification'; did you mean" },
    { "task: x\nformat: parquet\n",
      "unknown format 'parquet'; it must be one of csv, dart, json, jsonl" },
    { "task: x\nheader: maybe\n", ":2:9: 'header' must be true or false" },
    { "task: []\n", "'task' must be a string" },
    { REG "range: [5, 0]\nsplits: {train: a, dev: b}\nmetrics: [mse]\n",
      "must be below the second, not [5, 0]" },
    { REG "range: [0]\nsplits: {train: a, dev: b}\nmetrics: [mse]\n", "two numbers" },
    { REG "range: [0, nan]\nsplits: {train: a, dev: b}\nmetrics: [mse]\n", "'nan' is not" },
    { REG "labels: [a, b]\nsplits: {train: a, dev: b}\nmetrics: [mse]\n",
      "does not have 'labels'" },
    { REG "splits: {train: a, dev: b}\nmetrics: [f1]\n", "is for classification" },
};

START_TEST(bad_task_files)
{
    int rc = task_load(&task, temp_file(dir, "t.yaml", bad_task[_i].text));

    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), bad_task[_i].says), "'%s' lacks '%s'", fail_text(),
                  bad_task[_i].says);
}
END_TEST

START_TEST(labels_from_a_file)
{
    static const char text[] = HEAD COLS "labels_file: l.txt\n" TAIL;

    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", text)), 0);
    ck_assert_int_eq(task_labels(&task, dir), -1);
    temp_file(dir, "l.txt", "\xEF\xBB\xBFnoun.act\r\nverb.be\nadj\n");
    ck_assert_int_eq(task_labels(&task, dir), 0);
    ck_assert_int_eq(task_labels(&task, dir), 0);
    ck_assert_int_eq(task.n_labels, 3);
    ck_assert_str_eq(task.labels[0], "noun.act");
    ck_assert_int_eq(load("s\tl\nsun\tadj\n", 0), 0);
    ck_assert_int_eq(d.label[0], 2);
    task_free(&task);
    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", text)), 0);
    temp_file(dir, "l.txt", "a\nb\na\n");
    ck_assert_int_eq(task_labels(&task, dir), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "l.txt:3: label 'a'"));
}
END_TEST

/* --- data files */

static const char pair_cols[] = "{text: a, pair: b, label: l}", one_cols[] = "{text: a, label: l}";
static const char long_row[] =
    "a\tl\nsun\tyes\n"
    "sun sun sun sun sun sun sun sun sun sun sun sun sun sun sun\tmaybe\n";

static const struct {
    const char *format, *columns, *header, *text, *says;
} bad_data[] = {
    { "tsv", one_cols, "true", "a\tl\nsun\tyes\nrain\n", "/a:3: 1 column where 2 are expected" },
    { "tsv", one_cols, "true", "a\tl\nsun\tyes\tx\n", "/a:2: 3 columns where 2 are expected" },
    { "tsv", one_cols, "true", "a\tl\nsun\tyes\n\nrain\tno\n", "/a:3: 1 column where 2" },
    { "tsv", one_cols, "true", "a\tl\nsun\tmaybe\n",
      "/a:2: unknown label 'maybe'; it must be one of no, yes" },
    { "tsv", one_cols, "true", "a\tl\nsun\tyess\n", "did you mean 'yes'?" },
    { "tsv", one_cols, "true", long_row, "/a:3: unknown label 'maybe'" },
    { "tsv", one_cols, "true", "b\tl\nsun\tyes\n", "/a:1: no column 'a' in the header" },
    { "tsv", one_cols, "true", "a\tl\ta\n", "/a:1: two columns are named 'a'" },
    { "tsv", one_cols, "true", "a\tl\n", "has no examples" },
    { "tsv", one_cols, "true", "", "has no examples" },
    { "tsv", one_cols, "true", "\n\n", "has no examples" },
    { "tsv", "{text: 1, label: 3}", "false", "a\tyes\n",
      "/a:1: 2 columns, but the task reads column 3" },
    { "csv", one_cols, "true", "a,l\nsun,yes\n\"rain,no\nx\n",
      "/a:3: a quoted field has no closing quote" },
    { "csv", one_cols, "true", "a,l\nsu\"n,yes\n", "/a:2: a quote inside an unquoted field" },
    { "csv", one_cols, "true", "a,l\n\"sun\"x,yes\n", "/a:2: text after a closing quote" },
    { "csv", one_cols, "true", "a,l\n\"s\nu\",yes\nsun\n", "/a:4: 1 column where 2" },
    { "csv", one_cols, "true", "a,l\nsun,yes,\n", "/a:2: 3 columns where 2" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"l\": \"yes\"}\n{\"a\": \"x\"\n", "/a:2:" },
    { "jsonl", one_cols, "", "[1]\n", "/a:1: not a JSON object" },
    { "jsonl", one_cols, "", "{\"a\": \"x\"}\n", "/a:1: no key 'l'" },
    { "jsonl", one_cols, "", "{\"a\": 3, \"l\": \"yes\"}\n", "/a:1: 'a' must be a string" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"l\": null}\n",
      "'l' must be a string, a number or a boolean" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"a\": \"y\", \"l\": \"yes\"}\n",
      "/a:1: the key 'a' occurs twice" },
    { "jsonl", one_cols, "",
      "{\"a\": \"x\", \"l\": \"yes\", \"z\": {}, \"z\": 1, \"\\u006c\": 0}\n",
      "/a:1: the key 'l' occurs twice" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"l\": \"yes\"}\n\n{}\n", "/a:2: an empty line" },
    { "jsonl", one_cols, "", "{\"a\": \"x\\u0000\", \"l\": \"yes\"}\n",
      "/a:1: 'a' contains \\u0000 or half of a surrogate pair" },
    { "jsonl", one_cols, "", "{\"a\": \"\\ud83d\", \"l\": \"yes\"}\n",
      "/a:1: 'a' contains \\u0000" },
    { "jsonl", one_cols, "", "{\"a\": NaN, \"l\": \"yes\"}\n", "/a:1: 'a' must be a string" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"l\": NaN}\n",
      "/a:1: 'l' must be a string, a number" },
    { "jsonl", one_cols, "", "{\"a\": \"x\", \"l\": \"yes\", \"z\": NaNa}\n", "/a:1:" },
};

START_TEST(bad_data_files)
{
    load_task(bad_data[_i].format, bad_data[_i].columns, bad_data[_i].header);
    /* the whole file is checked, whatever the limit */
    ck_assert_int_eq(load(bad_data[_i].text, 1), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), bad_data[_i].says), "'%s' lacks '%s'", fail_text(),
                  bad_data[_i].says);
}
END_TEST

static const struct {
    const char *format, *columns, *header, *text;
    int n;
    const char *ids; /* pieces of the first example */
    int second;
    long last_line;
} good[] = {
    { "tsv", one_cols, "true", "a\tl\nsun\tyes\nrain\tno\n", 2, "[CLS] sun [SEP]", 3, 3 },
    { "tsv", one_cols, "true",
      "\xEF\xBB\xBF"
      "a\tl\r\nsun\tyes\r\n\r\n",
      1, "[CLS] sun [SEP]", 3, 2 },
    { "tsv", one_cols, "true", "l\tx\ta\nyes\t\t\"the sun\n", 1, "[CLS] [UNK] the sun [SEP]", 5,
      2 },
    { "tsv", "{text: 4, label: 2}", "false", "x\tno\t\tsun\nx\tyes\t\train", 2, "[CLS] sun [SEP]",
      3, 2 },
    { "tsv", pair_cols, "true", "a\tb\tl\nsun\train\tyes\n", 1, "[CLS] sun [SEP] rain [SEP]", 3,
      2 },
    { "tsv", one_cols, "true", "a\tl\n\tyes\n", 1, "[CLS] [SEP]", 2, 2 },
    { "csv", one_cols, "true", "a,l\n\"the,\nsun\",yes\nrain,no\n", 2, "[CLS] the [UNK] sun [SEP]",
      5, 4 },
    { "csv", one_cols, "true", "\"a\",\"l\"\r\n\"sun \"\"\",\"yes\"\r\n", 1,
      "[CLS] sun [UNK] [SEP]", 4, 2 },
    { "csv", pair_cols, "true", "l,b,a\nno,\"\",sun", 1, "[CLS] sun [SEP] [SEP]", 3, 2 },
    { "jsonl", pair_cols, "",
      "{\"b\": \"r\\u0061in\", \"a\": \"sun\", \"z\": [1], \"l\": \"no\"}\n \n", 1,
      "[CLS] sun [SEP] rain [SEP]", 3, 1 },
    { "jsonl", one_cols, "", "{\"a\": \"sun\\ud83d\\ude00\", \"l\": \"no\"}\r\n", 1, NULL, 0, 1 },
    { "jsonl", one_cols, "",
      "{\"z\": [123456789012345678901234567890, -1e999, {\"y\": NaN}], \"a\": \"sun\", \"l\": "
      "\"no\"}\n"
      "{\"z\": \"\\u0000 \\udc00\", \"a\": \"the\", \"l\": \"no\", \"x\": -Infinity}\n",
      2, "[CLS] sun [SEP]", 3, 2 },
    { "jsonl", one_cols, "",
      "{\"z\": {\"a\": 1, \"a\": 2}, \"a\": \"sun\", \"l\": \"no\", \"z\": 1e999, \"\\u007a\": "
      "\"a\\\": \"}\n",
      1, "[CLS] sun [SEP]", 3, 1 },
};

START_TEST(good_data_files)
{
    struct text pieces = { 0 };

    load_task(good[_i].format, good[_i].columns, good[_i].header);
    int rc = load(good[_i].text, 0);
    ck_assert_msg(rc == 0, "%s", fail_text());
    ck_assert_int_eq(d.n, good[_i].n);
    ck_assert_int_eq(d.line[d.n - 1], good[_i].last_line);
    for (size_t k = 0; k < d.off[1]; k++)
        text_join(&pieces, " ", "%s", tok_piece(tok, d.ids[k]));
    if (good[_i].ids) {
        ck_assert_str_eq(text_string(&pieces), good[_i].ids);
        ck_assert_int_eq(d.second[0], good[_i].second);
    }
    text_free(&pieces);
}
END_TEST

/* At most so many malformed rows are left out; the N that are left, and the line of the first. */
static const struct {
    const char *format, *text;
    int most, n, skipped;
    long first;
    const char *says; /* the error */
} skips[] = {
    { "tsv", "a\tl\nsun\n\nrain\tno\tx\nrain\tno\n", 3, 1, 3, 2, NULL },
    { "tsv", "a\tl\nsun\n\nrain\tno\tx\nrain\tno\n", 2, 0, 0, 0, "/a:4: 3 columns where 2" },
    { "tsv", "a\tl\nsun\tyes\nrain\n", 0, 0, 0, 0, "/a:3: 1 column where 2" },
    { "tsv", "a\tl\nsun\tyes\nrain\tmaybe\n", 5, 0, 0, 0, "/a:3: unknown label" },
    { "tsv", "b\tl\nsun\tyes\n", 5, 0, 0, 0, "/a:1: no column 'a'" },
    { "tsv", "a\tl\nsun\n", 5, 0, 0, 0, "has no examples" },
    { "csv", "a,l\nsun,yes\nx\nrain,no\n", 1, 2, 1, 3, NULL },
    { "csv", "a,l\nsun,yes\nx\"y,no\n", 1, 0, 0, 0, "/a:3: a quote inside" },
    { "jsonl",
      "{\"a\": \"x\", \"l\": \"yes\"}\n{\n\n{\"a\": \"x\"}\n[]\n{\"a\": 1, \"l\": \"no\"}\n", 5, 1,
      5, 2, NULL },
};

START_TEST(malformed_rows_are_skipped)
{
    load_task(skips[_i].format, one_cols, strcmp(skips[_i].format, "jsonl") == 0 ? "" : "true");
    task.skip_bad_rows = skips[_i].most;
    int rc = load(skips[_i].text, 0);
    if (skips[_i].says) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), skips[_i].says) != NULL, "%s", fail_text());
        return;
    }
    ck_assert_msg(rc == 0, "%s", fail_text());
    ck_assert_int_eq(d.n, skips[_i].n);
    ck_assert_int_eq(d.n_skipped, skips[_i].skipped);
    ck_assert_int_eq(d.first_skipped, skips[_i].first);
}
END_TEST

START_TEST(json_labels_may_be_numbers)
{
    static const char text[] =
        "task: x\nkind: classification\ndir: x\nformat: jsonl\n"
        "columns: {text: a, label: l}\nlabels: [\"0\", \"1\", \"2.5\"]\n" TAIL;

    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", text)), 0);
    ck_assert_int_eq(
        load("{\"a\":\"x\",\"l\":1}\n{\"a\":\"x\",\"l\":\"0\"}\n{\"a\":\"x\",\"l\":2.5}\n", 0), 0);
    ck_assert(d.label[0] == 1 && d.label[1] == 0 && d.label[2] == 2);
}
END_TEST

START_TEST(a_nul_byte_has_a_line)
{
    char *path = path_join(dir, "a");

    load_task("tsv", one_cols, "true");
    ck_assert_int_eq(file_write(path, "a\tl\nsun\tyes\nra\0n\tno\n", 21, FAIL_INPUT), 0);
    ck_assert_int_eq(dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0, NULL), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "/a:3: a NUL byte"));
    free(path);
}
END_TEST

START_TEST(regression_targets)
{
    static const char text[] = REG "range: [0, 5]\nsplits: {train: a, dev: a}\nmetrics: [mse]\n";
    static const struct {
        const char *text, *says;
    } bad[] = { { "s\tl\nsun\t5.1\n", "/a:2: 5.1 is outside the task's range [0, 5]" },
                { "s\tl\nsun\t-1\n", "outside" },
                { "s\tl\nsun\tnan\n", "'nan' is not a number" },
                { "s\tl\nsun\t1e-4abc\n", "'1e-4abc' is not a number" },
                { "s\tl\nsun\t0x1\n", "is not a number" },
                { "s\tl\nsun\t1e999\n", "is not a number" },
                { "s\tl\nsun\t\n", "'' is not a number" } };

    ck_assert_int_eq(task_load(&task, temp_file(dir, "t.yaml", text)), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(load(bad[i].text, 0), -1);
        ck_assert_msg(strstr(fail_text(), bad[i].says), "%s", fail_text());
    }
    ck_assert_int_eq(load("s\tl\nsun\t2.5e0\nrain\t5\n", 0), 0);
    ck_assert(d.target[0] == 2.5 && d.target[1] == 5 && !d.label);
}
END_TEST

START_TEST(truncation_is_counted)
{
    load_task("tsv", one_cols, "true");
    temp_file(dir, "a", "a\tl\nsun sun sun sun\tyes\nsun\tno\nsun sun sun\tno\n");
    ck_assert_int_eq(dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 4, NULL), 0);
    ck_assert_int_eq(d.n_truncated, 2);
    ck_assert_int_eq(d.tokens_cut, 3);
    ck_assert_int_eq(d.max_tokens, 4);
    ck_assert_int_eq((int)d.n_tokens, 11);
}
END_TEST

/* N lines, each with a different text: the bits of its number as words. */
static char *many_lines(int n)
{
    char *text = xalloc((size_t)n + 1, 32), *p = stpcpy(text, "a\tl\n");

    for (int i = 0; i < n; i++) {
        for (int b = 0; b < 8; b++)
            p = stpcpy(p, i >> b & 1 ? "x " : "y ");
        p = stpcpy(p, i % 3 ? "\tyes\n" : "\tno\n");
    }
    return text;
}

START_TEST(subsets)
{
    struct dataset small;
    char *text = many_lines(200);

    load_task("tsv", one_cols, "true");
    ck_assert_int_eq(load(text, 20), 0);
    small = d;
    ck_assert_int_eq(small.n, 20);
    ck_assert_int_eq(load(text, 50), 0);
    ck_assert_int_eq(d.n, 50);
    ck_assert_int_eq(dataset_shared(&d, &small), 20); /* the smaller is part of the larger */
    for (int i = 0; i < d.n; i++) {
        ck_assert(i == 0 || d.line[i] > d.line[i - 1]);
        ck_assert_int_eq(d.label[i], (d.line[i] - 2) % 3 != 0);
    }
    dataset_free(&d);
    ck_assert_int_eq(
        dataset_load(&d, &task, SPLIT_TRAIN, dir, tok, 0, &(struct draw){ .limit = 20, .seed = 2 }),
        0);
    ck_assert_int_lt(dataset_shared(&d, &small), 20); /* another seed */
    dataset_free(&d);
    ck_assert_int_eq(load(text, 1000), 0);
    ck_assert_int_eq(d.n, 200);
    ck_assert_int_eq(dataset_shared(&small, &d), 20);
    dataset_free(&small);
    free(text);
}
END_TEST

/* --- micro-batches */

START_TEST(microbatches_hold_every_example_once)
{
    struct microbatch mb[5] = { 0 };
    int idx[60], seen[60] = { 0 };
    char *text = many_lines(60);

    load_task("tsv", one_cols, "true");
    ck_assert_int_eq(load(text, 0), 0);
    free(text);
    for (int i = 0; i < 60; i++)
        idx[i] = 59 - i;
    for (int n = 1; n <= 60; n += 7) {
        int n_mb = microbatch_split(mb, 5, 100, 0, &d, idx, n, 3), tok_all = 0, seq_all = 0,
            wrong = 0;
        int want = n < 10 ? 1 : n >= 50 ? 5 : (int)(2 * round(n / 20.0));
        ck_assert_int_eq(n_mb, want);
        memset(seen, 0, sizeof seen);
        for (int m = 0; m < n_mb; m++) {
            const struct batch *b = &mb[m].b;
            tok_all += b->n_tok;
            seq_all += b->n_seq;
            wrong += b->off[0] != 0 || b->off[b->n_seq] != b->n_tok || b->max_len != 10;
            for (int s = 0; s < b->n_seq; s++) {
                int e = mb[m].example[s];
                seen[b->slot[s] - 3]++;
                wrong += e != idx[b->slot[s] - 3] || b->label[s] != d.label[e];
                wrong += s > 0 && b->slot[s] <= b->slot[s - 1];
                wrong += memcmp(b->ids + b->off[s], d.ids + d.off[e], 10 * sizeof(int)) != 0;
                for (int k = 0; k < 10; k++)
                    wrong += b->pos[b->off[s] + k] != k || b->types[b->off[s] + k] != 0;
            }
        }
        for (int i = 0; i < n; i++)
            wrong += seen[i] != 1;
        ck_assert_int_eq(wrong, 0);
        ck_assert_int_eq(tok_all, 10 * n);
        ck_assert_int_eq(seq_all, n);
    }
    for (int m = 0; m < 5; m++)
        microbatch_free(&mb[m]);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, bad_task_files, 0, (int)ARRAY_LEN(bad_task));
    tcase_add_test(tc, labels_from_a_file);
    tcase_add_loop_test(tc, bad_data_files, 0, (int)ARRAY_LEN(bad_data));
    tcase_add_loop_test(tc, malformed_rows_are_skipped, 0, (int)ARRAY_LEN(skips));
    tcase_add_loop_test(tc, good_data_files, 0, (int)ARRAY_LEN(good));
    tcase_add_test(tc, json_labels_may_be_numbers);
    tcase_add_test(tc, a_nul_byte_has_a_line);
    tcase_add_test(tc, regression_targets);
    tcase_add_test(tc, truncation_is_counted);
    tcase_add_test(tc, subsets);
    tcase_add_test(tc, microbatches_hold_every_example_once);
}

const struct suite suite_data = { "data", fill };
