/* arch.c - the tensors that an architecture's tables describe. */
#include "core/weights/arch_impl.h"

#include <string.h>

const struct arch *arch_find(const char *name)
{
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int spec_size(const struct dims *d, enum size s)
{
    const int size[N_SIZE] = { [SIZE_1] = 1,
                               [SIZE_D] = d->d_model,
                               [SIZE_Q] = dims_q_width(d),
                               [SIZE_KV] = dims_kv_width(d),
                               [SIZE_FFN] = d->d_ffn,
                               [SIZE_VOCAB] = d->vocab,
                               [SIZE_POS] = dims_has_pos(d) ? d->pos_offset + d->max_pos : 0,
                               [SIZE_TYPES] = d->n_types,
                               [SIZE_BUCKETS] = d->rel_buckets,
                               [SIZE_HEADS] = d->n_heads,
                               [SIZE_REL] = 2 * d->rel.span,
                               [SIZE_CONV] = d->conv * d->d_model };

    return size[s];
}

/* Does a model of these dims have the tensor of this role, if its architecture has one? */
static bool exists(const struct dims *d, enum role r)
{
    bool own = d->rel.span > 0 && d->rel.own;

    switch ((int)r) {
    case ROLE_LM_HEAD: return d->untied;
    case ROLE_POS: return dims_has_pos(d);
    case ROLE_TYPE: return d->n_types > 0;
    case ROLE_REL: return d->rel.span > 0;
    case ROLE_REL_G:
    case ROLE_REL_B: return d->rel.norm;
    case ROLE_POS_K_W:
    case ROLE_POS_K_B: return own && d->rel.c2p;
    case ROLE_POS_Q_W:
    case ROLE_POS_Q_B: return own && d->rel.p2c;
    default: return d->conv > 0 || r < ROLE_CONV_W || r > ROLE_CONV_NORM_B;
    }
}

static int add_specs(const struct spec *s, const struct dims *d, const char *prefix, int layer,
                     struct param *out, int n, int cap)
{
    for (; s->name; s++) {
        if (!exists(d, s->role))
            continue;
        n++;
        if (!out)
            continue;
        CHECK(n <= cap, "%d", cap);
        out[n - 1] = (struct param){
            .name = layer < 0 ? xstrdup(s->name) : xprintf("%s%d.%s", prefix, layer, s->name),
            .rows = spec_size(d, s->rows),
            .cols = spec_size(d, s->cols),
            .is_vector = s->rows == SIZE_1,
            .width = s->cols == SIZE_CONV ? d->conv : 0,
            .decay = true,
            .off = -1,
            .layer = layer,
            .role = s->role,
        };
    }
    return n;
}

int arch_params(const struct arch *a, const struct dims *d, struct param *out, int cap)
{
    const struct arch_impl *i = a->impl;
    int n = add_specs(i->before, d, "", -1, out, 0, cap);

    for (int layer = 0; layer < d->n_layers; layer++)
        n = add_specs(i->block, d, i->block_prefix, layer, out, n, cap);
    return add_specs(i->after, d, "", -1, out, n, cap);
}

bool arch_has_pooler(const struct arch *a)
{
    const struct spec *s = a->impl->after;

    while (s->name && s->role != ROLE_POOL_W)
        s++;
    return s->name;
}

const struct arch_head arch_head_linear = {
    .out = { "classifier.weight", "classifier.bias" },
    .act = ACT_TANH,
};

const struct arch_head arch_head_pooler = {
    .dense = { "pooler.dense.weight", "pooler.dense.bias" },
    .out = { "classifier.weight", "classifier.bias" },
    .dense_is_pooler = true,
};

/* Dense layer, tanh, output layer (Liu et al. 2019, as released in fairseq). */
const struct arch_head arch_head_dense = {
    .dense = { "classifier.dense.weight", "classifier.dense.bias" },
    .out = { "classifier.out_proj.weight", "classifier.out_proj.bias" },
    .act = ACT_TANH,
};

const char *arch_head_name(const struct arch *a, int role)
{
    CHECK(role >= ROLE_HEAD_W && role <= ROLE_DENSE_B, "%d", role);
    if (!a->head)
        return NULL;
    return role >= ROLE_DENSE_W ? a->head->dense[role - ROLE_DENSE_W]
                                : a->head->out[role - ROLE_HEAD_W];
}

const char *arch_prefix(const struct arch *a, int role)
{
    bool pooler = role == ROLE_POOL_W || role == ROLE_POOL_B;
    bool head = role == ROLE_LM_HEAD || (role >= ROLE_HEAD_W && role <= ROLE_DENSE_B);

    return head || (pooler && a->head && a->head->dense_is_pooler) ? "" : a->prefix;
}

static const struct spec *block_spec(const struct arch *a, int role)
{
    const struct spec *s = a->impl->block;

    while (s->name && (int)s->role != role)
        s++;
    return s->name ? s : NULL;
}

bool arch_has(const struct arch *a, int role)
{
    return block_spec(a, role);
}

char *arch_module(const struct arch *a, int layer, enum proj p)
{
    const struct spec *s = block_spec(a, (int)ROLE_W + (int)p);

    if (!s)
        return NULL;
    return xprintf("%s%d.%.*s", a->impl->block_prefix, layer,
                   (int)(strlen(s->name) - strlen(".weight")), s->name);
}
