/* ops_attn_next.c - attention of one new token for each sequence, whose keys and values are rows
 * anywhere in memory.
 *
 * A product with so few rows is bound by reading the keys and values, which are read where they
 * are. Heads that share keys read them one after another, when they are in the first-level cache.
 * Sums have a fixed order (vec.h), so nothing depends on how many sequences there are. */
#include "core/math/logit_row.h"
#include "core/math/ops.h"
#include "core/math/vec.h"

/* P[j] = scale q k_j for the N rows AT of K, or its first N rows if AT is NULL. */
VEC_CLONES static void scores(real *p, const real *q, struct mat k, const int *at, int n,
                              real scale)
{
    for (int j = 0; j < n; j++) {
        const real *row = mat_row(k, at ? at[j] : j);
        real lanes[LANES] = { 0 };
        vreal acc = { 0 };
        int i = 0;

        for (; i + LANES <= k.cols; i += LANES)
            acc += *(const vreal *)(q + i) * *(const vreal *)(row + i);
        for (int l = 0; i < k.cols; i++, l++)
            lanes[l] = q[i] * row[i];
        acc += *(const vreal *)lanes;
        memcpy(lanes, &acc, sizeof lanes);
        p[j] = scale * lanes_fold_sum(lanes);
    }
}

/* o += sum_j p[j] v_j. */
VEC_CLONES static void add_values(real *o, const real *p, struct mat v, const int *at, int n)
{
    for (int j = 0; j < n; j++) {
        const real *row = mat_row(v, at ? at[j] : j);
        real w = p[j];

        VEC_LOOP
        for (int i = 0; i < v.cols; i++)
            o[i] += w * row[i];
    }
}

static struct mat head_cols(struct mat m, const struct attn_shape *a, int head)
{
    return mat_cols(m, head * a->d_head, a->d_head);
}

void attn_next(const struct attn_shape *a, struct mat o, real *probs, struct mat q, struct mat k,
               struct mat v, const int *const *seen, const int *n_seen)
{
    int width = a->n_kv_heads * a->d_head, group = a->n_heads / a->n_kv_heads, n0 = a->n_prefix;

    CHECK(q.rows == a->n_seq && o.rows == a->n_seq && q.cols == a->n_heads * a->d_head &&
              o.cols == q.cols && k.cols == width && v.cols == width && a->causal,
          "%dx%d queries, %d columns of keys, for %d heads of %d and %d sequences", q.rows, q.cols,
          k.cols, a->n_heads, a->d_head, a->n_seq);
    mat_zero(o);
    for (int s = 0; s < a->n_seq; s++)
        for (int h = 0; h < a->n_heads; h++) {
            const real *qh = mat_row(q, s) + h * a->d_head;
            real *oh = mat_row(o, s) + h * a->d_head, scale = (real)a->scale;
            int own = h / group, n = n_seen[s];

            if (n0)
                scores(probs, qh, head_cols(a->k_prefix, a, own), NULL, n0, scale);
            scores(probs + n0, qh, head_cols(k, a, own), seen[s], n, scale);
            row_softmax(probs, n0 + n);
            if (n0)
                add_values(oh, probs, head_cols(a->v_prefix, a, own), NULL, n0);
            add_values(oh, probs + n0, head_cols(v, a, own), seen[s], n);
            probs += n0 + n;
        }
}
