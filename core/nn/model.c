/* model.c - one adapted instance of a checkpoint: its tensors, theta, and what each layer has to
 * keep. */
#include "core/nn/impl.h"

#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char head_weight[] = "classifier.weight", head_bias[] = "classifier.bias";

static void add_head(struct model *m)
{
    struct param *w = &m->params[m->n_params++], *b = &m->params[m->n_params++];

    *w = (struct param){ .rows = m->head.n_labels, .cols = m->base->dims.d_model };
    *b = (struct param){ .rows = 1, .cols = m->head.n_labels, .is_vector = true };
    w->name = xstrdup(head_weight);
    b->name = xstrdup(head_bias);
    for (struct param *p = w; p <= b; p++) {
        p->decay = p->trainable = true;
        p->off = p->layer = -1;
        p->role = ROLE_OTHER;
        m->n_train_head += (size_t)p->rows * (size_t)p->cols;
    }
}

/* All trainable tensors, one after another in the order of the table: their places in theta. */
static void place_params(struct model *m)
{
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        size_t n = (size_t)p->rows * (size_t)p->cols;
        m->n_total += n;
        if (!p->trainable)
            continue;
        p->off = (long)m->n_train;
        m->n_train += n;
    }
}

/* The method's own numbers that do not train: they are in no checkpoint of the trunk. */
static bool is_fixed(const struct param *p)
{
    return !p->trainable && !p->value && !p->stored && p->role == ROLE_OTHER;
}

/* theta, with the base's values; behind it what the method keeps and its frozen tensors. */
static int make_theta(struct model *m)
{
    size_t fixed = 0, keep = (size_t)m->adapt->n_vectors * m->n_train;

    for (int i = 0; i < m->n_params; i++)
        if (is_fixed(&m->params[i]))
            fixed += (size_t)m->params[i].rows * (size_t)m->params[i].cols;
    if (arena_init(&m->mem, (m->n_train + keep + fixed + 48) * sizeof *m->theta) != 0)
        return fail_context("%.1f million trained numbers", 1e-6 * (double)m->n_train);
    m->theta = arena_get(&m->mem, m->n_train, sizeof *m->theta); /* of a fresh arena: zeros */
    m->opt_state = keep ? arena_get(&m->mem, keep, sizeof *m->opt_state) : NULL;
    real *next = fixed ? arena_get(&m->mem, fixed, sizeof *next) : NULL;
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        if (is_fixed(p)) {
            p->value = next;
            next += (size_t)p->rows * (size_t)p->cols;
        }
        if (!p->trainable)
            continue;
        if (p->value || p->stored)
            param_read(m->theta + p->off, p);
        p->value = m->theta + p->off;
        p->stored = NULL;
    }
    base_model_release(m->base);
    return 0;
}

/* 1 when the checkpoint's own head was taken, 0 when it has none that fits. */
static int own_head(struct model *m, struct param *w, struct param *b)
{
    const struct st_tensor *tw = st_find(&m->base->file, head_weight);
    const struct st_tensor *tb = st_find(&m->base->file, head_bias);
    size_t n = (size_t)b->cols, d = (size_t)w->cols;

    if (!tw || !tb || tw->n_dims != 2 || tw->shape[0] != n || tw->shape[1] != d ||
        tb->n_dims != 1 || tb->shape[0] != n)
        return 0;
    if (st_reals(w->value, &m->base->file, tw, n * d) != 0 ||
        st_reals(b->value, &m->base->file, tb, n) != 0)
        return -1;
    return 1;
}

static int init_head(struct model *m, bool own)
{
    struct param *w = model_param(m, head_weight), *b = model_param(m, head_bias);
    struct rng r = rng_make(m->seed, RNG_HEAD, 0);
    int took = own ? own_head(m, w, b) : 0;

    for (size_t i = 0; took == 0 && i < (size_t)w->rows * (size_t)w->cols; i++)
        w->value[i] = (real)(m->base->dims.init_range * rng_normal(&r));
    return took < 0 ? -1 : 0;
}

static enum stage role_stage(enum role r, bool pre_norm)
{
    if (r < ROLE_NORM1_G)
        return group_stage(proj_group((enum proj)((int)r % (int)ROLE_B)));
    if (r < ROLE_NORM2_G)
        return pre_norm ? STAGE_NORM_IN : STAGE_NORM_MID;
    return pre_norm ? STAGE_NORM_MID : STAGE_NORM_OUT;
}

/* Tensors whose gradient needs no block's backward. */
static bool is_above(enum role r)
{
    return r == ROLE_POOL_W || r == ROLE_POOL_B || r == ROLE_FINAL_G || r == ROLE_FINAL_B;
}

static void raise(enum stage *s, enum stage to)
{
    if (*s < to)
        *s = to;
}

/* The tensors by role; of each layer the last stage of backward that its own numbers need; the
 * lowest layer. */
static void resolve(struct model *m)
{
    const struct dims *d = &m->base->dims;
    struct net *net = m->net = xalloc(1, sizeof *net);

    net->layer = xalloc((size_t)d->n_layers, sizeof *net->layer);
    net->attn_scale = 1 / sqrt(d->d_head);
    net->pre_norm = m->base->arch->pre_norm;
    m->lowest = m->n_prefix + m->n_infix > 0 ? -1 : d->n_layers;
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (p->layer >= 0) {
            net->layer[p->layer].p[p->role] = p;
            if (p->trainable)
                raise(&net->layer[p->layer].stage, role_stage(p->role, net->pre_norm));
        } else if (p->role < N_ROLES) {
            net->p[p->role] = p;
            if (p->trainable && !is_above(p->role))
                m->lowest = -1;
        }
    }
    net->head_w = model_param(m, head_weight);
    net->head_b = model_param(m, head_bias);
}

static void resolve_group(struct model *m, int layer, enum group g)
{
    struct net_layer *l = &m->net->layer[layer];
    struct net_group *n = &l->group[g];

    for (int p = group_first(g); p < group_first(g) + group_count(g); p++)
        n->trained |= l->p[(int)ROLE_W + p]->trainable;
    n->uses = m->adapt->uses && m->adapt->uses(m, layer, g);
    n->keep_x = (n->uses && !m->adapt->forgets_x) || n->trained;
    if (n->uses)
        raise(&l->stage, group_stage(g));
}

/* Taps, and whether the gradient of a sublayer's output is changed apart from the stream's. */
static void resolve_taps(struct model *m, int layer)
{
    static const enum stage stage[N_PLACE] = { [PLACE_ATTN] = STAGE_O,
                                               [PLACE_ACT] = STAGE_UP,
                                               [PLACE_MLP] = STAGE_DOWN,
                                               [PLACE_BLOCK] = STAGE_NORM_OUT };
    struct net_layer *l = &m->net->layer[layer];
    bool out = m->adapt->proj_out_bwd;

    for (int p = 0; p < N_PLACE; p++) {
        l->tap[p] = m->adapt->taps && m->adapt->taps(m, layer, (enum place)p);
        if (l->tap[p])
            raise(&l->stage, stage[p]);
    }
    l->own_dy[0] = l->tap[PLACE_ATTN] || (out && l->group[GROUP_O].uses);
    l->own_dy[1] = l->tap[PLACE_MLP] || (out && l->group[GROUP_DOWN].uses);
    if (m->n_prefix_kv)
        raise(&l->stage, STAGE_QKV);
}

/* What backward needs of each layer is known only when all groups are. */
static void resolve_layers(struct model *m)
{
    int n = m->base->dims.n_layers;

    for (int i = 0; i < n; i++) {
        for (int g = 0; g < N_GROUP; g++)
            resolve_group(m, i, (enum group)g);
        resolve_taps(m, i);
    }
    for (int i = 0; i < n && m->lowest == n; i++)
        if (m->net->layer[i].stage != STAGE_NONE)
            m->lowest = i;
    for (int i = 0; i < n; i++)
        if (i > m->lowest)
            m->net->layer[i].stage = STAGE_INPUT;
}

static int pack_layers(struct model *m)
{
    for (int i = 0; i < m->base->dims.n_layers * N_GROUP; i++) {
        struct net_layer *l = &m->net->layer[i / N_GROUP];
        enum group g = (enum group)(i % N_GROUP);
        if (!l->group[g].trained &&
            !(l->group[g].packed = base_model_packed(m->base, i / N_GROUP, g,
                                                     l->stage > group_stage(g), m->head.precision)))
            return -1;
    }
    return 0;
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

/* A decoder's head: packed when its weight, the word embedding, is frozen. */
static int resolve_head(struct model *m)
{
    const struct param *word = m->net->p[ROLE_WORD];

    if (!m->base->arch->causal)
        return 0;
    m->net->lm.w = param_mat(word);
    if (word->trainable)
        return 0;
    if (base_model_pack_head(m->base, m->head.precision) != 0)
        return -1;
    m->net->lm = m->base->lm[m->head.precision];
    return 0;
}

static int check_head(const struct base_model *b, const struct head *h)
{
    CHECK(h->n_labels >= 0 && (!h->regression || h->n_labels == 1), "%d", h->n_labels);
    if (b->arch->causal && (h->n_labels > 0 || h->pooling != POOL_NONE))
        return fail(FAIL_INPUT,
                    "'%s' is a decoder (%s), which predicts tokens; classes and numbers need an "
                    "encoder",
                    b->dir ? b->dir : b->arch->name, b->arch->name);
    if (b->arch->causal)
        return 0;
    CHECK(h->n_labels > 0 && h->pooling != POOL_NONE, "%d", h->n_labels);
    if (h->pooling == POOL_CLS &&
        (b->n_params == 0 || b->params[b->n_params - 1].role != ROLE_POOL_B))
        return fail(FAIL_INPUT,
                    "'%s' has no pooler, which pooling cls needs; pooling mean does not", b->dir);
    return 0;
}

/* All but numbers: the tensors, with the method's, and what each layer has to keep. */
static int list_params(struct model *m, struct base_model *b, const struct head *h,
                       const struct adapt *method, const void *cfg, uint64_t seed)
{
    *m = (struct model){ .base = b, .head = *h, .adapt = method, .seed = seed };
    if (check_head(b, h) != 0)
        return -1;
    m->params = xalloc((size_t)b->n_params + 2, sizeof *m->params);
    memcpy(m->params, b->params, (size_t)b->n_params * sizeof *m->params);
    m->n_params = b->n_params;
    if (h->n_labels > 0)
        add_head(m);
    if ((method->attach && method->attach(m, cfg) != 0) || soft_check(m) != 0)
        return -1;
    place_params(m);
    return 0;
}

int model_init(struct model *m, struct base_model *b, const struct head *h,
               const struct adapt *method, const void *cfg, uint64_t seed, bool use_own_head)
{
    if (list_params(m, b, h, method, cfg, seed) != 0 || soft_prompt(m) != 0 || make_theta(m) != 0 ||
        (h->n_labels > 0 && init_head(m, use_own_head) != 0))
        goto out;
    if (method->init) {
        method->init(m, cfg);
        base_model_release(b); /* some look at W */
    }
    resolve(m);
    resolve_layers(m);
    if (pack_layers(m) != 0 || resolve_head(m) != 0)
        goto out;
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
    resolve(m);
    resolve_layers(m);
    return 0;
}

void model_free(struct model *m)
{
    if (m->adapt && m->adapt->detach)
        m->adapt->detach(m);
    for (int i = m->base ? m->base->n_params : 0; i < m->n_params; i++)
        free(m->params[i].name);
    if (m->net)
        free(m->net->layer);
    free(m->net);
    free(m->params);
    arena_free(&m->mem);
    *m = (struct model){ 0 };
}

const struct param *model_role(const struct model *m, int layer, int role)
{
    int at = base_model_block_param(m->base, layer, role);

    return at < 0 ? NULL : &m->params[at];
}

struct param *model_param(const struct model *m, const char *name)
{
    return param_find(m->params, m->n_params, name);
}
