/* canonical.c - the canonical configuration of a run, and its key. */
#include "experiments/recipe/recipe.h"
#include "core/os/sha256.h"

#include <stdlib.h>
#include <string.h>

/* Not hashed: the content of model, task and init_from is in inputs, and the others do not change
 * results. */
static const char *const not_hashed[] = { "model",     "task",    "init_from", "recompute",
                                          "log_every", TASK_FILE, NULL };

json_t *recipe_value(const struct opt *o, const void *cfg)
{
    const void *f = (const char *)cfg + o->at;
    char text[4096];

    switch (o->type) {
    case OPT_INT: return json_integer(*(const long *)f);
    case OPT_REAL: return json_real(*(const double *)f + 0.0);
    case OPT_BOOL: return json_boolean(*(const bool *)f);
    default: return json_string(opt_text(o, cfg, text, sizeof text));
    }
}

static void add_fields(json_t *to, const struct opt *table, const void *cfg)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        if (!adapt_unused(o, cfg))
            json_object_set_new(to, o->key, recipe_value(o, cfg));
}

void recipe_hash(char out[65], const struct recipe *r, const char *const *without)
{
    json_t *config = json_copy(r->config);

    for (int i = 0; not_hashed[i]; i++)
        json_object_del(config, not_hashed[i]);
    for (int i = 0; without && without[i]; i++)
        json_object_del(config, without[i]);
    json_t *all = json_pack("{s:o, s:O, s:i}", "config", config, "inputs", r->inputs, "numerics",
                            (int)NUMERICS_VERSION);
    char *text = json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    CHECK(text, "no canonical text");
    sha256_hex(out, text, strlen(text));
    free(text);
    json_decref(all);
}

/* Runs that choose and report as the paper does keep the keys that they had before there was a
 * choice. */
static void drop_select_defaults(struct recipe *r)
{
    const struct train_cfg *c = &r->train;

    if (train_select(c) == 0)
        json_object_del(r->config, "select");
    if (c->report == REPORT_DEV)
        json_object_del(r->config, "report");
    if (c->report == REPORT_DEV || !c->report_curve)
        json_object_del(r->config, "report_curve");
    if (c->patience == 0)
        json_object_del(r->config, "patience");
    if (c->order == ORDER_RANDOM)
        json_object_del(r->config, "order");
    if (c->log_every == 0)
        json_object_del(r->config, "log_every");
    if (r->run.generate_n == 0)
        json_object_del(r->config, "generate_n");
    if (r->method != adapt_nothing)
        json_object_del(r->config, "shots");
}

/* A run that trains nothing does not depend on how it would train. */
static void drop_training(struct recipe *r)
{
    static const char *const keys[] = { "lr",
                                        "weight_decay",
                                        "beta1",
                                        "beta2",
                                        "eps",
                                        "clip",
                                        "warmup",
                                        "schedule",
                                        "epochs",
                                        "steps",
                                        "batch",
                                        "batch_tokens",
                                        "accumulate",
                                        "eval_every",
                                        "patience",
                                        "order",
                                        "order_seed",
                                        "init_seed",
                                        "log_every",
                                        "label_smoothing",
                                        "hidden_dropout",
                                        "attn_dropout",
                                        "classifier_dropout",
                                        "recompute" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        json_object_del(r->config, keys[i]);
}

/* Each kind of task has keys that do not concern the other one. */
static void drop_other_kind(struct recipe *r)
{
    static const char *const of_classifiers[] = { "pooling", "pool_scale", "classifier_dropout" };

    if (r->train.label_smoothing <= 0)
        json_object_del(r->config, "label_smoothing");
    for (size_t i = 0; i < ARRAY_LEN(of_classifiers) && r->generates; i++)
        json_object_del(r->config, of_classifiers[i]);
}

void recipe_keys(struct recipe *r, json_t *inputs)
{
    static const char *const seed[] = { "seed", NULL };

    r->inputs = inputs;
    r->config = json_object();
    add_fields(r->config, run_opts, &r->run);
    add_fields(r->config, train_opts, &r->train);
    add_fields(r->config, r->method->opts, r->method_cfg);
    if (r->train.steps > 0)
        json_object_del(r->config, "epochs"); /* steps win, so the run does not depend on epochs */
    if (!r->run.init_from || !*r->run.init_from)
        json_object_del(r->config, "init_from");
    if (r->run.order_seed < 0)
        json_object_del(r->config, "order_seed");
    if (r->run.init_seed < 0)
        json_object_del(r->config, "init_seed");
    if (r->train.train_n == 0 && train_select(&r->train) == 0 && r->run.shots == 0)
        json_object_del(r->config, "data_seed"); /* all rows are trained on */
    drop_select_defaults(r);
    drop_other_kind(r);
    /* the one of the two batch sizes that is used */
    json_object_del(r->config, r->train.batch_tokens > 0 ? "batch" : "batch_tokens");
    if (r->method == adapt_nothing)
        drop_training(r);
    if (r->task && r->task->own)
        json_object_set_new(r->config, TASK_FILE, json_string(r->task->own));
    recipe_hash(r->key, r, NULL);
    recipe_hash(r->cell, r, seed);
}
