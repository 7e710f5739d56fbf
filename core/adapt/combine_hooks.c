/* combine_hooks.c - the hooks of a list of methods call those of its parts one after another. */
#include "core/adapt/combine.h"

#include "core/opt/opt.h"

struct model combine_view(const struct model *m, int i)
{
    const struct combined *c = combine_of(m);
    const struct combined_state *s = m->adapt_state;
    struct model v = *m;

    v.adapt = c->part[i];
    v.adapt_state = s->part[i];
    for (int k = 0; k < i && m->opt_state; k++)
        v.opt_state += (size_t)c->part[k]->n_vectors * m->n_train;
    return v;
}

static size_t part_scratch(const struct model *m, int i, bool grad)
{
    struct model v = combine_view(m, i);

    return v.adapt->scratch ? v.adapt->scratch(&v, grad) : 0;
}

/* Let ws->scratch be that of part I in the scratch ALL of the list. */
static void set_scratch(struct workspace *ws, const struct model *m, real *all, int i)
{
    ws->scratch = all;
    for (int k = 0; k < i && all; k++)
        ws->scratch += part_scratch(m, k, ws->grad != NULL);
}

bool combine_uses(const struct model *m, int i, int layer, enum group g)
{
    const struct adapt *a = combine_of(m)->part[i];
    struct model v = combine_view(m, i);

    return a->uses && a->uses(&v, layer, g);
}

/* --- projections */

static bool combined_uses(const struct model *m, int layer, enum group g)
{
    for (int i = 0; i < combine_of(m)->n; i++)
        if (combine_uses(m, i, layer, g))
            return true;
    return false;
}

static int part_save_cols(const struct model *m, int i, int layer, enum group g)
{
    const struct adapt *a = combine_of(m)->part[i];
    struct model v = combine_view(m, i);

    return a->save_cols && combine_uses(m, i, layer, g) ? a->save_cols(&v, layer, g) : 0;
}

static int combined_save_cols(const struct model *m, int layer, enum group g)
{
    int n = 0;

    for (int i = 0; i < combine_of(m)->n; i++)
        n += part_save_cols(m, i, layer, g);
    return n;
}

/* The first N columns of *SAVED, which then begins after them. */
static struct mat take_cols(struct mat *saved, int n)
{
    struct mat mine = mat_make(saved->x, saved->rows, n);

    saved->x += saved->x ? (size_t)saved->rows * (size_t)n : 0;
    return mine;
}

static void combined_proj_fwd(const struct model *m, struct workspace *ws, const struct batch *b,
                              int layer, enum group g, struct mat saved, struct mat x, struct mat y)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        struct mat mine = take_cols(&saved, part_save_cols(m, i, layer, g));
        if (combine_uses(m, i, layer, g))
            v.adapt->proj_fwd(&v, ws, b, layer, g, mine, x, y);
    }
    ws->scratch = all;
}

static void combined_proj_out_bwd(const struct model *m, struct workspace *ws,
                                  const struct batch *b, int layer, enum group g, struct mat saved,
                                  struct mat x, struct mat dy)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        struct mat mine = take_cols(&saved, part_save_cols(m, i, layer, g));
        if (combine_uses(m, i, layer, g) && v.adapt->proj_out_bwd)
            v.adapt->proj_out_bwd(&v, ws, b, layer, g, mine, x, dy);
    }
    ws->scratch = all;
}

static void combined_proj_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                              int layer, enum group g, struct mat saved, struct mat x,
                              struct mat dy, struct mat dx)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        struct mat mine = take_cols(&saved, part_save_cols(m, i, layer, g));
        if (combine_uses(m, i, layer, g) && v.adapt->proj_bwd)
            v.adapt->proj_bwd(&v, ws, b, layer, g, mine, x, dy, dx);
    }
    ws->scratch = all;
}

static void combined_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign)
{
    for (int k = 0; k < combine_of(m)->n; k++) {
        struct model v = combine_view(m, sign > 0 ? k : combine_of(m)->n - 1 - k);
        if (v.adapt->merge)
            v.adapt->merge(&v, layer, p, w, sign);
    }
}

/* --- taps */

static bool part_taps(const struct model *m, int i, int layer, enum place p)
{
    struct model v = combine_view(m, i);

    return v.adapt->taps && v.adapt->taps(&v, layer, p);
}

static bool combined_taps(const struct model *m, int layer, enum place p)
{
    for (int i = 0; i < combine_of(m)->n; i++)
        if (part_taps(m, i, layer, p))
            return true;
    return false;
}

/* Columns that the parts before UPTO save. */
static int tap_cols_before(const struct model *m, int upto, int layer, enum place p)
{
    int n = 0;

    for (int i = 0; i < upto; i++) {
        struct model v = combine_view(m, i);
        n += part_taps(m, i, layer, p) && v.adapt->tap_cols ? v.adapt->tap_cols(&v, layer, p) : 0;
    }
    return n;
}

static int combined_tap_cols(const struct model *m, int layer, enum place p)
{
    return tap_cols_before(m, combine_of(m)->n, layer, p);
}

/* The memory that part I saves to. */
static struct mat tap_saved(const struct model *m, int i, int layer, enum place p, struct mat saved)
{
    int from = tap_cols_before(m, i, layer, p), to = tap_cols_before(m, i + 1, layer, p);

    take_cols(&saved, from);
    return take_cols(&saved, to - from);
}

static void combined_tap_fwd(const struct model *m, struct workspace *ws, const struct batch *b,
                             int layer, enum place p, struct mat saved, struct mat h,
                             struct mat res)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        if (part_taps(m, i, layer, p))
            v.adapt->tap_fwd(&v, ws, b, layer, p, tap_saved(m, i, layer, p, saved), h, res);
    }
    ws->scratch = all;
}

static void combined_tap_bwd(const struct model *m, struct workspace *ws, const struct batch *b,
                             int layer, enum place p, struct mat saved, struct mat dh,
                             struct mat dres)
{
    real *all = ws->scratch;

    for (int i = combine_of(m)->n - 1; i >= 0; i--) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        if (part_taps(m, i, layer, p))
            v.adapt->tap_bwd(&v, ws, b, layer, p, tap_saved(m, i, layer, p, saved), dh, dres);
    }
    ws->scratch = all;
}

/* --- a pass, a step */

static void combined_prefix_kv(const struct model *m, struct workspace *ws, int layer,
                               struct mat *k, struct mat *v, struct mat *dk, struct mat *dv)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model part = combine_view(m, i);
        set_scratch(ws, m, all, i);
        if (part.adapt->prefix_kv)
            part.adapt->prefix_kv(&part, ws, layer, k, v, dk, dv);
    }
    ws->scratch = all;
}

static size_t combined_scratch(const struct model *m, bool grad)
{
    size_t n = 0;

    for (int i = 0; i < combine_of(m)->n; i++)
        n += part_scratch(m, i, grad);
    return n;
}

static void combined_pass_begin(const struct model *m, struct workspace *ws)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        if (v.adapt->pass_begin)
            v.adapt->pass_begin(&v, ws);
    }
    ws->scratch = all;
}

static void combined_pass_end(const struct model *m, struct workspace *ws)
{
    real *all = ws->scratch;

    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        set_scratch(ws, m, all, i);
        if (v.adapt->pass_end)
            v.adapt->pass_end(&v, ws);
    }
    ws->scratch = all;
}

static void combined_hold(struct model *m)
{
    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        if (v.adapt->hold)
            v.adapt->hold(&v);
    }
}

static void combined_step_grad(const struct model *m, real *grad, long step, long total)
{
    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        if (v.adapt->step_grad)
            v.adapt->step_grad(&v, grad, step, total);
    }
}

static void combined_step_done(struct model *m, long step, long total)
{
    for (int i = 0; i < combine_of(m)->n; i++) {
        struct model v = combine_view(m, i);
        if (v.adapt->step_done)
            v.adapt->step_done(&v, step, total);
    }
}

/* A list has a hook where any of its parts has one. */
#define HOOK(h)                                                                                    \
    for (int i = 0; i < c->n; i++)                                                                 \
        if (c->part[i]->h)                                                                         \
            c->a.h = combined_##h;

void combine_hooks(struct combined *c)
{
    HOOK(uses)
    HOOK(save_cols)
    HOOK(proj_fwd)
    HOOK(proj_bwd)
    HOOK(proj_out_bwd)
    HOOK(taps)
    HOOK(tap_cols)
    HOOK(tap_fwd)
    HOOK(tap_bwd)
    HOOK(prefix_kv)
    HOOK(scratch)
    HOOK(pass_begin)
    HOOK(pass_end)
    HOOK(step_grad)
    HOOK(step_done)
    HOOK(hold)
    HOOK(merge)
    c->a.bwd_without_x = true;
    for (int i = 0; i < c->n; i++) {
        const struct adapt *a = c->part[i];
        c->a.bwd_without_x &= a->bwd_without_x || !a->uses;
        if (adapt_unmerged(a))
            c->a.merge = NULL;
    }
}
