/* test_metric.c - every metric against scikit-learn and SciPy (tests/golden/metric), and properties
 * that all of them have. */
#include "core/base/rng.h"
#include "core/metric/metric.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One golden case as arrays. */
struct data {
    int n, n_classes;
    int *label, *guess, *tokens, *hits;
    double *target, *value, *nll;
};

static void data_init(struct data *d, int n, int n_classes)
{
    *d = (struct data){ .n = n, .n_classes = n_classes };
    d->label = xalloc((size_t)n + 1, sizeof *d->label);
    d->guess = xalloc((size_t)n + 1, sizeof *d->guess);
    d->target = xalloc((size_t)n + 1, sizeof *d->target);
    d->value = xalloc((size_t)n + 1, sizeof *d->value);
    d->tokens = xalloc((size_t)n + 1, sizeof *d->tokens);
    d->hits = xalloc((size_t)n + 1, sizeof *d->hits);
    d->nll = xalloc((size_t)n + 1, sizeof *d->nll);
}

static void data_free(struct data *d)
{
    free(d->label);
    free(d->guess);
    free(d->target);
    free(d->value);
    free(d->tokens);
    free(d->hits);
    free(d->nll);
}

static double score(const struct metric *m, const struct data *d)
{
    struct outcome o = { .n = d->n,
                         .n_classes = d->n_classes,
                         .label = d->label,
                         .guess = d->guess,
                         .target = d->target,
                         .value = d->value,
                         .tokens = d->tokens,
                         .hits = d->hits,
                         .nll = d->nll };

    return m->score(&o);
}

/* The error relative to |want| or 1, whichever is larger; NaN agrees only with NaN. */
static double error(double got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 0 : INFINITY;
    return fabs(got - want) / fmax(1, fabs(want));
}

START_TEST(equals_golden)
{
    json_error_t err;
    json_t *root = json_load_file("tests/golden/metric/cases.json", 0, &err);
    json_t *cases = json_object_get(root, "cases"), *c;
    size_t i;

    ck_assert_msg(json_array_size(cases) > 0, "%s", err.text);
    json_array_foreach(cases, i, c)
    {
        const char *name = json_string_value(json_object_get(c, "metric"));
        const struct metric *m = metric_find(name);
        json_t *truth = json_object_get(c, "truth"), *guess = json_object_get(c, "guess");
        json_t *want = json_object_get(c, "score");
        struct data d;
        ck_assert_ptr_nonnull(m);
        data_init(&d, (int)json_array_size(truth),
                  (int)json_integer_value(json_object_get(c, "n_classes")));
        for (int k = 0; k < d.n; k++) {
            d.target[k] = json_number_value(json_array_get(truth, (size_t)k));
            d.value[k] = json_number_value(json_array_get(guess, (size_t)k));
            d.label[k] = (int)d.target[k];
            d.guess[k] = (int)d.value[k];
        }
        double e = error(score(m, &d), json_is_null(want) ? NAN : json_number_value(want));
        /* sums of up to 1,500 terms in another order */
        ck_assert_msg(e <= 1e-12, "%s of '%s': off by %g", name,
                      json_string_value(json_object_get(c, "name")), e);
        data_free(&d);
    }
    json_decref(root);
}
END_TEST

/* Random outcomes of three classes, or of targets with ties. */
static void fill_random(struct data *d, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_SUBSET, 0);

    for (int i = 0; i < d->n; i++) {
        d->label[i] = (int)rng_below(&r, 3);
        d->guess[i] = (int)rng_below(&r, 3);
        d->target[i] = rng_below(&r, 10) / 2.0;
        d->value[i] = d->target[i] + rng_normal(&r);
        d->tokens[i] = 1 + (int)rng_below(&r, 20);
        d->hits[i] = (int)rng_below(&r, (uint32_t)d->tokens[i]);
        d->nll[i] = d->tokens[i] * (1 + rng_normal(&r) * rng_normal(&r));
    }
}

START_TEST(any_metric)
{
    const struct metric *m = metric_table[_i];
    struct rng r = rng_make(2, RNG_ORDER, 0);
    struct data a, b;
    int order[97];

    data_init(&a, 0, m->of == METRIC_OF_TARGETS ? 0 : 3);
    ck_assert(isnan(score(m, &a)));
    data_free(&a);
    ck_assert_ptr_eq(metric_find(m->name), m);

    data_init(&a, 97, m->of == METRIC_OF_TARGETS ? 0 : 3);
    data_init(&b, 97, a.n_classes);
    fill_random(&a, 1);
    for (int i = 0; i < a.n; i++)
        order[i] = i;
    rng_shuffle(&r, order, a.n);
    for (int i = 0; i < a.n; i++) {
        b.label[i] = a.label[order[i]];
        b.guess[i] = a.guess[order[i]];
        b.target[i] = a.target[order[i]];
        b.value[i] = a.value[order[i]];
        b.tokens[i] = a.tokens[order[i]];
        b.hits[i] = a.hits[order[i]];
        b.nll[i] = a.nll[order[i]];
    }
    ck_assert_double_le(error(score(m, &a), score(m, &b)), 1e-13); /* rounding errors of sums */
    data_free(&a);
    data_free(&b);
}
END_TEST

START_TEST(perfect_is_best)
{
    const struct metric *m = metric_table[_i];
    struct data d;

    data_init(&d, 97, m->of == METRIC_OF_TARGETS ? 0 : 3);
    fill_random(&d, 3);
    double some = score(m, &d);
    memcpy(d.guess, d.label, (size_t)d.n * sizeof *d.guess);
    memcpy(d.value, d.target, (size_t)d.n * sizeof *d.value);
    memcpy(d.hits, d.tokens, (size_t)d.n * sizeof *d.hits);
    memset(d.nll, 0, (size_t)d.n * sizeof *d.nll);
    double best = score(m, &d), least = strcmp(m->name, "perplexity") == 0 ? 1 : 0;
    ck_assert(m->goal == GOAL_MAX ? best > some : best < some);
    ck_assert_double_le(error(best, m->goal == GOAL_MAX ? 1 : least), 1e-13);
    data_free(&d);
}
END_TEST

/* Two targets of 3 and 1 tokens: a mean of tokens, not of examples. */
START_TEST(tokens_count_alike)
{
    const int tokens[] = { 3, 1 }, hits[] = { 1, 1 };
    const double nll[] = { 6, 4 };
    struct outcome o = { .n = 2, .tokens = tokens, .hits = hits, .nll = nll };

    ck_assert_double_eq(metric_find("token_loss")->score(&o), 2.5);
    ck_assert_double_eq(metric_find("perplexity")->score(&o), exp(2.5));
    ck_assert_double_eq(metric_find("token_accuracy")->score(&o), 0.5);
}
END_TEST

START_TEST(not_a_number_stays)
{
    const struct metric *m = metric_table[_i];
    struct data d;

    if (m->of != METRIC_OF_TARGETS)
        return;
    data_init(&d, 20, 0);
    fill_random(&d, 4);
    d.value[7] = NAN;
    ck_assert(isnan(score(m, &d)));
    data_free(&d);
}
END_TEST

START_TEST(unknown_name)
{
    ck_assert_ptr_null(metric_find("accurracy"));
}
END_TEST

static void fill(TCase *tc)
{
    int n = 0;

    while (metric_table[n])
        n++;
    tcase_add_test(tc, equals_golden);
    tcase_add_loop_test(tc, any_metric, 0, n);
    tcase_add_loop_test(tc, perfect_is_best, 0, n);
    tcase_add_loop_test(tc, not_a_number_stays, 0, n);
    tcase_add_test(tc, tokens_count_alike);
    tcase_add_test(tc, unknown_name);
}

const struct suite suite_metric = { "metric", fill };
