/* run_model.c - the model of a run: built from its recipe, its adapters saved. */
#include "experiments/run/run_model.h"
#include "core/os/file.h"
#include "core/peft/peft.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/inputs.h"

#include <stdlib.h>
#include <string.h>

int run_model_build(struct model *m, struct run_data *d, const struct recipe *r)
{
    struct loaded_model *in = inputs_check(r) == 0 ? loaded_model(r->session, r->model) : NULL;

    if (!in)
        return -1;
    if (strcmp(in->base.weights_sha256, json_string_value(json_object_get(r->inputs, "weights"))) !=
        0)
        return fail(
            FAIL_INPUT,
            "the weights in '%s' changed since the runs were planned; start the command again",
            r->model->dir);
    if (data_all(d, r) != 0)
        return -1;
    struct head h = recipe_head(r, d->task);
    if (model_init(m, &in->base, &h, r->method, r->method_cfg, recipe_init_seed(r), false) != 0)
        return -1;
    if (!json_object_get(r->inputs, "adapter"))
        return 0;
    char *dir = adapter_dir(r->session->home, r->run.init_from, NULL);
    int rc = dir ? peft_begin(m, dir) : -1;
    free(dir);
    if (rc != 0)
        model_free(m);
    return rc;
}

static int save_adapter_as(const struct model *m, const struct recipe *r, const char *name,
                           char **rel)
{
    char *under = xprintf("adapters/%.16s", r->key), *top = home_path(r->session->home, under),
         *dir = path_join(top, name);
    const struct task *t = &r->task->task;
    int n_labels = t->generates ? 0 : t->n_labels;
    struct adapter_task task = { (const char *const *)t->labels, n_labels, r->train.max_len };
    int rc = make_dirs(dir) == 0 ? peft_save(m, r->method_cfg, dir, r->run.model, &task) : -1;

    free(*rel);
    *rel = under;
    free(top);
    free(dir);
    return rc;
}

int run_model_save(struct model *m, const struct recipe *r, const struct run_result *res,
                   const real *best, char **rel)
{
    size_t size = m->n_train * sizeof(real);

    if (save_adapter_as(m, r, "last", rel) != 0)
        return -1;
    if (res->best_step == res->steps)
        return 0;
    real *last = malloc(size + 1);
    if (!last)
        return fail(FAIL_MEMORY, "not enough memory for the %zu parameters of an adapter",
                    m->n_train);
    memcpy(last, m->theta, size);
    memcpy(m->theta, best, size);
    int rc = save_adapter_as(m, r, "best", rel);
    memcpy(m->theta, last, size);
    free(last);
    return rc;
}
