/* test_store_plan.c - which runs belong to a study when its plan is added again, extended,
 * changed, or replaced. */
#include "tests/kit/suite.h"
#include "tests/kit/store_kit.h"

#include <stdlib.h>
#include <string.h>

static const struct kit_study small = { "rank", "accuracy", 2, 1, 2, 3 };

static double value(int rank, int lr, int seed)
{
    return 0.8 + 0.01 * rank + 0.001 * seed + 0 * lr;
}

static long count(struct store *s, const char *sql)
{
    return atol(kit_text(s, sql));
}

START_TEST(a_plan_is_added_once)
{
    struct store *s = kit_store();
    struct kit_study other = small;

    ck_assert_int_eq(kit_plan(s, &small), 0);
    ck_assert_int_eq(kit_plan(s, &small), 0);
    other.name = "second";
    ck_assert_int_eq(kit_plan(s, &other), 0);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM run"), 4);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM plan"), 2);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM sweep_run"), 8);
    ck_assert_str_eq(kit_text(s, "SELECT study FROM runs LIMIT 1"), "rank second");
    store_close(s);
}
END_TEST

/* LoRA, and full fine-tuning with the key "d" unless D is 0. */
static int plan_methods(struct store *s, int d, long seed, bool both)
{
    static const struct sweep_spec w = { .name = "m",
                                         .spec = "{\"axes\":{\"method\":[]},\"metric\":\"f1\"}" };
    struct run_spec r[2];
    char text[2][5][80];

    for (int i = 0; i < 2; i++) {
        char *extra = i && d ? xprintf(",\"d\":%d", d) : xstrdup("");
        for (int k = 0; k < 3; k++)
            snprintf(text[i][k], 80, "%d%d%02ld%060d", i + 1, i * d, k ? 0 : seed, k);
        snprintf(text[i][3], 80, "{\"method\":\"%s\",\"seed\":%ld%s}", i ? "ft" : "lora", seed,
                 extra);
        r[i] = (struct run_spec){
            .key = text[i][0], .cell = text[i][1], .point = text[i][2], .config = text[i][3]
        };
        free(extra);
    }
    return store_plan(s, &w, r, both ? 2 : 1);
}

/* When the study's file gives a combination of its axes another configuration, the new run
 * replaces the old one; other combinations and more seeds are added. */
START_TEST(a_changed_study_drops_its_old_runs)
{
    static const char own[] = "SELECT group_concat(coalesce(json_extract(config, '$.d'), '-')"
                              " || json_extract(config, '$.seed'), ' ') FROM (SELECT r.config FROM"
                              " study JOIN sweep_run USING (plan_id) JOIN run r USING (run_id)"
                              " ORDER BY r.config)";
    struct store *s = kit_store();

    ck_assert_int_eq(plan_methods(s, 0, 1, true), 0);
    ck_assert_str_eq(kit_text(s, own), "-1 -1");
    ck_assert_int_eq(plan_methods(s, 2, 1, true), 0);
    ck_assert_str_eq(kit_text(s, own), "21 -1");
    ck_assert_int_eq(plan_methods(s, 2, 2, true), 0);
    ck_assert_str_eq(kit_text(s, own), "21 22 -1 -2");
    ck_assert_int_eq(plan_methods(s, 3, 3, false), 0); /* LoRA alone */
    ck_assert_str_eq(kit_text(s, own), "21 22 -1 -2 -3");
    ck_assert_int_eq(plan_methods(s, 3, 3, true), 0);
    ck_assert_str_eq(kit_text(s, own), "33 -1 -2 -3");
    ck_assert_str_eq(kit_text(s, "SELECT count(DISTINCT plan_id) || count(*) FROM plan, run"),
                     "17");
    store_close(s);
}
END_TEST

/* With other fixed settings the table of a study shows only the new plan; going back shows the old
 * one. */
START_TEST(a_new_plan_hides_the_old)
{
    struct store *s = kit_store();
    struct kit_study k = small;

    kit_plan(s, &k);
    kit_finish_all(s, "rank", value);
    k.epochs = 1;
    kit_plan(s, &k);
    ck_assert_int_eq(count(s, "SELECT sum(n) FROM study_cells"), 0);
    ck_assert_int_eq(kit_finish_all(s, "rank", value), 4);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(DISTINCT epochs) FROM study_cells"), "1");
    k.epochs = 3, k.ranks = 1;
    kit_plan(s, &k); /* a part of the first plan is again the first plan */
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(epochs || ' ' || n) FROM study_cells"),
                     "3 2,3 2");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM plan"), 2);
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_plan_is_added_once);
    tcase_add_test(tc, a_changed_study_drops_its_old_runs);
    tcase_add_test(tc, a_new_plan_hides_the_old);
}

const struct suite suite_store_plan = { "store_plan", fill };
