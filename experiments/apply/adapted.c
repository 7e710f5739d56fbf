/* adapted.c - a pretrained model with its own classifier, an adapter's, or none. */
#include "experiments/apply/adapted.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/peft/peft.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/model_dir.h"
#include "experiments/recipe/recipe.h"
#include "results/query/recorded.h"
#include "results/store/store.h"

#include <stdlib.h>
#include <string.h>

/* What is known of an adapter before the model is made. */
struct source {
    char *dir;            /* NULL: no adapter */
    char key[17];         /* of the run it came from, else "" */
    struct recipe recipe; /* of that run, if the store has it */
    bool has_recipe;
    int n_labels;
};

static void source_free(struct source *s)
{
    free(s->dir);
    if (s->has_recipe)
        recipe_free(&s->recipe);
}

/* The recipe of the run, from the canonical configuration in the store. */
static int source_parse_config(struct source *s, const char *text)
{
    struct settings v = { 0 };
    json_t *j = json_loads(text, 0, NULL), *value;
    const char *key;
    int rc = j ? 0 : fail(FAIL_STORE, "the configuration of run %.8s is not JSON", s->key);

    json_object_foreach(j, key, value)
    {
        char *word = json_is_string(value) ? xstrdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        if (*word) /* "" stands for no value */
            settings_set(&v, key, word, location_named("the store"));
        free(word);
    }
    if (rc == 0)
        rc = recipe_parse(&s->recipe, &v);
    s->has_recipe = rc == 0;
    json_decref(j);
    settings_free(&v);
    return rc;
}

static int source_find_recipe(struct source *s, const char *home)
{
    char *path = home_path(home, "lowrank.db");
    struct store *store = NULL;
    struct recorded_run r = { 0 };
    int rc = 0;

    if (!file_exists(path))
        detail("'%s' does not exist; the settings in the adapter's folder are used", path);
    else if (store_open(&store, path, STORE_READ) != 0 || recorded_run(&r, store, s->key) < 0)
        rc = -1;
    else if (r.config)
        rc = source_parse_config(s, r.config);
    recorded_run_free(&r);
    store_close(store);
    free(path);
    return rc;
}

static int source_find(struct source *s, const char *home, const char *adapter)
{
    *s = (struct source){ 0 };
    if (!adapter)
        return 0;
    s->dir = adapter_dir(home, adapter, s->key);
    if (!s->dir)
        return -1;
    return *s->key ? source_find_recipe(s, home) : 0;
}

/* --- the method */

static void *default_cfg(const struct adapt *method)
{
    void *cfg = xalloc(1, method->cfg_size + 1);

    if (method->opts)
        opt_defaults(method->opts, cfg);
    return cfg;
}

/* Set A's method configuration from the "settings" of an adapter's folder. */
static int parse_settings(struct adapted *a, const json_t *settings, const char *path)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)settings, key, value)
    {
        const struct opt *o = a->method->opts ? opt_find(a->method->opts, key) : NULL;
        if (!o || !json_is_string(value))
            return fail(FAIL_INPUT, "'%s': settings has '%s', which the method '%s' does not have",
                        path, st_escaped(key), a->method->name);
        if (*json_string_value(value) && opt_set(o, a->cfg, json_string_value(value)) != 0)
            return fail_context("'%s'", path);
    }
    return 0;
}

/* The folder of an adapter that PEFT does not know has the method's name and settings. Older
 * folders have no settings; then they come from the run. */
static int read_other_method(struct adapted *a, struct source *s)
{
    char *path = path_join(s->dir, "lowrank_adapter.json");
    json_t *j = json_read(path);
    const char *name = json_string_value(json_object_get(j, "method"));
    json_int_t n = json_integer_value(json_object_get(j, "n_labels"));
    int rc = j ? 0 : -1;

    if (j && (!name || !(a->method = adapt_find(name))))
        rc = fail(FAIL_INPUT, "'%s': unknown method '%s'", path, name ? st_escaped(name) : "");
    else if (j && (n < 1 || n > 65536))
        rc = fail(FAIL_INPUT, "'%s': n_labels must be a whole number from 1 to 65536", path);
    if (rc == 0) {
        s->n_labels = (int)n;
        a->cfg = default_cfg(a->method);
        rc = parse_settings(a, json_object_get(j, "settings"), path);
    }
    if (rc == 0 && !json_object_get(j, "settings") && s->has_recipe &&
        s->recipe.method == a->method) {
        opt_free(a->method->opts, a->cfg);
        free(a->cfg);
        a->cfg = s->recipe.method_cfg;
        s->recipe.method_cfg = NULL;
    }
    json_decref(j);
    free(path);
    return rc;
}

/* Labels of the checkpoint's own classifier; 0: it has none. */
static int own_labels(const struct base_model *b)
{
    const struct st_tensor *t = base_model_head(b, ROLE_HEAD_W);
    bool fits = t && base_model_head(b, ROLE_HEAD_B) && t->n_dims == 2 && t->shape[0] > 0 &&
                t->shape[0] <= 65536 && t->shape[1] == (size_t)b->dims.d_model;

    return fits ? (int)t->shape[0] : 0;
}

static int choose_method(struct adapted *a, struct source *s)
{
    char *peft = s->dir ? path_join(s->dir, "adapter_config.json") : NULL;
    int rc = 0;

    if (!s->dir) {
        a->method = adapt_find("head");
        CHECK(a->method, "no method 'head'");
        a->cfg = default_cfg(a->method);
        s->n_labels = own_labels(&a->base);
    } else if (file_exists(peft)) {
        a->method = peft_method(s->dir);
        a->cfg = a->method ? xalloc(1, sizeof(struct lora_cfg)) : NULL;
        rc = a->cfg ? peft_read_config(a->cfg, &s->n_labels, s->dir, &a->base.dims) : -1;
    } else {
        rc = read_other_method(a, s);
    }
    free(peft);
    return rc;
}

static struct head head_of(const struct adapted *a, const struct source *s, int pooling)
{
    const struct train_cfg *c = s->has_recipe ? &s->recipe.train : NULL;

    if (pooling == POOLING_AUTO && c)
        pooling = c->pooling;
    return (struct head){ .n_labels = s->n_labels > 0 ? s->n_labels : 1,
                          .regression = s->n_labels == 1,
                          .pooling = pooling_of(pooling, a->base.dims.pooling),
                          .pool_scale = c ? c->pool_scale : 1 };
}

int adapted_open(struct adapted *a, struct session *ses, const char *model, const char *adapter,
                 int pooling)
{
    char *dir = model_dir(ses->home, model);
    struct source s = { 0 };
    int rc = -1;

    *a = (struct adapted){ 0 };
    math_thread_init();
    if (!dir || model_facts_check(ses, model, dir) != 0 ||
        source_find(&s, ses->home, adapter) != 0 || !(a->tok = tok_load(dir)) ||
        base_model_load(&a->base, dir) != 0)
        goto out;
    a->base.pack_dir = home_path(ses->home, "cache/packs");
    if (adapter &&
        adapter_trained_on(ses, adapter, model, a->base.weights_sha256) == ADAPTER_OF_OTHERS)
        warn("%s", fail_text());
    if (tok_vocab(a->tok) > a->base.dims.vocab) {
        fail(FAIL_INPUT, "'%s': the tokenizer has %d pieces, but the model only %d", dir,
             tok_vocab(a->tok), a->base.dims.vocab);
        goto out;
    }
    if (choose_method(a, &s) != 0)
        goto out;
    struct head head = head_of(a, &s, pooling);
    if (model_init(&a->model, &a->base, &head, a->method, a->cfg, 1, !s.dir) != 0)
        goto out;
    if (!s.dir || peft_load(&a->model, s.dir) == 0)
        rc = 0;
    a->has_head = s.dir || s.n_labels > 0;
out:
    source_free(&s);
    free(dir);
    if (rc != 0)
        adapted_close(a);
    return rc;
}

void adapted_close(struct adapted *a)
{
    model_free(&a->model);
    if (a->cfg && a->method->opts)
        opt_free(a->method->opts, a->cfg);
    free(a->cfg);
    base_model_free(&a->base);
    tok_free(a->tok);
    *a = (struct adapted){ 0 };
}
