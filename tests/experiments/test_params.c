/* test_params.c - counting without weights: every configuration that the paper prints against
 * golden counts, formulas against tensors for every method, budgets, and agreement with what is
 * printed. */
#include "core/os/file.h"
#include "core/base/text.h"
#include "experiments/assets/geometry.h"
#include "experiments/estimate/count.h"
#include "experiments/estimate/memory_table.h"
#include "experiments/estimate/paper_counts.h"
#include "experiments/study/budget.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The count of a configuration in tests/golden/counts/counts.tsv; NaN: it has no line. */
static double golden_count(const char *text, const struct paper_count *c)
{
    char *key = xprintf("%s\t%s\t%s\t%s\t", c->table, c->row, c->model, c->words);
    const char *at = strstr(text, key);
    double n = at && (at == text || at[-1] == '\n') ? strtod(at + strlen(key), NULL) : NAN;

    free(key);
    return n;
}

static char *read_text(const char *path)
{
    struct file f;

    ck_assert_msg(file_map(&f, path) == 0, "%s", fail_text());
    char *text = xprintf("%.*s", (int)f.size, (const char *)f.data);
    file_unmap(&f);
    return text;
}

/* Adds the method of WORDS ("method=NAME ...") to the list of absent methods, once. */
static void add_absent(struct text *absent, const char *words)
{
    char *method = xprintf(" %.*s,", (int)strcspn(words + 7, " "), words + 7);

    if (!strstr(text_string(absent), method))
        text_add(absent, "%s", method);
    free(method);
}

START_TEST(paper_configurations)
{
    char *text = read_text("tests/golden/counts/counts.tsv");
    struct text absent = { 0 };
    struct paper_counts p;
    int lines = 0, n_absent = 0;

    ck_assert_msg(paper_counts_load(&p) == 0, "%s", fail_text());
    for (const char *s = text; *s; s++)
        lines += *s == '\n';
    ck_assert_int_eq(lines, p.n);
    for (int i = 0; i < p.n; i++) {
        const struct paper_count *c = &p.c[i];
        const struct geometry *shape = geometry_find(c->model);
        double want = golden_count(text, c);
        struct counted n;
        struct recipe r;
        ck_assert_msg(!isnan(want), "%s %s (%s) has no golden count", c->table, c->row, c->words);
        int rc = paper_counts_recipe(&r, c);
        ck_assert_msg(rc >= 0, "%s %s: %s", c->table, c->row, fail_text());
        if (rc == 1) {
            add_absent(&absent, c->words);
            n_absent++;
            continue;
        }
        struct dims d = count_dims(&shape->d, &r);
        ck_assert_msg(count_method(&n, &d, true, &r) == 0, "%s: %s", c->words, fail_text());
        ck_assert_msg(n.formula == want && n.trained == want,
                      "%s %s, %s of %s: formula %.0f, tensors %.0f, not %.0f", c->table, c->row,
                      c->words, c->model, n.formula, n.trained, want);
        ck_assert(paper_counts_match(c, c->model, &r) && !paper_counts_match(c, "tiny", &r));
        recipe_free(&r);
    }
    if (n_absent) {
        char *line = xprintf("%d of %d rows of the paper wait for methods:%.*s", n_absent, p.n,
                             (int)absent.n - 1, text_string(&absent));
        skip(line);
        free(line);
    }
    paper_counts_free(&p);
    text_free(&absent);
    free(text);
}
END_TEST

/* For every method and every shape, the closed form equals the count of the tensors. */
START_TEST(formulas_agree_with_tensors)
{
    for (const struct adapt *const *a = adapt_table; *a; a++)
        for (const struct geometry *p = geometry_table; p->name; p++) {
            struct settings v = { 0 };
            struct recipe r;
            struct counted n;
            settings_set(&v, "method", (*a)->name, location_named("test"));
            ck_assert_int_eq(recipe_parse(&r, &v), 0);
            int rc = count_method(&n, &p->d, true, &r);
            /* Refused: what is impossible, such as a head on a decoder. */
            ck_assert_msg(rc == 0 || fail_code() == FAIL_USAGE, "%s: %s", (*a)->name, fail_text());
            ck_assert_msg(rc != 0 || n.formula == n.trained, "%s of %s: formula %.0f, tensors %.0f",
                          (*a)->name, p->name, n.formula, n.trained);
            ck_assert_msg(rc == 0 || strcmp(p->d.arch, "gpt2") == 0, "%s of %s: %s", (*a)->name,
                          p->name, fail_text());
            recipe_free(&r);
            settings_free(&v);
        }
}
END_TEST

/* model_outline counts what model_init creates. */
START_TEST(outline_is_the_model)
{
    for (const struct adapt *const *a = adapt_table; *a; a++) {
        struct dims d = geometry_find("tiny")->d;
        struct head h = { .n_labels = 1, .pooling = POOL_CLS, .pool_scale = 1 };
        struct base_model weights, shapes;
        struct model whole, outline;
        struct settings v = { 0 };
        struct recipe r;
        int off[] = { 0, 5, 16 };
        struct batch b = { .n_seq = 2, .n_tok = 16, .max_len = 11, .off = off };
        settings_set(&v, "method", (*a)->name, location_named("test"));
        ck_assert_int_eq(recipe_parse(&r, &v), 0);
        ck_assert_int_eq(base_model_random(&weights, &d, 1), 0);
        ck_assert_int_eq(base_model_outline(&shapes, &d, true), 0);
        ck_assert_int_eq(model_init(&whole, &weights, &h, *a, r.method_cfg, 1, false), 0);
        ck_assert_int_eq(model_outline(&outline, &shapes, &h, *a, r.method_cfg), 0);
        ck_assert_uint_eq(outline.n_train, whole.n_train);
        ck_assert_uint_eq(outline.n_total, whole.n_total);
        ck_assert_int_eq(outline.lowest, whole.lowest);
        for (int grad = 0; grad < 2; grad++)
            ck_assert_uint_eq(workspace_bytes(&outline, &b, grad, grad),
                              workspace_bytes(&whole, &b, grad, grad));
        unsigned char need[2][2 * N_GROUP] = { { 0 } };
        model_packs(&whole, need[0]);
        model_packs(&outline, need[1]);
        ck_assert_int_eq(memcmp(need[0], need[1], sizeof need[0]), 0);
        model_free(&whole);
        model_free(&outline);
        base_model_free(&weights);
        base_model_free(&shapes);
        recipe_free(&r);
        settings_free(&v);
    }
}
END_TEST

static const struct {
    const char *model, *targets, *budget;
    long rank, count, above; /* rank 0: refused */
} budgets[] = {
    { "gpt3-175b", "q,v", "18M", 3, 14155776, 18874368 },
    { "gpt3-175b", "q,v", "18874368", 4, 18874368, 23592960 },
    { "gpt3-175b", "q", "18.9M", 8, 18874368, 21233664 },
    { "gpt2-medium", "q,v", "0.35M", 3, 294912, 393216 },
    { "roberta-base", "q,v", "0.3M", 8, 294912, 331776 },
    { "tiny", "q", "1B", 64, 16384, 0 },
    { "tiny", "q", "255", 0, 0, 0 },
};

START_TEST(budget)
{
    const struct geometry *p = geometry_find(budgets[_i].model);
    struct settings v = { 0 };
    struct recipe r;
    struct budget b;
    long params = 0;

    settings_set(&v, "targets", budgets[_i].targets, location_named("test"));
    ck_assert_int_eq(recipe_parse(&r, &v), 0);
    ck_assert_int_eq(budget_parse(&params, budgets[_i].budget), 0);
    int rc = budget_find(&b, &r, &p->d, params);
    if (budgets[_i].rank == 0) {
        ck_assert_int_eq(rc, -1);
        ck_assert_ptr_nonnull(strstr(fail_text(), "rank 1 trains 256"));
    } else {
        ck_assert_int_eq(rc, 0);
        ck_assert_str_eq(b.key, "rank");
        ck_assert(b.value == budgets[_i].rank && b.count == budgets[_i].count &&
                  b.above == budgets[_i].above);
    }
    recipe_free(&r);
    settings_free(&v);
}
END_TEST

START_TEST(budgets_that_are_refused)
{
    static const char *const bad[] = { "",    "M",   "18 M", "-3",  "0",
                                       "0.2", "1e6", "18MM", "nan", "1.2.3M" };
    long n;

    ck_assert(budget_parse(&n, "36864") == 0 && n == 36864);
    ck_assert(budget_parse(&n, "0.3M") == 0 && n == 300000);
    ck_assert(budget_parse(&n, "12k") == 0 && n == 12000);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(budget_parse(&n, bad[i]) == -1 && fail_code() == FAIL_USAGE, "'%s'", bad[i]);
}
END_TEST

START_TEST(agreement)
{
    static const struct {
        double n;
        const char *printed, *says;
    } rows[] = {
        { 294912, "0.3", "yes" },
        { 354823168, "354.92", "no: 0.027 % above the formula" },
        { 354823168, "354", "yes, cut off" },
        { 18874368, "18.8", "yes, cut off" },
        { 393216, "0.35", "no: 11 % below the formula" },
        { 774030080, "774.03", "yes" },
        { 23002848, "23.00", "yes" },
    };
    char buf[64];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_str_eq(paper_counts_agree(buf, rows[i].n, rows[i].printed), rows[i].says);
}
END_TEST

/* The activations of a program that keeps everything are s b h (34 + 5 a s / h) bytes per layer. */
START_TEST(memory_by_hand)
{
    const struct geometry *p = geometry_find("gpt3-175b");
    struct settings v = { 0 };
    struct recipe r;
    struct counted c;
    struct rows t;
    struct memory_load l = { .batch = 2, .tokens = 256 };
    double h = 12288, s = 256, a = 96, b = 2;

    ck_assert_int_eq(recipe_parse(&r, &v), 0);
    ck_assert_int_eq(count_method(&c, &p->d, true, &r), 0);
    ck_assert_int_eq(memory_table(&t, p->name, &p->d, true, &r, &c, &l), 0);
    double want[][2] = { { 2 * c.base, 2 * c.base }, { 2 * c.base, 2 * c.trained } };
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            ck_assert_double_le(
                fabs(strtod(t.cell[i * t.n_cols + 2 + k], NULL) * 1e9 / want[i][k] - 1),
                1e-4); /* five digits are printed */
    const char *acts = NULL;
    for (int i = 0; i < t.n_rows; i++)
        if (strcmp(t.cell[i * t.n_cols], "activations") == 0)
            acts = t.cell[i * t.n_cols + 2];
    ck_assert_ptr_nonnull(acts);
    ck_assert_double_le(
        fabs(strtod(acts, NULL) * 1e9 / (96 * s * b * h * (34 + 5 * a * s / h)) - 1), 1e-4);
    rows_free(&t);
    recipe_free(&r);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, paper_configurations);
    tcase_add_test(tc, formulas_agree_with_tensors);
    tcase_add_test(tc, outline_is_the_model);
    tcase_add_loop_test(tc, budget, 0, ARRAY_LEN(budgets));
    tcase_add_test(tc, budgets_that_are_refused);
    tcase_add_test(tc, agreement);
    tcase_add_test(tc, memory_by_hand);
}

const struct suite suite_params = { "params", fill };
