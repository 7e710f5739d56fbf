/* ops_attn.c - softmax attention over sequences without padding.
 *
 * It computes one head of one sequence at a time, with small products, for which OpenBLAS has
 * kernels. Causal attention runs in blocks of query rows, each with only the keys up to the end of
 * the block. The keys and values of a prefix have products of their own: copying them together with
 * those of the sequence would take as long. */
#include "core/math/logit_row.h"
#include "core/math/ops.h"
#include "core/math/vec.h"

enum { CAUSAL_ROWS = 32, DROP_ROWS = 16, DROP_COLS = 128 };

/* A block of query rows of one head: the rows FROM ... TO-1 see the keys 0 ... UPTO-1. */
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

/* The part of a len x (n_prefix + len) matrix that a block computes, and in it the columns of the
 * prefix and those of the sequence. */
static struct mat block_probs(struct mat p, struct block b)
{
    return mat_cols(block_rows(p, b), 0, p.cols - p.rows + b.upto);
}

static struct mat block_prefix(struct mat p, struct block b)
{
    return mat_cols(block_rows(p, b), 0, p.cols - p.rows);
}

static struct mat block_seq(struct mat p, struct block b)
{
    return mat_cols(block_rows(p, b), p.cols - p.rows, b.upto);
}

/* The head of keys and values that a query head reads. */
static int kv_head(const struct attn_shape *a, int head)
{
    return head / (a->n_heads / a->n_kv_heads);
}

static struct mat head_of(struct mat m, const struct attn_shape *a, int seq, int head)
{
    int len = a->off[seq + 1] - a->off[seq];

    return mat_cols(mat_rows(m, a->off[seq], len), head * a->d_head, a->d_head);
}

/* The keys and values that one head of one sequence sees: those of the sequence and of the
 * prefix. */
struct kv {
    struct mat k, v, k_prefix, v_prefix;
};

static struct mat prefix_head(struct mat m, const struct attn_shape *a, int head)
{
    return mat_cols(mat_rows(m, 0, a->n_prefix), head * a->d_head, a->d_head);
}

static struct kv kv_of(const struct attn_shape *a, struct mat k, struct mat v, struct mat k_prefix,
                       struct mat v_prefix, int seq, int head)
{
    int own = kv_head(a, head);

    return (struct kv){ head_of(k, a, seq, own), head_of(v, a, seq, own),
                        prefix_head(k_prefix, a, own), prefix_head(v_prefix, a, own) };
}

/* The number of probabilities of one head of one sequence. */
static size_t head_size(const struct attn_shape *a, int len)
{
    return (size_t)len * (size_t)(a->n_prefix + len);
}

size_t attn_scratch(int len, int n_prefix)
{
    return 3 * (size_t)len * (size_t)(n_prefix + len);
}

size_t attn_probs_size(const struct attn_shape *a)
{
    size_t n = 0;

    for (int s = 0; s < a->n_seq; s++)
        n += (size_t)a->n_heads * head_size(a, a->off[s + 1] - a->off[s]);
    return n;
}

static void softmax_block(struct mat p, struct block b, bool causal)
{
    for (int i = b.from; i < b.to; i++) {
        real *row = mat_row(p, i);
        int n = causal ? p.cols - p.rows + i + 1 : p.cols;

        row_softmax(row, n);
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

/* O = dropout(P) V, or += if ADD, tile by tile, because P itself is kept for the backward pass.
 * KEEP points to the byte of P's first element. */
static void mix_dropped(struct mat o, bool add, struct mat p, const unsigned char *keep,
                        struct mat v, real scale)
{
    real tile[DROP_ROWS * DROP_COLS];

    for (int i0 = 0; i0 < p.rows; i0 += DROP_ROWS)
        for (int j0 = 0; j0 < p.cols; j0 += DROP_COLS) {
            int rows = p.rows - i0 < DROP_ROWS ? p.rows - i0 : DROP_ROWS;
            int cols = p.cols - j0 < DROP_COLS ? p.cols - j0 : DROP_COLS;

            for (int i = 0; i < rows; i++) {
                size_t at = (size_t)(i0 + i) * (size_t)p.ld + (size_t)j0;
                drop_tile(tile + i * cols, p.x + at, keep + at, cols, scale);
            }
            mat_gemm(mat_rows(o, i0, rows), add || j0 > 0, 1, mat_make(tile, rows, cols), NOTRANS,
                     mat_rows(v, j0, cols), NOTRANS);
        }
}

/* O = dropout(PART) V, or += if ADD, where PART is some columns of a head's P. KEEP points to the
 * byte of P's first element. */
static void mix(struct mat o, bool add, struct mat p, struct mat part, const unsigned char *keep,
                struct mat v, real scale)
{
    if (keep)
        mix_dropped(o, add, part, keep + (part.x - p.x), v, scale);
    else
        mat_gemm(o, add, 1, part, NOTRANS, v, NOTRANS);
}

static void head_fwd(const struct attn_shape *a, int head, struct mat o, struct mat p,
                     const unsigned char *keep, struct mat q, struct kv x)
{
    real scale = (real)a->scale, drop = keep ? (real)(1 / (1 - a->p_drop)) : 1;
    bool prefixed = a->n_prefix > 0;
    struct block b;

    for (int from = 0; from < p.rows; from = b.to) {
        b = block_at(a, p.rows, from);
        if (prefixed)
            mat_gemm(block_prefix(p, b), 0, scale, block_rows(q, b), NOTRANS, x.k_prefix, TRANS);
        mat_gemm(block_seq(p, b), 0, scale, block_rows(q, b), NOTRANS, mat_rows(x.k, 0, b.upto),
                 TRANS);
        if (a->positions)
            attn_positions_fwd(a, head, b.from, block_seq(p, b), block_rows(q, b), x.k);
        softmax_block(p, b, a->causal);
        if (prefixed)
            mix(block_rows(o, b), false, p, block_prefix(p, b), keep, x.v_prefix, drop);
        mix(block_rows(o, b), prefixed, p, block_seq(p, b), keep, mat_rows(x.v, 0, b.upto), drop);
    }
}

static void check_shape(const struct attn_shape *a, struct mat m, int n_heads)
{
    CHECK(m.cols == n_heads * a->d_head && a->off[a->n_seq] <= m.rows,
          "%d x %d for %d heads of %d, %d tokens", m.rows, m.cols, n_heads, a->d_head,
          a->off[a->n_seq]);
    CHECK(a->n_kv_heads > 0 && a->n_heads % a->n_kv_heads == 0, "%d heads of queries, %d of keys",
          a->n_heads, a->n_kv_heads);
}

/* Keys and values of a prefix have n_prefix rows; without a prefix they are not used. */
static void check_prefix(const struct attn_shape *a, struct mat m)
{
    CHECK(a->n_prefix == 0 || (m.rows == a->n_prefix && m.cols == a->n_kv_heads * a->d_head),
          "%d x %d for %d heads of %d, prefix of %d", m.rows, m.cols, a->n_kv_heads, a->d_head,
          a->n_prefix);
}

void attn_fwd(const struct attn_shape *a, struct mat o, real *probs, const unsigned char *keep,
              struct mat q, struct mat k, struct mat v)
{
    check_shape(a, o, a->n_heads);
    check_shape(a, q, a->n_heads);
    check_shape(a, k, a->n_kv_heads);
    check_shape(a, v, a->n_kv_heads);
    check_prefix(a, a->k_prefix);
    check_prefix(a, a->v_prefix);
    for (int s = 0; s < a->n_seq; s++)
        for (int h = 0; h < a->n_heads; h++) {
            int len = a->off[s + 1] - a->off[s];
            size_t size = head_size(a, len);

            head_fwd(a, h, head_of(o, a, s, h), mat_make(probs, len, a->n_prefix + len), keep,
                     head_of(q, a, s, h), kv_of(a, k, v, a->k_prefix, a->v_prefix, s, h));
            probs += size;
            keep = keep ? keep + size : NULL;
        }
}

/* dS = P (dP - sum_j P_j dP_j), in place of dP. The products that follow apply the scale of S. */
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

/* The gradient of P in place of that of dropout(P), and dropout(P) itself. */
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

/* The gradients of a block from dS and dropout(P): dQ =; those of keys and values +=, or = unless
 * ADD. */
static void part_bwd(const struct attn_shape *a, int head, bool add, struct mat dq, struct kv dx,
                     struct mat do_, struct mat ds, struct mat pd, struct mat q, struct kv x,
                     struct block b)
{
    struct mat dq_b = block_rows(dq, b), do_b = block_rows(do_, b), q_b = block_rows(q, b);
    real scale = (real)a->scale;

    mat_gemm(dq_b, 0, scale, block_seq(ds, b), NOTRANS, mat_rows(x.k, 0, b.upto), NOTRANS);
    mat_gemm(mat_rows(dx.k, 0, b.upto), add, scale, block_seq(ds, b), TRANS, q_b, NOTRANS);
    mat_gemm(mat_rows(dx.v, 0, b.upto), add, 1, block_seq(pd, b), TRANS, do_b, NOTRANS);
    if (a->positions)
        attn_positions_bwd(a, head, b.from, dq_b, dx.k, block_seq(ds, b), q_b, x.k);
    if (a->n_prefix == 0)
        return;
    mat_gemm(dq_b, 1, scale, block_prefix(ds, b), NOTRANS, x.k_prefix, NOTRANS);
    mat_gemm(dx.k_prefix, 1, scale, block_prefix(ds, b), TRANS, q_b, NOTRANS);
    mat_gemm(dx.v_prefix, 1, 1, block_prefix(pd, b), TRANS, do_b, NOTRANS);
}

/* ADD: another head has written the gradients of these keys and values before. */
static void head_bwd(const struct attn_shape *a, int head, bool add, struct mat dq, struct kv dx,
                     struct mat do_, struct mat p, const unsigned char *keep, struct mat q,
                     struct kv x, real *scratch)
{
    struct mat ds = mat_make(scratch, p.rows, p.cols), pd = p;
    real drop = keep ? (real)(1 / (1 - a->p_drop)) : 1;
    struct block b;

    if (keep)
        pd = mat_make(scratch + head_size(a, p.rows), p.rows, p.cols);
    if (a->causal && !add) {
        mat_zero(dx.k);
        mat_zero(dx.v);
    }
    for (int from = 0; from < p.rows; from = b.to) {
        b = block_at(a, p.rows, from);
        struct mat ds_b = block_probs(ds, b), p_b = block_probs(p, b), pd_b = block_probs(pd, b);

        if (a->n_prefix > 0)
            mat_gemm(block_prefix(ds, b), 0, 1, block_rows(do_, b), NOTRANS, x.v_prefix, TRANS);
        mat_gemm(block_seq(ds, b), 0, 1, block_rows(do_, b), NOTRANS, mat_rows(x.v, 0, b.upto),
                 TRANS);
        for (int i = 0; i < ds_b.rows; i++) {
            if (keep)
                drop_row_bwd(mat_row(ds_b, i), mat_row(pd_b, i), mat_row(p_b, i),
                             keep + (size_t)(b.from + i) * (size_t)p.ld, ds_b.cols, drop);
            softmax_row_bwd(mat_row(ds_b, i), mat_row(p_b, i), ds_b.cols);
        }
        part_bwd(a, head, add || a->causal, dq, dx, do_, ds, pd, q, x, b);
    }
}

void attn_bwd(const struct attn_shape *a, struct mat dq, struct mat dk, struct mat dv,
              struct mat do_, const real *probs, const unsigned char *keep, struct mat q,
              struct mat k, struct mat v, real *scratch)
{
    check_shape(a, dq, a->n_heads);
    check_shape(a, dk, a->n_kv_heads);
    check_shape(a, dv, a->n_kv_heads);
    check_shape(a, do_, a->n_heads);
    check_prefix(a, a->dk_prefix);
    check_prefix(a, a->dv_prefix);
    for (int s = 0; s < a->n_seq; s++)
        for (int h = 0; h < a->n_heads; h++) {
            int len = a->off[s + 1] - a->off[s];
            size_t size = head_size(a, len);
            struct mat p = mat_make((real *)probs, len, a->n_prefix + len);

            bool add = h > 0 && kv_head(a, h) == kv_head(a, h - 1);
            head_bwd(a, h, add, head_of(dq, a, s, h),
                     kv_of(a, dk, dv, a->dk_prefix, a->dv_prefix, s, h), head_of(do_, a, s, h), p,
                     keep, head_of(q, a, s, h), kv_of(a, k, v, a->k_prefix, a->v_prefix, s, h),
                     scratch);
            probs += size;
            keep = keep ? keep + size : NULL;
        }
}
