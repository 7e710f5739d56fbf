/* reopen.c - the model of a finished run, with what it trained. */
#include "experiments/run/reopen.h"
#include "core/peft/peft.h"
#include "experiments/run/run_model.h"

#include <string.h>

/* The recipe of a stored run. A key that is another one now means that an input is. */
static int reopen_recipe(struct recipe *r, struct session *ses, const char *key, const char *config)
{
    struct settings v = { 0 };
    int rc = settings_config(&v, config, location_named("the store"));

    if (rc == 0)
        rc = recipe_resolve(r, ses, &v);
    settings_free(&v);
    if (rc != 0)
        return fail_context("run %.8s", key);
    if (strcmp(r->key, key) == 0)
        return 0;
    recipe_free(r);
    return fail(
        FAIL_INPUT,
        "run %.8s cannot be scored: its model, task or data files are not those that it was "
        "trained with ('lowrank show %.8s' lists them), or it was made by another version",
        key, key);
}

int reopen_run(struct reopened *o, struct session *ses, const char *key, const char *config,
               const char *dir)
{
    *o = (struct reopened){ 0 };
    int rc = reopen_recipe(&o->recipe, ses, key, config);

    if (rc == 0)
        rc = run_model_build(&o->model, &o->data, &o->recipe);
    return rc == 0 ? peft_load(&o->model, dir) : -1;
}

void reopen_close(struct reopened *o)
{
    model_free(&o->model);
    recipe_free(&o->recipe);
}
