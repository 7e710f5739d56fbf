/* hooks.c - calling the hooks of a method in a block. */
#include "core/nn/hooks.h"

#include "core/os/prof.h"

/* One sequence of B as a batch of its own for the hooks of a method; the parts of matrices that
 * belong to it are rows_of. With a cache of keys and values hooks see no more at once (kv_pass). */
struct part {
    struct batch b;
    int from, off[2];
};

static void part_of(struct part *p, const struct batch *b, int s)
{
    *p = (struct part){ *b, b->off[s], { 0, b->off[s + 1] - b->off[s] } };
    p->b.n_seq = 1;
    p->b.n_tok = p->b.max_len = p->off[1];
    p->b.off = p->off;
    p->b.ids = b->ids ? b->ids + p->from : NULL;
    p->b.pos = b->pos ? b->pos + p->from : NULL;
    p->b.slot = b->slot ? b->slot + s : NULL;
}

static struct mat rows_of(const struct part *p, struct mat m)
{
    return mat_rows(m, p->from, p->b.n_tok);
}

void hooks_proj_fwd(const struct ctx *c, enum group g, const struct batch *b, struct mat y,
                    struct mat x)
{
    struct mat saved = c->a->saved[g];
    struct part p;

    if (!c->ws->kv)
        c->m->adapt->proj_fwd(c->m, c->ws, b, c->layer, g, saved, x, y);
    for (int s = 0; c->ws->kv && s < b->n_seq; s++) {
        part_of(&p, b, s);
        c->m->adapt->proj_fwd(c->m, c->ws, &p.b, c->layer, g, rows_of(&p, saved), rows_of(&p, x),
                              rows_of(&p, y));
    }
}

void hooks_tap_fwd(const struct ctx *c, enum place p, struct mat h, struct mat res)
{
    struct mat saved = c->a->tap_saved[p];
    struct part one;

    if (!c->net->tap[p])
        return;
    prof_begin(WORK_ADAPTER);
    if (!c->ws->kv)
        c->m->adapt->tap_fwd(c->m, c->ws, c->row, c->layer, p, saved, h, res);
    for (int s = 0; c->ws->kv && s < c->row->n_seq; s++) {
        part_of(&one, c->row, s);
        c->m->adapt->tap_fwd(c->m, c->ws, &one.b, c->layer, p, rows_of(&one, saved),
                             rows_of(&one, h), rows_of(&one, res));
    }
    prof_end();
}

void hooks_tap_bwd(const struct ctx *c, enum place p, struct mat dh, struct mat dres)
{
    if (!c->net->tap[p])
        return;
    prof_begin(WORK_ADAPTER);
    c->m->adapt->tap_bwd(c->m, c->ws, c->row, c->layer, p, c->a->tap_saved[p], dh, dres);
    prof_end();
}
