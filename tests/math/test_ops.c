/* test_ops.c - every operation: its gradient against finite differences, and its value against a
 * plain implementation.
 *
 * The loss is <w, y> for a fixed random w, so dL/dy = w. */
#include "core/math/ops.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- The checker itself, with L = sum x^2 w */
static double square_loss(void *ctx)
{
    struct mat *f = ctx; /* x, w */
    double sum = 0;

    for (int j = 0; j < f[0].cols; j++)
        sum += (double)f[1].x[j] * (double)f[0].x[j] * (double)f[0].x[j];
    return sum;
}

START_TEST(checker_tells_wrong_from_right)
{
    struct mat f[2] = { test_mat(1, 10, 1), test_mat(1, 10, 2) }, g = test_mat(1, 10, 3);
    double bound = 100 * gradcheck_tolerance();

    for (int j = 0; j < 10; j++)
        g.x[j] = 2 * f[0].x[j] * f[1].x[j];
    ck_gradient(f[0], g, square_loss, f);
    real keep = g.x[4];
    g.x[4] = 0;
    ck_assert_double_gt(gradcheck(f[0], g, square_loss, f), fmin(bound, 0.01));
    g.x[4] = -keep;
    ck_assert_double_gt(gradcheck(f[0], g, square_loss, f), fmin(bound, 0.01));
    g.x[4] = NAN;
    ck_assert(isinf(gradcheck(f[0], g, square_loss, f)));
    g.x[4] = keep;
    for (int j = 0; j < 10; j++)
        g.x[j] *= -1;
    ck_assert_double_gt(gradcheck(f[0], g, square_loss, f), 1);
    for (int j = 0; j < 10; j++)
        g.x[j] *= (real)-1.02;
    ck_assert_double_gt(gradcheck(f[0], g, square_loss, f), gradcheck_tolerance());
    free(f[0].x);
    free(f[1].x);
    free(g.x);
}
END_TEST

/* --- Embeddings */
static const int ids[] = { 3, 0, 3, 5, 1, 3 }, pos_ids[] = { 0, 1, 2, 0, 1, 2 };
static const int type_ids[] = { 0, 0, 1, 0, 1, 1 };

struct embed_case {
    struct mat word, pos, type, y, w;
};

static double embed_loss(void *ctx)
{
    struct embed_case *f = ctx;

    embed_fwd(f->y, ids, pos_ids, type_ids, f->word, f->pos, f->type, (struct mat){ 0 });
    return test_dot(f->w, f->y);
}

START_TEST(embedding_gradients)
{
    struct embed_case f = { test_mat(6, 7, 1), test_mat(3, 7, 2), test_mat(2, 7, 3),
                            test_mat(6, 7, 4), test_mat(6, 7, 5) };
    struct mat none = { 0 }, dword = test_mat(6, 7, 6), dpos = test_mat(3, 7, 6);
    struct mat dtype = test_mat(2, 7, 6);

    mat_zero(dword);
    mat_zero(dpos);
    mat_zero(dtype);
    embed_bwd(dword, dpos, dtype, none, ids, pos_ids, type_ids, f.w);
    ck_gradient(f.word, dword, embed_loss, &f);
    ck_gradient(f.pos, dpos, embed_loss, &f);
    ck_gradient(f.type, dtype, embed_loss, &f);
    embed_bwd(none, dpos, none, none, ids, pos_ids, type_ids, f.w);
    embed_fwd(f.y, ids, NULL, NULL, f.word, none, none, none);
    ck_assert(memcmp(mat_row(f.y, 2), mat_row(f.word, 3), 7 * sizeof(real)) == 0);
    struct mat all[] = { f.word, f.pos, f.type, f.y, f.w, dword, dpos, dtype };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

/* --- LayerNorm */
struct norm_case {
    struct mat x, g, b, y, xhat, w;
    real rstd[8];
};

static double norm_loss(void *ctx)
{
    struct norm_case *f = ctx;

    layernorm_fwd(f->y, f->xhat, f->rstd, f->x, f->g.x, f->b.x, 1e-5);
    return test_dot(f->w, f->y);
}

/* |mean| and |variance - 1| of each row of xhat. */
static double norm_moments(const struct norm_case *f)
{
    double worst = 0;

    for (int i = 0; i < f->x.rows; i++) {
        double sum = 0, sq = 0;

        for (int j = 0; j < f->x.cols; j++) {
            sum += (double)mat_row(f->xhat, i)[j];
            sq += (double)mat_row(f->xhat, i)[j] * (double)mat_row(f->xhat, i)[j];
        }
        worst = fmax(worst, fmax(fabs(sum / f->x.cols), fabs(sq / f->x.cols - 1)));
    }
    return worst;
}

static const int norm_width[] = { 2, 5, 16, 37, 384 };

START_TEST(layernorm_gradients)
{
    int d = norm_width[_i], T = 4;
    struct norm_case f = { test_mat(T, d, 1),
                           test_mat(1, d, 2),
                           test_mat(1, d, 3),
                           test_mat(T, d, 4),
                           test_mat(T, d, 5),
                           test_mat(T, d, 6),
                           { 0 } };
    struct mat dx = test_mat(T, d, 7), dg = test_mat(1, d, 7), db = test_mat(1, d, 7);

    mat_zero(dg);
    mat_zero(db);
    norm_loss(&f);
    if (d > 2)
        ck_assert_double_le(norm_moments(&f), 2e-3);
    layernorm_bwd(dx, dg.x, db.x, f.w, f.xhat, f.rstd, f.g.x);
    if (d > 2) /* for two values xhat is 1 and -1, up to eps, and has no gradient */
        ck_gradient(f.x, dx, norm_loss, &f);
    ck_gradient(f.g, dg, norm_loss, &f);
    ck_gradient(f.b, db, norm_loss, &f);
    struct mat again = test_mat(T, d, 8);
    norm_loss(&f);
    mat_copy(again, f.w);
    layernorm_bwd(again, NULL, NULL, again, f.xhat, f.rstd, f.g.x);
    ck_assert_double_le(test_error(again, dx), 0);
    mat_copy(again, f.x);
    layernorm_fwd(again, (struct mat){ 0 }, NULL, again, f.g.x, f.b.x, 1e-5);
    ck_assert_double_le(test_error(again, f.y), 0);
    struct mat all[] = { f.x, f.g, f.b, f.y, f.xhat, f.w, dx, dg, db, again };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

/* --- Activations */
struct act_case {
    struct mat x, y, w, slope;
    enum act f;
};

static double act_loss(void *ctx)
{
    struct act_case *f = ctx;

    act_fwd(f->y, f->slope, f->x, f->f);
    return test_dot(f->w, f->y);
}

static double act_plain(double x, int f)
{
    switch (f) {
    case ACT_GELU: return 0.5 * x * erfc(-x / sqrt(2));
    case ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case ACT_RELU: return x > 0 ? x : 0;
    case ACT_SILU: return x / (1 + exp(-x));
    default: return tanh(x);
    }
}

START_TEST(activation_gradients)
{
    struct act_case f = { test_mat(7, 37, 1), test_mat(7, 37, 2), test_mat(7, 37, 3),
                          test_mat(7, 37, 6), (enum act)_i };
    struct mat dx = test_mat(7, 37, 4), again = test_mat(7, 37, 5);

    for (int i = 0; _i == ACT_RELU && i < 7 * 37; i++) /* not near 0, where it has no derivative */
        f.x.x[i] += f.x.x[i] > 0 ? (real)0.1 : (real)-0.1;
    act_loss(&f);
    act_bwd(dx, f.w, f.slope);
    ck_gradient(f.x, dx, act_loss, &f);
    act_loss(&f);
    mat_copy(again, f.w);
    act_bwd(again, again, f.slope);
    ck_assert_double_le(test_error(again, dx), 0);
    if (_i == ACT_TANH) {
        tanh_bwd(again, f.w, f.y);
        ck_assert_double_le(test_error(again, dx), test_rounding());
    }
    mat_copy(again, f.x); /* the derivative may replace x; the value may be computed without it */
    act_fwd(f.w, again, again, f.f);
    ck_assert_double_le(test_error(again, f.slope), 0);
    act_fwd(f.x, (struct mat){ 0 }, f.x, f.f);
    ck_assert_double_le(test_error(f.x, f.y), 0);
    struct mat all[] = { f.x, f.y, f.w, f.slope, dx, again };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

/* A fine grid over [-30, 30]; the same number gives the same bits at every place in a row;
 * infinities and NaN. */
START_TEST(activation_values)
{
    enum { COLS = 613 };
    struct mat x = test_mat(50, COLS, 1), y = test_mat(50, COLS, 2), want = test_mat(50, COLS, 3);
    struct mat one = test_mat(1, 1, 4), odd = test_mat(1, 4, 5);
    double tol = test_rounding() / (sizeof(real) == sizeof(double) ? 1 : 4);

    for (int i = 0; i < 50 * COLS; i++) {
        x.x[i] = (real)(-30 + 60.0 * i / (50 * COLS));
        want.x[i] = (real)act_plain((double)x.x[i], _i);
    }
    const struct mat none = { 0 };
    act_fwd(y, none, x, (enum act)_i);
    for (int i = 0; i < 50 * COLS; i++) {
        double size = fmax(1, fabs((double)want.x[i]));
        ck_assert_double_le(fabs((double)y.x[i] - (double)want.x[i]) / size, tol);
        one.x[0] = x.x[i];
        act_fwd(one, none, one, (enum act)_i);
        ck_assert(memcmp(one.x, y.x + i, sizeof(real)) == 0);
    }
    for (int j = 0; j < 4; j++)
        odd.x[j] = (real)(j == 0 ? NAN : j == 1 ? INFINITY : j == 2 ? 100 : -100);
    act_fwd(odd, none, odd, (enum act)_i);
    ck_assert(isnan(odd.x[0]) && odd.x[1] == (_i == ACT_TANH ? 1 : INFINITY));
    ck_assert(odd.x[2] == (_i == ACT_TANH ? 1 : 100) && odd.x[3] >= -1 && odd.x[3] <= 0);
    free(x.x);
    free(y.x);
    free(want.x);
    free(one.x);
    free(odd.x);
}
END_TEST

START_TEST(activation_names)
{
    ck_assert_int_eq(act_from_name("gelu"), ACT_GELU);
    ck_assert_int_eq(act_from_name("gelu_new"), ACT_GELU_TANH);
    ck_assert_int_eq(act_from_name("gelu_pytorch_tanh"), ACT_GELU_TANH);
    ck_assert_int_eq(act_from_name("swish"), ACT_SILU);
    ck_assert_int_eq(act_from_name("relu"), ACT_RELU);
    ck_assert_int_eq(act_from_name("silu"), ACT_SILU);
    ck_assert_int_eq(act_from_name("tanh"), ACT_TANH);
    ck_assert_int_eq(act_from_name("gelu_fast"), -1);
}
END_TEST

/* --- Dropout */
START_TEST(dropout_scales_what_it_keeps)
{
    struct mat x = test_mat(3, 21, 1), y = test_mat(3, 21, 2);
    unsigned char keep[63];

    for (int i = 0; i < 63; i++)
        keep[i] = i % 3 != 0;
    x.x[0] = NAN; /* a dropped NaN becomes 0 */
    dropout(y, x, keep, 0.2);
    for (int i = 0; i < 63; i++)
        ck_assert(y.x[i] == (keep[i] ? x.x[i] * (real)1.25 : 0));
    dropout(x, x, keep, 0.2);
    ck_assert_double_le(test_error(x, y), 0);
    free(x.x);
    free(y.x);
}
END_TEST

/* --- Pooling */
static const int pool_off[] = { 0, 1, 5, 8 };

struct pool_case {
    struct mat x, y, w;
    enum pooling how;
};

static double pool_loss(void *ctx)
{
    struct pool_case *f = ctx;

    pool_fwd(f->y, f->x, pool_off, f->how);
    return test_dot(f->w, f->y);
}

START_TEST(pooling_gradients)
{
    struct pool_case f = { test_mat(8, 5, 1), test_mat(3, 5, 2), test_mat(3, 5, 3),
                           (enum pooling)_i };
    struct mat dx = test_mat(8, 5, 4);

    pool_bwd(dx, f.w, pool_off, f.how);
    ck_gradient(f.x, dx, pool_loss, &f);
    pool_loss(&f);
    ck_assert(f.y.x[0] == f.x.x[0]);
    free(f.x.x);
    free(f.y.x);
    free(f.w.x);
    free(dx.x);
}
END_TEST

/* --- Losses */
static const int labels[] = { 0, 2, -1, 1, 4 };
static const int n_classes[] = { 5, 17, 300 };

static double xent_loss(void *ctx)
{
    return 0.25 * xent((struct mat){ 0 }, *(struct mat *)ctx, labels, 0.25);
}

START_TEST(cross_entropy)
{
    struct mat z = test_mat(5, n_classes[_i], 1), dz = test_mat(5, n_classes[_i], 2);
    double want = 0, loss = xent(dz, z, labels, 0.25);

    for (int i = 0; i < 5; i++) {
        double sum = 0;

        for (int j = 0; j < z.cols; j++)
            sum += exp((double)mat_row(z, i)[j]);
        want += labels[i] < 0 ? 0 : log(sum) - (double)mat_row(z, i)[labels[i]];
    }
    ck_assert_double_le(fabs(loss - want) / want, test_rounding());
    ck_gradient(z, dz, xent_loss, &z);
    ck_assert(vec_norm(mat_row(dz, 2), (size_t)z.cols) == 0);
    mat_row(z, 0)[1] = 1000; /* does not overflow, also in place */
    ck_assert_double_le(fabs(xent(z, z, labels, 1) - 1000) / 1000, 0.05);
    ck_assert(vec_finite(z.x, (size_t)(5 * z.cols)));
    mat_row(z, 1)[0] = NAN;
    ck_assert(isnan(xent((struct mat){ 0 }, z, labels, 1)));
    free(z.x);
    free(dz.x);
}
END_TEST

static const real targets[] = { (real)0.5, (real)-1, 2 };

static double mse_loss(void *ctx)
{
    return 0.25 * mse((struct mat){ 0 }, *(struct mat *)ctx, targets, 0.25);
}

START_TEST(squared_error)
{
    struct mat z = test_mat(3, 1, 1), dz = test_mat(3, 1, 2);

    mse(dz, z, targets, 0.25);
    ck_gradient(z, dz, mse_loss, &z);
    free(z.x);
    free(dz.x);
}
END_TEST

/* --- Twelve steps of AdamW against its equations in double */
START_TEST(adamw_follows_its_equations)
{
    enum { N = 37 };
    double p[N], m1[N] = { 0 }, v1[N] = { 0 };
    struct mat th = test_mat(1, N, 1), m = test_mat(1, N, 2), v = test_mat(1, N, 3);
    struct mat g = test_mat(1, N, 4), want = test_mat(1, N, 5);
    struct adamw o = { 1e-2, 0.9, 0.999, 1e-8, 0.1, 0 };

    mat_zero(m);
    mat_zero(v);
    for (int i = 0; i < N; i++)
        p[i] = (double)th.x[i];
    for (o.t = 1; o.t <= 12; o.t++) {
        test_fill(g, (int)o.t);
        adamw_step(th.x, m.x, v.x, g.x, N, &o);
        for (int i = 0; i < N; i++) {
            double gi = (double)g.x[i];

            p[i] *= 1 - o.lr * o.weight_decay;
            m1[i] = o.beta1 * m1[i] + (1 - o.beta1) * gi;
            v1[i] = o.beta2 * v1[i] + (1 - o.beta2) * gi * gi;
            p[i] -= o.lr * (m1[i] / (1 - pow(o.beta1, (double)o.t))) /
                    (sqrt(v1[i] / (1 - pow(o.beta2, (double)o.t))) + o.eps);
            want.x[i] = (real)p[i];
        }
    }
    ck_assert_double_le(test_error(th, want), test_rounding());
    struct mat all[] = { th, m, v, g, want };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i].x);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, checker_tells_wrong_from_right);
    tcase_add_test(tc, embedding_gradients);
    tcase_add_loop_test(tc, layernorm_gradients, 0, ARRAY_LEN(norm_width));
    tcase_add_loop_test(tc, activation_gradients, 0, ACT_TANH + 1);
    tcase_add_loop_test(tc, activation_values, 0, ACT_TANH + 1);
    tcase_add_test(tc, activation_names);
    tcase_add_test(tc, dropout_scales_what_it_keeps);
    tcase_add_loop_test(tc, pooling_gradients, 0, POOL_MEAN + 1);
    tcase_add_loop_test(tc, cross_entropy, 0, ARRAY_LEN(n_classes));
    tcase_add_test(tc, squared_error);
    tcase_add_test(tc, adamw_follows_its_equations);
}

const struct suite suite_ops = { "ops", fill };
