/* test_stats.c - intervals and tests against SciPy and statsmodels (tests/golden/stats). */
#include "results/verdicts/stats_jackknife.h"
#include "results/verdicts/stats_joint.h"
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
        struct stats_joint j = stats_joint_of(&m);
        worst = fmax(worst, error(stats_joint_p(&j, m.mean, 0), field(c, "p")));
        worst = fmax(worst, error(stats_joint_p(&j, m.mean, -0.005), field(c, "p_at")));
    }
    ck_assert_double_le(worst, 1e-9);
    json_decref(golden);
}
END_TEST

START_TEST(few_or_equal_numbers)
{
    double x[3] = { 0.1, 0.1, 0.1 };
    struct stats_mean none = stats_mean(x, 0), one = stats_mean(x, 1), equal = stats_mean(x, 3);
    struct stats_joint of_one = stats_joint_of(&one), of_equal = stats_joint_of(&equal);

    ck_assert(isnan(none.mean) && isnan(one.sd) && isnan(one.half) &&
              isnan(stats_joint_p(&of_one, 0.1, 0)));
    ck_assert_double_eq(one.mean, 0.1);
    ck_assert_double_eq(stats_joint_p(&of_equal, equal.mean, 0.1), 1);
    ck_assert_double_eq(stats_joint_p(&of_equal, equal.mean, 0), ldexp(1, 1 - equal.n));
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

/* Mean squares, variance, degrees of freedom and p-values over seeds and examples: least squares
 * over indicators (statsmodels) against our sums. */
START_TEST(seeds_and_examples)
{
    json_t *list = cases("crossed"), *c;
    double worst = 0, y[512], df;
    size_t i;

    json_array_foreach(list, i, c)
    {
        json_t *all = json_object_get(c, "y"), *p = json_object_get(c, "p");
        int seeds = (int)field(c, "seeds"), n = (int)json_array_size(all) / seeds;
        struct stats_mean d = { .n = seeds };
        struct stats_crossed table;
        double means[8];
        ck_assert_int_le(seeds * n, 512);
        for (int k = 0; k < seeds * n; k++)
            y[k] = item(all, (size_t)k);
        for (int s = 0; s < seeds; s++) {
            means[s] = 0;
            for (int k = 0; k < n; k++)
                means[s] += y[s * n + k] / n;
        }
        d = stats_mean(means, seeds);
        stats_crossed_table(&table, y, seeds, n);
        struct stats_joint j = stats_joint_of(&d);
        stats_joint_add(&j, &table, 1);
        worst = fmax(worst, error(d.mean, field(c, "mean")));
        worst = fmax(worst, error(table.seeds, j.seeds)); /* two ways to the seeds' part */
        worst = fmax(worst, error(stats_joint_variance(&j, seeds, 1, &df), field(c, "variance")));
        worst = fmax(worst, error(df, field(c, "df")));
        worst = fmax(worst, error(stats_joint_p(&j, d.mean, 0), item(p, 0)));
        worst = fmax(worst, error(stats_joint_p(&j, d.mean, 0.02), item(p, 1)));
    }
    ck_assert_double_le(worst, 1e-9);
    json_decref(golden);
}
END_TEST

/* With ten times the seeds or examples only their own parts shrink. Two tasks that are averaged:
 * the parts of examples add with squared weights. */
START_TEST(other_numbers_of_seeds_and_examples)
{
    struct stats_crossed c = { 4, 101, 5e-4, 3e-4, 1e-4 };
    struct stats_joint j = { .n_seeds = 4, .seeds = 5e-4 }, two = j;
    double df;

    stats_joint_add(&j, &c, 1);
    ck_assert_double_eq_tol(stats_joint_variance(&j, 4, 1, &df), 7e-4, 1e-18);
    ck_assert_double_eq_tol(df, 49 / (25.0 / 3 + 9.0 / 100 + 1.0 / 300), 1e-10);
    ck_assert_double_eq_tol(stats_joint_variance(&j, 40, 1, &df), 4e-5 + 2e-4 + 1e-5, 1e-18);
    ck_assert_double_eq_tol(stats_joint_variance(&j, 4, 10, &df), 4e-4 + 2e-5 + 1e-5, 1e-18);
    stats_joint_add(&two, &c, 0.5);
    stats_joint_add(&two, &c, 0.5);
    ck_assert_double_eq_tol(two.examples, 3e-4 / 2, 1e-18);
    ck_assert_double_eq_tol(two.examples_q, 2 * 9e-8 / 16 / 100, 1e-20);
}
END_TEST

/* t(-i) from sums against the metric of SciPy or scikit-learn without that example. */
START_TEST(pseudo_values)
{
    json_t *list = cases("jackknife"), *c;
    double worst = 0, label[64], answer[64], want[64], y[64];
    size_t i;

    json_array_foreach(list, i, c)
    {
        const char *metric = json_string_value(json_object_get(c, "metric"));
        int n = array(label, c, "label");
        array(answer, c, "answer");
        array(want, c, "y");
        worst = fmax(worst, error(stats_jackknife(metric, y, label, answer, n), field(c, "score")));
        for (int k = 0; k < n; k++)
            worst = fmax(worst, fabs(y[k] - want[k]));
    }
    ck_assert_double_le(worst, 1e-9);
    ck_assert(isnan(stats_jackknife("accuracy", y, label, answer, 8)) && isnan(y[7]));
    label[0] = 2; /* a third class */
    ck_assert(isnan(stats_jackknife("f1", y, label, answer, 8)));
    json_decref(golden);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, student);
    tcase_add_test(tc, student_is_the_stores);
    tcase_add_test(tc, paired_t);
    tcase_add_test(tc, few_or_equal_numbers);
    tcase_add_test(tc, ranks_and_families);
    tcase_add_test(tc, seeds_and_examples);
    tcase_add_test(tc, other_numbers_of_seeds_and_examples);
    tcase_add_test(tc, pseudo_values);
}

const struct suite suite_stats = { "stats", fill };
