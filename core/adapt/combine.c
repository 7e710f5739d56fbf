/* combine.c - several methods on one model: a list such as "lora+prefix-embed" is a method, and
 * each of its hooks calls those of its parts, with a view of the model in which the part is the
 * only method.
 *
 * Parts are in the order of the table, so that a+b and b+a are the same method. Hooks run in that
 * order forward and in the reverse order backward. Options with the same key have one value for all
 * parts. */
#include "core/adapt/combine.h"

#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* --- options */

const void *combine_cfg(const struct combined *c, int i, const void *cfg)
{
    /* Options that an earlier part has too are copied from there. */
    char *mine = (char *)(uintptr_t)cfg + c->at[i];

    for (const struct opt *o = c->part[i]->opts; o && o->type != OPT_END; o++)
        for (int k = 0; k < i; k++) {
            const struct opt *first = opt_find(c->part[k]->opts, o->key);
            if (!first)
                continue;
            size_t size = o->type == OPT_INT      ? sizeof(long)
                          : o->type == OPT_REAL   ? sizeof(double)
                          : o->type == OPT_BOOL   ? sizeof(bool)
                          : o->type == OPT_CHOICE ? sizeof(int)
                                                  : sizeof(char *);
            CHECK(first->type == o->type, "'%s' of '%s'", o->key, c->part[i]->name);
            memcpy(mine + o->at, (const char *)cfg + c->at[k] + first->at, size);
            break;
        }
    return mine;
}

static void add_opts(struct combined *c, struct opt *out, int *n, int i)
{
    for (const struct opt *o = c->part[i]->opts; o && o->type != OPT_END; o++) {
        bool known = false;
        for (int k = 0; k < i; k++)
            known |= opt_find(c->part[k]->opts, o->key) != NULL;
        if (known)
            continue;
        out[*n] = *o;
        out[(*n)++].at += c->at[i];
    }
}

/* --- attaching */

/* What the parts before this one have taken. */
struct taken {
    int first[MAX_PARTS]; /* index of the first tensor that a part adds */
    int rows, prefix_kv;  /* the part that inserts virtual tokens, or keys and values; -1: none */
    int *trains;          /* for each tensor of the base model, the part that trains it; -1: none */
};

static int refuse_pair(const struct combined *c, int k, int i, const char *why, const char *what)
{
    return fail_setting(
        "method", "'method' is '%s', but '%s' and '%s' cannot be combined: %s%s%s%s", c->asked,
        c->part[k]->name, c->part[i]->name, why, *what ? " '" : "", what, *what ? "'" : "");
}

/* Only one part may insert virtual tokens, or keys and values; no two may add the same tensor. */
static int check_once(const struct model *m, const struct combined *c, struct taken *t, int i)
{
    bool rows = m->n_prefix + m->n_infix > 0;

    if (rows && t->rows >= 0)
        return refuse_pair(c, t->rows, i, "both insert virtual tokens", "");
    if (m->n_prefix_kv && t->prefix_kv >= 0)
        return refuse_pair(c, t->prefix_kv, i, "both insert keys and values", "");
    for (int n = t->first[i]; n < m->n_params; n++)
        for (int k = 0; k < i; k++)
            for (int j = t->first[k]; j < t->first[k + 1]; j++)
                if (strcmp(m->params[n].name, m->params[j].name) == 0)
                    return refuse_pair(c, k, i, "both add", m->params[n].name);
    t->rows = rows ? i : t->rows;
    t->prefix_kv = m->n_prefix_kv ? i : t->prefix_kv;
    return 0;
}

/* Part I marks what it trains while no tensor is marked as trainable, which shows tensors that two
 * parts train. */
static int attach_part(struct model *m, const struct combined *c, struct combined_state *s,
                       struct taken *t, int i, const void *cfg)
{
    struct model before = *m;
    bool *trained = xalloc((size_t)m->n_params, sizeof *trained);
    int rc;

    for (int k = 0; k < before.n_params; k++) {
        trained[k] = m->params[k].trainable;
        m->params[k].trainable &= !trained[k];
    }
    t->first[i] = m->n_params;
    m->n_prefix = m->n_infix = m->n_prefix_kv = 0;
    m->adapt = c->part[i];
    m->adapt_state = NULL;
    rc = m->adapt->attach ? m->adapt->attach(m, combine_cfg(c, i, cfg)) : 0;
    s->part[i] = m->adapt_state;
    m->adapt = before.adapt;
    m->adapt_state = s;
    for (int k = 0; k < before.n_params && rc == 0; k++) {
        if (k < m->base->n_params && m->params[k].trainable && t->trains[k] >= 0)
            rc = refuse_pair(c, t->trains[k], i, "both train", m->params[k].name);
        if (k < m->base->n_params && m->params[k].trainable)
            t->trains[k] = i;
        m->params[k].trainable |= trained[k];
    }
    if (rc == 0)
        rc = check_once(m, c, t, i);
    if (m->n_prefix + m->n_infix == 0) {
        m->n_prefix = before.n_prefix;
        m->n_infix = before.n_infix;
        m->soft = before.soft;
    }
    m->n_prefix_kv = m->n_prefix_kv ? m->n_prefix_kv : before.n_prefix_kv;
    free(trained);
    return rc;
}

/* A method that rescales the output of a projection does not commute with one that adds to it. */
static int check_scaling(const struct model *m)
{
    const struct combined *c = combine_of(m);

    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++)
        for (int i = 0; i < c->n; i++)
            for (int k = 0; k < c->n && c->part[i]->proj_out_bwd; k++)
                if (k != i && combine_uses(m, i, at / N_GROUP, (enum group)(at % N_GROUP)) &&
                    combine_uses(m, k, at / N_GROUP, (enum group)(at % N_GROUP)))
                    return refuse_pair(
                        c, i, k, "the first rescales projections that the second adds to", "");
    return 0;
}

static int combined_attach(struct model *m, const void *cfg)
{
    const struct combined *c = combine_of(m);
    struct combined_state *s = xalloc(1, sizeof *s);
    struct taken t = { .rows = -1, .prefix_kv = -1 };
    int rc = 0;

    m->adapt_state = s;
    t.trains = xalloc((size_t)m->base->n_params, sizeof *t.trains);
    for (int k = 0; k < m->base->n_params; k++)
        t.trains[k] = -1;
    for (int i = 0; i < c->n && rc == 0; i++)
        rc = attach_part(m, c, s, &t, i, cfg);
    free(t.trains);
    return rc == 0 ? check_scaling(m) : -1;
}

static void combined_init(struct model *m, const void *cfg)
{
    const struct combined *c = combine_of(m);

    for (int i = 0; i < c->n; i++) {
        struct model v = combine_view(m, i);
        if (c->part[i]->init)
            c->part[i]->init(&v, combine_cfg(c, i, cfg));
    }
}

static void combined_detach(struct model *m)
{
    const struct combined *c = combine_of(m);

    for (int i = 0; m->adapt_state && i < c->n; i++) {
        struct model v = combine_view(m, i);
        if (c->part[i]->detach)
            c->part[i]->detach(&v);
    }
    free(m->adapt_state);
    m->adapt_state = NULL;
}

/* --- making one */

const struct combined *combine_list(const struct adapt *a)
{
    return a->attach == combined_attach ? (const struct combined *)(const void *)a : NULL;
}

/* The strings at offset FIELD of the parts' struct adapt. */
static char *join_field(const struct combined *c, size_t field, const char *between)
{
    struct text t = { 0 };

    for (int i = 0; i < c->n; i++)
        text_join(&t, between, "%s",
                  *(const char *const *)(const void *)((const char *)c->part[i] + field));
    return text_take(&t);
}

struct combined *combine_make(const struct adapt *const *part, int n)
{
    struct combined *c = xalloc(1, sizeof *c);
    struct opt *opts;
    int n_opts = 0, most = 1;

    c->n = n;
    c->a = (struct adapt){ .starts_as_base = true,
                           .attach = combined_attach,
                           .init = combined_init,
                           .detach = combined_detach };
    for (int i = 0; i < n; i++) {
        c->part[i] = part[i];
        c->at[i] = c->a.cfg_size;
        c->a.cfg_size += (part[i]->cfg_size + 15) / 16 * 16;
        c->a.starts_as_base &= part[i]->starts_as_base;
        c->a.n_vectors += part[i]->n_vectors;
        for (const struct opt *o = part[i]->opts; o && o->type != OPT_END; o++)
            most++;
    }
    opts = xalloc((size_t)most, sizeof *opts);
    for (int i = 0; i < n; i++)
        add_opts(c, opts, &n_opts, i);
    opts[n_opts] = (struct opt){ .type = OPT_END };
    c->a.opts = opts;
    c->a.name = join_field(c, offsetof(struct adapt, name), "+");
    c->a.source = join_field(c, offsetof(struct adapt, source), "; ");
    c->a.formula = join_field(c, offsetof(struct adapt, formula), " + ");
    combine_hooks(c);
    return c;
}
