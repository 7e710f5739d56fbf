/* count.c - how many parameters a method trains, from shapes alone. */
#include "experiments/estimate/count.h"

#include <string.h>

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

int count_method(struct counted *c, const struct dims *d, bool pooler, const struct recipe *r)
{
    struct base_model b;
    struct model m;

    *c = (struct counted){ 0 };
    if (count_outline(&b, &m, d, pooler, r->method, r->method_cfg) != 0)
        return -1;
    for (int i = 0; i < b.n_params; i++)
        c->base += (double)b.params[i].rows * b.params[i].cols;
    c->trained = (double)(m.n_train - m.n_train_head);
    c->added = (double)(m.n_total - m.n_train_head) - c->base;
    model_free(&m);
    base_model_free(&b);
    c->formula = (double)adapt_count(r->method, r->method_cfg, d);
    return c->formula < 0 ? -1 : 0;
}
