/* test_lmhead.c - the next-token loss in chunks of the vocabulary, against its definition by logits
 * and softmax. */
#include "core/math/lmhead.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 40, SOME = 2 * LMHEAD_CHUNK + 300 };

/* SCALE multiplies x, and so the logits, which are N(0, d) otherwise. RISING: later words have
 * larger logits, so the running maximum changes in every chunk. */
static const struct {
    const char *name;
    int rows, words, ignore; /* one in so many rows has no target; 0: all have one */
    double scale;
    bool rising;
} row[] = {
    { "one row", 1, SOME, 0, 1, false },
    { "one word", 7, 1, 0, 1, false },
    { "one chunk", 5, LMHEAD_CHUNK, 0, 1, false },
    { "a chunk and a word", 5, LMHEAD_CHUNK + 1, 2, 1, false },
    { "several", 33, SOME, 3, 1, false },
    { "all ignored", 9, SOME, 1, 1, false },
    { "huge logits", 21, SOME, 4, 1e4, false },
    { "tiny logits", 21, SOME, 0, 1e-6, false },
    { "a maximum that moves", 21, SOME, 0, 1, true },
    { "two sweeps", LMHEAD_SWEEP + LMHEAD_ROWS + 5, LMHEAD_CHUNK + 77, 7, 1, false },
};

static struct {
    struct mat x, w, dx, dw;
    int *target;
    struct lmhead packed, plain;
    void *scratch;
    double weight, smooth;
    real *mean;
    /* from the definition, in double */
    double loss, *want_dx, *want_dw;
} f;

/* The target of row T: first the words at the edges of chunks, then others. */
static int word_of(int t, int words)
{
    const int edge[] = { 0, LMHEAD_CHUNK - 1, LMHEAD_CHUNK, words - 1 };

    return t < 4 && edge[t] < words ? edge[t] : (int)((unsigned)t * 2654435761u % (unsigned)words);
}

/* The loss of one row from the definition, and its part of the gradients. */
static void plain_row(int t)
{
    int V = f.w.rows, y = f.target[t];
    double *z = xalloc((size_t)V, sizeof *z), max = -INFINITY, sum = 0, mean = 0;

    for (int v = 0; v < V; v++) {
        for (int j = 0; j < D; j++)
            z[v] += (double)mat_row(f.w, v)[j] * (double)mat_row(f.x, t)[j];
        max = fmax(max, z[v]);
    }
    for (int v = 0; v < V; v++)
        sum += exp(z[v] - max);
    f.loss += log(sum) + max - (1 - f.smooth) * z[y];
    for (int v = 0; v < V; v++) {
        double want = (v == y) * (1 - f.smooth) + f.smooth / V;
        double dz = f.weight * (exp(z[v] - max) / sum - want);
        mean += z[v] / V;
        for (int j = 0; j < D; j++) {
            f.want_dx[(size_t)t * D + (size_t)j] += dz * (double)mat_row(f.w, v)[j];
            f.want_dw[(size_t)v * D + (size_t)j] += dz * (double)mat_row(f.x, t)[j];
        }
    }
    f.loss -= f.smooth * mean; /* at once: V steps would round V times at the size of the loss */
    free(z);
}

static void build(int i)
{
    int T = row[i].rows, V = row[i].words;

    f.x = test_mat(T, D, 1);
    f.w = test_mat(V, D, 2);
    f.dx = test_mat(T, D, 3);
    f.dw = mat_make(xalloc((size_t)V * D, sizeof(real)), V, D);
    f.target = xalloc((size_t)T, sizeof *f.target);
    f.weight = 0.125;
    f.loss = 0;
    f.want_dx = xalloc((size_t)T * D, sizeof *f.want_dx);
    f.want_dw = xalloc((size_t)V * D, sizeof *f.want_dw);
    for (int k = 0; k < T * D; k++)
        f.x.x[k] *= (real)row[i].scale;
    for (int v = 0; v < V && row[i].rising; v++)
        f.w.x[v * D] = (real)v / 64;
    for (int t = 0; t < T; t++) {
        f.x.x[t * D] = row[i].rising ? 1 : f.x.x[t * D];
        f.target[t] = row[i].ignore && t % row[i].ignore == 0 ? -1 : word_of(t, V);
        if (f.target[t] >= 0)
            plain_row(t);
    }
    lmhead_init(&f.packed, f.w);
    ck_assert_int_eq(lmhead_pack(&f.packed, PRECISION_F32), 0);
    f.plain = (struct lmhead){ .w = f.w };
    f.mean = xalloc(D, sizeof *f.mean);
    lmhead_mean(f.mean, f.w);
    f.packed.mean = f.mean;
    f.scratch = aligned_alloc(64, lmhead_scratch(D, T));
}

static void unbuild(void)
{
    lmhead_free(&f.packed);
    free(f.x.x);
    free(f.w.x);
    free(f.dx.x);
    free(f.dw.x);
    free(f.target);
    free(f.want_dx);
    free(f.want_dw);
    free(f.scratch);
    free(f.mean);
    f.smooth = 0;
}

/* The largest difference, relative to the largest value of WANT, which may be all 0. */
static double away(struct mat got, const double *want)
{
    double diff = 0, max = 0;

    for (int i = 0; i < got.rows; i++)
        for (int j = 0; j < got.cols; j++) {
            double w = want[(size_t)i * (size_t)got.cols + (size_t)j];
            double e = fabs((double)mat_row(got, i)[j] - w);
            if (!(e <= diff))
                diff = isnan(e) ? INFINITY : e;
            max = fmax(max, fabs(w));
        }
    return max > 0 ? diff / max : diff;
}

/* A logit of size s is known only up to s times the rounding error, and so is its probability. */
static double tolerance(int i)
{
    double size = fmax(1, row[i].scale * (row[i].rising ? 64 : 20));

    return (sizeof(real) == 8 ? 1e-14 : 4e-6) * size;
}

START_TEST(packed_follows_the_definition)
{
    int i = _i % (int)ARRAY_LEN(row);

    f.smooth = _i == i ? 0 : 0.1;
    build(i);
    double loss = lmhead_loss(&f.packed, f.dx, (struct mat){ 0 }, f.x, f.target, f.weight, f.smooth,
                              f.scratch);
    ck_assert_double_le(fabs(loss - f.loss), tolerance(i) * fmax(1, f.loss));
    /* huge logits in f32 are accurate enough for this */
    ck_assert_double_le(away(f.dx, f.want_dx), tolerance(i));
    double alone = lmhead_loss(&f.packed, (struct mat){ 0 }, (struct mat){ 0 }, f.x, f.target, 1,
                               f.smooth, f.scratch);
    ck_assert(alone == loss);
    lmhead_loss(&f.packed, f.x, (struct mat){ 0 }, f.x, f.target, f.weight, f.smooth, f.scratch);
    for (int t = 0; t < f.x.rows; t++) /* the gradient may replace x */
        ck_assert_mem_eq(mat_row(f.x, t), mat_row(f.dx, t), D * sizeof(real));
    unbuild();
}
END_TEST

START_TEST(trained_follows_the_definition)
{
    int i = _i % (int)ARRAY_LEN(row);

    f.smooth = _i == i ? 0 : 0.1;
    build(i);
    double loss = lmhead_loss(&f.plain, f.dx, f.dw, f.x, f.target, f.weight, f.smooth, f.scratch);
    ck_assert_double_le(fabs(loss - f.loss), tolerance(i) * fmax(1, f.loss));
    ck_assert_double_le(away(f.dx, f.want_dx), tolerance(i));
    ck_assert_double_le(away(f.dw, f.want_dw), tolerance(i));
    for (int t = 0; t < f.x.rows; t++)
        for (int j = 0; j < D && f.target[t] < 0; j++)
            ck_assert(mat_row(f.dx, t)[j] == 0);
    unbuild();
}
END_TEST

/* The gradient of a row does not depend on the other rows. */
START_TEST(rows_are_independent)
{
    build(4);
    lmhead_loss(&f.packed, f.dx, (struct mat){ 0 }, f.x, f.target, f.weight, 0, f.scratch);
    for (int t = 0; t < f.x.rows; t++) {
        real one[D];
        lmhead_loss(&f.packed, mat_make(one, 1, D), (struct mat){ 0 }, mat_rows(f.x, t, 1),
                    f.target + t, f.weight, 0, f.scratch);
        ck_assert_double_le(test_error(mat_make(one, 1, D), mat_rows(f.dx, t, 1)), test_rounding());
    }
    unbuild();
}
END_TEST

START_TEST(a_nan_is_not_lost)
{
    build(4);
    mat_row(f.x, 1)[3] = NAN;
    ck_assert(
        isnan(lmhead_loss(&f.packed, f.dx, (struct mat){ 0 }, f.x, f.target, 1, 0, f.scratch)));
    unbuild();
}
END_TEST

static int largest_logit(struct mat z, int t)
{
    int best = 0;

    for (int v = 1; v < z.cols; v++)
        if (mat_row(z, t)[v] > mat_row(z, t)[best])
            best = v;
    return best;
}

/* Against all logits: -log p of every target, and whether it is the largest. */
START_TEST(scores_of_rows)
{
    build(4);
    int n = f.x.rows, hits = 0;
    struct mat z = mat_make(xalloc((size_t)n * SOME, sizeof(real)), n, SOME);
    double *nll = xalloc((size_t)n, sizeof *nll), sum = 0;
    bool *hit = xalloc((size_t)n, sizeof *hit);
    lmhead_logits(&f.packed, z, f.x);
    for (int t = 1; t < n; t += 3)
        f.target[t] = largest_logit(z, t);
    lmhead_score(&f.packed, nll, hit, f.x, f.target, f.scratch);
    for (int t = 0; t < n; t++) {
        ck_assert_int_eq(hit[t], f.target[t] >= 0 && f.target[t] == largest_logit(z, t));
        ck_assert(f.target[t] >= 0 || nll[t] == 0);
        sum += nll[t];
        hits += hit[t];
    }
    double loss = lmhead_loss(&f.packed, (struct mat){ 0 }, (struct mat){ 0 }, f.x, f.target, 1, 0,
                              f.scratch);
    ck_assert_double_le(fabs(sum - loss), 1e-12 * loss);
    ck_assert_int_gt(hits, 0);
    ck_assert_int_lt(hits, n);
    free(z.x);
    free(nll);
    free(hit);
    unbuild();
}
END_TEST

START_TEST(logits_are_products)
{
    build(4);
    struct mat z = mat_make(xalloc((size_t)f.x.rows * SOME, sizeof(real)), f.x.rows, SOME);
    struct mat want = mat_make(xalloc((size_t)f.x.rows * SOME, sizeof(real)), f.x.rows, SOME);
    mat_gemm(want, 0, 1, f.x, NOTRANS, f.w, TRANS);
    for (int k = 0; k < 2; k++) {
        test_fill(z, 9);
        lmhead_logits(k ? &f.plain : &f.packed, z, f.x);
        ck_assert_double_le(test_error(z, want), test_rounding());
    }
    free(z.x);
    free(want.x);
    unbuild();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, packed_follows_the_definition, 0, 2 * (int)ARRAY_LEN(row));
    tcase_add_loop_test(tc, trained_follows_the_definition, 0, 2 * (int)ARRAY_LEN(row));
    tcase_add_test(tc, rows_are_independent);
    tcase_add_test(tc, a_nan_is_not_lost);
    tcase_add_test(tc, logits_are_products);
    tcase_add_test(tc, scores_of_rows);
}

const struct suite suite_lmhead = { "lmhead", fill };
