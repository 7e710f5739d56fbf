/* update.c - the update of the trained numbers: gradients of all slots into one, its norm, AdamW.
 *
 * All of it is memory traffic, so each pass reads a number once, in blocks that stay in the nearest
 * cache, and leaves out what it need not read: of the rows of word embeddings a batch reaches a few
 * hundred of tens of thousands. A row without a gradient still decays and its moments shrink, as in
 * torch.optim.AdamW on a dense gradient; a row that never had one has no moments, and only decays. */
#include "core/base/prof.h"
#include "core/train/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16, BLOCK = 1 << 12 }; /* numbers: of a thread's turn, of a block */
enum { ROW_NEVER, ROW_SEEN, ROW_TOUCHED }; /* had no gradient yet; had one before; in this step */

/* Trained numbers from which on matrices train, and a gradient is too long to have many of. */
enum { LONG = 2000000 };

int update_slots(size_t n_train)
{
    return n_train <= LONG ? 8 : 2;
}

int microbatch_tokens(size_t n_train, long n_tok)
{
    long half = n_tok / 2;

    if (n_train <= LONG || half < TOKENS_PER_MICROBATCH)
        return TOKENS_PER_MICROBATCH;
    return half < MOST_TOKENS_PER_MICROBATCH ? (int)half : MOST_TOKENS_PER_MICROBATCH;
}

/* --- pieces: of the numbers before the rows, of the rows, of those behind */

static int pieces_of(size_t n, size_t each)
{
    return (int)((n + each - 1) / each);
}

static size_t rows_a_piece(const struct update *u)
{
    return u->rows.cols < PIECE ? PIECE / (size_t)u->rows.cols : 1;
}

static size_t rows_end(const struct update *u)
{
    return u->rows.at + (size_t)u->rows.n * (size_t)u->rows.cols;
}

static int row_pieces(const struct update *u)
{
    return u->rows.n ? pieces_of((size_t)u->rows.n, rows_a_piece(u)) : 0;
}

static int pieces(const struct update *u)
{
    return pieces_of(u->rows.at, PIECE) + row_pieces(u) + pieces_of(u->n - rows_end(u), PIECE);
}

/* Numbers [*at, *at + *n) of a piece; true: rows [*at, *at + *n). */
static bool piece_at(const struct update *u, int piece, size_t *at, size_t *n)
{
    size_t each = PIECE, from = 0, end = u->rows.at;
    int before = pieces_of(u->rows.at, PIECE), rows = row_pieces(u);
    bool is_row = false;

    if (piece >= before + rows) {
        piece -= before + rows;
        from = rows_end(u);
        end = u->n;
    } else if (piece >= before) {
        piece -= before;
        each = rows_a_piece(u);
        end = (size_t)u->rows.n;
        is_row = true;
    }
    *at = from + (size_t)piece * each;
    *n = end - *at < each ? end - *at : each;
    return is_row;
}

/* --- memory */

int update_init(struct update *u, struct pool *pool, size_t n, int n_grads,
                const struct sparse_rows *rows)
{
    size_t vec = (n * sizeof(real) + 63) / 64 * 64;

    *u = (struct update){ .pool = pool, .n = n, .n_grads = n_grads };
    if (rows)
        u->rows = *rows;
    CHECK(rows_end(u) <= n, "rows end at %zu of %zu", rows_end(u), n);
    /* A fresh arena is all zeros. */
    if (arena_init(&u->mem, ((size_t)n_grads + 2) * vec) != 0)
        return fail_context("gradients and moments of %.1f million numbers", 1e-6 * (double)n);
    u->grad = xalloc((size_t)n_grads, sizeof *u->grad);
    u->part = xalloc((size_t)pieces(u) + 1, sizeof *u->part);
    u->touched = xalloc((size_t)n_grads * (size_t)u->rows.n + 1, 1);
    u->state = xalloc((size_t)u->rows.n + 1, 1);
    u->opt = xalloc(1, sizeof *u->opt);
    u->m = arena_get(&u->mem, n, sizeof *u->m);
    u->v = arena_get(&u->mem, n, sizeof *u->v);
    for (int i = 0; i < n_grads; i++)
        u->grad[i] = arena_get(&u->mem, n, sizeof **u->grad);
    return 0;
}

static double rate_of(const struct param *p)
{
    return p->lr > 0 ? p->lr : 1;
}

void update_rates(struct update *u, const struct model *m)
{
    bool same = true;

    u->rate = xgrow(u->rate, (size_t)m->n_params, sizeof *u->rate);
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (!p->trainable)
            continue;
        size_t end = (size_t)p->off + (size_t)p->rows * (size_t)p->cols;
        CHECK(u->n_rates == 0 || u->rate[u->n_rates - 1].end == (size_t)p->off, "'%s'", p->name);
        if (u->n_rates > 0 && u->rate[u->n_rates - 1].factor == rate_of(p))
            u->rate[u->n_rates - 1].end = end;
        else
            u->rate[u->n_rates++] = (struct rate_range){ end, rate_of(p) };
        same &= rate_of(p) == 1;
    }
    if (same)
        u->n_rates = 0;
    u->opt = xgrow(u->opt, (size_t)u->n_rates + 1, sizeof *u->opt);
}

void update_free(struct update *u)
{
    arena_free(&u->mem);
    free(u->grad);
    free(u->part);
    free(u->touched);
    free(u->state);
    free(u->rate);
    free(u->opt);
    *u = (struct update){ 0 };
}

void update_touch(struct update *u, int slot, const int *row, int n)
{
    unsigned char *touched = u->touched + (size_t)slot * (size_t)u->rows.n;

    for (int i = 0; u->rows.n && i < n; i++)
        touched[row[i]] = 1;
}

static bool any(const real *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i] != 0)
            return true;
    return false;
}

void update_resumed(struct update *u)
{
    for (int r = 0; r < u->rows.n; r++) {
        size_t at = u->rows.at + (size_t)r * (size_t)u->rows.cols;

        u->state[r] =
            any(u->m + at, u->rows.cols) || any(u->v + at, u->rows.cols) ? ROW_SEEN : ROW_NEVER;
    }
}

/* --- the sum over slots and its norm */

/* Slot S into the first, and zero again. */
static void add_slot(struct update *u, int s, size_t at, size_t n)
{
    real *g = u->grad[s] + at;

    mat_add(mat_make(u->grad[0] + at, 1, (int)n), 1, mat_make(g, 1, (int)n));
    memset(g, 0, n * sizeof *g);
}

static double sum_numbers(struct update *u, size_t at, size_t n)
{
    double sum = 0;

    for (size_t end = at + n; at < end; at += n) {
        n = end - at < BLOCK ? end - at : BLOCK;
        for (int s = 1; s < u->used; s++)
            add_slot(u, s, at, n);
        sum += vec_dot(u->grad[0] + at, u->grad[0] + at, n);
    }
    return sum;
}

static double sum_rows(struct update *u, size_t first, size_t n)
{
    size_t cols = (size_t)u->rows.cols;
    double sum = 0;

    for (size_t r = first; r < first + n; r++) {
        size_t at = u->rows.at + r * cols;
        for (int s = 0; s < u->used; s++) {
            unsigned char *touched = u->touched + (size_t)s * (size_t)u->rows.n + r;
            if (!*touched)
                continue;
            *touched = 0;
            u->state[r] = ROW_TOUCHED;
            if (s > 0)
                add_slot(u, s, at, cols);
        }
        if (u->state[r] == ROW_TOUCHED)
            sum += vec_dot(u->grad[0] + at, u->grad[0] + at, cols);
    }
    return sum;
}

static void sum_piece(void *arg, int piece, int thread)
{
    struct update *u = arg;
    size_t at, n;
    bool rows = piece_at(u, piece, &at, &n);

    (void)thread;
    prof_begin(WORK_OPTIM);
    u->part[piece] = rows ? sum_rows(u, at, n) : sum_numbers(u, at, n);
    prof_end();
}

double update_norm(struct update *u, int used)
{
    double sum = 0;

    u->used = used;
    pool_run(u->pool, pieces(u), sum_piece, u);
    for (int i = 0; i < pieces(u); i++)
        sum += u->part[i];
    return sqrt(sum);
}

static void square_piece(void *arg, int piece, int thread)
{
    struct update *u = arg;
    size_t at, n, cols = (size_t)u->rows.cols;
    bool rows = piece_at(u, piece, &at, &n);
    const real *g = u->grad[0] + (rows ? u->rows.at + at * cols : at);

    (void)thread;
    prof_begin(WORK_OPTIM);
    u->part[piece] = vec_dot(g, g, rows ? n * cols : n);
    prof_end();
}

double update_norm_again(struct update *u)
{
    double sum = 0;

    pool_run(u->pool, pieces(u), square_piece, u);
    for (int i = 0; i < pieces(u); i++)
        sum += u->part[i];
    return sqrt(sum);
}

/* --- the step */

/* The coefficients of number AT, and in *N how many of the next N numbers share them. */
static const struct adamw_coef *coef_at(const struct update *u, size_t at, size_t *n)
{
    int i = 0;

    while (i < u->n_rates && u->rate[i].end <= at)
        i++;
    if (i < u->n_rates && u->rate[i].end - at < *n)
        *n = u->rate[i].end - at;
    return &u->opt[i];
}

static void step_numbers(struct update *u, size_t at, size_t n)
{
    for (size_t end = at + n; at < end; at += n) {
        real *g = u->grad[0] + at;

        n = end - at < BLOCK ? end - at : BLOCK;
        const struct adamw_coef *opt = coef_at(u, at, &n);
        for (size_t i = 0; i < n && u->scale != 1; i++)
            g[i] *= u->scale;
        adamw_update(u->theta + at, u->m + at, u->v + at, g, n, opt);
        memset(g, 0, n * sizeof *g);
    }
}

static void step_rows(struct update *u, size_t first, size_t n)
{
    size_t cols = (size_t)u->rows.cols, end = first + n, next;

    for (size_t r = first; r < end; r = next) {
        size_t at = u->rows.at + r * cols;
        int state = u->state[r];
        for (next = r + 1; next < end && u->state[next] == state; next++)
            continue;
        n = (next - r) * cols;
        const struct adamw_coef *opt = coef_at(u, at, &n);
        if (state == ROW_NEVER) {
            adamw_decay(u->theta + at, n, opt);
        } else if (state == ROW_SEEN) {
            adamw_update(u->theta + at, u->m + at, u->v + at, NULL, n, opt);
        } else {
            step_numbers(u, at, n);
            memset(u->state + r, ROW_SEEN, next - r);
        }
    }
}

static void step_piece(void *arg, int piece, int thread)
{
    struct update *u = arg;
    size_t at, n;

    (void)thread;
    prof_begin(WORK_OPTIM);
    if (piece_at(u, piece, &at, &n))
        step_rows(u, at, n);
    else
        step_numbers(u, at, n);
    prof_end();
}

void update_apply(struct update *u, real *theta, double scale, const struct adamw *opt)
{
    u->theta = theta;
    u->scale = (real)scale;
    for (int i = 0; i < u->n_rates || i == 0; i++) {
        struct adamw o = *opt;
        o.lr *= u->n_rates ? u->rate[i].factor : 1;
        u->opt[i] = adamw_coef(&o);
    }
    pool_run(u->pool, pieces(u), step_piece, u);
}
