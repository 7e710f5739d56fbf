/* step.c - the optimizer step: the sum of the gradient vectors, its norm, AdamW.
 *
 * The step is limited by memory bandwidth, so each pass reads a value once, in blocks that stay in
 * cache, and skips what it need not read: of tens of thousands of rows of word embeddings a batch
 * uses a few hundred. A row without a gradient still decays and its moments shrink, as in
 * torch.optim.AdamW on a dense gradient; a row that never had one has no moments and only
 * decays. */
#include "core/train/step.h"
#include "core/os/prof.h"
#include "core/train/microbatches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16, BLOCK = 1 << 12 }; /* values in a piece of work; in a block */
enum { ROW_NEVER, ROW_SEEN, ROW_TOUCHED }; /* had a gradient: never, before, in this step */

int step_vectors(size_t n_train)
{
    return n_train <= MANY_PARAMETERS ? 8 : 2;
}

/* --- pieces: first of the values before the table, then of its rows, then of the values after
 * it */

static int count_pieces(size_t n, size_t each)
{
    return (int)((n + each - 1) / each);
}

static size_t rows_per_piece(const struct optim_step *s)
{
    return s->rows.cols < PIECE ? PIECE / (size_t)s->rows.cols : 1;
}

static size_t rows_end(const struct optim_step *s)
{
    return s->rows.at + (size_t)s->rows.n * (size_t)s->rows.cols;
}

static int row_pieces(const struct optim_step *s)
{
    return s->rows.n ? count_pieces((size_t)s->rows.n, rows_per_piece(s)) : 0;
}

static int all_pieces(const struct optim_step *s)
{
    return count_pieces(s->rows.at, PIECE) + row_pieces(s) +
           count_pieces(s->n - rows_end(s), PIECE);
}

/* What a piece consists of: true: the rows [*at, *at + *n) of the table; false: the values [*at,
 * *at + *n) of theta. */
static bool piece_at(const struct optim_step *s, int piece, size_t *at, size_t *n)
{
    size_t each = PIECE, from = 0, end = s->rows.at;
    int before = count_pieces(s->rows.at, PIECE), rows = row_pieces(s);
    bool is_rows = false;

    if (piece >= before + rows) {
        piece -= before + rows;
        from = rows_end(s);
        end = s->n;
    } else if (piece >= before) {
        piece -= before;
        each = rows_per_piece(s);
        end = (size_t)s->rows.n;
        is_rows = true;
    }
    *at = from + (size_t)piece * each;
    *n = end - *at < each ? end - *at : each;
    return is_rows;
}

/* --- memory */

int step_init(struct optim_step *s, struct pool *pool, size_t n, int n_grads,
              const struct sparse_rows *rows)
{
    size_t vec = (n * sizeof(real) + 63) / 64 * 64;

    *s = (struct optim_step){ .pool = pool, .n = n, .n_grads = n_grads };
    if (rows)
        s->rows = *rows;
    CHECK(rows_end(s) <= n, "rows end at %zu of %zu", rows_end(s), n);
    /* A new arena is all zeros. */
    if (arena_init(&s->mem, ((size_t)n_grads + 2) * vec) != 0)
        return fail_context("gradients and moments of %.1f million trainable parameters",
                            1e-6 * (double)n);
    s->grad = xalloc((size_t)n_grads, sizeof *s->grad);
    s->piece_sum = xalloc((size_t)all_pieces(s) + 1, sizeof *s->piece_sum);
    s->touched = xalloc((size_t)n_grads * (size_t)s->rows.n + 1, 1);
    s->row_state = xalloc((size_t)s->rows.n + 1, 1);
    s->coef = xalloc(1, sizeof *s->coef);
    s->m = arena_get(&s->mem, n, sizeof *s->m);
    s->v = arena_get(&s->mem, n, sizeof *s->v);
    for (int i = 0; i < n_grads; i++)
        s->grad[i] = arena_get(&s->mem, n, sizeof **s->grad);
    return 0;
}

static double rate_factor(const struct param *p)
{
    return p->lr > 0 ? p->lr : 1;
}

void step_rates(struct optim_step *s, const struct model *m)
{
    bool same = true;

    s->rate = xgrow(s->rate, (size_t)m->n_params, sizeof *s->rate);
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (!p->trainable)
            continue;
        size_t end = (size_t)p->off + (size_t)p->rows * (size_t)p->cols;
        CHECK(s->n_rates == 0 || s->rate[s->n_rates - 1].end == (size_t)p->off, "'%s'", p->name);
        if (s->n_rates > 0 && s->rate[s->n_rates - 1].factor == rate_factor(p))
            s->rate[s->n_rates - 1].end = end;
        else
            s->rate[s->n_rates++] = (struct rate_range){ end, rate_factor(p) };
        same &= rate_factor(p) == 1;
    }
    if (same)
        s->n_rates = 0;
    s->coef = xgrow(s->coef, (size_t)s->n_rates + 1, sizeof *s->coef);
}

void step_free(struct optim_step *s)
{
    arena_free(&s->mem);
    free(s->grad);
    free(s->piece_sum);
    free(s->touched);
    free(s->row_state);
    free(s->rate);
    free(s->coef);
    *s = (struct optim_step){ 0 };
}

void step_touch(struct optim_step *s, int grad, const int *row, int n)
{
    unsigned char *touched = s->touched + (size_t)grad * (size_t)s->rows.n;

    for (int i = 0; s->rows.n && i < n; i++)
        touched[row[i]] = 1;
}

static bool any_nonzero(const real *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i] != 0)
            return true;
    return false;
}

void step_resumed(struct optim_step *s)
{
    for (int r = 0; r < s->rows.n; r++) {
        size_t at = s->rows.at + (size_t)r * (size_t)s->rows.cols;

        s->row_state[r] =
            any_nonzero(s->m + at, s->rows.cols) || any_nonzero(s->v + at, s->rows.cols)
                ? ROW_SEEN
                : ROW_NEVER;
    }
}

/* --- the sum of the gradient vectors and its norm */

/* Add a part of gradient vector G to the first vector, then zero it. */
static void add_vector(struct optim_step *s, int g, size_t at, size_t n)
{
    real *from = s->grad[g] + at;

    mat_add(mat_make(s->grad[0] + at, 1, (int)n), 1, mat_make(from, 1, (int)n));
    memset(from, 0, n * sizeof *from);
}

static double sum_values(struct optim_step *s, size_t at, size_t n)
{
    double sum = 0;

    for (size_t end = at + n; at < end; at += n) {
        n = end - at < BLOCK ? end - at : BLOCK;
        for (int g = 1; g < s->n_used; g++)
            add_vector(s, g, at, n);
        sum += vec_dot(s->grad[0] + at, s->grad[0] + at, n);
    }
    return sum;
}

static double sum_rows(struct optim_step *s, size_t first, size_t n)
{
    size_t cols = (size_t)s->rows.cols;
    double sum = 0;

    for (size_t r = first; r < first + n; r++) {
        size_t at = s->rows.at + r * cols;
        for (int g = 0; g < s->n_used; g++) {
            unsigned char *touched = s->touched + (size_t)g * (size_t)s->rows.n + r;
            if (!*touched)
                continue;
            *touched = 0;
            s->row_state[r] = ROW_TOUCHED;
            if (g > 0)
                add_vector(s, g, at, cols);
        }
        if (s->row_state[r] == ROW_TOUCHED)
            sum += vec_dot(s->grad[0] + at, s->grad[0] + at, cols);
    }
    return sum;
}

static void sum_piece(void *arg, int piece, int thread)
{
    struct optim_step *s = arg;
    size_t at, n;
    bool rows = piece_at(s, piece, &at, &n);

    (void)thread;
    prof_begin(WORK_OPTIM);
    s->piece_sum[piece] = rows ? sum_rows(s, at, n) : sum_values(s, at, n);
    prof_end();
}

double step_norm(struct optim_step *s, int n_used)
{
    double sum = 0;

    s->n_used = n_used;
    pool_run(s->pool, all_pieces(s), sum_piece, s);
    for (int i = 0; i < all_pieces(s); i++)
        sum += s->piece_sum[i];
    return sqrt(sum);
}

static void square_piece(void *arg, int piece, int thread)
{
    struct optim_step *s = arg;
    size_t at, n, cols = (size_t)s->rows.cols;
    bool rows = piece_at(s, piece, &at, &n);
    const real *g = s->grad[0] + (rows ? s->rows.at + at * cols : at);

    (void)thread;
    prof_begin(WORK_OPTIM);
    s->piece_sum[piece] = vec_dot(g, g, rows ? n * cols : n);
    prof_end();
}

double step_norm_again(struct optim_step *s)
{
    double sum = 0;

    pool_run(s->pool, all_pieces(s), square_piece, s);
    for (int i = 0; i < all_pieces(s); i++)
        sum += s->piece_sum[i];
    return sqrt(sum);
}

/* --- AdamW */

/* The coefficients of parameter AT; *n is reduced to how many of the next *n parameters share
 * them. */
static const struct adamw_coef *coef_at(const struct optim_step *s, size_t at, size_t *n)
{
    int i = 0;

    while (i < s->n_rates && s->rate[i].end <= at)
        i++;
    if (i < s->n_rates && s->rate[i].end - at < *n)
        *n = s->rate[i].end - at;
    return &s->coef[i];
}

static void apply_values(struct optim_step *s, size_t at, size_t n)
{
    for (size_t end = at + n; at < end; at += n) {
        real *g = s->grad[0] + at;

        n = end - at < BLOCK ? end - at : BLOCK;
        const struct adamw_coef *opt = coef_at(s, at, &n);
        for (size_t i = 0; i < n && s->scale != 1; i++)
            g[i] *= s->scale;
        adamw_update(s->theta + at, s->m + at, s->v + at, g, n, opt);
        memset(g, 0, n * sizeof *g);
    }
}

static void apply_rows(struct optim_step *s, size_t first, size_t n)
{
    size_t cols = (size_t)s->rows.cols, end = first + n, next;

    for (size_t r = first; r < end; r = next) {
        size_t at = s->rows.at + r * cols;
        int state = s->row_state[r];
        for (next = r + 1; next < end && s->row_state[next] == state; next++)
            continue;
        n = (next - r) * cols;
        const struct adamw_coef *opt = coef_at(s, at, &n);
        if (state == ROW_NEVER) {
            adamw_decay(s->theta + at, n, opt);
        } else if (state == ROW_SEEN) {
            adamw_update(s->theta + at, s->m + at, s->v + at, NULL, n, opt);
        } else {
            apply_values(s, at, n);
            memset(s->row_state + r, ROW_SEEN, next - r);
        }
    }
}

static void apply_piece(void *arg, int piece, int thread)
{
    struct optim_step *s = arg;
    size_t at, n;

    (void)thread;
    prof_begin(WORK_OPTIM);
    if (piece_at(s, piece, &at, &n))
        apply_rows(s, at, n);
    else
        apply_values(s, at, n);
    prof_end();
}

void step_apply(struct optim_step *s, real *theta, double scale, const struct adamw *opt)
{
    s->theta = theta;
    s->scale = (real)scale;
    for (int i = 0; i < s->n_rates || i == 0; i++) {
        struct adamw o = *opt;
        o.lr *= s->n_rates ? s->rate[i].factor : 1;
        s->coef[i] = adamw_coef(&o);
    }
    pool_run(s->pool, all_pieces(s), apply_piece, s);
}
