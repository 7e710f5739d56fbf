/* lmhead.c - the next-token loss, in sweeps over chunks of the vocabulary. */
#include "core/math/lmhead.h"
#include "core/math/logit_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* N rows of x that have a target, and what a sweep over the chunks computes of them. */
struct sweep {
    const struct lmhead *h;
    int n;
    int *row, *target; /* [n] the row of x, and its target */
    struct mat x, acc; /* [n,d] */
    real *z;           /* [LMHEAD_ROWS, LMHEAD_CHUNK] */
    real *max, *at;    /* [n] running maximum; the logit of the target */
    double *sum;       /* [n] running sum of e^(z - max) */
    double *all;       /* [n] sum of z, with label smoothing */
    double smooth;
};

int lmhead_chunks(int n_words)
{
    return (n_words + LMHEAD_CHUNK - 1) / LMHEAD_CHUNK;
}

static int n_chunks(struct mat w)
{
    return lmhead_chunks(w.rows);
}

static struct mat chunk_of(struct mat w, int c)
{
    int from = c * LMHEAD_CHUNK, rest = w.rows - from;

    return mat_rows(w, from, rest < LMHEAD_CHUNK ? rest : LMHEAD_CHUNK);
}

struct mat lmhead_chunk(const struct lmhead *h, int c)
{
    return chunk_of(h->w, c);
}

void lmhead_init(struct lmhead *h, struct mat w)
{
    *h = (struct lmhead){ .w = w, .chunk = xalloc((size_t)n_chunks(w), sizeof *h->chunk) };
}

int lmhead_pack(struct lmhead *h, enum precision p)
{
    for (int c = 0; c < n_chunks(h->w); c++) {
        struct mat part = chunk_of(h->w, c);
        if (!h->chunk[c])
            h->chunk[c] = packed_new(&part, 1, NOTRANS, true, p);
        if (!h->chunk[c]) {
            lmhead_free(h);
            return -1;
        }
    }
    return 0;
}

void lmhead_free(struct lmhead *h)
{
    for (int c = 0; h->chunk && c < n_chunks(h->w); c++)
        packed_free(h->chunk[c]);
    free(h->chunk);
    *h = (struct lmhead){ 0 };
}

/* --- Products with one chunk */

static void chunk_fwd(const struct lmhead *h, int c, struct mat z, struct mat x)
{
    if (h->chunk)
        packed_fwd(h->chunk[c], z, x, NULL);
    else
        plain_fwd(chunk_of(h->w, c), z, x, NULL);
}

static void chunk_bwd(const struct lmhead *h, int c, struct mat dx, struct mat dz, bool add)
{
    if (h->chunk)
        packed_bwd(h->chunk[c], dx, dz, add);
    else
        plain_bwd(chunk_of(h->w, c), dx, dz, add);
}

/* The number of rows in the product that begins at row I of the sweep. */
static int product_rows(const struct sweep *s, int i)
{
    return s->n - i < LMHEAD_ROWS ? s->n - i : LMHEAD_ROWS;
}

/* The logits of those rows for the words of chunk C. */
static struct mat product_z(const struct sweep *s, int c, int i)
{
    struct mat z = mat_make(s->z, product_rows(s, i), chunk_of(s->h->w, c).rows);

    chunk_fwd(s->h, c, z, mat_rows(s->x, i, z.rows));
    return z;
}

/* --- The online softmax: the Z of row I for chunk C becomes e^(z - max). */

static void online_row(struct sweep *s, int c, int i, real *z, int n, bool acc)
{
    int y = s->target[i] - c * LMHEAD_CHUNK;
    real max = row_max(z, n);

    if (y >= 0 && y < n)
        s->at[i] = z[y];
    for (int v = 0; s->smooth > 0 && v < n; v++)
        s->all[i] += (double)z[v];
    if (max > s->max[i]) {
        double by = exp((double)s->max[i] - (double)max); /* 0 in the first chunk */
        s->max[i] = max;
        s->sum[i] *= by;
        if (acc && c > 0)
            row_scale(mat_row(s->acc, i), s->acc.cols, (real)by);
    }
    s->sum[i] += row_exp_sum(z, z, n, s->max[i]);
}

/* The maxima and sums of all rows, and a = sum_v e^(z_v - max) W_v if ACC. */
static void sweep_online(struct sweep *s, bool acc)
{
    for (int i = 0; i < s->n; i++) {
        s->max[i] = -INFINITY;
        s->sum[i] = 0;
        s->all[i] = 0;
    }
    for (int c = 0; c < n_chunks(s->h->w); c++)
        for (int i = 0; i < s->n; i += LMHEAD_ROWS) {
            struct mat z = product_z(s, c, i);
            for (int k = 0; k < z.rows; k++)
                online_row(s, c, i + k, mat_row(z, k), z.cols, acc);
            if (acc)
                chunk_bwd(s->h, c, mat_rows(s->acc, i, z.rows), z, c > 0);
        }
}

/* acc = w (a / s - W_y), or with label smoothing w (a / s - (1-e) W_y - e mean W) */
static void finish_gradient(struct sweep *s, double weight)
{
    for (int i = 0; i < s->n; i++) {
        real *a = mat_row(s->acc, i);
        const real *w = mat_row(s->h->w, s->target[i]);
        real by = (real)(weight / s->sum[i]), one = (real)weight;
        if (s->smooth > 0) {
            real rest = (real)(weight * s->smooth);
            one = (real)(weight * (1 - s->smooth));
            for (int j = 0; j < s->acc.cols; j++)
                a[j] = by * a[j] - one * w[j] - rest * s->h->mean[j];
            continue;
        }
        for (int j = 0; j < s->acc.cols; j++)
            a[j] = by * a[j] - one * w[j];
    }
}

/* acc = dz W and dW += dz^T x with dz = w (p - (1-e) onehot - e/V), where z is recomputed. */
static void sweep_trained(struct sweep *s, struct mat dw, double weight)
{
    for (int c = 0; c < n_chunks(s->h->w); c++)
        for (int i = 0; i < s->n; i += LMHEAD_ROWS) {
            struct mat z = product_z(s, c, i);
            for (int k = 0; k < z.rows; k++) {
                real *row = mat_row(z, k);
                int y = s->target[i + k] - c * LMHEAD_CHUNK;
                row_exp_sum(row, row, z.cols, s->max[i + k]);
                row_scale(row, z.cols, (real)(weight / s->sum[i + k]));
                if (y >= 0 && y < z.cols)
                    row[y] -= (real)(weight * (1 - s->smooth));
                for (int v = 0; s->smooth > 0 && v < z.cols; v++)
                    row[v] -= (real)(weight * s->smooth / s->h->w.rows);
            }
            chunk_bwd(s->h, c, mat_rows(s->acc, i, z.rows), z, c > 0);
            mat_gemm(chunk_of(dw, c), 1, 1, z, TRANS, mat_rows(s->x, i, z.rows), NOTRANS);
        }
}

/* --- The whole loss */

/* Take N elements of SIZE bytes at *AT, which moves on to the next cache line. */
static void *take(unsigned char **at, size_t n, size_t size)
{
    unsigned char *p = *at;

    *at += (n * size + 63) / 64 * 64;
    return p;
}

/* Place the arrays of a sweep over ROWS rows in MEM; returns the number of bytes they take. */
static size_t sweep_plan(struct sweep *s, void *mem, int rows, int d)
{
    unsigned char *from = mem, *at = from;
    size_t n = (size_t)(rows < LMHEAD_SWEEP ? rows : LMHEAD_SWEEP);

    s->x = mat_make(take(&at, n * (size_t)d, sizeof(real)), (int)n, d);
    s->acc = mat_make(take(&at, n * (size_t)d, sizeof(real)), (int)n, d);
    s->z = take(&at, (size_t)LMHEAD_ROWS * LMHEAD_CHUNK, sizeof(real));
    s->max = take(&at, n, sizeof(real));
    s->at = take(&at, n, sizeof(real));
    s->sum = take(&at, n, sizeof(double));
    s->all = take(&at, n, sizeof(double));
    s->row = take(&at, n, sizeof(int));
    s->target = take(&at, n, sizeof(int));
    return (size_t)(at - from);
}

size_t lmhead_scratch(int d, int rows)
{
    static unsigned char nowhere[1];
    struct sweep s;

    return sweep_plan(&s, nowhere, rows, d);
}

/* -log p of the target of row I, smoothed. */
static double row_loss(const struct sweep *s, int i)
{
    double max = (double)s->max[i], at = (double)s->at[i], loss = log(s->sum[i]) + (max - at);

    return s->smooth > 0 ? loss + s->smooth * (at - s->all[i] / s->h->w.rows) : loss;
}

static double run_sweep(struct sweep *s, struct mat dx, struct mat dw, double weight)
{
    size_t bytes = (size_t)s->x.cols * sizeof(real);
    double loss = 0;

    s->x.rows = s->acc.rows = s->n;
    sweep_online(s, dx.x && !dw.x);
    for (int i = 0; i < s->n; i++)
        loss += row_loss(s, i);
    if (dw.x)
        sweep_trained(s, dw, weight);
    else if (dx.x)
        finish_gradient(s, weight);
    for (int i = 0; dx.x && i < s->n; i++)
        memcpy(mat_row(dx, s->row[i]), mat_row(s->acc, i), bytes);
    s->n = 0;
    return loss;
}

/* Row T of X, whose target is Y, joins the sweep. */
static void sweep_add(struct sweep *s, struct mat x, int t, int y)
{
    CHECK(y < s->h->w.rows, "target %d of %d", y, s->h->w.rows);
    s->row[s->n] = t;
    s->target[s->n] = y;
    memcpy(mat_row(s->x, s->n++), mat_row(x, t), (size_t)x.cols * sizeof(real));
}

double lmhead_loss(const struct lmhead *h, struct mat dx, struct mat dw, struct mat x,
                   const int *target, double weight, double smooth, void *scratch)
{
    struct sweep s = { .h = h, .smooth = smooth };
    size_t bytes = (size_t)x.cols * sizeof(real);
    double loss = 0;

    CHECK(x.cols == h->w.cols, "%d columns of %d", x.cols, h->w.cols);
    CHECK(!dx.x || (dx.rows == x.rows && dx.cols == x.cols), "gradient %dx%d of %dx%d", dx.rows,
          dx.cols, x.rows, x.cols);
    CHECK(!dw.x || (dx.x && !h->chunk && dw.rows == h->w.rows && dw.cols == h->w.cols),
          "gradient %dx%d of %dx%d", dw.rows, dw.cols, h->w.rows, h->w.cols);
    CHECK(smooth <= 0 || dw.x || !dx.x || h->mean, "smoothing %g without a mean", smooth);
    sweep_plan(&s, scratch, x.rows, x.cols);
    for (int t = 0; t < x.rows; t++) {
        if (target[t] < 0) {
            if (dx.x)
                memset(mat_row(dx, t), 0, bytes);
            continue;
        }
        sweep_add(&s, x, t, target[t]);
        if (s.n == LMHEAD_SWEEP) {
            loss += run_sweep(&s, dx, dw, weight);
            s.x.rows = s.acc.rows = LMHEAD_SWEEP;
        }
    }
    return s.n ? loss + run_sweep(&s, dx, dw, weight) : loss;
}

void lmhead_mean(real *mean, struct mat w)
{
    double *sum = xalloc((size_t)w.cols, sizeof *sum);

    for (int v = 0; v < w.rows; v++)
        for (int j = 0; j < w.cols; j++)
            sum[j] += (double)mat_row(w, v)[j];
    for (int j = 0; j < w.cols; j++)
        mean[j] = (real)(sum[j] / w.rows);
    free(sum);
}

static void score_sweep(struct sweep *s, double *nll, bool *hit)
{
    s->x.rows = s->n;
    sweep_online(s, false);
    for (int i = 0; i < s->n; i++) {
        nll[s->row[i]] = row_loss(s, i);
        hit[s->row[i]] = s->at[i] >= s->max[i];
    }
    s->n = 0;
}

void lmhead_score(const struct lmhead *h, double *nll, bool *hit, struct mat x, const int *target,
                  void *scratch)
{
    struct sweep s = { .h = h };

    sweep_plan(&s, scratch, x.rows, x.cols);
    for (int t = 0; t < x.rows; t++) {
        nll[t] = 0;
        hit[t] = false;
        if (target[t] < 0)
            continue;
        sweep_add(&s, x, t, target[t]);
        if (s.n == LMHEAD_SWEEP) {
            score_sweep(&s, nll, hit);
            s.x.rows = LMHEAD_SWEEP;
        }
    }
    if (s.n)
        score_sweep(&s, nll, hit);
}

void lmhead_logits(const struct lmhead *h, struct mat z, struct mat x)
{
    CHECK(z.rows == x.rows && z.cols == h->w.rows, "%dx%d logits for %d rows and %d words", z.rows,
          z.cols, x.rows, h->w.rows);
    for (int c = 0; c < n_chunks(h->w); c++)
        chunk_fwd(h, c, mat_cols(z, c * LMHEAD_CHUNK, chunk_of(h->w, c).rows), x);
}
