/* test_features.c - features whose similarity is known, and the hidden states that a forward pass
 * shows. */
#include "ablations/common/similarity.h"
#include "core/base/rng.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40, D = 12 };

static void gaussian(double *x, int n, uint32_t sub)
{
    struct rng g = rng_make(5, RNG_STUDY, sub);

    for (int i = 0; i < n; i++)
        x[i] = rng_normal(&g);
}

static double cka(const double *x, int dx, const double *y, int dy, int n)
{
    double *k = xalloc((size_t)(n * n), sizeof *k), *l = xalloc((size_t)(n * n), sizeof *l);

    similarity_gram(k, x, n, dx);
    similarity_gram(l, y, n, dy);
    double c = similarity_cka(k, l, n);
    free(k);
    free(l);
    return c;
}

/* || Y^T X ||_F^2 with centered columns. The usual, biased estimate of CKA is this over || X^T X
 * ||_F || Y^T Y ||_F. */
static double cross_product(const double *x, const double *y)
{
    double sum = 0;

    for (int a = 0; a < D; a++)
        for (int b = 0; b < D; b++) {
            double dot = 0, mx = 0, my = 0;
            for (int i = 0; i < N; i++) {
                mx += x[i * D + a] / N;
                my += y[i * D + b] / N;
            }
            for (int i = 0; i < N; i++)
                dot += (x[i * D + a] - mx) * (y[i * D + b] - my);
            sum += dot * dot;
        }
    return sum;
}

/* The values were computed with the code of Kornblith et al. from the features, which a formula
 * gives. */
START_TEST(cka_as_in_numpy)
{
    json_error_t err;
    json_t *all = json_load_file("tests/golden/cka/cases.json", 0, &err), *c;
    double worst = 0;
    size_t k;

    ck_assert_msg(all != NULL, "%s", err.text);
    ck_assert_int_gt((int)json_array_size(json_object_get(all, "cases")), 2);
    json_array_foreach(json_object_get(all, "cases"), k, c)
    {
        int n = (int)json_integer_value(json_object_get(c, "n"));
        int dx = (int)json_integer_value(json_object_get(c, "dx"));
        int dy = (int)json_integer_value(json_object_get(c, "dy"));
        double mix = json_number_value(json_object_get(c, "mix"));
        double *x = xalloc((size_t)(n * dx), sizeof *x), *y = xalloc((size_t)(n * dy), sizeof *y);
        double *turned = xalloc((size_t)(n * dy), sizeof *turned);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < dx; j++)
                x[i * dx + j] = sin(12.9 * i + 78.2 * j + i * j) + 3;
            for (int j = 0; j < dy; j++)
                turned[(i + 1) % n * dy + j] = y[i * dy + j] =
                    cos(4.1 * i - 3.3 * j + 0.5 * i * j) + mix * x[i * dx + j % dx];
        }
        double e = fabs(cka(x, dx, y, dy, n) - json_number_value(json_object_get(c, "cka")));
        double t =
            fabs(cka(x, dx, turned, dy, n) - json_number_value(json_object_get(c, "turned")));
        worst = e <= worst ? worst : isnan(e) ? INFINITY : e;
        worst = t <= worst ? worst : isnan(t) ? INFINITY : t;
        free(x);
        free(y);
        free(turned);
    }
    ck_assert_double_le(worst, 1e-11); /* small differences of large sums */
    json_decref(all);
}
END_TEST

START_TEST(cka_of_known_features)
{
    double u[4] = { 1, -1, 1, -1 }, shifted[4], same[4];

    for (int i = 0; i < 4; i++) {
        shifted[i] = -3 * u[i] + 7; /* neither scale nor mean matters */
        same[i] = 2;
    }
    ck_assert_double_eq_tol(cka(u, 1, shifted, 1, 4), 1, 1e-12);
    ck_assert_double_nan(cka(u, 1, same, 1, 4));
}
END_TEST

/* With fewer rows than columns, unrelated features (here the same ones in another order) have a
 * CKA of about 0, where the usual estimate is far above. */
START_TEST(cka_of_unrelated_features)
{
    enum { ROWS = 64, COLS = 96, TIMES = 20 };
    double *x = xalloc(ROWS * COLS, sizeof *x), *y = xalloc(ROWS * COLS, sizeof *y), mean = 0;

    gaussian(x, ROWS * COLS, 960);
    ck_assert_double_eq_tol(cka(x, COLS, x, COLS, ROWS), 1, 1e-12);
    for (uint32_t t = 0; t < TIMES; t++) {
        struct rng g = rng_make(5, RNG_STUDY, 970 + t);
        int order[ROWS];
        for (int i = 0; i < ROWS; i++)
            order[i] = i;
        rng_shuffle(&g, order, ROWS);
        for (int i = 0; i < ROWS; i++)
            memcpy(y + i * COLS, x + order[i] * COLS, COLS * sizeof *y);
        double c = cka(x, COLS, y, COLS, ROWS);
        ck_assert_double_le(fabs(c), 0.2);
        mean += c / TIMES;
    }
    ck_assert_double_le(fabs(mean),
                        0.03); /* the standard deviation of each is about sqrt(2) / ROWS */
    free(x);
    free(y);
}
END_TEST

START_TEST(cka_rotated_and_noisy)
{
    double x[N * D], y[N * D], turned[N * D], noisy[N * D];

    gaussian(x, N * D, 950);
    gaussian(y, N * D, 951);
    memcpy(turned, x, sizeof x);
    for (int a = 0; a + 1 < D; a++) /* rotate one plane after another, then scale */
        for (int i = 0; i < N; i++) {
            double p = turned[i * D + a], q = turned[i * D + a + 1], t = 0.3 + a;
            turned[i * D + a] = cos(t) * p - sin(t) * q;
            turned[i * D + a + 1] = sin(t) * p + cos(t) * q;
        }
    for (int i = 0; i < N * D; i++) {
        noisy[i] = x[i] + 0.05 * y[i];
        turned[i] *= 2.5;
    }
    ck_assert_double_eq_tol(cka(x, D, turned, D, N), 1, 1e-12);
    double near = cka(x, D, noisy, D, N), far = cka(x, D, y, D, N);
    ck_assert_double_gt(near, 0.97);
    ck_assert_double_lt(near, 1 - 1e-4);
    ck_assert_double_gt(cross_product(x, y) / sqrt(cross_product(x, x) * cross_product(y, y)), 0.2);
    ck_assert_double_le(fabs(far), 0.15);
}
END_TEST

START_TEST(cosines)
{
    const double x[4] = { 1, 0, 3, 4 }, y[4] = { 1, 1, 4, 3 }, zero[4] = { 0 };

    ck_assert_double_eq_tol(similarity_cosine(x, y, 2, 2), (sqrt(0.5) + 24 / 25.) / 2, 1e-12);
    ck_assert_double_eq_tol(similarity_cosine(x, x, 2, 2), 1, 1e-12);
    ck_assert_double_nan(similarity_cosine(x, zero, 2, 2));
}
END_TEST

/* After the last block a forward pass shows the hidden states of a post-norm model; before block k
 * it shows what the frozen-prefix cache of a model that trains from block k on holds. */
START_TEST(shown_layers)
{
    const struct adapt *topk = adapt_find("topk");
    struct base_model base;
    struct model m;
    struct workspace ws;
    struct tiny_batch t;
    struct head head = tiny_head(POOL_MEAN, false, 0);

    ck_assert_msg(base_model_load(&base, tiny_write()) == 0, "%s", fail_text());
    int d = base.dims.d_model, layers = base.dims.n_layers;
    tiny_batch(&t, &base.dims);
    size_t each = (size_t)t.b.n_tok * (size_t)d;
    real *rows = xalloc(each * (size_t)(layers + 1), sizeof *rows), *place[8];
    real *cached = xalloc(each, sizeof *cached), *frozen[TINY_SEQS];
    int at[TINY_SEQS];
    for (int i = 0; i <= layers; i++)
        place[i] = rows + (size_t)i * each;
    for (int i = 0; i < t.b.n_seq; i++) {
        frozen[i] = cached + (size_t)t.b.off[i] * (size_t)d;
        at[i] = i;
    }
    for (int from = 1; from < layers; from++) {
        char text[16];
        snprintf(text, sizeof text, "%d", layers - from);
        void *cfg = tiny_cfg(topk, "top_layers", text);
        ck_assert_int_eq(model_init(&m, &base, &head, topk, cfg, 1, false), 0);
        ck_assert_int_eq(m.lowest, from);
        ck_assert_int_eq(workspace_init(&ws, &m, false), 0);
        ws.frozen = frozen;
        ws.frozen_at = at;
        ck_assert_int_eq(model_fwd(&m, &ws, &t.b), 0);
        ws.frozen = NULL;
        ws.all_hidden = true;
        ws.layer_out = place;
        ck_assert_int_eq(model_fwd(&m, &ws, &t.b), 0);
        ck_assert_mem_eq(place[from], cached, each * sizeof *cached);
        ck_assert_mem_eq(place[layers], ws.hidden.x, each * sizeof *cached);
        ck_assert_mem_ne(place[0], place[1], each * sizeof *cached);
        workspace_free(&ws);
        model_free(&m);
        opt_free(topk->opts, cfg);
        free(cfg);
    }
    free(rows);
    free(cached);
    base_model_free(&base);
    tiny_remove();
}
END_TEST

static void add_features_tests(TCase *tc)
{
    tcase_add_test(tc, cka_as_in_numpy);
    tcase_add_test(tc, cka_of_known_features);
    tcase_add_test(tc, cka_of_unrelated_features);
    tcase_add_test(tc, cka_rotated_and_noisy);
    tcase_add_test(tc, cosines);
    tcase_add_test(tc, shown_layers);
}

const struct suite suite_features = { "features", add_features_tests };
