/* rate.c - the products of a linear layer, timed. */
#include "core/math/rate.h"
#include "core/math/onednn.h"

#include <math.h>
#include <stdlib.h>

const char *const gemm_lib_names[] = { "OpenBLAS", "oneDNN", "packed", NULL };
const char *const gemm_op_names[] = { "forward", "input gradient", "weight gradient", NULL };

/* A product and its matrices. */
struct product {
    const struct gemm_case *c;
    struct mat x, w, y;
    struct packed *packed;
};

/* A matrix of some numbers. */
static struct mat make_operand(int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;
    real *x = xalloc(n, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = (real)((double)(i % 17) / 16 - 0.5);
    return mat_make(x, rows, cols);
}

/* Can the library compute it? */
static bool is_possible(const struct gemm_case *c)
{
    if (c->bf16 && (c->lib != GEMM_PACKED || sizeof(real) != sizeof(float)))
        return false;
    if (c->lib == GEMM_ONEDNN)
        return HAVE_ONEDNN && sizeof(real) == sizeof(float);
    return c->lib == GEMM_OPENBLAS || c->op != GEMM_WEIGHT_GRAD;
}

static void multiply_openblas(const struct product *p)
{
    switch (p->c->op) {
    case GEMM_FORWARD: mat_gemm_blas(p->y, 0, 1, p->x, NOTRANS, p->w, TRANS); break;
    case GEMM_INPUT_GRAD: mat_gemm_blas(p->x, 0, 1, p->y, NOTRANS, p->w, NOTRANS); break;
    default: mat_gemm_blas(p->w, 0, 1, p->y, TRANS, p->x, NOTRANS); break;
    }
}

static void multiply_onednn(const struct product *p)
{
    int rows = p->c->rows, in = p->c->in, out = p->c->out;

    switch (p->c->op) {
    case GEMM_FORWARD: onednn_gemm(p->y, 0, 1, p->x, NOTRANS, p->w, TRANS, in); break;
    case GEMM_INPUT_GRAD: onednn_gemm(p->x, 0, 1, p->y, NOTRANS, p->w, NOTRANS, out); break;
    default: onednn_gemm(p->w, 0, 1, p->y, TRANS, p->x, NOTRANS, rows); break;
    }
}

static void multiply(const struct product *p)
{
    if (p->c->lib == GEMM_OPENBLAS)
        multiply_openblas(p);
    else if (p->c->lib == GEMM_ONEDNN)
        multiply_onednn(p);
    else if (p->c->op == GEMM_FORWARD)
        packed_fwd(p->packed, p->y, p->x, NULL);
    else
        packed_bwd(p->packed, p->x, p->y, false);
}

static double sum_of(struct mat m)
{
    double sum = 0;

    for (size_t i = 0; i < (size_t)m.rows * (size_t)m.cols; i++)
        sum += (double)m.x[i];
    return sum;
}

double gemm_rate(const struct gemm_case *c, double seconds, double *sum)
{
    if (!is_possible(c))
        return 0;
    struct product p = { .c = c,
                         .x = make_operand(c->rows, c->in),
                         .w = make_operand(c->out, c->in),
                         .y = make_operand(c->rows, c->out) };
    double best = INFINITY, end = 0;

    if (c->lib == GEMM_PACKED)
        p.packed = packed_new(&p.w, 1, NOTRANS, c->op == GEMM_INPUT_GRAD,
                              c->bf16 ? PRECISION_BF16 : PRECISION_F32);
    bool made = c->lib != GEMM_PACKED || p.packed;
    if (made)
        multiply(&p); /* the first one allocates the library's buffers */
    end = now_mono() + seconds;
    while (made) {
        double start = now_mono(), now;
        multiply(&p);
        now = now_mono();
        best = fmin(best, now - start);
        if (now > end)
            break;
    }
    if (sum)
        *sum = sum_of(c->op == GEMM_FORWARD ? p.y : c->op == GEMM_INPUT_GRAD ? p.x : p.w);
    packed_free(p.packed);
    free(p.x.x);
    free(p.w.x);
    free(p.y.x);
    return made ? 2e-9 * c->rows * c->in * c->out / fmax(best, 1e-9) : 0;
}
