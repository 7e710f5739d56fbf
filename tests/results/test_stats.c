/* test_stats.c - intervals and tests against SciPy and statsmodels (tests/golden/stats). */
#include "results/verdicts/stats.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *golden;

static json_t *cases(const char *what)
{
    json_error_t err;

    golden = json_load_file("tests/golden/stats/cases.json", 0, &err);
    ck_assert_msg(golden != NULL, "%s", err.text);
    json_t *list = json_object_get(golden, what);
    ck_assert_int_gt((int)json_array_size(list), 0);
    return list;
}

static double item(json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

static double field(json_t *object, const char *name)
{
    json_t *x = json_object_get(object, name);

    return json_is_number(x) ? json_number_value(x) : NAN;
}

static int array(double x[64], json_t *object, const char *name)
{
    json_t *list = json_object_get(object, name);
    int n = (int)json_array_size(list);

    ck_assert_int_le(n, 64);
    for (int i = 0; i < n; i++)
        x[i] = item(list, (size_t)i);
    return n;
}

/* The relative error; NaN equals only NaN. */
static double error(double got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 0 : INFINITY;
    return fabs(got - want) / fmax(fabs(want), 1e-300);
}

START_TEST(student)
{
    json_t *list = cases("t_p"), *c;
    double worst = 0;
    size_t i;

    json_array_foreach(list, i, c) worst =
        fmax(worst, error(stats_t_p(item(c, 0), (int)item(c, 1)), item(c, 2)));
    json_array_foreach(json_object_get(golden, "t_quantile"), i, c) worst =
        fmax(worst, error(stats_t_quantile(item(c, 0), (int)item(c, 1)), item(c, 2)));
    ck_assert_double_le(worst, 1e-10); /* two implementations of the incomplete beta function */
    ck_assert(isnan(stats_t_p(1, 0)) && isnan(stats_t_quantile(0.95, 0)));
    json_decref(golden);
}
END_TEST

/* The intervals of tables (SQL) and of verdicts are the same. */
START_TEST(student_is_the_stores)
{
    struct store *s = kit_store();
    struct rows r;

    ck_assert_int_eq(query_rows(s, &r, "SELECT df, value FROM t95 WHERE df <= 120", NULL), 0);
    ck_assert_int_gt(r.n_rows, 30);
    for (int i = 0; i < r.n_rows; i++)
        ck_assert_double_eq_tol(stats_t_quantile(0.95, atoi(rows_get(&r, i, "df"))),
                                atof(rows_get(&r, i, "value")), 6e-7);
    rows_free(&r);
    store_close(s);
}
END_TEST

START_TEST(paired_t)
{
    json_t *list = cases("paired"), *c;
    double a[64], b[64], worst = 0;
    size_t i;

    json_array_foreach(list, i, c)
    {
        int n = array(a, c, "a");
        ck_assert_int_eq(array(b, c, "b"), n);
        for (int k = 0; k < n; k++)
            a[k] -= b[k];
        struct stats_mean m = stats_mean(a, n);
        worst = fmax(worst, error(m.mean, field(c, "mean")));
        worst = fmax(worst, error(m.sd, field(c, "sd")));
        worst = fmax(worst, error(m.mean - m.half, field(c, "low")));
        worst = fmax(worst, error(m.mean + m.half, field(c, "high")));
        worst = fmax(worst, error(stats_mean_p(&m, 0), field(c, "p")));
        worst = fmax(worst, error(stats_mean_p(&m, -0.005), field(c, "p_at")));
    }
    ck_assert_double_le(worst, 1e-9);
    json_decref(golden);
}
END_TEST

START_TEST(few_or_equal_numbers)
{
    double x[3] = { 0.1, 0.1, 0.1 };
    struct stats_mean none = stats_mean(x, 0), one = stats_mean(x, 1), equal = stats_mean(x, 3);

    ck_assert(isnan(none.mean) && isnan(one.sd) && isnan(one.half) && isnan(stats_mean_p(&one, 0)));
    ck_assert_double_eq(one.mean, 0.1);
    ck_assert_double_eq(stats_mean_p(&equal, 0.1), 1);
    ck_assert_double_eq(stats_mean_p(&equal, 0), ldexp(1, 1 - equal.n));
    ck_assert(isnan(stats_combine(x, 0)));
    double p[4] = { 0.4, 0.01, 0.02, 0.9 };
    ck_assert_double_eq_tol(stats_combine(p, 4), 0.42, 1e-15);
    ck_assert_double_eq_tol(stats_combine(p, 3), 0.04, 1e-15);
}
END_TEST

START_TEST(mcnemar)
{
    json_t *list = cases("mcnemar"), *c;
    double worst = 0;
    size_t i;

    json_array_foreach(list, i, c)
    {
        struct stats_mcnemar m = stats_mcnemar((long)item(c, 0), (long)item(c, 1));
        struct stats_mcnemar back = stats_mcnemar((long)item(c, 1), (long)item(c, 0));
        worst = fmax(worst, fmax(error(m.p, item(c, 2)), error(m.mid, item(c, 3))));
        ck_assert(m.p == back.p && m.mid == back.mid); /* the order does not matter */
    }
    ck_assert_double_le(worst, 1e-9);
    json_decref(golden);
}
END_TEST

START_TEST(ranks_and_families)
{
    json_t *list = cases("spearman"), *c;
    double x[64], y[64], worst = 0;
    size_t i;

    json_array_foreach(list, i, c)
    {
        int n = array(x, c, "x");
        array(y, c, "y");
        worst = fmax(worst, error(stats_spearman(x, y, n), field(c, "rho")));
    }
    json_array_foreach(json_object_get(golden, "holm"), i, c)
    {
        int n = array(x, c, "p");
        array(y, c, "adjusted");
        stats_holm(x, x, n);
        for (int k = 0; k < n; k++)
            worst = fmax(worst, error(x[k], y[k]));
    }
    ck_assert_double_le(worst, 1e-12);
    double p[4] = { 0.03, NAN, 0.01, 0.5 };
    stats_holm(p, p, 4);
    ck_assert(p[0] == 0.06 && isnan(p[1]) && p[2] == 0.03 && p[3] == 0.5);
    json_decref(golden);
}
END_TEST

START_TEST(normal_and_sample_size)
{
    json_t *list = cases("normal_p"), *c;
    double worst = 0;
    size_t i;

    json_array_foreach(list, i, c) worst =
        fmax(worst, error(stats_normal_p(item(c, 0)), item(c, 1)));
    ck_assert_double_le(worst, 1e-12);
    ck_assert_double_eq_tol(stats_normal_p(STATS_Z95), 0.05, 1e-15);
    json_array_foreach(json_object_get(golden, "needed"), i, c) ck_assert_int_eq(
        stats_units_needed(item(c, 0), item(c, 1), item(c, 2), (int)item(c, 3), (int)item(c, 4)),
        (int)item(c, 5));
    ck_assert_int_eq(stats_units_needed(0, 0, 0.05, 2, 50), 0);
    ck_assert_int_eq(stats_units_needed(1, 0, 0.05, 2, 50), 6); /* 2^-5, of equal numbers */
    ck_assert_int_eq(stats_units_needed(1, 0, 0.025, 6, 50), 7);
    json_decref(golden);
}
END_TEST

/* The draws differ from SciPy's. The noise of a percentile of 20,000 draws is about 0.02
 * standard errors, a standard error is about 0.01 here, and means lie on a grid of 1/n. */
START_TEST(bootstrap)
{
    json_t *list = cases("boot"), *c;
    static const double value[] = { -1, 0, 1 };
    size_t i;

    json_array_foreach(list, i, c)
    {
        long count[3];
        double x[64], lo, hi;
        struct stats_boot b, again;
        array(x, c, "count");
        for (int k = 0; k < 3; k++)
            count[k] = (long)x[k];
        stats_boot_mean(&b, value, count, 3, 20000, 1);
        stats_boot_mean(&again, value, count, 3, 20000, 1);
        stats_boot_interval(&b, &lo, &hi);
        ck_assert_double_eq_tol(b.sample, field(c, "mean"), 1e-15);
        ck_assert_double_eq_tol(lo, field(c, "low"), 0.0021);
        ck_assert_double_eq_tol(hi, field(c, "high"), 0.0021);
        ck_assert_double_eq_tol(stats_boot_p(&b, 0), field(c, "p"), 0.03);
        ck_assert_mem_eq(b.draw, again.draw, (size_t)b.n_draws * sizeof *b.draw);
        ck_assert_double_eq_tol(stats_boot_p(&b, b.sample + 1), 2.0 / 20001, 1e-15);
        stats_boot_free(&b);
        stats_boot_free(&again);
    }
    json_decref(golden);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, student);
    tcase_add_test(tc, student_is_the_stores);
    tcase_add_test(tc, paired_t);
    tcase_add_test(tc, few_or_equal_numbers);
    tcase_add_test(tc, mcnemar);
    tcase_add_test(tc, ranks_and_families);
    tcase_add_test(tc, normal_and_sample_size);
    tcase_add_test(tc, bootstrap);
}

const struct suite suite_stats = { "stats", fill };
