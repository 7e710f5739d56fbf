/* ops_positions.c - what relative positions add to the scores of attention.
 *
 * Of disentangled attention, products with all rows that a sequence can need come first; each score
 * then takes the one of its distance. */
#include "core/math/ops.h"
#include "core/math/vec.h"

/* Rows FROM ... FROM+N-1 of the positions, which a sequence of some length needs. */
struct window {
    int from, n;
    const int *row; /* of j - i */
};

static struct window window_of(const struct attn_positions *p, int len)
{
    const int *row = p->row + p->n - 1;
    int from = row[len - 1];

    return (struct window){ from, row[1 - len] - from + 1, row };
}

static struct mat window_rows(struct mat m, struct window w, const struct attn_shape *a, int head)
{
    return mat_cols(mat_rows(m, w.from, w.n), head * a->d_head, a->d_head);
}

size_t attn_positions_scratch(int n)
{
    return 2 * (size_t)n * (size_t)(2 * n - 1);
}

/* The products [len, window] of queries and of keys in the scratch memory. */
static struct mat products_of(const struct attn_positions *r, int len, int n, int which)
{
    return mat_make(r->scratch + (size_t)which * (size_t)len * (size_t)n, len, n);
}

/* Key j is beside its own row of the second product. */
VEC_CLONES static void add_products(real *s, const real *c2p, const real *p2c, const int *row,
                                    int from, int len, int n)
{
    if (c2p) {
        VEC_LOOP
        for (int j = 0; j < len; j++)
            s[j] += c2p[row[j] - from];
    }
    if (p2c) {
        VEC_LOOP
        for (int j = 0; j < len; j++)
            s[j] += p2c[j * n + row[j] - from];
    }
}

static void terms_fwd(const struct attn_shape *a, int head, struct mat s, struct mat q,
                      struct mat k)
{
    const struct attn_positions *r = a->positions;
    struct window w = window_of(r, s.rows);
    struct mat c2p = products_of(r, s.rows, w.n, 0), p2c = products_of(r, s.rows, w.n, 1);
    real scale = (real)a->scale;

    if (r->k.x)
        mat_gemm(c2p, 0, scale, q, NOTRANS, window_rows(r->k, w, a, head), TRANS);
    if (r->q.x)
        mat_gemm(p2c, 0, scale, k, NOTRANS, window_rows(r->q, w, a, head), TRANS);
    for (int i = 0; i < s.rows; i++)
        add_products(mat_row(s, i), r->k.x ? mat_row(c2p, i) : NULL, r->q.x ? p2c.x : NULL,
                     w.row - i, w.from, s.cols, w.n);
}

/* Distances of one bucket share a row, so that gradients add up. */
static void collect_products(real *c2p, real *p2c, const real *ds, const int *row, int from,
                             int len, int n)
{
    for (int j = 0; j < len && c2p; j++)
        c2p[row[j] - from] += ds[j];
    for (int j = 0; j < len && p2c; j++)
        p2c[(size_t)j * (size_t)n + (size_t)(row[j] - from)] += ds[j];
}

static void terms_bwd(const struct attn_shape *a, int head, struct mat dq, struct mat dk,
                      struct mat ds, struct mat q, struct mat k)
{
    const struct attn_positions *r = a->positions;
    struct window w = window_of(r, ds.rows);
    struct mat c2p = products_of(r, ds.rows, w.n, 0), p2c = products_of(r, ds.rows, w.n, 1);
    real scale = (real)a->scale;

    mat_zero(c2p);
    mat_zero(p2c);
    for (int i = 0; i < ds.rows; i++)
        collect_products(r->k.x ? mat_row(c2p, i) : NULL, r->q.x ? p2c.x : NULL, mat_row(ds, i),
                         w.row - i, w.from, ds.cols, w.n);
    if (r->k.x)
        mat_gemm(dq, 1, scale, c2p, NOTRANS, window_rows(r->k, w, a, head), NOTRANS);
    if (r->q.x)
        mat_gemm(dk, 1, scale, p2c, NOTRANS, window_rows(r->q, w, a, head), NOTRANS);
    if (r->dk.x)
        mat_gemm(window_rows(r->dk, w, a, head), 1, scale, c2p, TRANS, q, NOTRANS);
    if (r->dq.x)
        mat_gemm(window_rows(r->dq, w, a, head), 1, scale, p2c, TRANS, k, NOTRANS);
}

VEC_CLONES static void add_row(real *y, const real *x, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] += x[j];
}

/* The biases of the keys 0, 1, ... for query I, or their gradients. */
static real *bias_row(struct mat bias, int head, int i)
{
    return mat_row(bias, head) + (bias.cols - 1) / 2 - i;
}

static void check_shapes(const struct attn_shape *a, int from, struct mat s)
{
    const struct attn_positions *p = a->positions;

    CHECK(from + s.rows <= p->n && s.cols <= p->n, "%d + %d of %d tokens", from, s.rows, p->n);
    CHECK(!p->bias.x || (p->bias.rows == a->n_heads && p->bias.cols == 2 * p->n - 1),
          "%d x %d for %d heads, %d tokens", p->bias.rows, p->bias.cols, a->n_heads, p->n);
    CHECK((!p->k.x && !p->q.x) || (!a->causal && a->n_kv_heads == a->n_heads), "%d heads",
          a->n_kv_heads);
}

void attn_positions_fwd(const struct attn_shape *a, int head, int from, struct mat s, struct mat q,
                        struct mat k)
{
    const struct attn_positions *p = a->positions;

    check_shapes(a, from, s);
    for (int i = 0; p->bias.x && i < s.rows; i++)
        add_row(mat_row(s, i), bias_row(p->bias, head, from + i), s.cols);
    if (p->k.x || p->q.x)
        terms_fwd(a, head, s, q, k);
}

void attn_positions_bwd(const struct attn_shape *a, int head, int from, struct mat dq,
                        struct mat dk, struct mat ds, struct mat q, struct mat k)
{
    const struct attn_positions *p = a->positions;

    check_shapes(a, from, ds);
    for (int i = 0; p->dbias.x && i < ds.rows; i++)
        add_row(bias_row(p->dbias, head, from + i), mat_row(ds, i), ds.cols);
    if (p->k.x || p->q.x)
        terms_bwd(a, head, dq, dk, ds, q, k);
}
