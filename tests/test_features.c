/* test_features.c - features whose similarity is known, and hidden states as a forward pass shows them. */
#include "ablations/encode.h"
#include "core/base/rng.h"
#include "tests/suite.h"
#include "tests/tiny.h"

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

    gram_of(k, x, n, dx);
    gram_of(l, y, n, dy);
    double c = gram_cka(k, l, n);
    free(k);
    free(l);
    return c;
}

/* The definition by features: || Y^T X ||^2 over || X^T X || || Y^T Y ||, columns centred. */
static double product(const double *x, const double *y)
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

START_TEST(cka_of_known_features)
{
    double u[4] = { 1, -1, 1, -1 }, v[4] = { 1, 1, -1, -1 }, uv[8], shifted[4], same[4];

    for (int i = 0; i < 4; i++) {
        uv[2 * i] = u[i];
        uv[2 * i + 1] = v[i];
        shifted[i] = -3 * u[i] + 7; /* neither scale nor mean counts */
        same[i] = 2;
    }
    ck_assert_double_eq_tol(cka(u, 1, v, 1, 4), 0, 1e-12);
    ck_assert_double_eq_tol(cka(u, 1, shifted, 1, 4), 1, 1e-12);
    ck_assert_double_eq_tol(cka(uv, 2, u, 1, 4), sqrt(0.5), 1e-12); /* one of two directions */
    ck_assert_double_nan(cka(u, 1, same, 1, 4));
}
END_TEST

START_TEST(cka_turned_and_noisy)
{
    double x[N * D], y[N * D], turned[N * D], noisy[N * D];

    gaussian(x, N * D, 950);
    gaussian(y, N * D, 951);
    memcpy(turned, x, sizeof x);
    for (int a = 0; a + 1 < D; a++) /* turn planes one after another, then stretch */
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
    ck_assert_double_gt(near, 0.98);
    ck_assert_double_lt(near, 1 - 1e-4);
    ck_assert_double_lt(far, 0.6); /* N is not far above D */
    ck_assert_double_eq_tol(far, product(x, y) / sqrt(product(x, x) * product(y, y)), 1e-12);
}
END_TEST

START_TEST(cosines)
{
    const double x[4] = { 1, 0, 3, 4 }, y[4] = { 1, 1, 4, 3 }, zero[4] = { 0 };

    ck_assert_double_eq_tol(mean_cosine(x, y, 2, 2), (sqrt(0.5) + 24 / 25.) / 2, 1e-12);
    ck_assert_double_eq_tol(mean_cosine(x, x, 2, 2), 1, 1e-12);
    ck_assert_double_nan(mean_cosine(x, zero, 2, 2));
}
END_TEST

/* What is shown after the last block is what a post-norm model calls hidden; what is shown before block
 * k is what the frozen part of a model that trains from there on keeps at its border. */
START_TEST(shown_layers)
{
    const struct adapt *topk = adapt_find("topk");
    struct base base;
    struct model m;
    struct lane l;
    struct tiny_batch t;
    struct head head = tiny_head(POOL_MEAN, false, 0);

    ck_assert_msg(base_load(&base, tiny_write()) == 0, "%s", fail_text());
    int d = base.dims.d_model, layers = base.dims.n_layers;
    tiny_batch(&t, &base.dims);
    size_t each = (size_t)t.b.n_tok * (size_t)d;
    real *rows = xalloc(each * (size_t)(layers + 1), sizeof *rows), *place[8];
    real *kept = xalloc(each, sizeof *kept), *border[TINY_SEQS];
    int at[TINY_SEQS];
    for (int i = 0; i <= layers; i++)
        place[i] = rows + (size_t)i * each;
    for (int i = 0; i < t.b.n_seq; i++) {
        border[i] = kept + (size_t)t.b.off[i] * (size_t)d;
        at[i] = i;
    }
    for (int from = 1; from < layers; from++) {
        char text[16];
        snprintf(text, sizeof text, "%d", layers - from);
        void *cfg = tiny_cfg(topk, "top_layers", text);
        ck_assert_int_eq(model_init(&m, &base, &head, topk, cfg, 1, false), 0);
        ck_assert_int_eq(m.lowest, from);
        ck_assert_int_eq(lane_init(&l, &m, false), 0);
        l.border = border;
        l.border_at = at;
        ck_assert_int_eq(model_fwd(&m, &l, &t.b), 0);
        l.border = NULL;
        l.all_hidden = true;
        l.layer_out = place;
        ck_assert_int_eq(model_fwd(&m, &l, &t.b), 0);
        ck_assert_mem_eq(place[from], kept, each * sizeof *kept);
        ck_assert_mem_eq(place[layers], l.hidden.x, each * sizeof *kept);
        ck_assert_mem_ne(place[0], place[1], each * sizeof *kept);
        lane_free(&l);
        model_free(&m);
        opt_free(topk->opts, cfg);
        free(cfg);
    }
    free(rows);
    free(kept);
    base_free(&base);
    tiny_remove();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, cka_of_known_features);
    tcase_add_test(tc, cka_turned_and_noisy);
    tcase_add_test(tc, cosines);
    tcase_add_test(tc, shown_layers);
}

const struct suite suite_features = { "features", fill };
