/* test_draw.c - parts of the training data: their sizes, their labels, and texts that occur twice.
 * What is expected is counted here, from rows that were written so that the counts are known. */
#include "core/base/text.h"
#include "core/data/draw.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <stdlib.h>
#include <string.h>

enum { N = 600, MOST = 1000 };

static char dir[64];
static struct task task;
static struct data_file file;
static int *label, pick[MOST], other[MOST];
static double *target;

/* Of every 20 rows one has label 2, five have label 1, and the others label 0. */
static int label_of(int i)
{
    return i % 20 == 7 ? 2 : i % 4 == 1 ? 1 : 0;
}

/* SAME: the distance of rows with the same text, which differ in case; 0: no text occurs twice. */
static void begin(int n, int same, bool regression, const char *more)
{
    struct text rows = { 0 };
    char *spec =
        xprintf("task: x\nkind: %s\ndir: x\nformat: tsv\ncolumns: {text: 1, label: 2}\n%s"
                "splits: {train: a, dev: a}\nmetrics: [%s]\n%s",
                regression ? "regression" : "classification",
                regression ? "" : "labels: [a, b, c]\n", regression ? "mse" : "accuracy", more);

    verbosity = -1;
    temp_dir(dir);
    ck_assert_msg(task_load(&task, temp_file(dir, "t.yaml", spec)) == 0, "%s", fail_text());
    free(spec);
    label = xalloc((size_t)n, sizeof *label);
    target = xalloc((size_t)n, sizeof *target);
    for (int i = 0; i < n; i++) {
        int text = same && i >= same ? i - same : i;
        label[i] = label_of(i);
        target[i] = (double)((i * 7919) % n);
        /* the cell of the label is not read: draw_rows gets the labels as numbers */
        text_add(&rows, "%s %d\t1\n", text == i ? "text" : "TEXT", text);
    }
    const char *path = temp_file(dir, "a", text_string(&rows));
    ck_assert_msg(data_file_read(&file, path, &task) == 0, "%s", fail_text());
    ck_assert_int_eq(file.n, n);
    text_free(&rows);
}

static void end(void)
{
    data_file_free(&file);
    task_free(&task);
    free(label);
    free(target);
    temp_remove(dir);
}

static int draw(int *to, enum split s, struct draw w)
{
    struct row_labels l = { task.regression ? NULL : label, task.regression ? target : NULL };

    return draw_rows(to, &file, &l, &task, s, &w);
}

static int count_label(const int *rows, int n, int k)
{
    int count = 0;

    for (int i = 0; i < n; i++)
        count += label[rows[i]] == k;
    return count;
}

/* Every one of the first N_ALL rows is in exactly one of the two parts, and both ascend. */
static void check_division(const int *a, int n_a, const int *b, int n_b, int n_all)
{
    int seen[MOST] = { 0 };

    ck_assert_int_eq(n_a + n_b, n_all);
    for (int i = 0; i < n_a; i++)
        seen[a[i]]++, ck_assert(i == 0 || a[i] > a[i - 1]);
    for (int i = 0; i < n_b; i++)
        seen[b[i]]++, ck_assert(i == 0 || b[i] > b[i - 1]);
    for (int i = 0; i < n_all; i++)
        ck_assert_int_eq(seen[i], 1);
}

START_TEST(labels_keep_their_shares)
{
    begin(N, 0, false, "");
    int n = draw(pick, SPLIT_SELECT, (struct draw){ 0, 1, 0.1 });
    int rest = draw(other, SPLIT_TRAIN, (struct draw){ 0, 1, 0.1 });
    ck_assert_int_eq(n, 60);
    check_division(pick, n, other, rest, N);
    /* of 600 rows 30 have label 2, and 150 label 1 of which none has label 2 */
    ck_assert_int_eq(count_label(pick, n, 2), 3);
    ck_assert_int_eq(count_label(pick, n, 1), 15);
    ck_assert_int_eq(count_label(pick, n, 0), 42);
    int again = draw(other, SPLIT_SELECT, (struct draw){ 0, 1, 0.1 });
    ck_assert(again == n && memcmp(pick, other, (size_t)n * sizeof *pick) == 0);
    again = draw(other, SPLIT_SELECT, (struct draw){ 0, 2, 0.1 });
    ck_assert(again == n && memcmp(pick, other, (size_t)n * sizeof *pick) != 0);
    end();
}
END_TEST

/* What is left over by rounding goes to the labels with the largest remainders: of 600 rows 5 % are
 * 30, of which the labels 0, 1, 2 get 21, 7.5, 1.5. */
START_TEST(remainders_are_shared_out)
{
    begin(N, 0, false, "");
    int n = draw(pick, SPLIT_SELECT, (struct draw){ 0, 3, 0.05 });
    ck_assert_int_eq(n, 30);
    ck_assert_int_eq(count_label(pick, n, 0), 21);
    ck_assert_int_eq(count_label(pick, n, 1), 8);
    ck_assert_int_eq(count_label(pick, n, 2), 1);
    end();
}
END_TEST

/* Rows i and i + 300 have the same text in another case. */
START_TEST(a_text_is_on_one_side)
{
    bool in[N] = { 0 };

    begin(N, 300, false, "");
    int n = draw(pick, SPLIT_SELECT, (struct draw){ 0, 1, 0.2 });
    ck_assert_int_gt(n, 100);
    ck_assert_int_le(n, 120);
    for (int i = 0; i < n; i++)
        in[pick[i]] = true;
    for (int i = 0; i < 300; i++)
        ck_assert(in[i] == in[i + 300]);
    end();
}
END_TEST

/* The targets are a permutation of 0..599, so a tenth of the rows has those below 60. */
START_TEST(tenths_of_targets_keep_their_shares)
{
    int of[10] = { 0 };

    begin(N, 0, true, "range: [0, 600]\n");
    int n = draw(pick, SPLIT_SELECT, (struct draw){ 0, 1, 0.1 });
    ck_assert_int_eq(n, 60);
    for (int i = 0; i < n; i++)
        of[(int)target[pick[i]] / 60]++;
    for (int k = 0; k < 10; k++)
        ck_assert_int_eq(of[k], 6);
    end();
}
END_TEST

/* The subset is that of a run without a selection split, which takes its part out of it. */
START_TEST(the_part_is_taken_out_of_the_subset)
{
    int all[MOST];

    begin(N, 0, false, "");
    int n_all = draw(all, SPLIT_TRAIN, (struct draw){ 200, 5, 0 });
    int n = draw(pick, SPLIT_SELECT, (struct draw){ 200, 5, 0.25 });
    int rest = draw(other, SPLIT_TRAIN, (struct draw){ 200, 5, 0.25 });
    ck_assert_int_eq(n_all, 200);
    ck_assert_int_eq(n, 50);
    ck_assert_int_eq(rest, 150);
    for (int i = 0, a = 0, b = 0; i < n_all; i++)
        if (a < n && all[i] == pick[a])
            a++;
        else
            ck_assert(b < rest && all[i] == other[b++]);
    end();
}
END_TEST

/* A task without a test file: rows of train that no run trains on, whatever its seed. */
START_TEST(held_out_rows_are_never_trained_on)
{
    static const char *const held[] = { "held_out: 60\n", "held_out: 0.1\n" };
    int test[MOST];

    begin(N, 0, false, held[_i]);
    int n = draw(test, SPLIT_TEST, (struct draw){ 0 });
    ck_assert_int_eq(n, 60);
    ck_assert_int_eq(count_label(test, n, 1), 15);
    for (unsigned seed = 1; seed <= 3; seed++) {
        int rest = draw(other, SPLIT_TRAIN, (struct draw){ 0, seed, 0 });
        check_division(test, n, other, rest, N);
        rest = draw(other, SPLIT_SELECT, (struct draw){ 100, seed, 0.5 });
        ck_assert_int_eq(rest, 50);
        for (int i = 0; i < rest; i++)
            for (int k = 0; k < n; k++)
                ck_assert_int_ne(other[i], test[k]);
    }
    ck_assert_int_eq(draw(pick, SPLIT_DEV, (struct draw){ 0 }), N);
    end();
}
END_TEST

static const struct {
    const char *more;
    double select;
    const char *says;
} empty[] = {
    { "", 0.0001, "task 'x': 'select' is 0.0001, which leaves no rows on one side: there are 600" },
    { "", 0.9999, "'select' is 0.9999" },
    { "held_out: 600\n", 0, "'held_out' is 600, which leaves no rows on one side" },
    { "held_out: 5000\n", 0, "'held_out' is 5000" },
};

START_TEST(a_side_without_rows_is_an_error)
{
    begin(N, 0, false, empty[_i].more);
    ck_assert_int_eq(draw(pick, SPLIT_TRAIN, (struct draw){ 0, 1, empty[_i].select }), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), empty[_i].says), "%s", fail_text());
    end();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, labels_keep_their_shares);
    tcase_add_test(tc, remainders_are_shared_out);
    tcase_add_test(tc, a_text_is_on_one_side);
    tcase_add_test(tc, tenths_of_targets_keep_their_shares);
    tcase_add_test(tc, the_part_is_taken_out_of_the_subset);
    tcase_add_loop_test(tc, held_out_rows_are_never_trained_on, 0, 2);
    tcase_add_loop_test(tc, a_side_without_rows_is_an_error, 0, (int)ARRAY_LEN(empty));
}

const struct suite suite_draw = { "draw", fill };
