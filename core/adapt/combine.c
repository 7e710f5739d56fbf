/* combine.c - several methods on one model: "lora+prefix-embed" is a method whose every hook calls
 * those of its parts, each with a view of the model in which it is the only one.
 *
 * Parts are ordered as in the table, so that a+b and b+a are one method: hooks run forward in that
 * order and backward in the reverse. Settings of the same key have one value for all parts. */
#include "core/adapt/combine.h"

#include <stdlib.h>
#include <string.h>

/* --- settings */

/* The settings of part I, those that it shares with earlier parts copied from them. */
static const void *part_cfg(const struct combined *c, int i, const void *cfg)
{
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

long adapt_count(const struct adapt *a, const void *cfg, const struct dims *d)
{
    const struct combined *c = (const struct combined *)(const void *)a;
    long n = 0;

    if (a->count)
        return a->count(cfg, d);

    for (int i = 0; i < c->n; i++)
        n += c->part[i]->count(part_cfg(c, i, cfg), d);
    return n;
}

int adapt_rows(const struct adapt *a, const void *cfg)
{
    const struct combined *c = (const struct combined *)(const void *)a;
    int n = 0;

    if (a->count) /* no list */
        return a->rows ? a->rows(cfg) : 0;
    for (int i = 0; i < c->n; i++)
        n += adapt_rows(c->part[i], part_cfg(c, i, cfg));
    return n;
}

/* --- attaching */

/* What the parts before this one have taken. */
struct taken {
    int first[MAX_PARTS]; /* index of the first tensor that a part adds */
    int rows, prefix_kv;  /* the part that inserts rows, or keys and values; -1: none */
    int *trains;          /* of each tensor of the base, the part that trains it; -1: none */
};

static int refuse(const struct combined *c, int k, int i, const char *why, const char *what)
{
    return fail(FAIL_USAGE, "'method' is '%s', but '%s' and '%s' cannot be combined: %s%s%s%s",
                c->asked, c->part[k]->name, c->part[i]->name, why, *what ? " '" : "", what,
                *what ? "'" : "");
}

/* What may be there once only. */
static int check_once(const struct model *m, const struct combined *c, struct taken *t, int i)
{
    bool rows = m->n_prefix + m->n_infix > 0;

    if (rows && t->rows >= 0)
        return refuse(c, t->rows, i, "both insert rows", "");
    if (m->n_prefix_kv && t->prefix_kv >= 0)
        return refuse(c, t->prefix_kv, i, "both insert keys and values", "");
    for (int n = t->first[i]; n < m->n_params; n++)
        for (int k = 0; k < i; k++)
            for (int j = t->first[k]; j < t->first[k + 1]; j++)
                if (strcmp(m->params[n].name, m->params[j].name) == 0)
                    return refuse(c, k, i, "both add", m->params[n].name);
    t->rows = rows ? i : t->rows;
    t->prefix_kv = m->n_prefix_kv ? i : t->prefix_kv;
    return 0;
}

/* Part I marks what it trains on a clean table, so that numbers which two parts train show up. */
static int attach_part(struct model *m, const struct combined *c, struct state *s, struct taken *t,
                       int i, const void *cfg)
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
    rc = m->adapt->attach ? m->adapt->attach(m, part_cfg(c, i, cfg)) : 0;
    s->part[i] = m->adapt_state;
    m->adapt = before.adapt;
    m->adapt_state = s;
    for (int k = 0; k < before.n_params && rc == 0; k++) {
        if (k < m->base->n_params && m->params[k].trainable && t->trains[k] >= 0)
            rc = refuse(c, t->trains[k], i, "both train", m->params[k].name);
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

/* One that rescales a projection, and another that adds to it, do not commute. */
static int check_scaling(const struct model *m)
{
    const struct combined *c = combine_of(m);

    for (int at = 0; at < m->base->dims.n_layers * N_GROUP; at++)
        for (int i = 0; i < c->n; i++)
            for (int k = 0; k < c->n && c->part[i]->proj_out_bwd; k++)
                if (k != i && combine_uses(m, i, at / N_GROUP, (enum group)(at % N_GROUP)) &&
                    combine_uses(m, k, at / N_GROUP, (enum group)(at % N_GROUP)))
                    return refuse(c, i, k, "the first rescales projections that the second adds to",
                                  "");
    return 0;
}

static int attach(struct model *m, const void *cfg)
{
    const struct combined *c = combine_of(m);
    struct state *s = xalloc(1, sizeof *s);
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

static void init(struct model *m, const void *cfg)
{
    const struct combined *c = combine_of(m);

    for (int i = 0; i < c->n; i++) {
        struct model v = combine_view(m, i);
        if (c->part[i]->init)
            c->part[i]->init(&v, part_cfg(c, i, cfg));
    }
}

static void detach(struct model *m)
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

/* The parts of a list "a+b" or "a,b", in the order of the table. Returns how many; 0 and the word in
 * BAD when one is unknown or there twice ("" beside a sign that has a method on one side only). */
static int parse(const struct adapt *part[MAX_PARTS], const char *list, char bad[64])
{
    bool on[256] = { false };
    bool more = true;
    int n = 0, found = 0;

    for (const char *s = list; more;) {
        size_t len = strcspn(s, "+,");
        int k = 0;
        snprintf(bad, 64, "%.*s", (int)len, s);
        for (char *c = bad; *c; c++)
            *c = *c == '_' ? '-' : *c;
        while (adapt_table[k] && strcmp(adapt_table[k]->name, bad) != 0)
            k++;
        if (!adapt_table[k] || k == 256 || on[k] || found == MAX_PARTS)
            return 0;
        on[k] = true;
        found++;
        more = s[len] != 0;
        s += len + more;
    }
    for (int k = 0; k < 256 && adapt_table[k]; k++)
        if (on[k])
            part[n++] = adapt_table[k];
    return n;
}

static char *joined(const struct combined *c, size_t field, const char *between)
{
    char *text = xstrdup("");

    for (int i = 0; i < c->n; i++) {
        const char *one = *(const char *const *)(const void *)((const char *)c->part[i] + field);
        char *more = xprintf("%s%s%s", text, i ? between : "", one);
        free(text);
        text = more;
    }
    return text;
}

static struct combined *make(const struct adapt *const *part, int n)
{
    struct combined *c = xalloc(1, sizeof *c);
    struct opt *opts;
    int n_opts = 0, most = 1;

    c->n = n;
    c->a =
        (struct adapt){ .starts_as_base = true, .attach = attach, .init = init, .detach = detach };
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
    c->a.name = joined(c, offsetof(struct adapt, name), "+");
    c->a.source = joined(c, offsetof(struct adapt, source), "; ");
    c->a.formula = joined(c, offsetof(struct adapt, formula), " + ");
    combine_hooks(c);
    return c;
}

/* Lists live until exit, so that a method is one pointer, as those of the table are. */
const struct adapt *adapt_find(const char *name)
{
    static struct combined *made;
    const struct adapt *part[MAX_PARTS];
    struct combined *c = made;
    char bad[64];
    int n = parse(part, name, bad);

    if (n < 2)
        return n ? part[0] : NULL;
    while (c && (c->n != n || memcmp(c->part, part, (size_t)n * sizeof *part) != 0))
        c = c->next;
    if (!c) {
        c = make(part, n);
        c->next = made;
        made = c;
    }
    char *asked = xstrdup(name); /* before the free: NAME may be what is kept */
    free(c->asked);
    c->asked = asked;
    return &c->a;
}

const char *adapt_unknown(const char *name)
{
    static char bad[64];
    const struct adapt *part[MAX_PARTS];

    CHECK(parse(part, name, bad) == 0, "'%s'", name);
    return bad;
}

bool adapt_has(const struct adapt *a, const char *name)
{
    const struct combined *c = (const struct combined *)(const void *)a;

    if (a->attach != attach)
        return strcmp(a->name, name) == 0;
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->part[i]->name, name) == 0)
            return true;
    return false;
}

const char *adapt_unmerged(const struct adapt *a)
{
    const struct combined *c = (const struct combined *)(const void *)a;
    const char *name = NULL;

    if (a->attach != attach)
        return (a->uses || a->taps || a->prefix_kv || a->rows) && !a->merge ? a->name : NULL;
    for (int i = 0; i < c->n && !name; i++)
        name = adapt_unmerged(c->part[i]);
    return name;
}
