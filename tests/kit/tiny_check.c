/* tiny_check.c - checks of whole models. */
#include "tests/kit/tiny_check.h"

#include "core/base/rng.h"
#include "tests/kit/tiny.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set_counters(struct workspace *ws)
{
    ws->train = true;
    ws->seed = 77;
    ws->step = 3;
    ws->batch_slots = TINY_SEQS;
}

double tiny_loss(const struct model *m, const struct batch *b)
{
    struct workspace ws;
    double loss;

    ck_assert_int_eq(workspace_init(&ws, m, false), 0);
    set_counters(&ws);
    ck_assert_int_eq(model_fwd(m, &ws, b), 0);
    loss = model_loss(m, &ws, b, 1, NULL);
    workspace_free(&ws);
    return loss;
}

void tiny_grad(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct mat dlogits;

    memset(ws->grad, 0, m->n_train * sizeof *ws->grad);
    set_counters(ws);
    ck_assert_int_eq(model_fwd(m, ws, b), 0);
    model_loss(m, ws, b, 1, &dlogits);
    model_bwd(m, ws, b, dlogits);
}

/* --- gradients */

/* |(L(theta + e v) - L(theta - e v)) / 2e - <g, v>| for a random v in one tensor. */
static double direction_error(struct model *m, const struct batch *b, const struct param *p,
                              const real *g, struct rng *r)
{
    const double e = 1e-5; /* the difference has an error of e^2, rounding one of 1e-16 / e */
    size_t n = param_size(p);
    double *v = xalloc(n, sizeof *v), loss[2], dot = 0;
    real *old = xalloc(n, sizeof *old);

    memcpy(old, p->value, n * sizeof *old);
    for (size_t i = 0; i < n; i++) {
        v[i] = rng_normal(r);
        dot += v[i] * (double)g[i];
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            p->value[i] = (real)((double)old[i] + (side ? -e : e) * v[i]);
        loss[side] = tiny_loss(m, b);
    }
    memcpy(p->value, old, n * sizeof *old);
    free(old);
    free(v);
    return fabs((loss[0] - loss[1]) / (2 * e) - dot);
}

/* The largest such error over two random directions in each trained tensor, relative to the norm of
 * its gradient; *WORST is that tensor's name. SPOIL multiplies the gradient. */
static double gradient_error(struct model *m, const struct batch *b, double spoil,
                             const char **worst)
{
    struct rng r = rng_make(9, RNG_STUDY, 1);
    struct workspace ws;
    double max = 0, all;

    ck_assert_int_eq(workspace_init(&ws, m, true), 0);
    tiny_grad(m, &ws, b);
    for (size_t i = 0; i < m->n_train; i++)
        ws.grad[i] *= (real)spoil;
    all = vec_norm(ws.grad, m->n_train);
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (!p->trainable)
            continue;
        double norm = vec_norm(ws.grad + p->off, param_size(p));
        for (int k = 0; k < 2; k++) {
            /* softmax does not see the bias of a key, whose gradient is only rounding */
            double e = direction_error(m, b, p, ws.grad + p->off, &r) / fmax(norm, 1e-3 * all);
            if (!(e <= max)) {
                max = isnan(e) ? INFINITY : e;
                *worst = p->name;
            }
        }
    }
    workspace_free(&ws);
    return max;
}

bool tiny_checks_gradients(void)
{
    return sizeof(real) == sizeof(double);
}

void tiny_check_gradients(struct model *m, const struct batch *b)
{
    const char *worst = "";

    ck_assert(tiny_checks_gradients());
    if (m->adapt->hold)
        m->adapt->hold(m);
    double e = gradient_error(m, b, 1, &worst);
    ck_assert_msg(e <= 1e-6, "%g in '%s'", e, worst);
    ck_assert_double_ge(gradient_error(m, b, 1 + 1e-4, &worst), 1e-6);
}

/* --- other ways to the same gradient */

double tiny_add_up(const struct model *m, const struct tiny_batch *t)
{
    static const int cut[][TINY_SEQS] = { { 2, 3 }, { 1, 1, 1, 1, 1 }, { 4, 1 } };
    struct workspace whole, part;
    double worst = 0;

    ck_assert_int_eq(workspace_init(&whole, m, true), 0);
    ck_assert_int_eq(workspace_init(&part, m, true), 0);
    tiny_grad(m, &whole, &t->b);
    double loss = tiny_loss(m, &t->b), max = tiny_max(whole.grad, m->n_train);
    ck_assert_uint_eq(whole.mem.used, workspace_bytes(m, &t->b, true, whole.train));
    for (size_t c = 0; c < ARRAY_LEN(cut); c++) {
        real *sum = xalloc(m->n_train, sizeof *sum);
        double parts = 0;
        for (int k = 0, from = 0; from < TINY_SEQS; from += cut[c][k++]) {
            struct tiny_batch some;
            tiny_cut(&some, t, from, cut[c][k]);
            tiny_grad(m, &part, &some.b);
            parts += tiny_loss(m, &some.b);
            for (size_t i = 0; i < m->n_train; i++)
                sum[i] += part.grad[i];
        }
        double off = fabs(parts - loss) / loss, d = tiny_diff(sum, whole.grad, m->n_train, max);
        worst = !(off <= worst) ? off : worst; /* NaN counts as the worst */
        worst = !(d <= worst) ? d : worst;
        free(sum);
    }
    workspace_free(&whole);
    workspace_free(&part);
    return worst;
}

void tiny_check_recompute(struct model *m, const struct batch *b)
{
    struct workspace plain, ws;

    ck_assert_int_eq(workspace_init(&plain, m, true), 0);
    tiny_grad(m, &plain, b);
    for (int n = 1; n <= m->base->dims.n_layers; n++) {
        m->head.recompute = n;
        ck_assert_int_eq(workspace_init(&ws, m, true), 0);
        tiny_grad(m, &ws, b);
        ck_assert_mem_eq(plain.grad, ws.grad, m->n_train * sizeof *plain.grad);
        ck_assert_uint_eq(ws.mem.used, workspace_bytes(m, b, true, ws.train));
        workspace_free(&ws);
    }
    m->head.recompute = 0;
    workspace_free(&plain);
}

/* --- differences */

double tiny_max(const real *a, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i]) <= max))
            max = isnan(a[i]) ? INFINITY : fabs((double)a[i]);
    return max;
}

double tiny_diff(const real *a, const real *b, size_t n, double floor)
{
    double max = 0;

    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - (double)b[i]) / floor;
        if (!(e <= max))
            max = isnan(e) ? INFINITY : e;
    }
    return max;
}

/* --- recorded values */

static const struct st_tensor *find_tensor(const struct st_file *s, const char *name)
{
    const struct st_tensor *t = st_find(s, name);

    ck_assert_msg(t != NULL, "no '%s'", name);
    return t;
}

real *tiny_tensor(const struct st_file *s, const char *name, size_t n)
{
    real *x = xalloc(n, sizeof *x);

    ck_assert_msg(st_reals(x, find_tensor(s, name), n) == 0, "%s", fail_text());
    return x;
}

double tiny_away(const struct st_file *s, const char *name, const real *x, size_t n, double floor)
{
    real *want = tiny_tensor(s, name, n);
    double e = tiny_diff(x, want, n, fmax(tiny_max(want, n), floor));

    free(want);
    if (getenv("LOWRANK_TEST_VERBOSE"))
        printf("%-80s %.2e\n", name, e);
    return e;
}

/* The tensor PREFIX NAME as whole numbers, which the caller frees; NULL when the file has none. */
static long *read_longs(const struct st_file *s, const char *prefix, const char *name, size_t *rows,
                        size_t *cols)
{
    char *full = xprintf("%s%s", prefix, name);
    const struct st_tensor *t = st_find(s, full);
    long *x = t ? xalloc(t->count, sizeof *x) : NULL;

    free(full);
    if (!t)
        return NULL;
    *rows = t->shape[0];
    *cols = t->n_dims > 1 ? t->shape[1] : 1;
    ck_assert_msg(st_longs(x, t, t->count) == 0, "%s", fail_text());
    return x;
}

void tiny_recorded(struct tiny_batch *t, const struct st_file *s, const char *prefix)
{
    size_t n, width, rows, cols = 1, n_ids;
    long *ids = read_longs(s, prefix, "ids", &n_ids, &width);
    long *len = read_longs(s, prefix, "lens", &n, &cols);
    long *label = read_longs(s, prefix, "labels", &rows, &cols);

    ck_assert(ids && len && n <= TINY_SEQS);
    *t = (struct tiny_batch){ .b = { .n_seq = (int)n } };
    for (size_t i = 0; i < n; i++) {
        size_t first = width > 1 ? i * width : (size_t)t->b.n_tok;
        t->slot[i] = (int)i;
        t->label[i] = label ? (int)label[i * cols] : 0;
        t->b.max_len = len[i] > t->b.max_len ? (int)len[i] : t->b.max_len;
        for (long k = 0; k < len[i]; k++) {
            size_t at = first + (size_t)k;
            const long *next = cols > 1 ? label : ids;
            bool ends = k + 1 == len[i];
            ck_assert_int_lt(t->b.n_tok, TINY_TOKS);
            t->ids[t->b.n_tok] = (int)ids[at];
            t->pos[t->b.n_tok] = (int)k;
            t->next[t->b.n_tok++] = ends || next[at + 1] < 0 ? -1 : (int)next[at + 1];
        }
        t->off[i + 1] = t->b.n_tok;
    }
    t->b.ids = t->ids;
    t->b.pos = t->pos;
    t->b.types = t->types;
    t->b.next = t->next;
    t->b.off = t->off;
    t->b.slot = t->slot;
    t->b.label = t->label;
    free(ids);
    free(len);
    free(label);
}
