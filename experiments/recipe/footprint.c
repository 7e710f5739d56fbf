/* footprint.c - how many parameters a method trains on a model, from shapes alone. */
#include "experiments/recipe/footprint.h"
#include "core/base/text.h"
#include "core/os/file.h"
#include "core/peft/peft.h"
#include "experiments/assets/adapter_files.h"

#include <stdlib.h>
#include <string.h>

struct outline {
    const struct model_facts *facts;
    struct base_model base;
};

static void outline_free(void *item)
{
    struct outline *o = item;

    base_model_free(&o->base);
}

static struct base_model *outline_of(struct session *s, const struct model_facts *f)
{
    struct outline new = { .facts = f };

    for (int i = 0; i < s->outlines.n; i++) {
        struct outline *o = s->outlines.item[i];
        if (o->facts == f)
            return &o->base;
    }
    if (base_model_outline(&new.base, &f->dims, f->has_pooler) != 0)
        return NULL;
    new.base.dir = xstrdup(f->dir);
    struct outline *o = session_add(&s->outlines, &new, sizeof new, outline_free);
    return &o->base;
}

int footprint_model(struct model *m, const struct recipe *r)
{
    struct base_model *b = outline_of(r->session, r->model);
    struct head head = recipe_head(r, &r->task->task);

    return b ? model_outline(m, b, &head, r->method, r->method_cfg) : -1;
}

/* What a footprint depends on: the weights' shapes, the method's keys, the head, the adapter to
 * start from. */
static void footprint_id(char out[65], const struct recipe *r)
{
    const struct task *t = &r->task->task;
    const char *weights = json_string_value(json_object_get(r->inputs, "weights"));
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    struct text id = { 0 };
    char value[4096];

    text_add(&id, "%s|%s|%d|%d", weights, r->method->name, r->train.pooling,
             recipe_head(r, t).n_labels);
    if (adapter)
        text_add(&id, "|%s", adapter);
    for (const struct opt *o = r->method->opts; o && o->type != OPT_END; o++)
        text_add(&id, "|%s=%s", o->key, opt_text(o, r->method_cfg, value, sizeof value));
    sha256_hex(out, id.s, id.n);
    text_free(&id);
}

static size_t frozen_tables(const struct model *m)
{
    size_t n = 0;

    for (int i = 0; i < m->base->n_params; i++) {
        const struct param *p = &m->params[i];
        size_t bytes = param_size(p) * sizeof(real);
        bool multiplied = m->base->arch->causal && p->role == param_output_role(&m->base->dims);
        if (p->layer < 0 && !p->is_vector && !p->trainable)
            n += multiplied ? bytes : base_model_table_resident(bytes);
    }
    return n;
}

/* The adapter that training starts from, if any, must be of this method, these shapes and
 * weights. */
static int check_start(const struct model *m, const struct recipe *r)
{
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));

    if (!adapter)
        return 0;
    const char *weights = json_string_value(json_object_get(r->inputs, "weights"));
    char *dir = adapter_dir(r->session->home, r->run.init_from, NULL);
    int of = dir && peft_fits(m, dir) == 0
                 ? adapter_trained_on(r->session, r->run.init_from, r->run.model, weights)
                 : -1;
    if (of == 0 && session_first(r->session, "start %s", adapter))
        note("'init_from': neither the store nor its folder says which weights adapter '%s' was "
             "trained on; those of '%s' are assumed",
             r->run.init_from, r->run.model);
    free(dir);
    if (of >= 0)
        return 0;
    fail_context("'init_from'");
    return fail_about("init_from");
}

/* Blocks need a frozen matrix. PACKS: of N groups. */
static int check_blocks(const struct recipe *r, const unsigned char *packs, int n)
{
    enum precision p = recipe_precision(r);

    for (int i = 0; i < n; i++)
        if (!precision_is_blocks(p) || packs[i] != PACK_NONE)
            return 0;
    return precision_is_blocks(p)
               ? fail_setting("precision",
                              "'precision' is %s, but method '%s' leaves no matrix "
                              "of the blocks frozen",
                              precision_name(p), r->method->name)
               : 0;
}

static void footprint_free(void *item)
{
    struct footprint *f = item;

    free(f->packs);
}

static const struct footprint *footprint_new(const struct recipe *r, const char *id)
{
    struct footprint f = { 0 };
    struct model m;

    if (footprint_model(&m, r) != 0)
        return NULL;
    if (check_start(&m, r) != 0) {
        model_free(&m);
        return NULL;
    }
    memcpy(f.id, id, sizeof f.id);
    f.n_train = m.n_train;
    f.n_train_head = m.n_train_head;
    f.n_total = m.n_total;
    f.tables = frozen_tables(&m);
    f.packs = xalloc((size_t)m.base->dims.n_layers * N_GROUP, sizeof *f.packs);
    model_packs(&m, f.packs);
    f.frozen = m.lowest > 0 ? m.lowest : 0;
    f.formula = adapt_count(r->method, r->method_cfg, &m.base->dims);
    model_free(&m);
    return session_add(&r->session->footprints, &f, sizeof f, footprint_free);
}

static const struct footprint *footprint_find(const struct recipe *r, const char *id)
{
    const struct session_items *all = &r->session->footprints;

    for (int i = all->n - 1; i >= 0; i--) {
        const struct footprint *f = all->item[i];
        if (strcmp(f->id, id) == 0)
            return f;
    }
    return NULL;
}

/* The precision changes no footprint, and so is not part of its id, but may be refused. */
const struct footprint *footprint_of(const struct recipe *r)
{
    const struct footprint *f;
    char id[65];

    footprint_id(id, r);
    f = footprint_find(r, id);
    if (!f)
        f = footprint_new(r, id);
    return f && check_blocks(r, f->packs, r->model->dims.n_layers * N_GROUP) == 0 ? f : NULL;
}
