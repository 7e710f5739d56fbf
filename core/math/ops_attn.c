/* ops_attn.c - softmax attention over sequences without padding.
 *
 * One head of one sequence at a time: its products are small, and OpenBLAS has kernels for small
 * products. Causal attention runs in blocks of query rows, each against the keys up to its end
 * only. */
#include "core/math/ops.h"
#include "core/math/vec.h"

enum { CAUSAL_ROWS = 32, DROP_ROWS = 16, DROP_COLS = 128 };

/* A block of query rows of one head: rows from..to-1 see the keys 0..upto-1. */
struct block {
    int from, to, upto;
};

static struct block block_at(const struct attn_shape *a, int len, int from)
{
    int to = a->causal && from + CAUSAL_ROWS < len ? from + CAUSAL_ROWS : len;

    return (struct block){ from, to, to };
}

static struct mat block_rows(struct mat m, struct block b)
{
    return mat_rows(m, b.from, b.to - b.from);
}

/* The part of a len x len matrix that a block computes. */
static struct mat block_probs(struct mat p, struct block b)
{
    return mat_cols(block_rows(p, b), 0, b.upto);
}

static struct mat head_of(struct mat m, const struct attn_shape *a, int seq, int head)
{
    int len = a->off[seq + 1] - a->off[seq];

    return mat_cols(mat_rows(m, a->off[seq], len), head * a->d_head, a->d_head);
}

size_t attn_probs_size(const struct attn_shape *a)
{
    size_t n = 0;

    for (int s = 0; s < a->n_seq; s++) {
        size_t len = (size_t)(a->off[s + 1] - a->off[s]);
        n += (size_t)a->n_heads * len * len;
    }
    return n;
}

/* softmax of n numbers in place; the tail goes through a full vector of its own. */
VEC_CLONES static void softmax_row(real *x, int n)
{
    int full = n / LANES * LANES, rest = n - full;
    real lanes[LANES], tail[LANES];

    for (int l = 0; l < LANES; l++)
        tail[l] = l < rest ? x[full + l] : -INFINITY;
    vreal best = *(const vreal *)tail;
    for (int i = 0; i < full; i += LANES)
        lanes_more(&best, x + i);
    memcpy(lanes, &best, sizeof lanes);
    real max = lanes_fold_max(lanes);
    VEC_LOOP
    for (int i = 0; i < full; i++)
        x[i] = vec_exp_neg(x[i] - max);
    VEC_LOOP
    for (int l = 0; l < LANES; l++)
        tail[l] = vec_exp_neg(tail[l] - max);
    vreal sum = *(const vreal *)tail;
    for (int i = 0; i < full; i += LANES)
        sum += *(const vreal *)(x + i);
    memcpy(lanes, &sum, sizeof lanes);
    real inv = 1 / lanes_fold_sum(lanes);
    for (int i = 0; i < full; i++)
        x[i] *= inv;
    for (int l = 0; l < LANES; l++)
        if (l < rest)
            x[full + l] = tail[l] * inv;
}

static void softmax_block(struct mat p, struct block b, bool causal)
{
    for (int i = b.from; i < b.to; i++) {
        real *row = mat_row(p, i);
        int n = causal ? i + 1 : p.cols;

        softmax_row(row, n);
        memset(row + n, 0, (size_t)(p.cols - n) * sizeof(real));
    }
}

VEC_CLONES static void drop_tile(real *out, const real *p, const unsigned char *keep, int n,
                                 real scale)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        out[j] = keep[j] ? p[j] * scale : 0;
}

/* o = dropout(P) V for a block, by tiles of P: P itself is kept for backward. */
static void mix_dropped(struct mat o, struct mat p, const unsigned char *keep, struct mat v,
                        struct block b, real scale)
{
    real tile[DROP_ROWS * DROP_COLS];

    for (int i0 = b.from; i0 < b.to; i0 += DROP_ROWS)
        for (int j0 = 0; j0 < b.upto; j0 += DROP_COLS) {
            int rows = b.to - i0 < DROP_ROWS ? b.to - i0 : DROP_ROWS;
            int cols = b.upto - j0 < DROP_COLS ? b.upto - j0 : DROP_COLS;

            for (int i = 0; i < rows; i++) {
                size_t at = (size_t)(i0 + i) * (size_t)p.ld + (size_t)j0;
                drop_tile(tile + i * cols, p.x + at, keep + at, cols, scale);
            }
            mat_gemm(mat_rows(o, i0, rows), j0 > 0, 1, mat_make(tile, rows, cols), NOTRANS,
                     mat_rows(v, j0, cols), NOTRANS);
        }
}

static void head_fwd(const struct attn_shape *a, struct mat o, struct mat p,
                     const unsigned char *keep, struct mat q, struct mat k, struct mat v)
{
    real scale = (real)a->scale, drop = keep ? (real)(1 / (1 - a->p_drop)) : 1;
    struct block b;

    for (int from = 0; from < p.rows; from = b.to) {
        b = block_at(a, p.rows, from);
        mat_gemm(block_probs(p, b), 0, scale, block_rows(q, b), NOTRANS, mat_rows(k, 0, b.upto),
                 TRANS);
        softmax_block(p, b, a->causal);
        if (keep)
            mix_dropped(o, p, keep, v, b, drop);
        else
            mat_gemm(block_rows(o, b), 0, 1, block_probs(p, b), NOTRANS, mat_rows(v, 0, b.upto),
                     NOTRANS);
    }
}

static void check_shape(const struct attn_shape *a, struct mat m)
{
    CHECK(m.cols == a->n_heads * a->d_head && a->off[a->n_seq] <= m.rows,
          "%d x %d for %d heads of %d, %d tokens", m.rows, m.cols, a->n_heads, a->d_head,
          a->off[a->n_seq]);
}

void attn_fwd(const struct attn_shape *a, struct mat o, real *probs, const unsigned char *keep,
              struct mat q, struct mat k, struct mat v)
{
    check_shape(a, o);
    check_shape(a, q);
    check_shape(a, k);
    check_shape(a, v);
    for (int s = 0; s < a->n_seq; s++)
        for (int h = 0; h < a->n_heads; h++) {
            int len = a->off[s + 1] - a->off[s];
            size_t size = (size_t)len * (size_t)len;

            head_fwd(a, head_of(o, a, s, h), mat_make(probs, len, len), keep, head_of(q, a, s, h),
                     head_of(k, a, s, h), head_of(v, a, s, h));
            probs += size;
            keep = keep ? keep + size : NULL;
        }
}

/* dS = P (dP - sum_j P_j dP_j), in place of dP; the factor of S is left to the products. */
VEC_CLONES static void softmax_row_bwd(real *dp, const real *p, int n)
{
    real lanes[LANES] = { 0 };
    vreal acc = { 0 };
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        acc += *(const vreal *)(dp + i) * *(const vreal *)(p + i);
    for (int l = 0; i + l < n; l++)
        lanes[l] = dp[i + l] * p[i + l];
    acc += *(const vreal *)lanes;
    memcpy(lanes, &acc, sizeof lanes);
    real sum = lanes_fold_sum(lanes);
    for (int j = 0; j < n; j++)
        dp[j] = p[j] * (dp[j] - sum);
}

/* dS of a block in place of the gradient of dropout(P), and dropout(P) beside it. */
VEC_CLONES static void drop_row_bwd(real *dp, real *dropped, const real *p,
                                    const unsigned char *keep, int n, real scale)
{
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real f = keep[j] ? scale : 0;
        dropped[j] = p[j] * f;
        dp[j] *= f;
    }
}

static void head_bwd(const struct attn_shape *a, struct mat dq, struct mat dk, struct mat dv,
                     struct mat do_, struct mat p, const unsigned char *keep, struct mat q,
                     struct mat k, struct mat v, real *scratch)
{
    int len = p.rows;
    struct mat ds = mat_make(scratch, len, len), pd = p;
    real scale = (real)a->scale, drop = keep ? (real)(1 / (1 - a->p_drop)) : 1;
    struct block b;

    if (keep)
        pd = mat_make(scratch + (size_t)len * (size_t)len, len, len);
    if (a->causal) {
        mat_zero(dk);
        mat_zero(dv);
    }
    for (int from = 0; from < len; from = b.to) {
        b = block_at(a, len, from);
        struct mat ds_b = block_probs(ds, b), p_b = block_probs(p, b), pd_b = block_probs(pd, b);
        struct mat dk_b = mat_rows(dk, 0, b.upto), dv_b = mat_rows(dv, 0, b.upto);

        mat_gemm(ds_b, 0, 1, block_rows(do_, b), NOTRANS, mat_rows(v, 0, b.upto), TRANS);
        for (int i = 0; i < ds_b.rows; i++) {
            if (keep)
                drop_row_bwd(mat_row(ds_b, i), mat_row(pd_b, i), mat_row(p_b, i),
                             keep + (size_t)(b.from + i) * (size_t)len, b.upto, drop);
            softmax_row_bwd(mat_row(ds_b, i), mat_row(p_b, i), b.upto);
        }
        mat_gemm(block_rows(dq, b), 0, scale, ds_b, NOTRANS, mat_rows(k, 0, b.upto), NOTRANS);
        mat_gemm(dk_b, a->causal, scale, ds_b, TRANS, block_rows(q, b), NOTRANS);
        mat_gemm(dv_b, a->causal, 1, pd_b, TRANS, block_rows(do_, b), NOTRANS);
    }
}

void attn_bwd(const struct attn_shape *a, struct mat dq, struct mat dk, struct mat dv,
              struct mat do_, const real *probs, const unsigned char *keep, struct mat q,
              struct mat k, struct mat v, real *scratch)
{
    check_shape(a, dq);
    check_shape(a, dk);
    check_shape(a, dv);
    check_shape(a, do_);
    for (int s = 0; s < a->n_seq; s++)
        for (int h = 0; h < a->n_heads; h++) {
            int len = a->off[s + 1] - a->off[s];
            size_t size = (size_t)len * (size_t)len;
            struct mat p = mat_make((real *)probs, len, len);

            head_bwd(a, head_of(dq, a, s, h), head_of(dk, a, s, h), head_of(dv, a, s, h),
                     head_of(do_, a, s, h), p, keep, head_of(q, a, s, h), head_of(k, a, s, h),
                     head_of(v, a, s, h), scratch);
            probs += size;
            keep = keep ? keep + size : NULL;
        }
}
