/* test_pivot_text.c - the numbers of a table are the same text as those of a query. */
#include "tests/kit/suite.h"
#include "results/pivot/pivot.h"
#include "tests/kit/store_kit.h"

#include <math.h>
#include <stdlib.h>

/* Accuracies of 800 examples, of which every other one ends between two tenths of a percent. */
START_TEST(numbers_are_rounded_as_in_queries)
{
    struct store *s = kit_store();

    for (int right = 0; right <= 800; right++) {
        struct pivot_number x = { .n = 1, .shown = right / 800.0, .half = NAN, .percent = true };
        char *ours = pivot_text(&x);
        char *sql = xprintf("SELECT printf('%%.1f (1)', 100 * (%d / 800.0))", right);
        ck_assert_str_eq(ours, kit_text(s, sql));
        free(sql);
        free(ours);
    }
    store_close(s);
}
END_TEST

START_TEST(intervals_and_other_units)
{
    static const struct {
        struct pivot_number x;
        const char *want;
    } of[] = {
        { { 3, 0, 0.7625, 0.7625, 0, 0.0004, 0, 0, 0, true, true, "accuracy" }, "76.3 ± 0.0 (3)" },
        { { 2, 1, -0.00125, 0, 0, NAN, 0, 0, 0, true, true, "matthews" }, "-0.1 (2), 1 diverged" },
        { { 1, 0, 12345.5, 0, 0, NAN, 0, 0, 0, false, true, "parameters" }, "12346 (1)" },
        { { 1, 0, 1.00005, 0, 0, NAN, 0, 0, 0, false, true, "loss" }, "1.0001 (1)" },
        { { 0, 2, NAN, NAN, 0, NAN, 0, 0, 0, true, true, "accuracy" }, "2 diverged (0)" },
        { { 0, 0, NAN, NAN, 0, NAN, 0, 0, 0, true, true, "accuracy" }, "" },
    };

    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        char *text = pivot_text(&of[i].x);
        ck_assert_str_eq(text, of[i].want);
        free(text);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, numbers_are_rounded_as_in_queries);
    tcase_add_test(tc, intervals_and_other_units);
}

const struct suite suite_pivot_text = { "pivot_text", fill };
