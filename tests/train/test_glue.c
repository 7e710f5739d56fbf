/* test_glue.c - the tasks of GLUE: on the published files where they are at hand, and on small
 * files in the published layout. */
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/os/file.h"
#include "tests/kit/glue_files.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

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

static const struct {
    const char *name;
    int train, dev, ones; /* ones: examples of class 1 in dev; for regression the sum of targets */
} glue[] = { { "rte", 2490, 277, 146 },
             { "cola", 8551, 1043, 721 },
             { "stsb", 5749, 1500, 3545 },
             { "sst2", 67349, 872, 444 },
             { "mrpc", 3668, 408, 279 } };

START_TEST(glue_tasks)
{
    char yaml[100], folder[100];
    double ones = 0;

    if (!shared_path("data/glue")) {
        skip("data/glue does not exist");
        return;
    }
    snprintf(yaml, sizeof yaml, "experiments/tasks/%s.yaml", glue[_i].name);
    ck_assert_msg(task_load(&task, yaml) == 0, "%s", fail_text());
    ck_assert_str_eq(task.name, glue[_i].name);
    snprintf(folder, sizeof folder, "data/%s", task.dir);
    char *path = xstrdup(shared_path(folder));
    for (int s = SPLIT_TRAIN; s <= SPLIT_DEV; s++) {
        int rc = dataset_load(&d, &task, (enum split)s, path, tok, 0, NULL);
        ck_assert_msg(rc == 0, "%s", fail_text());
        ck_assert_int_eq(d.n, s == SPLIT_TRAIN ? glue[_i].train : glue[_i].dev);
        for (int i = 0; s == SPLIT_DEV && i < d.n; i++)
            ones += task.regression ? d.target[i] : d.label[i];
        dataset_free(&d);
    }
    ck_assert_int_eq((int)ones, glue[_i].ones);
    free(path);
}
END_TEST

/* The sets that are not at hand, as published in small: the labels of all dev rows, and the broken
 * rows of train and dev. MNLI's test split is its other dev file. */
static const struct {
    const char *name;
    int n_labels, dev[3], n_dev, n_test;
    long broken_train, broken_dev;
} glue_small[] = { { "qnli", 2, { 0, 1 }, 2, 0, 0, 0 },
                   { "qqp", 2, { 1, 0 }, 2, 0, 4, 1 },
                   { "mnli_m", 3, { 2, 1 }, 2, 3, 0, 0 },
                   { "mnli_mm", 3, { 0, 0, 2 }, 3, 2, 0, 0 },
                   { "wnli", 2, { 0, 1 }, 2, 0, 0, 0 } };

static void load_glue(const char *name, enum split s)
{
    char *yaml = xprintf("experiments/tasks/%s.yaml", name);

    task_free(&task);
    dataset_free(&d);
    ck_assert_msg(task_load(&task, yaml) == 0, "%s", fail_text());
    free(yaml);
    char *path = path_join(dir, task.dir);
    int rc = dataset_load(&d, &task, s, path, tok, 0, NULL);
    ck_assert_msg(rc == 0, "%s %s: %s", name, split_names[s], fail_text());
    free(path);
}

START_TEST(glue_tasks_in_small)
{
    const char *name = glue_small[_i].name;

    glue_files_write(dir);
    load_glue(name, SPLIT_TRAIN);
    ck_assert_str_eq(task.name, name);
    ck_assert_int_eq(task.n_labels, glue_small[_i].n_labels);
    ck_assert_int_eq(d.n, 4);
    ck_assert_int_eq(d.n_skipped, glue_small[_i].broken_train);
    load_glue(name, SPLIT_DEV);
    ck_assert_int_eq(d.n, glue_small[_i].n_dev);
    ck_assert_int_eq(d.n_skipped, glue_small[_i].broken_dev);
    for (int i = 0; i < d.n; i++)
        ck_assert_int_eq(d.label[i], glue_small[_i].dev[i]);
    ck_assert_int_eq(task.file[SPLIT_TEST] != NULL, glue_small[_i].n_test > 0);
    if (glue_small[_i].n_test > 0) {
        load_glue(name, SPLIT_TEST);
        ck_assert_int_eq(d.n, glue_small[_i].n_test);
    }
}
END_TEST

/* A quote is a character like any other, and only a line feed ends a row. */
START_TEST(glue_texts)
{
    struct text pieces = { 0 };

    glue_files_write(dir);
    load_glue("qnli", SPLIT_TRAIN);
    for (size_t k = d.off[1]; k < d.off[2]; k++)
        text_join(&pieces, " ", "%s", tok_piece(tok, d.ids[k]));
    ck_assert_str_eq(text_string(&pieces),
                     "[CLS] sun [UNK] rain [UNK] [UNK] [UNK] [SEP] rain the sun [SEP]");
    text_free(&pieces);
}
END_TEST

/* test.tsv as published has no labels: whoever names it as a split is told so. */
START_TEST(glue_test_files_have_no_labels)
{
    static const struct {
        const char *name, *column;
    } sets[] = { { "qnli", "no column 'label'" }, { "qqp", "no column 'is_duplicate'" } };

    glue_files_write(dir);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        load_glue(sets[i].name, SPLIT_DEV);
        task.file[SPLIT_TEST] = xstrdup("test.tsv");
        char *path = path_join(dir, task.dir);
        dataset_free(&d);
        ck_assert_int_eq(dataset_load(&d, &task, SPLIT_TEST, path, tok, 0, NULL), -1);
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), sets[i].column) != NULL, "%s", fail_text());
        free(path);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, glue_tasks, 0, (int)ARRAY_LEN(glue));
    tcase_add_loop_test(tc, glue_tasks_in_small, 0, (int)ARRAY_LEN(glue_small));
    tcase_add_test(tc, glue_texts);
    tcase_add_test(tc, glue_test_files_have_no_labels);
}

const struct suite suite_glue = { "glue", fill };
