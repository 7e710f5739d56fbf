/* test_rows_print.c - one table of awkward cells in every format, byte for byte; a reader that goes
 * away; a full disk. */
#include "results/rows/rows.h"
#include "tests/kit/suite.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAN_BYTE "\xff"

/* Two columns of text and one of numbers. */
static const char *const awkward[] = {
    "plain",
    "1",
    "q,v",
    "a|b \"c\", d",
    "0.25",
    "50 % & $x_1$ #{~^\\}",
    "naïve 語",
    NULL,
    "81.7 ± 0.2 (3)",
    "line\nbreak",
    "-3",
    "tab\there \x1b[31m",
    "bad " NAN_BYTE,
    "1e-05",
    "",
    NULL,
    "inf",
    "*<`>*",
};

static void make_rows(struct rows *r, const char *const *cell, int n_rows)
{
    static char *col[] = { "na|me", "x_1", "%" };
    static char numeric[] = { 0, 1, 0 };

    *r = (struct rows){
        .n_cols = 3, .n_rows = n_rows, .col = col, .numeric = numeric, .cell = (char **)cell
    };
}

static char *printed(enum rows_format f, int n_rows)
{
    char *text = NULL;
    size_t size;
    struct rows r;
    FILE *to = open_memstream(&text, &size);

    make_rows(&r, awkward, n_rows);
    ck_assert_int_eq(rows_print(to, &r, f), 0);
    fclose(to);
    return text;
}

static const char *const expected[] = {
    [ROWS_TABLE] = "na|me        x_1  %\n"
                   "----------  ----  -------------------\n"
                   "plain          1  q,v\n"
                   "a|b \"c\", d  0.25  50 % & $x_1$ #{~^\\}\n"
                   "naïve 語       -  81.7 ± 0.2 (3)\n",
    [ROWS_CSV] = "na|me,x_1,%\n"
                 "plain,1,\"q,v\"\n"
                 "\"a|b \"\"c\"\", d\",0.25,50 % & $x_1$ #{~^\\}\n"
                 "naïve 語,,81.7 ± 0.2 (3)\n"
                 "\"line\nbreak\",-3,tab\there \x1b[31m\n"
                 "bad " NAN_BYTE ",1e-05,\"\"\n"
                 ",inf,*<`>*\n",
    [ROWS_JSON] =
        "[\n"
        " {\"na|me\": \"plain\", \"x_1\": 1, \"%\": \"q,v\"},\n"
        " {\"na|me\": \"a|b \\\"c\\\", d\", \"x_1\": 0.25, \"%\": \"50 % & $x_1$ #{~^\\\\}\"},\n"
        " {\"na|me\": \"naïve 語\", \"x_1\": null, \"%\": \"81.7 ± 0.2 (3)\"},\n"
        " {\"na|me\": \"line\\nbreak\", \"x_1\": -3, \"%\": \"tab\\there \\u001b[31m\"},\n"
        " {\"na|me\": \"bad \xEF\xBF\xBD\", \"x_1\": 1e-05, \"%\": \"\"},\n"
        " {\"na|me\": null, \"x_1\": null, \"%\": \"*<`>*\"}\n"
        "]\n",
    [ROWS_MD] = "| na\\|me | x\\_1 | % |\n"
                "| --- | --: | --- |\n"
                "| plain | 1 | q,v |\n"
                "| a\\|b \"c\", d | 0.25 | 50 % &amp; $x\\_1$ #{~^\\\\} |\n"
                "| naïve 語 | - | 81.7 ± 0.2 (3) |\n"
                "| line\\x0abreak | -3 | tab\\x09here \\x1b[31m |\n"
                "| bad \xEF\xBF\xBD | 1e-05 |  |\n"
                "| - | inf | \\*&lt;\\`>\\* |\n",
    [ROWS_LATEX] = "% needs \\usepackage{booktabs}\n"
                   "\\begin{tabular}{lrl}\n"
                   "\\toprule\n"
                   "na|me & x\\_1 & \\% \\\\\n"
                   "\\midrule\n"
                   "plain & 1 & q,v \\\\\n"
                   "a|b \"c\", d & 0.25 & 50 \\% \\& \\$x\\_1\\$ \\#\\{\\textasciitilde{}"
                   "\\textasciicircum{}\\textbackslash{}\\} \\\\\n"
                   "naïve 語 & - & 81.7 $\\pm$ 0.2 (3) \\\\\n"
                   "line?break & -3 & tab?here ?[31m \\\\\n"
                   "bad \xEF\xBF\xBD & 1e-05 &  \\\\\n"
                   "- & inf & *\\textless{}`\\textgreater{}* \\\\\n"
                   "\\bottomrule\n"
                   "\\end{tabular}\n",
};

START_TEST(every_format_is_exact)
{
    char *text = printed((enum rows_format)_i, _i == ROWS_TABLE ? 3 : 6);

    ck_assert_msg(strcmp(text, expected[_i]) == 0, "%s", text);
    free(text);
}
END_TEST

/* A wide character takes two columns; a control character is shown instead of sent. */
START_TEST(columns_are_aligned)
{
    char *text = printed(ROWS_TABLE, 6), *save = NULL;
    const char *ends[] = { "  -  81.7 ± 0.2 (3)", "   -3  tab\\x09here \\x1b[31m", "1e-05",
                           "  inf  *<`>*" };
    int row = 0, found = 0;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), row++)
        if (row >= 4)
            found += strstr(line, ends[row - 4]) != NULL;
    ck_assert_int_eq(found, 4);
    ck_assert_ptr_null(strchr(text, '\x1b'));
    free(text);
}
END_TEST

/* Where a table is too wide, columns in which all rows are alike go into lines above it. */
START_TEST(columns_alike_stand_above)
{
    static const char *const cols[] = { "licence", "others", "name", "what it is", NULL };
    static const char *const cells[2][4] = {
        { "Apache-2.0 or later", "", "first",
          "a text that takes a good part of a line of 80 columns, or so" },
        { "Apache-2.0 or later", "", "second",
          "another text of about that length, and thus also rather long" }
    };
    char *text = NULL;
    size_t size;
    struct rows r;
    FILE *to = open_memstream(&text, &size);

    rows_init(&r, cols);
    rows_add(&r, cells[0]);
    rows_add(&r, cells[1]);
    ck_assert_int_eq(rows_print(to, &r, ROWS_TABLE), 0);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "in every row: licence = Apache-2.0 or later\n"));
    ck_assert_ptr_nonnull(strstr(text, "without a value: others\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nsecond  another text"));
    rows_free(&r);
    free(text);
}
END_TEST

START_TEST(json_is_json)
{
    for (int n = 0; n <= 6; n += 6) {
        char *text = printed(ROWS_JSON, n);
        json_error_t e;
        json_t *j = json_loads(text, 0, &e);
        ck_assert_msg(j != NULL, "%s", e.text);
        ck_assert_int_eq((int)json_array_size(j), n);
        if (n) {
            ck_assert_double_eq(json_number_value(json_object_get(json_array_get(j, 1), "x_1")),
                                0.25);
            ck_assert_str_eq(json_string_value(json_object_get(json_array_get(j, 3), "na|me")),
                             "line\nbreak");
        }
        json_decref(j);
        free(text);
    }
}
END_TEST

START_TEST(a_reader_may_leave)
{
    int end[2];
    struct rows r;

    ck_assert_int_eq(pipe(end), 0);
    close(end[0]);
    signal(SIGPIPE, SIG_IGN);
    FILE *to = fdopen(end[1], "w");
    make_rows(&r, awkward, 6);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(rows_print(to, &r, ROWS_TABLE), 0);
    ck_assert_int_eq(fclose(to), 0);
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    struct rows r;
    FILE *to = fopen("/dev/full", "w");

    if (!to) {
        skip("rows_print: no /dev/full");
        return;
    }
    make_rows(&r, awkward, 6);
    ck_assert_int_eq(rows_print(to, &r, ROWS_CSV), -1);
    ck_assert_str_eq(fail_text(), "cannot write the result: No space left on device");
    fclose(to);
}
END_TEST

/* What people see and what programs read of the same result. */
START_TEST(texts_and_data)
{
    static char *col[] = { "rank", "value {text}", "mean {data}", "n" };
    static char *cell[] = { "4", "69.5 ± 12.7 (3)", "0.6951", "3" };
    static char numeric[] = { 1, 0, 1, 1 };
    struct rows r = { .n_cols = 4, .n_rows = 1, .col = col, .numeric = numeric, .cell = cell };
    static const char *const want[] = {
        [ROWS_CSV] = "rank,mean,n\n4,0.6951,3\n",
        [ROWS_JSON] = "[\n {\"rank\": 4, \"mean\": 0.6951, \"n\": 3}\n]\n",
        [ROWS_MD] = "| rank | value | n |\n| --: | --- | --: |\n| 4 | 69.5 ± 12.7 (3) | 3 |\n",
    };

    for (int f = ROWS_CSV; f <= ROWS_MD; f++) {
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        ck_assert_int_eq(rows_print(to, &r, (enum rows_format)f), 0);
        fclose(to);
        ck_assert_str_eq(text, want[f]);
        free(text);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, every_format_is_exact, ROWS_TABLE, ROWS_LATEX + 1);
    tcase_add_test(tc, columns_are_aligned);
    tcase_add_test(tc, columns_alike_stand_above);
    tcase_add_test(tc, json_is_json);
    tcase_add_test(tc, a_reader_may_leave);
    tcase_add_test(tc, a_full_disk_is_reported);
    tcase_add_test(tc, texts_and_data);
}

const struct suite suite_rows_print = { "rows_print", fill };
