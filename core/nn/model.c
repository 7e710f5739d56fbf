/* model.c - making a model: its tensors, theta, initial values. */
#include "core/nn/model.h"

#include "core/base/rng.h"
#include "core/weights/base_model_impl.h"
#include "core/nn/net.h"
#include "core/weights/packs.h"
#include "core/nn/soft.h"

#include <stdlib.h>
#include <string.h>

/* The dense layer comes first. */
enum { MAX_HEAD = 4 };

/* A dense layer that is a pooler is part of the head only if the checkpoint has none. */
static bool has_dense(const struct model *m)
{
    return !m->base->arch->head->dense_is_pooler ||
           (m->base->dims.no_pooler && m->head.pooling == POOL_CLS);
}

static void add_head(struct model *m)
{
    static const enum role roles[MAX_HEAD] = { ROLE_DENSE_W, ROLE_DENSE_B, ROLE_HEAD_W,
                                               ROLE_HEAD_B };

    for (int i = 0; i < MAX_HEAD; i++) {
        const char *name = arch_head_name(m->base->arch, (int)roles[i]);
        bool dense = roles[i] >= ROLE_DENSE_W, is_vector = i % 2;
        int d = m->base->dims.d_model, out = dense ? d : m->head.n_labels;
        if (!name || (dense && !has_dense(m)))
            continue;
        struct param *p = &m->params[m->n_params++];
        *p = (struct param){ .name = xstrdup(name),
                             .rows = is_vector ? 1 : out,
                             .cols = is_vector ? out : d,
                             .is_vector = is_vector,
                             .decay = true,
                             .trainable = true,
                             .off = -1,
                             .layer = -1,
                             .role = roles[i] };
        m->n_train_head += param_size(p);
    }
}

/* Give the trainable tensors their places in theta, one after another in the order of params. */
static void place_params(struct model *m)
{
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        m->n_total += param_size(p);
        if (!p->trainable)
            continue;
        p->off = (long)m->n_train;
        m->n_train += param_size(p);
    }
}

/* A tensor of the method that does not train, and that no checkpoint of the trunk has. */
static bool is_fixed(const struct param *p)
{
    return !p->trainable && !param_has_values(p) && p->role == ROLE_OTHER;
}

/* Allocate theta with the base model's values, the optimizer state, and the method's frozen
 * tensors. */
static int make_theta(struct model *m)
{
    size_t fixed = 0, state = (size_t)m->adapt->n_vectors * m->n_train;

    for (int i = 0; i < m->n_params; i++)
        if (is_fixed(&m->params[i]))
            fixed += param_size(&m->params[i]);
    if (arena_init(&m->mem, (m->n_train + state + fixed + 48) * sizeof *m->theta) != 0)
        return fail_context("%.1f million trainable parameters", 1e-6 * (double)m->n_train);
    m->theta = arena_get(&m->mem, m->n_train, sizeof *m->theta); /* zeros: the arena is new */
    m->opt_state = state ? arena_get(&m->mem, state, sizeof *m->opt_state) : NULL;
    real *next = fixed ? arena_get(&m->mem, fixed, sizeof *next) : NULL;
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        if (is_fixed(p)) {
            p->value = next;
            next += param_size(p);
        }
        if (!p->trainable)
            continue;
        if (param_has_values(p))
            param_read(m->theta + p->off, p);
        p->value = m->theta + p->off;
        p->stored = NULL;
        p->tensor = NULL;
    }
    base_model_release(m->base);
    return 0;
}

/* The head's tensors follow those of the base model. */
static struct param *head_param(struct model *m, int i)
{
    struct param *p = &m->params[m->base->n_params + i];

    return m->base->n_params + i < m->n_params && param_is_head(p) ? p : NULL;
}

static bool has_shape(const struct st_tensor *t, const struct param *p)
{
    if (!t || t->n_dims != (p->is_vector ? 1 : 2) || t->shape[t->n_dims - 1] != (size_t)p->cols)
        return false;
    return p->is_vector || t->shape[0] == (size_t)p->rows;
}

/* 1 when the checkpoint's own head was read, 0 when it has none of this shape. */
static int read_own_head(struct model *m)
{
    const struct param *p;

    for (int i = 0; (p = head_param(m, i)) != NULL; i++)
        if (!has_shape(base_model_head(m->base, p->role), p))
            return 0;
    for (int i = 0; (p = head_param(m, i)) != NULL; i++)
        if (st_reals(p->value, base_model_head(m->base, p->role), param_size(p)) != 0)
            return -1;
    return 1;
}

static int init_head(struct model *m, bool own)
{
    struct rng r = rng_make(m->seed, RNG_HEAD, 0);
    int rc = own ? read_own_head(m) : 0;
    struct param *p;

    for (int i = 0; rc == 0 && (p = head_param(m, i)) != NULL; i++)
        for (size_t k = 0; !p->is_vector && k < param_size(p); k++)
            p->value[k] = (real)(m->base->dims.init_range * rng_normal(&r));
    return rc < 0 ? -1 : 0;
}

void model_packs(const struct model *m, unsigned char *need)
{
    for (int i = 0; i < m->base->dims.n_layers * N_GROUP; i++) {
        const struct net_layer *l = &m->net->layer[i / N_GROUP];
        enum group g = (enum group)(i % N_GROUP);
        unsigned char n = l->group[g].trained         ? PACK_NONE
                          : l->stage > group_stage(g) ? PACK_BOTH
                                                      : PACK_FORWARD;
        need[i] = n > need[i] ? n : need[i];
    }
}

static int check_head(const struct base_model *b, const struct head *h)
{
    CHECK(h->n_labels >= 0 && (!h->regression || h->n_labels == 1), "%d", h->n_labels);
    if (b->arch->causal && (h->n_labels > 0 || h->pooling != POOL_NONE))
        return fail(FAIL_INPUT,
                    "'%s' is a decoder (%s), which predicts tokens; classification and regression "
                    "need an encoder",
                    b->dir ? b->dir : b->arch->name, b->arch->name);
    if (b->arch->causal)
        return 0;
    CHECK(h->n_labels > 0 && h->pooling != POOL_NONE, "%d", h->n_labels);
    if (h->pooling == POOL_CLS && b->dims.no_pooler && !b->arch->head->dense_is_pooler)
        return fail(FAIL_INPUT,
                    "'%s' has no pooler, which cls pooling needs; mean pooling does not", b->dir);
    return 0;
}

/* The tensors of the model, with the head's and the method's, without values. */
static int list_params(struct model *m, struct base_model *b, const struct head *h,
                       const struct adapt *method, const void *cfg, uint64_t seed)
{
    *m = (struct model){ .base = b, .head = *h, .adapt = method, .seed = seed };
    if (check_head(b, h) != 0)
        return -1;
    m->params = xalloc((size_t)b->n_params + MAX_HEAD, sizeof *m->params);
    memcpy(m->params, b->params, (size_t)b->n_params * sizeof *m->params);
    m->n_params = b->n_params;
    if (h->n_labels > 0)
        add_head(m);
    if ((method->attach && method->attach(m, cfg) != 0) || soft_check_positions(m) != 0)
        return -1;
    place_params(m);
    return 0;
}

int model_init(struct model *m, struct base_model *b, const struct head *h,
               const struct adapt *method, const void *cfg, uint64_t seed, bool own_head)
{
    if (list_params(m, b, h, method, cfg, seed) != 0 || soft_check_infix(m) != 0 ||
        make_theta(m) != 0 || (h->n_labels > 0 && init_head(m, own_head) != 0))
        goto out;
    net_make(m);
    if (net_pack(m) != 0)
        goto out;
    if (method->init) { /* after packing, which refuses weights that do not fit into blocks */
        method->init(m, cfg);
        base_model_release(b); /* some methods read frozen weights */
    }
    packs_save(b, h->precision);
    return 0;
out:
    model_free(m);
    return -1;
}

int model_outline(struct model *m, struct base_model *b, const struct head *h,
                  const struct adapt *method, const void *cfg)
{
    if (list_params(m, b, h, method, cfg, 0) != 0) {
        model_free(m);
        return -1;
    }
    net_make(m);
    return 0;
}

void model_free(struct model *m)
{
    if (m->adapt && m->adapt->detach)
        m->adapt->detach(m);
    for (int i = m->base ? m->base->n_params : 0; i < m->n_params; i++)
        free(m->params[i].name);
    net_free(m->net);
    free(m->params);
    arena_free(&m->mem);
    free(m->pooler);
    *m = (struct model){ 0 };
}

void model_set_pooler(struct model *m, real *values)
{
    real *next = values;

    for (int i = 0; i < m->base->n_params; i++) {
        struct param *p = &m->params[i];
        if (!param_is_pooler(p))
            continue;
        CHECK(!p->trainable, "'%s' trains", p->name);
        p->value = next;
        p->stored = NULL;
        p->tensor = NULL;
        next += param_size(p);
    }
    free(m->pooler);
    m->pooler = values;
}

const struct param *model_role(const struct model *m, int layer, int role)
{
    for (int i = 0; i < m->n_params; i++)
        if (m->params[i].layer == layer && (int)m->params[i].role == role)
            return &m->params[i];
    return NULL;
}

struct param *model_param(const struct model *m, const char *name)
{
    return param_find(m->params, m->n_params, name);
}
