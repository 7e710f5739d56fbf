/* test_seeds.c - the table of variances, for balanced designs, against SciPy
 * (tests/golden/seeds). */
#include "core/base/base.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <jansson.h>
#include <math.h>

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

START_TEST(variances_as_scipy_has_them)
{
    json_error_t err;
    json_t *all = json_load_file("tests/golden/seeds/cases.json", 0, &err);
    ck_assert_msg(all != NULL, "%s", err.text);
    json_t *want = json_array_get(json_object_get(all, "cases"), (size_t)_i);
    y = json_object_get(want, "y");
    const struct kit_study k = { "seeds",
                                 "accuracy",
                                 (int)json_array_size(y),
                                 (int)json_array_size(json_array_get(y, 0)),
                                 (int)json_array_size(json_array_get(json_array_get(y, 0), 0)),
                                 1 };
    const char *path = kit_path("seeds.db");
    struct store *s;
    struct rows r;

    ck_assert_int_eq(store_open(&s, path, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &k), 0);
    ck_assert_int_eq(kit_finish_all(s, "seeds", planted), k.ranks * k.lrs * k.seeds);
    kit_sql(path, "UPDATE run SET config = json_set(config, '$.order_seed', rank, '$.init_seed',"
                  " CAST(round(1000 * lr) AS INTEGER))");
    ck_assert_msg(query_rows(s, &r, query_find("seeds"), NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_rows, 1);
    same(&r, want, "sd: order");
    same(&r, want, "sd: rest");
    same(&r, want, "F order (df; p)");
    same(&r, want, "F init (df; p)");
    same(&r, want, "F order x init (df; p)");
    rows_free(&r);
    store_close(s);
    json_decref(all);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, variances_as_scipy_has_them, 0, 5);
}

const struct suite suite_seeds = { "seeds", fill };
