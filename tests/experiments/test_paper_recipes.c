/* test_paper_recipes.c - the paper's recipes in experiments/paper: every value that a table of the
 * paper prints is that of the runs, table "glue" averages as the paper does, and the tables of
 * generated texts have all scores beside the paper's. */
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/study/study_store.h"
#include "results/store/lease.h"
#include "results/store/metrics.h"
#include "tests/kit/glue_files.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct session ses;
static struct settings words;

/* Names of tasks and the paper's columns. */
static const struct {
    const char *task, *column, *metric;
} tasks[] = {
    { "mnli_m", "MNLI", "accuracy" }, { "sst2", "SST-2", "accuracy" },
    { "mrpc", "MRPC", "accuracy" },   { "cola", "CoLA", "matthews" },
    { "qnli", "QNLI", "accuracy" },   { "qqp", "QQP", "accuracy" },
    { "rte", "RTE", "accuracy" },     { "stsb", "STS-B", "pearson" },
    { "e2e_lora", "E2E", NULL },      { "webnlg", "WebNLG", NULL },
    { "dart", "DART", NULL },
};
enum { GLUE = 8, ALL = ARRAY_LEN(tasks) };

static const struct recipe_file {
    const char *name, *table, *row; /* row: of Table 9 and 10 what precedes the key */
    double warmup;                  /* which Table 9 and 10 say in their text */
    int n_keys;                     /* that the table prints for each task */
} files[] = {
    { "roberta_base_lora", "T9", "RoBbase LoRA", 0.06, 6 },
    { "roberta_large_lora", "T9", "RoBlarge LoRA", 0.06, 6 },
    { "roberta_large_lora_dagger", "T9", "RoBlarge LoRA dagger", 0.06, 6 },
    { "roberta_large_adapter_p_3m", "T9", "RoBlarge AdptP 3M", 0.06, 5 },
    { "roberta_large_adapter_p", "T9", "RoBlarge AdptP 0.8M", 0.06, 5 },
    { "roberta_large_adapter_h_6m", "T9", "RoBlarge AdptH 6M", 0.06, 5 },
    { "roberta_large_adapter_h", "T9", "RoBlarge AdptH 0.8M", 0.06, 5 },
    { "deberta_xxl_lora", "T10", "DeBXXL LoRA", 0.1, 8 },
    { "gpt2_medium_lora", "T11", NULL, 500, 9 },
};

static const struct {
    const char *printed, *key;
} keys[] = { { "batch", "batch" },
             { "epochs", "epochs" },
             { "lr", "lr" },
             { "r", "rank" },
             { "alpha", "alpha" },
             { "maxlen", "max_len" },
             { "weight_decay", "weight_decay" },
             { "cls_dropout", "classifier_dropout" },
             { "dropout", "lora_dropout" },
             { "warmup_steps", "warmup" },
             { "label_smoothing", "label_smoothing" } };

static void make_folder(const char *name)
{
    char *path = path_join(dir, name);

    ck_assert_int_eq(make_dirs(path), 0);
    free(path);
}

/* What the tasks of Table 11 are read from. */
static void write_texts(void)
{
    static const char *const e2e[] = { "train.txt", "valid.txt", "test.txt" };
    static const char *const xml[] = { "train/a.xml", "dev/a.xml", "test/testdata_with_lex.xml" };
    static const char *const parts[] = { "train", "dev", "test" };
    const char *const folders[] = { "e2e/lora_format", "webnlg/train", "webnlg/dev", "webnlg/test",
                                    "dart" };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        make_folder(folders[i]);
    for (int i = 0; i < 3; i++) {
        char *path = xprintf("e2e/lora_format/%s", e2e[i]);
        temp_file(dir, path, "name : Sun || the sun\n");
        free(path);
        path = xprintf("webnlg/%s", xml[i]);
        temp_file(dir, path,
                  "<benchmark><entries><entry category=\"City\" eid=\"1\" size=\"1\">"
                  "<modifiedtripleset><mtriple>a | b | c</mtriple></modifiedtripleset>"
                  "<lex comment=\"good\" lid=\"1\">the sun</lex></entry></entries></benchmark>");
        free(path);
        path = xprintf("dart/dart-v1.1.1-full-%s.json", parts[i]);
        temp_file(dir, path,
                  "[{\"tripleset\": [[\"a\", \"b\", \"c\"]],"
                  " \"annotations\": [{\"source\": \"s\", \"text\": \"the sun\"}]}]");
        free(path);
    }
}

static void write_model(const char *name, const char *config)
{
    char *path = path_join(dir, name);

    make_folder(name);
    tiny_checkpoint(path, config, 1, 0, 0);
    free(path);
}

/* Small models: an encoder with as many positions as RoBERTa, a decoder with as many as GPT-2. */
static void write_models(void)
{
    write_model("encoder",
                "{\"model_type\": \"bert\", \"num_hidden_layers\": 2, \"hidden_size\": 64,"
                " \"num_attention_heads\": 4, \"intermediate_size\": 64, \"vocab_size\": 8,"
                " \"max_position_embeddings\": 512, \"type_vocab_size\": 2,"
                " \"hidden_act\": \"gelu\"}");
    temp_file(dir, "encoder/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n");
    write_model("decoder", "{\"model_type\": \"gpt2\", \"n_layer\": 2, \"n_embd\": 64,"
                           " \"n_head\": 4, \"vocab_size\": 8, \"n_positions\": 1024}");
    temp_file(dir, "decoder/vocab.json",
              "{\"a\": 0, \"b\": 1, \"c\": 2, \"\\u0120\": 3, \"<|endoftext|>\": 4}");
    temp_file(dir, "decoder/merges.txt", "#version: 0.2\n");
}

static void begin(void)
{
    verbosity = -1;
    temp_dir(dir);
    glue_files_write(dir);
    write_texts();
    write_models();
    session_init(&ses, dir, dir);
}

static void end(void)
{
    settings_free(&words);
    session_free(&ses);
    temp_remove(dir);
}

static void load(struct study *s, const struct recipe_file *f)
{
    char *path = xprintf("experiments/paper/%s.yaml", f->name);
    char *model = path_join(dir, f->row ? "encoder" : "decoder");

    settings_set(&words, "model", model, location_named("test"));
    int rc = study_load(s, &ses, path, &words, 0, PROFILE_QUICK, false);
    ck_assert_msg(rc == 0, "%s", fail_text());
    free(model);
    free(path);
}

static int task_index(const char *name)
{
    for (int i = 0; i < ALL; i++)
        if (strcmp(tasks[i].task, name) == 0)
            return i;
    return -1;
}

/* The value of a table as printed, "" if it has none. */
static const char *printed(struct store *s, const struct recipe_file *f, const char *key, int task)
{
    char *row = f->row ? xprintf("%s %s", f->row, key) : xstrdup(key);
    char *sql = xprintf("SELECT value FROM paper WHERE tab = '%s' AND row = '%s' AND col = '%s'",
                        f->table, row, tasks[task].column);
    const char *value = kit_text(s, sql);

    free(sql);
    free(row);
    return value;
}

START_TEST(values_are_the_papers)
{
    const struct recipe_file *f = &files[_i];
    struct store *store = kit_store();
    int n_tasks = f->row ? GLUE : ALL - GLUE, n_seeds = f->row ? 5 : 3;
    struct study s;

    load(&s, f);
    ck_assert_str_eq(s.name, f->name);
    ck_assert_str_eq(s.metric, "best own");
    ck_assert_int_eq(s.n_cells, n_tasks);
    ck_assert_int_eq(s.n_runs, n_tasks * n_seeds);
    for (int i = 0; i < s.n_runs; i++) {
        const struct recipe *r = &s.runs[i].recipe;
        int task = task_index(r->run.task), n_keys = 0;
        ck_assert_msg(task >= 0, "%s", r->run.task);
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            const char *want = printed(store, f, keys[k].printed, task);
            if (!*want)
                continue;
            double have = json_number_value(json_object_get(r->config, keys[k].key));
            ck_assert_msg(have == strtod(want, NULL), "%s, %s: '%s' is %g, and %s in the paper",
                          f->name, r->run.task, keys[k].key, have, want);
            n_keys++;
        }
        ck_assert_int_eq(n_keys, f->n_keys);
        ck_assert(json_number_value(json_object_get(r->config, "warmup")) == f->warmup);
    }
    study_free(&s);
    store_close(store);
}
END_TEST

/* Every file of the folder is checked above, but that with the counts. */
START_TEST(no_recipe_is_left_out)
{
    glob_t g = find_files("experiments/paper", "yaml");
    size_t known = 0;

    for (size_t i = 0; i < g.gl_pathc; i++) {
        char *stem = find_stem(g.gl_pathv[i]);
        for (size_t k = 0; k < ARRAY_LEN(files); k++)
            known += strcmp(stem, files[k].name) == 0;
        known += strcmp(stem, "counts") == 0;
        free(stem);
    }
    ck_assert_uint_eq(known, g.gl_pathc);
    ck_assert_uint_eq(known, ARRAY_LEN(files) + 1);
    globfree(&g);
}
END_TEST

/* --- table "glue" */

/* Finish all runs with the values of RoBERTa base with LoRA in Table 2 as their medians, those of
 * LESS_ONE without the last task. */
static void plant(struct store *store, const struct study *s, const char *cola, bool less_one)
{
    struct lease c;

    ck_assert_int_eq(study_store_put(store, s), 0);
    while (lease_take(store, s->name, NULL, 60, &c) == 1) {
        struct attempt_end e = { .state = STATE_DONE, .trainable = 294922, .trainable_head = 10 };
        json_t *config = json_loads(c.config, 0, NULL);
        int task = task_index(json_string_value(json_object_get(config, "task")));
        double seed = json_number_value(json_object_get(config, "seed"));
        const char *metric = task == 3 ? cola : tasks[task].metric;
        char *sql = xprintf("SELECT value FROM paper WHERE tab = 'T2' AND row = 'RoBbase LoRA' AND "
                            "col = '%s'",
                            tasks[task].column);
        double x = strtod(kit_text(store, sql), NULL) / 100;
        x += seed == 5 ? 0.2 : (seed - 2) * 0.001; /* the mean is another number */
        if (less_one && task == GLUE - 1)
            e.state = STATE_FAILED;
        else
            ck_assert_int_eq(metrics_add(store, &c, 10, "best", metric, x - 0.001), 0);
        ck_assert_int_eq(lease_finish(store, &c, &e, false), 1);
        json_decref(config);
        free(sql);
        lease_free(&c);
    }
}

static void check_table(struct store *store, const char *column, const char *want)
{
    struct rows r;

    ck_assert_msg(query_rows(store, &r, query_find("glue"), NULL) == 0, "%s", fail_text());
    struct rows view = rows_view(&r, true);
    const char *got = rows_get(&view, 0, column);
    ck_assert_msg(strcmp(got ? got : "", want) == 0, "'%s': '%s' and not '%s'", column,
                  got ? got : "", want);
    rows_view_free(&view);
    rows_free(&r);
}

static const struct {
    const char *cola;
    bool less_one;
    const char *shows[4]; /* CoLA, STS-B, average, note */
} averages[] = {
    { "matthews", false, { "63.4 (5)", "91.5 (5)", "87.2", "" } },
    { "matthews", true, { "63.4 (5)", "", "", "" } },
    { "accuracy", false, { "", "91.5 (5)", "", "not the metric of Table 2: cola: accuracy" } },
};

START_TEST(averages_are_the_papers)
{
    static const char *const of_texts[] = { "e2e_scores", "e2e_rank_scores", "dart_scores",
                                            "webnlg_scores", "text_tasks_scores" };
    static const char *const columns[] = { "CoLA", "STS-B", "average", "note" };
    struct store *store = kit_store();
    struct study s;

    load(&s, &files[0]);
    plant(store, &s, averages[_i].cola, averages[_i].less_one);
    check_table(store, "trained", "294912");
    check_table(store, "MNLI", "87.5 (5)");
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        check_table(store, columns[i], averages[_i].shows[i]);
    for (size_t i = 0; i < ARRAY_LEN(of_texts); i++) {
        const char *const of[] = { "study", s.name, NULL };
        struct rows r;
        ck_assert_int_eq(query_rows(store, &r, query_find(of_texts[i]), of), 0);
        ck_assert_int_eq(r.n_rows, 0); /* classifiers write no texts */
        rows_free(&r);
    }
    study_free(&s);
    store_close(store);
}
END_TEST

/* --- tables of generated texts */

/* Three seeds of the recipe for GPT-2: BLEU from 0.702 to 0.704, NIST from 8.8 to 8.9. */
static void plant_texts(struct store *store, const struct study *s)
{
    struct lease c;

    ck_assert_int_eq(study_store_put(store, s), 0);
    while (lease_take(store, s->name, NULL, 60, &c) == 1) {
        struct attempt_end e = { .state = STATE_DONE, .trainable = 393216 };
        json_t *config = json_loads(c.config, 0, NULL);
        double step = json_number_value(json_object_get(config, "seed")) - 2;
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "token_loss", 1.2 + 0.01 * step), 0);
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "bleu", 0.703 + 0.001 * step), 0);
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "nist", 8.85 + 0.05 * step), 0);
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "meteor_partial", 0.46), 0);
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "dart_ter", 0.5), 0);
        ck_assert_int_eq(metrics_add(store, &c, 10, "best", "webnlg_bleu", 55 + step), 0);
        ck_assert_int_eq(lease_finish(store, &c, &e, false), 1);
        json_decref(config);
        lease_free(&c);
    }
}

/* A half-width is 4.303 standard deviations over the root of 3. ROW: of the paper; NULL is
 * our first. */
static const struct {
    const char *query, *row, *column, *shows;
    double data, half; /* what programs read; 0: nothing */
} texts[] = {
    { "e2e_scores", NULL, "BLEU", "70.3 ± 0.2 (3)", 70.3, 0.248414 },
    { "e2e_scores", NULL, "NIST", "8.8500 ± 0.1242 (3)", 8.85, 0.124207 },
    { "e2e_scores", NULL, "METEOR", "46.0 ± 0.0 (3), no paraphrases", 46, 0 },
    { "e2e_scores", NULL, "CIDEr", "", 0, 0 },
    { "e2e_scores", "GPT2M LoRA", "BLEU", "70.4 ± .1", 70.4, 0.1 },
    { "e2e_scores", "GPT2M LoRA", "parameters", "350000", 350000, 0 },
    { "e2e_rank_scores", NULL, "loss", "1.2000 ± 0.0248 (3)", 1.2, 0.0248414 },
    { "e2e_rank_scores", "GPT2M E2E r=1024", "METEOR", "46.59", 46.59, 0 },
    { "dart_scores", NULL, "TER", "0.5000 ± 0.0000 (3)", 0.5, 0 },
    { "dart_scores", "GPT2L LoRA", "BLEU", "47.5 ± .1", 47.5, 0.1 },
    { "webnlg_scores", NULL, "BLEU all", "55.0000 ± 2.4841 (3)", 55, 2.48414 },
    { "webnlg_scores", NULL, "BLEU unseen", "", 0, 0 },
    { "webnlg_scores", "GPT2M LoRA 0.35M", "TER seen", ".33", 0.33, 0 },
};

static void check_number(const struct rows *r, int row, const char *column, double want)
{
    const char *got = rows_get(r, row, column);

    ck_assert_msg(fabs((got ? strtod(got, NULL) : 0) - want) < 1e-5, "'%s': %s and not %g", column,
                  got ? got : "nothing", want);
}

START_TEST(tables_of_texts)
{
    const char *const of[] = { "study", "gpt2_medium_lora", NULL };
    struct store *store = kit_store();
    struct study s;

    load(&s, &files[ARRAY_LEN(files) - 1]);
    plant_texts(store, &s);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct rows r;
        int at = 0;
        ck_assert_msg(query_rows(store, &r, query_find(texts[i].query), of) == 0, "%s: %s",
                      texts[i].query, fail_text());
        for (; texts[i].row && at < r.n_rows; at++)
            if (strcmp(rows_get(&r, at, "model"), texts[i].row) == 0)
                break;
        struct rows people = rows_view(&r, true), programs = rows_view(&r, false);
        const char *got = rows_get(&people, at, texts[i].column);
        ck_assert_msg(strcmp(got ? got : "", texts[i].shows) == 0, "%s, %s: '%s' and not '%s'",
                      texts[i].query, texts[i].column, got ? got : "", texts[i].shows);
        char half[64];
        snprintf(half, sizeof half, "%s half", texts[i].column);
        check_number(&programs, at, texts[i].column, texts[i].data);
        check_number(&programs, at, half, texts[i].half);
        rows_view_free(&people);
        rows_view_free(&programs);
        rows_free(&r);
    }
    study_free(&s);
    store_close(store);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, values_are_the_papers, 0, (int)ARRAY_LEN(files));
    tcase_add_test(tc, no_recipe_is_left_out);
    tcase_add_loop_test(tc, averages_are_the_papers, 0, (int)ARRAY_LEN(averages));
    tcase_add_test(tc, tables_of_texts);
}

const struct suite suite_paper_recipes = { "paper_recipes", fill };
