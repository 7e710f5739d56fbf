/* ops_elem.c - embeddings, activations, dropout and pooling. */
#include "core/math/ops.h"
#include "core/math/vec.h"

static int checked_id(int id, struct mat table, const char *what)
{
    CHECK(id >= 0 && id < table.rows, "%s id %d of %d", what, id, table.rows);
    return id;
}

static void row_add(real *y, const real *x, int n)
{
    for (int j = 0; j < n; j++)
        y[j] += x[j];
}

/* --- Embeddings */

/* Row ID of TABLE, or, for a negative id and if there is a SOFT, row -1 - ID of SOFT. */
static real *table_row(struct mat table, struct mat soft, int id, const char *what)
{
    if (id < 0 && soft.x)
        return mat_row(soft, checked_id(-1 - id, soft, "inserted row"));
    return mat_row(table, checked_id(id, table, what));
}

void embed_fwd(struct mat y, const int *ids, const int *pos_ids, const int *type_ids,
               struct mat word, struct mat pos, struct mat type, struct mat soft)
{
    size_t bytes = (size_t)y.cols * sizeof(real);

    CHECK(y.cols == word.cols, "%d columns of %d", y.cols, word.cols);
    CHECK(!pos.x || pos.cols == y.cols, "%d columns of %d", pos.cols, y.cols);
    CHECK(!type.x || type.cols == y.cols, "%d columns of %d", type.cols, y.cols);
    CHECK(!soft.x || soft.cols == y.cols, "%d columns of %d", soft.cols, y.cols);
    for (int t = 0; t < y.rows; t++) {
        memcpy(mat_row(y, t), table_row(word, soft, ids[t], "word"), bytes);
        if (type.x)
            row_add(mat_row(y, t), mat_row(type, checked_id(type_ids[t], type, "type")), y.cols);
        if (pos.x)
            row_add(mat_row(y, t), mat_row(pos, checked_id(pos_ids[t], pos, "position")), y.cols);
    }
}

/* Add each row of DY to the row of DTABLE that its id names. */
static void add_to_rows(struct mat dtable, const int *ids, struct mat dy, const char *what)
{
    if (!dtable.x)
        return;
    CHECK(dtable.cols == dy.cols, "%d columns of %d", dtable.cols, dy.cols);
    for (int t = 0; t < dy.rows; t++)
        row_add(mat_row(dtable, checked_id(ids[t], dtable, what)), mat_row(dy, t), dy.cols);
}

void embed_bwd(struct mat dword, struct mat dpos, struct mat dtype, struct mat dsoft,
               const int *ids, const int *pos_ids, const int *type_ids, struct mat dy)
{
    for (int t = 0; t < dy.rows; t++) {
        struct mat table = ids[t] < 0 && dsoft.x ? dsoft : dword;
        if (table.x)
            row_add(table_row(dword, dsoft, ids[t], "word"), mat_row(dy, t), dy.cols);
    }
    add_to_rows(dpos, pos_ids, dy, "position");
    add_to_rows(dtype, type_ids, dy, "type");
}

/* --- Activations
 *
 * NAME_f computes the value and, in *d, the derivative. Each has two kernels for rows, with and
 * without the derivative; in the latter the compiler drops what only the derivative needs. Backward
 * is a product with the derivative, which is stored in place of x: value and derivative share most
 * of their work. */

#define ACT_KERNELS(name)                                                                          \
    VEC_CLONES static void name##_row(real *y, const real *x, int n)                               \
    {                                                                                              \
        VEC_LOOP                                                                                   \
        for (int j = 0; j < n; j++) {                                                              \
            real d;                                                                                \
            y[j] = name##_f(x[j], &d);                                                             \
        }                                                                                          \
    }                                                                                              \
    VEC_CLONES static void name##_row_slope(real *y, real *slope, const real *x, int n)            \
    {                                                                                              \
        VEC_LOOP                                                                                   \
        for (int j = 0; j < n; j++) {                                                              \
            real d, v = name##_f(x[j], &d);                                                        \
            slope[j] = d;                                                                          \
            y[j] = v;                                                                              \
        }                                                                                          \
    }

/* y = x Phi(x),   y' = Phi(x) + x phi(x) */
static inline real gelu_f(real x, real *d)
{
    real p = vec_phi(x);

    *d = p + x * (real)0.39894228040143267794 * vec_exp_neg((real)-0.5 * x * x);
    return x * p;
}

/* u = sqrt(2/pi) (x + 0.044715 x^3), y = x (1 + tanh u) / 2 */
static inline real gelu_tanh_f(real x, real *d)
{
    real t = vec_tanh((real)0.79788456080286535588 * (x + (real)0.044715 * x * x * x));
    real du = (real)0.79788456080286535588 * (1 + 3 * (real)0.044715 * x * x);

    *d = (real)0.5 * (1 + t) + (real)0.5 * x * (1 - t * t) * du;
    return (real)0.5 * x * (1 + t);
}

static inline real relu_f(real x, real *d)
{
    *d = x > 0 ? 1 : 0;
    return x < 0 ? 0 : x;
}

static inline real silu_f(real x, real *d)
{
    real s = 1 / (1 + vec_exp(-x));

    *d = s * (1 + x * (1 - s));
    return x * s;
}

static inline real tanh_f(real x, real *d)
{
    real t = vec_tanh(x);

    *d = 1 - t * t;
    return t;
}

ACT_KERNELS(gelu)
ACT_KERNELS(gelu_tanh)
ACT_KERNELS(relu)
ACT_KERNELS(silu)
ACT_KERNELS(tanh)

static const struct act_row {
    const char *hf_name;
    void (*fwd)(real *y, const real *x, int n);
    void (*slope)(real *y, real *slope, const real *x, int n);
} acts[] = {
    [ACT_GELU] = { "gelu", gelu_row, gelu_row_slope },
    [ACT_GELU_TANH] = { "gelu_new", gelu_tanh_row, gelu_tanh_row_slope },
    [ACT_RELU] = { "relu", relu_row, relu_row_slope },
    [ACT_SILU] = { "silu", silu_row, silu_row_slope },
    [ACT_TANH] = { "tanh", tanh_row, tanh_row_slope },
};

int act_from_name(const char *hf_name)
{
    static const struct {
        const char *name;
        enum act act;
    } same[] = { { "gelu_pytorch_tanh", ACT_GELU_TANH }, { "swish", ACT_SILU } };

    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        if (strcmp(same[i].name, hf_name) == 0)
            return (int)same[i].act;
    for (size_t f = 0; f < ARRAY_LEN(acts); f++)
        if (strcmp(acts[f].hf_name, hf_name) == 0)
            return (int)f;
    return -1;
}

void act_fwd(struct mat y, struct mat slope, struct mat x, enum act f)
{
    MAT_CHECK_SAME(y, x);
    if (slope.x)
        MAT_CHECK_SAME(slope, x);
    for (int i = 0; i < x.rows; i++) {
        if (slope.x)
            acts[f].slope(mat_row(y, i), mat_row(slope, i), mat_row(x, i), x.cols);
        else
            acts[f].fwd(mat_row(y, i), mat_row(x, i), x.cols);
    }
}

VEC_CLONES static void row_product(real *y, const real *a, const real *b, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++)
        y[j] = a[j] * b[j];
}

void act_bwd(struct mat dx, struct mat dy, struct mat slope)
{
    MAT_CHECK_SAME(dx, dy);
    MAT_CHECK_SAME(dx, slope);
    for (int i = 0; i < dy.rows; i++)
        row_product(mat_row(dx, i), mat_row(dy, i), mat_row(slope, i), dy.cols);
}

/* From f(v) in Y: y = u f(v), and f(v) to SLOPE, which may be U. */
VEC_CLONES static void gate_row(real *y, real *slope, const real *u, int n)
{
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real f = y[j], product = u[j] * f;
        slope[j] = f;
        y[j] = product;
    }
}

void gated_fwd(struct mat y, struct mat slope, struct mat x, enum act f)
{
    int n = y.cols;

    CHECK(y.rows == x.rows && x.cols == 2 * n, "%dx%d of %dx%d", y.rows, n, x.rows, x.cols);
    if (slope.x)
        MAT_CHECK_SAME(slope, x);
    for (int i = 0; i < x.rows; i++) {
        const real *u = mat_row(x, i), *v = u + n;
        real *to = mat_row(y, i), *s = slope.x ? mat_row(slope, i) : NULL;

        if (!s) {
            acts[f].fwd(to, v, n);
            row_product(to, to, u, n);
            continue;
        }
        acts[f].slope(to, s + n, v, n);
        row_product(s + n, s + n, u, n);
        gate_row(to, s, u, n);
    }
}

void gated_bwd(struct mat dx, struct mat dy, struct mat slope)
{
    int n = dy.cols;

    MAT_CHECK_SAME(dx, slope);
    CHECK(dx.rows == dy.rows && dx.cols == 2 * n, "%dx%d of %dx%d", dx.rows, dx.cols, dy.rows, n);
    for (int i = 0; i < dy.rows; i++) {
        row_product(mat_row(dx, i), mat_row(dy, i), mat_row(slope, i), n);
        row_product(mat_row(dx, i) + n, mat_row(dy, i), mat_row(slope, i) + n, n);
    }
}

void tanh_bwd(struct mat dx, struct mat dy, struct mat y)
{
    MAT_CHECK_SAME(dx, dy);
    MAT_CHECK_SAME(dx, y);
    for (int i = 0; i < y.rows; i++) {
        real *d = mat_row(dx, i);
        const real *g = mat_row(dy, i), *o = mat_row(y, i);

        VEC_LOOP
        for (int j = 0; j < y.cols; j++)
            d[j] = g[j] * (1 - o[j] * o[j]);
    }
}

/* --- Dropout */

VEC_CLONES static void dropout_row(real *y, const real *x, const unsigned char *keep, int n,
                                   real scale)
{
    VEC_LOOP
    for (int j = 0; j < n; j++) {
        real v = x[j] * scale;
        y[j] = keep[j] ? v : 0;
    }
}

void dropout(struct mat y, struct mat x, const unsigned char *keep, double p)
{
    MAT_CHECK_SAME(y, x);
    CHECK(p >= 0 && p < 1, "p = %g", p);
    for (int i = 0; i < x.rows; i++)
        dropout_row(mat_row(y, i), mat_row(x, i), keep + (size_t)i * (size_t)x.cols, x.cols,
                    (real)(1 / (1 - p)));
}

/* --- Pooling */

void pool_fwd(struct mat y, struct mat x, const int *off, enum pooling how)
{
    CHECK(y.cols == x.cols && off[y.rows] <= x.rows, "%dx%d from %dx%d", y.rows, y.cols, x.rows,
          x.cols);
    for (int s = 0; s < y.rows; s++) {
        int n = how == POOL_CLS ? 1 : off[s + 1] - off[s];
        real *row = mat_row(y, s), scale = (real)(1.0 / n);

        CHECK(off[s + 1] > off[s], "sequence %d is empty", s);
        memcpy(row, mat_row(x, off[s]), (size_t)y.cols * sizeof(real));
        for (int t = 1; t < n; t++)
            row_add(row, mat_row(x, off[s] + t), y.cols);
        for (int j = 0; n > 1 && j < y.cols; j++)
            row[j] *= scale;
    }
}

void pool_bwd(struct mat dx, struct mat dy, const int *off, enum pooling how)
{
    CHECK(dx.cols == dy.cols && off[dy.rows] <= dx.rows, "%dx%d to %dx%d", dy.rows, dy.cols,
          dx.rows, dx.cols);
    mat_zero(dx);
    for (int s = 0; s < dy.rows; s++) {
        int n = how == POOL_CLS ? 1 : off[s + 1] - off[s];
        const real *row = mat_row(dy, s);
        real scale = (real)(1.0 / n);

        for (int t = 0; t < n; t++) {
            real *d = mat_row(dx, off[s] + t);

            for (int j = 0; j < dx.cols; j++)
                d[j] = row[j] * scale;
        }
    }
}
