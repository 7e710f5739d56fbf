/* ops_loss.c - cross-entropy and squared error. */
#include "core/math/ops.h"
#include "core/math/logit_row.h"
#include "core/math/vec.h"

enum { CHUNK = 256 };

VEC_CLONES static double exp_sum(real *e, const real *x, int n, real max)
{
    double acc[LANES] = { 0 };
    int i = 0;

    VEC_LOOP
    for (int j = 0; j < n; j++)
        e[j] = vec_exp_neg(x[j] - max);
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            acc[l] += (double)e[i + l];
    for (int l = 0; i < n; i++, l++)
        acc[l] += (double)e[i];
    return lanes_sum(acc);
}

double row_exp_sum(real *e, const real *x, int n, real max)
{
    real buf[CHUNK];
    double sum = 0;

    for (int j = 0; j < n; j += CHUNK)
        sum += exp_sum(e ? e + j : buf, x + j, n - j < CHUNK ? n - j : CHUNK, max);
    return sum;
}

VEC_CLONES real row_max(const real *x, int n)
{
    vreal best = (vreal){ 0 } - INFINITY;
    real lanes[LANES];
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        lanes_more(&best, x + i);
    memcpy(lanes, &best, sizeof lanes);
    for (int l = 0; i < n; i++, l++)
        lanes[l] = x[i] > lanes[l] ? x[i] : lanes[l];
    return lanes_fold_max(lanes);
}

/* The softmax of N values in place. The last n % LANES of them are copied to a full vector. */
VEC_CLONES void row_softmax(real *x, int n)
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

VEC_CLONES void row_scale(real *x, int n, real a)
{
    for (int j = 0; j < n; j++)
        x[j] *= a;
}

double xent(struct mat dlogits, struct mat logits, const int *labels, double weight)
{
    double loss = 0;

    CHECK(!dlogits.x || (dlogits.rows == logits.rows && dlogits.cols == logits.cols),
          "gradient %dx%d of %dx%d", dlogits.rows, dlogits.cols, logits.rows, logits.cols);
    for (int i = 0; i < logits.rows; i++) {
        const real *z = mat_row(logits, i);
        real *d = dlogits.x ? mat_row(dlogits, i) : NULL;

        CHECK(labels[i] < logits.cols, "label %d of %d", labels[i], logits.cols);
        if (labels[i] < 0) {
            if (d)
                memset(d, 0, (size_t)logits.cols * sizeof(real));
            continue;
        }
        real max = row_max(z, logits.cols), target = z[labels[i]];
        double sum = row_exp_sum(d, z, logits.cols, max);
        loss += log(sum) + ((double)max - (double)target);
        if (d) {
            row_scale(d, logits.cols, (real)(weight / sum));
            d[labels[i]] -= (real)weight;
        }
    }
    return loss;
}

double mse(struct mat dlogits, struct mat logits, const real *targets, double weight)
{
    double loss = 0;

    CHECK(!dlogits.x || (dlogits.rows == logits.rows && dlogits.cols == logits.cols),
          "gradient %dx%d of %dx%d", dlogits.rows, dlogits.cols, logits.rows, logits.cols);
    for (int i = 0; i < logits.rows; i++) {
        double e = (double)mat_row(logits, i)[0] - (double)targets[i];

        loss += e * e;
        if (dlogits.x) {
            memset(mat_row(dlogits, i), 0, (size_t)logits.cols * sizeof(real));
            mat_row(dlogits, i)[0] = (real)(2 * weight * e);
        }
    }
    return loss;
}
