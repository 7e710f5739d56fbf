/* geometry.c - how many numbers a method trains on a model, and whether it fits, from shapes alone.
 */
#include "experiments/inputs.h"
#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A base whose tensors are all zero: pages that are only read are never allocated. */
struct hollow {
    const struct model_facts *facts;
    struct base base;
    void *zero;
    size_t size;
    struct packed *packed;
};

static int hollow_init(struct hollow *h, const struct model_facts *f)
{
    real one = 0;
    struct mat tiny = mat_make(&one, 1, 1);
    int n = 0;

    *h = (struct hollow){ .facts = f, .base = { .dir = f->dir, .dims = f->dims } };
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, f->dims.arch) == 0)
            h->base.arch = *a;
    CHECK(h->base.arch, "'%s'", f->dims.arch);
    int all = h->base.arch->params(&f->dims, NULL, 0);
    struct param *p = h->base.params = xalloc((size_t)all, sizeof *p);
    h->base.arch->params(&f->dims, p, all);
    for (int i = 0; i < all; i++) {
        bool pooler = p[i].role == ROLE_POOL_W || p[i].role == ROLE_POOL_B;
        size_t bytes = (size_t)p[i].rows * (size_t)p[i].cols * sizeof(real);
        if (pooler && !f->has_pooler) {
            free(p[i].name);
            continue;
        }
        h->size = bytes > h->size ? bytes : h->size;
        p[n++] = p[i];
    }
    h->base.n_params = n;
    h->zero = mmap(NULL, h->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    h->packed = packed_new(&tiny, 1, NOTRANS, false, PRECISION_F32);
    if (h->zero == MAP_FAILED || !h->packed)
        return fail(FAIL_MEMORY, "cannot map %zu bytes", h->size);
    for (int i = 0; i < n; i++)
        p[i].value = h->zero;
    h->base.packed = xalloc(base_n_packed(&f->dims), sizeof *h->base.packed);
    for (size_t i = 0; i < base_n_packed(&f->dims); i++)
        h->base.packed[i] = h->packed; /* taken for packed already; nothing multiplies by it */
    return 0;
}

static struct hollow *hollow_get(const struct model_facts *f)
{
    static struct hollow **all;
    static int n;

    for (int i = 0; i < n; i++)
        if (all[i]->facts == f)
            return all[i];
    struct hollow *h = xalloc(1, sizeof *h);
    if (hollow_init(h, f) != 0) {
        free(h);
        return NULL;
    }
    all = xgrow(all, (size_t)n + 1, sizeof *all);
    return all[n++] = h;
}

int geometry_model(struct model *m, const struct recipe *r)
{
    const struct model_facts *f = model_facts(r->run.model);
    const struct task_facts *t = f ? task_facts(r->run.task) : NULL;
    struct hollow *h = t ? hollow_get(f) : NULL;

    if (!h)
        return -1;
    struct head head = recipe_head(r, &t->task);
    return model_init(m, &h->base, &head, r->method, r->method_cfg, 1, false);
}

/* What the numbers depend on: the model's shapes, the method's keys, the head. */
static void geometry_id(char out[65], const struct recipe *r)
{
    const struct task_facts *t = task_facts(r->run.task);
    char *text =
        xprintf("%s|%s|%d|%d", json_string_value(json_object_get(r->inputs, "weights")),
                r->method->name, r->train.pooling, t->task.regression ? 1 : t->task.n_labels);
    char value[4096];

    for (const struct opt *o = r->method->opts; o && o->type != OPT_END; o++) {
        char *more =
            xprintf("%s|%s=%s", text, o->key, opt_text(o, r->method_cfg, value, sizeof value));
        free(text);
        text = more;
    }
    sha256_hex(out, text, strlen(text));
    free(text);
}

static size_t frozen_tables(const struct model *m)
{
    size_t n = 0;

    for (int i = 0; i < m->base->n_params; i++) {
        const struct param *p = &m->params[i];
        if (p->layer < 0 && !p->is_vector && !p->trainable)
            n += table_resident((size_t)p->rows * (size_t)p->cols * sizeof(real));
    }
    return n;
}

const struct geometry *geometry_get(const struct recipe *r)
{
    static struct geometry **all;
    static int n;
    struct geometry g = { 0 };
    struct model m;

    geometry_id(g.id, r);
    for (int i = n - 1; i >= 0; i--)
        if (strcmp(all[i]->id, g.id) == 0)
            return all[i];
    if (geometry_model(&m, r) != 0)
        return NULL;
    g.n_train = m.n_train;
    g.n_train_head = m.n_train_head;
    g.n_total = m.n_total;
    g.tables = frozen_tables(&m);
    g.packs = xalloc((size_t)m.base->dims.n_layers * N_GROUP, sizeof *g.packs);
    model_packs(&m, g.packs);
    g.frozen = m.lowest > 0 ? m.lowest : 0;
    g.formula = adapt_count(r->method, r->method_cfg, &m.base->dims);
    model_free(&m);
    all = xgrow(all, (size_t)n + 1, sizeof *all);
    all[n] = xalloc(1, sizeof g);
    *all[n] = g;
    return all[n++];
}
