/* count.c - how many numbers a method trains, from shapes alone. */
#include "experiments/estimate/count.h"

#include <math.h>
#include <string.h>

static const struct arch *arch_of(const char *name)
{
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

struct dims count_dims(const struct dims *d, const struct recipe *r)
{
    struct dims out = *d;

    if (d->pooling != POOL_NONE)
        out.pooling = pooling_of(r->train.pooling, d->pooling);
    return out;
}

int count_outline(struct base_model *b, struct model *m, const struct dims *d, bool pooler,
                  const struct adapt *method, const void *cfg)
{
    if (base_model_outline(b, d, pooler) != 0)
        return -1;
    b->dir = xstrdup(d->arch);
    struct head h = { .n_labels = b->arch->causal ? 0 : 1,
                      .pooling = b->arch->causal ? POOL_NONE : d->pooling,
                      .pool_scale = 1,
                      .hidden_dropout = d->hidden_dropout,
                      .attn_dropout = d->attn_dropout,
                      .classifier_dropout = d->classifier_dropout };
    if (model_outline(m, b, &h, method, cfg) == 0)
        return 0;
    base_model_free(b);
    return -1;
}

static double closed_form(const struct adapt *method, const void *cfg, const struct dims *d)
{
    return (double)adapt_count(method, cfg, d);
}

int count_method(struct counted *c, const struct dims *d, bool pooler, const struct recipe *r)
{
    struct dims shape = *d;
    struct base_model b;
    struct model m;

    *c = (struct counted){ .by_formula = !arch_of(d->arch) };
    if (c->by_formula) {
        strcpy(shape.arch, "bert");
        shape.max_pos = d->max_pos > 0 ? d->max_pos : 1 << 20; /* relative ones have no end */
    }
    if (count_outline(&b, &m, &shape, pooler, r->method, r->method_cfg) != 0)
        return -1;
    for (int i = 0; i < b.n_params; i++)
        c->base += (double)b.params[i].rows * b.params[i].cols;
    c->trained = (double)(m.n_train - m.n_train_head);
    c->added = (double)(m.n_total - m.n_train_head) - c->base;
    model_free(&m);
    base_model_free(&b);
    c->formula = closed_form(r->method, r->method_cfg, d);
    if (c->formula < 0)
        return -1;
    if (c->by_formula) {
        c->base = closed_form(adapt_find("ft"), NULL, d);
        c->trained = c->formula;
    }
    if (c->by_formula && isnan(c->formula))
        return fail(FAIL_USAGE, "this build has no architecture '%s', and '%s' no closed form",
                    d->arch, r->method->name);
    return 0;
}
