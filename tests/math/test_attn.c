/* test_attn.c - attention against its definition, and its gradients against finite differences. */
#include "core/math/ops.h"
#include "tests/kit/gradcheck.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct attn_row {
    int n_heads, d_head, causal, drop, n_prefix, len[3];
    int shared; /* query heads that share one head of keys; 0: none do */
} attn_rows[] = {
    { 1, 5, 0, 0, 0, { 1, 7, 3 }, 0 },    { 2, 7, 1, 0, 0, { 4, 9, 1 }, 0 },
    { 3, 12, 0, 1, 0, { 17, 2, 5 }, 0 },  { 2, 32, 1, 1, 0, { 33, 16, 5 }, 0 },
    { 1, 64, 1, 0, 0, { 67, 32, 1 }, 0 }, { 2, 8, 0, 1, 0, { 130, 1, 20 }, 0 },
    { 1, 5, 0, 0, 1, { 1, 7, 3 }, 0 },    { 2, 7, 1, 0, 5, { 4, 9, 1 }, 0 },
    { 3, 12, 0, 1, 3, { 17, 2, 5 }, 0 },  { 2, 32, 1, 1, 8, { 33, 1, 70 }, 0 },
    { 2, 8, 0, 1, 131, { 20, 1, 3 }, 0 }, { 6, 4, 1, 0, 0, { 40, 2, 5 }, 3 },
    { 4, 6, 0, 1, 3, { 7, 33, 1 }, 4 },   { 4, 6, 1, 1, 2, { 35, 3, 1 }, 2 },
};

struct attn_case {
    struct attn_shape a;
    int off[4];
    struct mat qkv, q, k, v, o, w, dqkv, prefix, dprefix;
    real *probs, *scratch;
    unsigned char *keep;
};

static void attn_setup(struct attn_case *f, const struct attn_row *r)
{
    int d = r->n_heads * r->d_head, kv = d / (r->shared ? r->shared : 1), longest = 0;

    memset(f, 0, sizeof *f);
    for (int s = 0; s < 3; s++) {
        f->off[s + 1] = f->off[s] + r->len[s];
        longest = r->len[s] > longest ? r->len[s] : longest;
    }
    f->a = (struct attn_shape){ .off = f->off,
                                .n_seq = 3,
                                .n_heads = r->n_heads,
                                .n_kv_heads = kv / r->d_head,
                                .d_head = r->d_head,
                                .scale = 1 / sqrt(r->d_head),
                                .causal = r->causal != 0,
                                .p_drop = 0.1,
                                .n_prefix = r->n_prefix };
    f->qkv = test_mat(f->off[3], d + 2 * kv, 1);
    f->q = mat_cols(f->qkv, 0, d);
    f->k = mat_cols(f->qkv, d, kv);
    f->v = mat_cols(f->qkv, d + kv, kv);
    f->o = test_mat(f->off[3], d, 2);
    f->w = test_mat(f->off[3], d, 3);
    f->dqkv = test_mat(f->off[3], d + 2 * kv, 4);
    f->prefix = test_mat(2 * r->n_prefix, kv, 5);
    f->dprefix = test_mat(2 * r->n_prefix, kv, 6);
    f->a.k_prefix = mat_rows(f->prefix, 0, r->n_prefix);
    f->a.v_prefix = mat_rows(f->prefix, r->n_prefix, r->n_prefix);
    f->a.dk_prefix = mat_rows(f->dprefix, 0, r->n_prefix);
    f->a.dv_prefix = mat_rows(f->dprefix, r->n_prefix, r->n_prefix);
    f->probs = xalloc(attn_probs_size(&f->a), sizeof(real));
    f->scratch = xalloc(attn_scratch(longest, r->n_prefix), sizeof(real));
    if (r->drop)
        f->keep = xalloc(attn_probs_size(&f->a), 1);
    for (size_t i = 0; r->drop && i < attn_probs_size(&f->a); i++)
        f->keep[i] = (i * 7) % 10 != 3;
}

static void attn_free(struct attn_case *f)
{
    free(f->qkv.x);
    free(f->o.x);
    free(f->w.x);
    free(f->dqkv.x);
    free(f->prefix.x);
    free(f->dprefix.x);
    free(f->probs);
    free(f->scratch);
    free(f->keep);
}

static double attn_loss(void *ctx)
{
    struct attn_case *f = ctx;

    attn_fwd(&f->a, f->o, f->probs, f->keep, f->q, f->k, f->v);
    return test_dot(f->w, f->o);
}

/* The key or value of column J, where those of the prefix come first. */
static const real *column(const struct attn_case *f, struct mat prefix, struct mat seq, int from,
                          int j)
{
    return j < f->a.n_prefix ? mat_row(prefix, j) : mat_row(seq, from + j - f->a.n_prefix);
}

/* The error of row I of head H in the sequence that begins at FROM, computed from the definition. P
 * is where that head's block of probabilities begins. */
static double attn_row_error(const struct attn_case *f, int from, int len, int h, int i, size_t p)
{
    int all = f->a.n_prefix + len, n = f->a.causal ? f->a.n_prefix + i + 1 : all, d = f->a.d_head;
    int c = h * d, own = h / (f->a.n_heads / f->a.n_kv_heads) * d;
    double prob[200], max = -INFINITY, sum = 0, worst = 0;

    for (int j = 0; j < n; j++) {
        prob[j] = f->a.scale * vec_dot(mat_row(f->q, from + i) + c,
                                       column(f, f->a.k_prefix, f->k, from, j) + own, (size_t)d);
        max = fmax(max, prob[j]);
    }
    for (int j = 0; j < n; j++)
        sum += prob[j] = exp(prob[j] - max);
    for (int j = 0; j < all; j++) {
        double want = j < n ? prob[j] / sum : 0;
        worst = fmax(worst, fabs((double)f->probs[p + (size_t)(i * all + j)] - want));
    }
    for (int e = 0; e < d; e++) {
        double o = 0;

        for (int j = 0; j < n; j++) {
            double kept = f->keep ? f->keep[p + (size_t)(i * all + j)] / (1 - f->a.p_drop) : 1;
            o += kept * prob[j] / sum * (double)column(f, f->a.v_prefix, f->v, from, j)[own + e];
        }
        worst = fmax(worst, fabs(o - (double)mat_row(f->o, from + i)[c + e]));
    }
    return worst;
}

START_TEST(attention_is_its_definition)
{
    struct attn_case f;
    double worst = 0;
    size_t p = 0;

    attn_setup(&f, &attn_rows[_i]);
    attn_loss(&f);
    for (int s = 0; s < 3; s++)
        for (int h = 0; h < f.a.n_heads; h++) {
            int len = f.off[s + 1] - f.off[s];

            for (int i = 0; i < len; i++)
                worst = fmax(worst, attn_row_error(&f, f.off[s], len, h, i, p));
            p += (size_t)(len * (f.a.n_prefix + len));
        }
    ck_assert_uint_eq(p, attn_probs_size(&f.a));
    ck_assert_double_le(worst, test_rounding());
    attn_free(&f);
}
END_TEST

START_TEST(attention_gradients)
{
    struct attn_case f;

    attn_setup(&f, &attn_rows[_i]);
    int d = f.q.cols, kv = f.k.cols;
    struct mat dq = mat_cols(f.dqkv, 0, d), dk = mat_cols(f.dqkv, d, kv);
    struct mat dv = mat_cols(f.dqkv, d + kv, kv), w = test_mat(f.w.rows, d, 3);
    for (int i = 0; i < f.dqkv.rows * f.dqkv.cols; i++)
        f.dqkv.x[i] = NAN; /* must be overwritten, not read */
    mat_zero(f.dprefix);
    attn_loss(&f);
    attn_bwd(&f.a, dq, dk, dv, f.w, f.probs, f.keep, f.q, f.k, f.v, f.scratch);
    ck_assert_double_le(test_error(f.w, w), 0);
    ck_gradient(f.q, dq, attn_loss, &f);
    ck_gradient(f.k, dk, attn_loss, &f);
    ck_gradient(f.v, dv, attn_loss, &f);
    if (f.a.n_prefix > 0)
        ck_gradient(f.prefix, f.dprefix, attn_loss, &f);
    free(w.x);
    attn_free(&f);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, attention_is_its_definition, 0, ARRAY_LEN(attn_rows));
    tcase_add_loop_test(tc, attention_gradients, 0, ARRAY_LEN(attn_rows));
}

const struct suite suite_attn = { "attn", fill };
