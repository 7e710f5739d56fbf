/* test_seeds.c - the table of variances, for balanced designs against SciPy, and for Latin squares
 * against least-squares fits (tests/golden/seeds). */
#include "core/base/base.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static json_t *y; /* [orders][inits][seeds] of the case */

/* The ranks 1, 2, 4, ... of the kit stand for orders, its learning rates for initial values. */
static double planted(int rank, int lr, int seed)
{
    json_t *order = json_array_get(y, (size_t)lround(log2(rank)));
    json_t *init = json_array_get(order, (size_t)lr - 1);

    return json_real_value(json_array_get(init, (size_t)seed - 1));
}

static void same(const struct rows *r, json_t *want, const char *column)
{
    const char *text = json_string_value(json_object_get(want, column));

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(rows_get(r, 0, column), text);
}

/* The table, made from the numbers of case I of a golden file after UPDATE. */
static void make_table(struct rows *r, json_t *all, int i, const char *update)
{
    y = json_object_get(json_array_get(json_object_get(all, "cases"), (size_t)i), "y");
    const struct kit_study k = { "seeds",
                                 "accuracy",
                                 (int)json_array_size(y),
                                 (int)json_array_size(json_array_get(y, 0)),
                                 (int)json_array_size(json_array_get(json_array_get(y, 0), 0)),
                                 1 };
    const char *path = kit_path("seeds.db");
    struct store *s;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &k), 0);
    ck_assert_int_eq(kit_finish_all(s, "seeds", planted), k.ranks * k.lrs * k.seeds);
    kit_sql(path, "UPDATE run SET config = json_set(config, '$.order_seed', rank, '$.init_seed',"
                  " CAST(round(1000 * lr) AS INTEGER))");
    kit_sql(path, update);
    ck_assert_msg(query_rows(s, r, query_find("seeds"), NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(r->n_rows, 1);
    store_close(s);
}

static json_t *read_cases(const char *path)
{
    json_error_t err;
    json_t *all = json_load_file(path, 0, &err);

    ck_assert_msg(all != NULL, "%s", err.text);
    return all;
}

START_TEST(variances_as_scipy_has_them)
{
    json_t *all = read_cases("tests/golden/seeds/cases.json");
    json_t *want = json_array_get(json_object_get(all, "cases"), (size_t)_i);
    struct rows r;

    make_table(&r, all, _i, "SELECT 1");
    same(&r, want, "sd: order");
    same(&r, want, "sd: rest");
    same(&r, want, "F order (df; p)");
    same(&r, want, "F init (df; p)");
    same(&r, want, "F order x init (df; p)");
    ck_assert_ptr_null(rows_get(&r, 0, "sd: data"));
    ck_assert_str_eq(rows_get(&r, 0, "note"), "");
    rows_free(&r);
    json_decref(all);
}
END_TEST

#define DATA_SEED(of) "UPDATE run SET config = json_set(config, '$.data_seed', " of ")"

START_TEST(the_data_of_a_latin_square_has_its_own_variance)
{
    static const char *const latin[] = {
        DATA_SEED("(CAST(log2(rank) AS INTEGER) + CAST(round(1000 * lr) AS INTEGER) - 1) % 3"),
        DATA_SEED("(CAST(log2(rank) AS INTEGER) + CAST(round(1000 * lr) AS INTEGER) - 1) % 5"),
        DATA_SEED("(CAST(log2(rank) AS INTEGER) + CAST(round(1000 * lr) AS INTEGER) - 1) % 4"),
    };
    static const char *const columns[] = {
        "sd: order",       "sd: init",       "sd: data",       "sd: order x init",      "sd: rest",
        "F order (df; p)", "F init (df; p)", "F data (df; p)", "F order x init (df; p)"
    };
    json_t *all = read_cases("tests/golden/seeds/latin.json");
    json_t *want = json_array_get(json_object_get(all, "cases"), (size_t)_i);
    struct rows r;

    make_table(&r, all, _i, latin[_i]);
    for (size_t k = 0; k < ARRAY_LEN(columns); k++)
        same(&r, want, columns[k]);
    ck_assert_str_eq(rows_get(&r, 0, "note"), "");
    rows_free(&r);
    json_decref(all);
}
END_TEST

/* Draws that come with one order only cannot be told from it. */
START_TEST(data_outside_a_latin_square_is_noted)
{
    json_t *all = read_cases("tests/golden/seeds/latin.json");
    struct rows r;

    make_table(&r, all, 0, DATA_SEED("rank"));
    ck_assert_ptr_null(rows_get(&r, 0, "sd: data"));
    ck_assert_ptr_nonnull(strstr(rows_get(&r, 0, "note"), "not in a Latin square"));
    rows_free(&r);
    json_decref(all);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, variances_as_scipy_has_them, 0, 5);
    tcase_add_loop_test(tc, the_data_of_a_latin_square_has_its_own_variance, 0, 3);
    tcase_add_test(tc, data_outside_a_latin_square_is_noted);
}

const struct suite suite_seeds = { "seeds", fill };
