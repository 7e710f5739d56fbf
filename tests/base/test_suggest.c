/* test_suggest.c - "did you mean": the closest name, and messages about unknown names. */
#include "core/opt/suggest.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "rank", "alpha", "lr", "warmup_ratio", "targets", NULL };

static const struct {
    const char *name, *want; /* NULL: nothing is close */
} near[] = {
    { "rnak", "rank" },
    { "Rank", "rank" },
    { "r", "rank" },
    { "lora_alpha", "alpha" },
    { "lora-alpha", "alpha" },
    { "learning_rate", "lr" },
    { "target_modules", "targets" },
    { "warmup", "warmup_ratio" },
    { "warmup-rtaio", "warmup_ratio" },
    { "x", NULL },
    { "", NULL },
    { "dropout", NULL },
    { "batch_size", NULL },
    { "lrr", "lr" },
};

START_TEST(nearest_word)
{
    const char *got = suggest_word(near[_i].name, words), *want = near[_i].want;

    ck_assert_msg(got == want || (got && want && strcmp(got, want) == 0), "'%s' gives '%s'",
                  near[_i].name, got ? got : "nothing");
}
END_TEST

START_TEST(nearest_key)
{
    static const struct opt table[] = { { .key = "run_name", .type = OPT_STR },
                                        { .key = "rank", .type = OPT_INT },
                                        { .type = OPT_END } };

    ck_assert_str_eq(suggest_key("run_nmae", table), "run_name");
    ck_assert_str_eq(suggest_key("run-name", table), "run_name");
    ck_assert_ptr_null(suggest_key("zzzzzz", table));
    ck_assert_ptr_null(suggest_key("rank", NULL));
}
END_TEST

static const struct {
    const char *name, *otherwise, *want;
} hints[] = {
    { "rnak", NULL, "; did you mean 'rank'?" },
    { "rnak", "see the list", "; did you mean 'rank'?" },
    { "zzz", "see the list", "; see the list" },
    { "zzz", NULL, "; it must be one of rank, alpha, lr, warmup_ratio, targets" },
};

START_TEST(hints_name_what_is_known)
{
    char buf[SUGGEST_HINT], want[600];

    ck_assert_str_eq(suggest_hint(buf, hints[_i].name, words, hints[_i].otherwise), hints[_i].want);
    ck_assert_int_eq(suggest_fail(FAIL_INPUT, "key", hints[_i].name, words, hints[_i].otherwise),
                     -1);
    snprintf(want, sizeof want, "unknown key '%s'%s", hints[_i].name, hints[_i].want);
    ck_assert_str_eq(fail_text(), want);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
}
END_TEST

/* Without words, and with more of them than fit. */
START_TEST(hints_have_limits)
{
    enum { MANY = 100 };
    static const char *const none[] = { NULL };
    const char *many[MANY + 1] = { 0 };
    char buf[SUGGEST_HINT];

    ck_assert_str_eq(suggest_hint(buf, "zzz", none, NULL), "; there are none");
    for (int i = 0; i < MANY; i++)
        many[i] = "a_long_word";
    suggest_hint(buf, "zzz", many, NULL);
    ck_assert_uint_lt(strlen(buf), SUGGEST_HINT);
    ck_assert_uint_gt(strlen(buf), SUGGEST_HINT - 40);
    ck_assert_str_eq(buf + strlen(buf) - strlen("a_long_word, ..."), "a_long_word, ...");
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, nearest_word, 0, (int)ARRAY_LEN(near));
    tcase_add_test(tc, nearest_key);
    tcase_add_loop_test(tc, hints_name_what_is_known, 0, (int)ARRAY_LEN(hints));
    tcase_add_test(tc, hints_have_limits);
}

const struct suite suite_suggest = { "suggest", fill };
