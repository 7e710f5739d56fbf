/* test_remarks.c - notes, tags, and excluded runs: views and footnotes leave a run out and say so,
 * keys stay; removing a study keeps what others use. */
#include "tests/kit/suite.h"
#include "results/query/footnote.h"
#include "results/store/remarks.h"
#include "results/store/removal.h"
#include "tests/kit/store_kit.h"

#include <stdlib.h>
#include <string.h>

static double value_of(int rank, int lr, int seed)
{
    return rank == 2 && seed == 2 ? 0.1 : 0.5 + 0.01 * rank + 0.001 * lr + 0.001 * seed;
}

/* Four runs, of which the one of rank 2 and seed 2 is bad; its key as a JSON list. */
static struct store *four_runs(char **keys)
{
    struct store *s = kit_store();

    ck_assert_int_eq(kit_plan(s, &kit_small), 0);
    ck_assert_int_eq(kit_finish_all(s, "rank", value_of), 4);
    *keys = xstrdup(kit_text(s, "SELECT json_array(run_key) FROM run WHERE rank = 2 AND seed = 2"));
    ck_assert_uint_gt(strlen(*keys), 60);
    return s;
}

static const char *const numbers_sql[] = {
    "SELECT group_concat(x, ';') FROM (SELECT n || printf(' %.3f', mean) AS x FROM study_cells"
    " WHERE n > 0 ORDER BY rank)",
    "SELECT group_concat(x, ';') FROM (SELECT n || printf(' %.3f', mean) AS x FROM cells"
    " WHERE which = 'best' AND metric = 'accuracy' ORDER BY rank)",
    "SELECT count(*) FROM final WHERE which = 'best' AND metric = 'accuracy'",
    "SELECT count(*) FROM study_values WHERE main",
};

START_TEST(an_excluded_run_is_in_no_view)
{
    static const char *const without[] = { "2 0.513;1 0.522", "2 0.513;1 0.522", "3", "3" };
    char *keys, *before[4], *all_keys;
    struct store *s = four_runs(&keys);
    const struct remarked on = { .keys = keys };

    all_keys = xstrdup(kit_text(s, "SELECT group_concat(run_key || cell_key) FROM run"));
    for (int i = 0; i < 4; i++)
        before[i] = xstrdup(kit_text(s, numbers_sql[i]));
    ck_assert_int_eq(remarks_exclude(s, &on, "the disk was full"), 1);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(kit_text(s, numbers_sql[i]), without[i]);
    ck_assert_str_eq(
        kit_text(s, "SELECT state || ' ' || best FROM runs WHERE rank = 2 AND seed = 2"),
        "excluded 0.1");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(run_key || cell_key) FROM run"), all_keys);
    ck_assert_int_eq(store_requeue(s, NULL, true), 0);

    struct rows r = { 0 };
    ck_assert_int_eq(footnote_excluded(&r, s, "rank"), 0);
    ck_assert_int_eq(r.n_notes, 1);
    ck_assert_ptr_nonnull(strstr(r.note[0], "(the disk was full)"));
    rows_free(&r);
    ck_assert_int_eq(footnote_excluded(&r, s, "another"), 0);
    ck_assert_int_eq(r.n_notes, 0);

    ck_assert_int_eq(remarks_exclude(s, &on, "another reason"), 1);
    ck_assert_str_eq(kit_text(s, "SELECT reason || ' ' || was FROM excluded"),
                     "another reason done");
    ck_assert_int_eq(remarks_include(s, &on), 1);
    ck_assert_int_eq(remarks_include(s, &on), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(kit_text(s, numbers_sql[i]), before[i]);
        free(before[i]);
    }
    free(all_keys);
    free(keys);
    store_close(s);
}
END_TEST

/* A run that has not ended cannot be excluded. */
START_TEST(only_ended_runs_are_excluded)
{
    struct store *s = kit_store();
    char *keys;

    ck_assert_int_eq(kit_plan(s, &kit_small), 0);
    keys = xstrdup(kit_text(s, "SELECT json_group_array(run_key) FROM run"));
    ck_assert_int_eq(remarks_exclude(s, &(struct remarked){ .keys = keys }, "why"), 0);
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM run WHERE state = 'queued'"), "4");
    free(keys);
    store_close(s);
}
END_TEST

START_TEST(notes_and_tags_are_found)
{
    char *keys;
    struct store *s = four_runs(&keys);
    const struct remarked run = { .keys = keys }, study = { .study = "rank" };

    ck_assert_int_eq(remarks_note(s, &run, "hot"), 1);
    ck_assert_int_eq(remarks_note(s, &study, "old"), 1);
    ck_assert_int_eq(remarks_tag(s, &run, "good", false), 1);
    ck_assert_int_eq(remarks_tag(s, &run, "good", false), 0);
    ck_assert_int_eq(remarks_tag(s, &study, "good", false), 1);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(kind || ' ' || text) FROM notes"),
                     "run hot,study old");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(kind) FROM tags WHERE tag = 'good'"),
                     "run,study");
    ck_assert_int_eq(remarks_note_remove(s, 1), 1);
    ck_assert_int_eq(remarks_note_remove(s, 1), 0);
    ck_assert_int_eq(remarks_tag(s, &study, "good", true), 1);
    ck_assert_int_eq(remarks_rename(s, "rank", "other"), 1);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(\"on\") FROM notes"), "other");
    ck_assert_int_eq(remarks_archive(s, "other", false), 1);
    ck_assert_int_eq(remarks_archive(s, "other", false), 0);
    ck_assert_int_eq(remarks_archive(s, "other", true), 1);
    free(keys);
    store_close(s);
}
END_TEST

/* Two studies share two runs; the third run of the first is one that a run of the second starts
 * from. */
START_TEST(removing_keeps_what_others_use)
{
    char *keys;
    struct store *s = four_runs(&keys);
    static const char link[] =
        "INSERT INTO sweep(sweep_id, name, spec, plan_id, created) VALUES(9, 'two', '{}', 9, 0);"
        " INSERT INTO plan(plan_id, sweep_id, base, planned) VALUES(9, 9, '', 0);"
        " INSERT INTO sweep_run SELECT 9, run_id, point, trial, ordinal FROM sweep_run"
        "   WHERE run_id IN (SELECT run_id FROM run WHERE rank = 1);"
        " UPDATE run SET config = json_set(config, '$.init_from', (SELECT substr(run_key, 1, 10)"
        "   FROM run WHERE rank = 2 AND seed = 1)) WHERE rank = 1 AND seed = 1";
    const struct remarked on = { .keys = keys };

    kit_sql(kit_path("t.db"), link);
    ck_assert_int_eq(remarks_note(s, &on, "goes with its run"), 1);
    ck_assert_int_eq(remarks_tag(s, &on, "gone", false), 1);
    char *gone = NULL;
    ck_assert_int_eq(removal_keys(s, &gone, "rank", false), 0);
    ck_assert_str_eq(gone, keys);
    free(gone);
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM run"), "4");
    ck_assert_int_eq(removal_study(s, &gone, "rank", false), 0);
    ck_assert_str_eq(gone, keys);
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(rank || '/' || seed, ' ') FROM"
                                 " (SELECT rank, seed FROM run ORDER BY 1, 2)"),
                     "1/1 1/2 2/1");
    ck_assert_str_eq(kit_text(s, "SELECT group_concat(name) FROM sweep"), "two");
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    ck_assert_str_eq(kit_text(s, "SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM tag)"),
                     "0");
    ck_assert_str_eq(kit_text(s, "SELECT count(*) FROM attempt"), "3");
    free(gone);
    free(keys);
    store_close(s);
}
END_TEST

static void add_remarks_tests(TCase *tc)
{
    tcase_add_test(tc, an_excluded_run_is_in_no_view);
    tcase_add_test(tc, only_ended_runs_are_excluded);
    tcase_add_test(tc, notes_and_tags_are_found);
    tcase_add_test(tc, removing_keeps_what_others_use);
}

const struct suite suite_remarks = { "remarks", add_remarks_tests };
