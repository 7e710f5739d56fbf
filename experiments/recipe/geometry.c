/* geometry.c - how many numbers a method trains on a model, and whether it fits, from shapes alone.
 */
#include "experiments/assets/adapter_files.h"
#include "experiments/recipe/inputs.h"
#include "core/base/file.h"
#include "core/peft/peft.h"

#include <stdlib.h>
#include <string.h>

static struct base_model *outline_get(const struct model_facts *f)
{
    static struct known {
        const struct model_facts *facts;
        struct base_model base;
    } * *all;
    static int n;

    for (int i = 0; i < n; i++)
        if (all[i]->facts == f)
            return &all[i]->base;
    struct known *k = xalloc(1, sizeof *k);
    if (base_model_outline(&k->base, &f->dims, f->has_pooler) != 0) {
        free(k);
        return NULL;
    }
    k->facts = f;
    k->base.dir = xstrdup(f->dir);
    all = xgrow(all, (size_t)n + 1, sizeof *all);
    all[n++] = k;
    return &k->base;
}

int geometry_model(struct model *m, const struct recipe *r)
{
    const struct model_facts *f = model_facts(r->run.model);
    const struct task_facts *t = f ? task_facts(r->run.task) : NULL;
    struct base_model *b = t ? outline_get(f) : NULL;

    if (!b)
        return -1;
    struct head head = recipe_head(r, &t->task);
    return model_outline(m, b, &head, r->method, r->method_cfg);
}

/* What the numbers depend on: the model's shapes, the method's keys, the head. */
static void geometry_id(char out[65], const struct recipe *r)
{
    const struct task_facts *t = task_facts(r->run.task);
    char *text =
        xprintf("%s|%s|%d|%d", json_string_value(json_object_get(r->inputs, "weights")),
                r->method->name, r->train.pooling, t->task.regression ? 1 : t->task.n_labels);
    char value[4096];
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));

    if (adapter) {
        char *more = xprintf("%s|%s", text, adapter);
        free(text);
        text = more;
    }
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
            n += base_model_table_resident(param_size(p) * sizeof(real));
    }
    return n;
}

/* Once for each adapter in a row: a plan has many geometries. */
static void say_unknown(const struct recipe *r)
{
    static char said[65];
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));

    if (strcmp(said, adapter) == 0)
        return;
    snprintf(said, sizeof said, "%s", adapter);
    note("'init_from': nothing says which weights adapter '%s' was trained on; those of '%s' are "
         "taken to be it",
         r->run.init_from, r->run.model);
}

/* The adapter that training begins with, if any, is one of this method on these shapes and weights. */
static int check_start(const struct model *m, const struct recipe *r)
{
    if (!json_object_get(r->inputs, "adapter"))
        return 0;
    char *dir = adapter_dir(r->run.init_from, NULL);
    const char *weights = json_string_value(json_object_get(r->inputs, "weights"));
    int of =
        dir && peft_fits(m, dir) == 0 ? adapter_of(r->run.init_from, r->run.model, weights) : -1;

    if (of == 0)
        say_unknown(r);
    free(dir);
    return of >= 0 ? 0 : fail_context("'init_from'");
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
    if (check_start(&m, r) != 0) {
        model_free(&m);
        return NULL;
    }
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
