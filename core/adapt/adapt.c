/* adapt.c - finding methods, questions about them, and adding tensors to a model. */
#include "core/adapt/adapt.h"

#include "core/adapt/combine.h"

#include <stdlib.h>
#include <string.h>

/* --- finding */

/* The parts of a list "a+b" or "a,b", in the order of the table. Returns how many they are; 0, and
 * in BAD the name that is unknown or in the list twice ("" where a separator has nothing beside
 * it). */
static int parse_list(const struct adapt *part[MAX_PARTS], const char *list, char bad[64])
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

static long nothing_count(const void *cfg, const struct dims *d)
{
    (void)cfg;
    (void)d;
    return 0;
}

const struct adapt *const adapt_nothing = &(const struct adapt){
    .name = "none",
    .source = "the base model as it is; Brown et al. 2020 with examples in the prompt",
    .cfg_size = 1,
    .starts_as_base = true,
    .count = nothing_count,
    .formula = "0",
};

const struct adapt *adapt_find(const char *name)
{
    static struct combined
        *made; /* lists, so that a method is one pointer like those of the table */
    const struct adapt *part[MAX_PARTS];
    struct combined *c = made;
    char bad[64];
    int n = parse_list(part, name, bad);

    if (strcmp(name, adapt_nothing->name) == 0)
        return adapt_nothing;
    if (n < 2)
        return n ? part[0] : NULL;
    while (c && (c->n != n || memcmp(c->part, part, (size_t)n * sizeof *part) != 0))
        c = c->next;
    if (!c) {
        c = combine_make(part, n);
        c->next = made;
        made = c;
    }
    char *asked = xstrdup(name); /* before the free: NAME may be c->asked itself */
    free(c->asked);
    c->asked = asked;
    return &c->a;
}

const char *adapt_unknown(const char *name)
{
    static char bad[64];
    const struct adapt *part[MAX_PARTS];

    CHECK(parse_list(part, name, bad) == 0, "'%s'", name);
    return bad;
}

/* --- questions */

bool adapt_has(const struct adapt *a, const char *name)
{
    const struct combined *c = combine_list(a);

    if (!c)
        return strcmp(a->name, name) == 0;
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->part[i]->name, name) == 0)
            return true;
    return false;
}

long adapt_count(const struct adapt *a, const void *cfg, const struct dims *d)
{
    const struct combined *c = combine_list(a);
    long n = 0;

    if (!c)
        return a->count(cfg, d);
    for (int i = 0; i < c->n; i++)
        n += c->part[i]->count(combine_cfg(c, i, cfg), d);
    return n;
}

int adapt_rows(const struct adapt *a, const void *cfg)
{
    const struct combined *c = combine_list(a);
    int n = 0;

    if (!c)
        return a->rows ? a->rows(cfg) : 0;
    for (int i = 0; i < c->n; i++)
        n += adapt_rows(c->part[i], combine_cfg(c, i, cfg));
    return n;
}

const char *adapt_lack(const struct adapt *a, const struct dims *d, const char **method)
{
    const struct combined *c = combine_list(a);
    const char *lack = NULL;

    *method = a->name;
    if (!c)
        return a->lack ? a->lack(d) : NULL;
    for (int i = 0; i < c->n && !lack; i++)
        lack = adapt_lack(c->part[i], d, method);
    return lack;
}

bool adapt_unused(const struct opt *o, const void *cfg)
{
    static const char *const keys[] = { "adapt_layers", "rank_pattern", "alpha_pattern" };
    const char *value = NULL;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(o->key, keys[i]) == 0) {
            value = *(char *const *)(const void *)((const char *)cfg + o->at);
            return !value || strcmp(value, o->def) == 0;
        }
    return false;
}

const char *adapt_unmerged(const struct adapt *a)
{
    const struct combined *c = combine_list(a);
    const char *name = NULL;

    if (!c)
        return (a->uses || a->taps || a->prefix_kv || a->rows) && !a->merge ? a->name : NULL;
    for (int i = 0; i < c->n && !name; i++)
        name = adapt_unmerged(c->part[i]);
    return name;
}

/* --- tensors */

static int add_tensor(struct model *m, const char *name, struct param like)
{
    int at = m->n_params++;

    CHECK(!m->theta, "'%s' is added after theta", name);
    m->params = xgrow(m->params, (size_t)m->n_params, sizeof *m->params);
    like.name = xstrdup(name);
    like.decay = true;
    like.off = like.layer = -1;
    like.role = ROLE_OTHER;
    m->params[at] = like;
    return at;
}

int adapt_matrix(struct model *m, const char *name, int rows, int cols)
{
    return add_tensor(m, name, (struct param){ .rows = rows, .cols = cols, .trainable = true });
}

int adapt_vector(struct model *m, const char *name, int n)
{
    struct param like = { .rows = 1, .cols = n, .is_vector = true, .trainable = true };

    return add_tensor(m, name, like);
}

int adapt_fixed(struct model *m, const char *name, int rows, int cols)
{
    return add_tensor(m, name, (struct param){ .rows = rows, .cols = cols });
}
