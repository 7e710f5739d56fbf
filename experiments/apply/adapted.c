/* adapted.c - a pretrained model with its own classifier, an adapter's, or none. */
#include "experiments/apply/adapted.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/peft/peft.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/sentence.h"
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
    bool by_peft;  /* adapter_config.json without a record of ours */
    bool features; /* PEFT adapted an encoder without a classifier */
    int n_labels;  /* of its classifier, or with own_head of the model's; 0: there is none */
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
    int rc = settings_config(&v, text, location_named("the store"));

    if (rc == 0)
        rc = recipe_parse(&s->recipe, &v);
    else
        fail_context("run %.8s", s->key);
    s->has_recipe = rc == 0;
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

/* The key of the run that wrote the folder HOME/adapters/KEY/NAME; "" for other folders. */
static void key_of_folder(char key[17], const char *home, const char *dir)
{
    char *top = home_path(home, "adapters"), *all = realpath(top, NULL), *in = realpath(dir, NULL);
    size_t n = all ? strlen(all) : 0;

    *key = 0;
    if (all && in && strncmp(in, all, n) == 0 && in[n] == '/' &&
        strspn(in + n + 1, "0123456789abcdef") == 16 && in[n + 17] == '/')
        snprintf(key, 17, "%.16s", in + n + 1);
    free(in);
    free(all);
    free(top);
}

/* The folder's record says how to use the adapter. A folder from before there were records needs
 * its run. */
static int source_find(struct source *s, struct adapter_record *record, const char *home,
                       const char *adapter)
{
    *s = (struct source){ 0 };
    if (!adapter)
        return 0;
    s->dir = adapter_dir(home, adapter, s->key);
    if (!s->dir || adapter_record_read(record, s->dir) != 0)
        return -1;
    if (!*s->key && !record->present)
        key_of_folder(s->key, home, s->dir);
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
    else if (j && (n < (a->base.arch->causal ? 0 : 1) || n > 65536))
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

/* The folder of an adapter that PEFT knows. It may have no classifier: then it adapts an encoder,
 * or a model that keeps its own. */
static int read_peft(struct adapted *a, struct source *s)
{
    int head = peft_has_task_head(s->dir);

    a->method = head >= 0 || a->base.arch->causal ? peft_method(s->dir) : NULL;
    a->cfg = a->method ? xalloc(1, sizeof(struct lora_cfg)) : NULL;
    if (!a->cfg || peft_read_config(a->cfg, &s->n_labels, s->dir, &a->base.dims) != 0)
        return -1;
    s->by_peft = !a->record.present && !s->has_recipe;
    s->features = s->n_labels == 0 && head == 0;
    a->own_head = s->n_labels == 0;
    if (a->own_head && !s->features)
        s->n_labels = own_labels(&a->base);
    return 0;
}

static int choose_method(struct adapted *a, struct source *s)
{
    char *peft = s->dir ? path_join(s->dir, "adapter_config.json") : NULL;
    int rc = 0;

    if (!s->dir) {
        a->method = a->base.arch->causal ? adapt_nothing : adapt_find("head");
        CHECK(a->method, "no method 'head'");
        a->cfg = default_cfg(a->method);
        s->n_labels = own_labels(&a->base);
        a->own_head = true;
    } else if (file_exists(peft)) {
        rc = read_peft(a, s);
    } else {
        rc = read_other_method(a, s);
    }
    a->has_head = s->n_labels > 0;
    free(peft);
    return rc;
}

/* A folder that neither has a record nor shows that PEFT wrote it, with a classifier: it may be one
 * of ours from before there were records, whose run chose the pooling. */
static void warn_unknown_pooling(const struct adapted *a, const struct source *s)
{
    if (!s->by_peft || !a->has_head || a->own_head || adapter_written_by_peft(s->dir))
        return;
    warn("'%s' does not say what its classifier reads: neither lowrank_adapter.json nor a key that "
         "only PEFT writes is there. The first token is assumed; if an older release of lowrank "
         "wrote the folder, name the run instead, or give --pooling as the run had it",
         s->dir);
}

/* Classifiers that PEFT saves with a BERT always read the first token, even if the model's folder
 * is one of sentence-transformers that names the mean. */
static enum pooling pooling_found(const struct adapted *a, const struct source *s)
{
    enum pooling own = a->base.dims.pooling;

    if (a->record.present)
        return a->record.pooling;
    if (s->has_recipe)
        return pooling_of(s->recipe.train.pooling, own);
    warn_unknown_pooling(a, s);
    if (!s->by_peft || !a->has_head || own != POOL_MEAN)
        return own;
    note("the classifier of '%s' reads the first token, as PEFT's do; '%s' pools the mean for "
         "embeddings only (--pooling mean overrides this)",
         s->dir, a->base.dir);
    return POOL_CLS;
}

/* How a model is to be opened. */
struct how {
    int pooling;
    bool decoder, tok;
    enum precision precision;
};

static struct head head_of(const struct adapted *a, const struct source *s, const struct how *how)
{
    int pooling = how->pooling;
    enum precision trained = a->record.base_precision;
    enum precision p = how->precision == N_PRECISION ? trained : how->precision;

    if (s->dir && p != trained && (precision_is_blocks(p) || precision_is_blocks(trained)))
        note("the adapter was trained on weights in %s, not in %s", precision_name(trained),
             precision_name(p));
    if (a->base.arch->causal)
        return (struct head){ .pooling = POOL_NONE, .pool_scale = 1, .precision = p };
    bool one = a->record.present ? a->record.regression : s->n_labels == 1;

    return (struct head){ .n_labels = s->n_labels > 0 ? s->n_labels : 1,
                          .regression = one && s->n_labels == 1,
                          .pooling = pooling == POOLING_AUTO ? pooling_found(a, s)
                                                             : pooling_of(pooling, POOL_CLS),
                          .pool_scale = a->record.present ? a->record.pool_scale
                                        : s->has_recipe   ? s->recipe.train.pool_scale
                                                          : 1,
                          .precision = p };
}

static int check_kind(const struct base_model *b, bool decoder)
{
    if (!decoder || b->arch->causal)
        return 0;
    return fail(FAIL_INPUT, "'%s' is an encoder (%s); generating text needs a decoder", b->dir,
                b->arch->name);
}

static int open_tok(struct adapted *a, const char *dir)
{
    if (!(a->tok = sentence_tok(dir)))
        return -1;
    if (tok_vocab(a->tok) <= a->base.dims.vocab)
        return 0;
    return fail(FAIL_INPUT, "'%s': the tokenizer has %d pieces, but the model only %d", dir,
                tok_vocab(a->tok), a->base.dims.vocab);
}

static int open_as(struct adapted *a, struct session *ses, const char *model, const char *adapter,
                   const struct how *how)
{
    char *dir = model_dir(ses->home, model);
    struct source s = { 0 };
    int rc = -1;

    *a = (struct adapted){ 0 };
    math_thread_init();
    if (!dir || model_facts_check(ses, model, dir) != 0 ||
        source_find(&s, &a->record, ses->home, adapter) != 0 ||
        base_model_load(&a->base, dir) != 0 || check_kind(&a->base, how->decoder) != 0 ||
        (how->tok && open_tok(a, dir) != 0))
        goto out;
    a->base.pack_dir = home_path(ses->home, "cache/packs");
    if (adapter &&
        adapter_trained_on(ses, adapter, model, a->base.weights_sha256) == ADAPTER_OF_OTHERS)
        warn("%s", fail_text());
    if (choose_method(a, &s) != 0)
        goto out;
    struct head head = head_of(a, &s, how);
    if (model_init(&a->model, &a->base, &head, a->method, a->cfg, 1, a->own_head) != 0)
        goto out;
    if (!s.dir)
        rc = 0;
    else
        rc = a->own_head ? peft_begin(&a->model, s.dir) : peft_load(&a->model, s.dir);
out:
    source_free(&s);
    free(dir);
    if (rc != 0)
        adapted_close(a);
    return rc;
}

int adapted_open(struct adapted *a, struct session *ses, const char *model, const char *adapter,
                 int pooling)
{
    return open_as(a, ses, model, adapter,
                   &(struct how){ .pooling = pooling, .tok = true, .precision = N_PRECISION });
}

int adapted_open_decoder(struct adapted *a, struct session *ses, const char *model,
                         const char *adapter, enum precision precision, bool tok)
{
    return open_as(a, ses, model, adapter,
                   &(struct how){ .decoder = true, .tok = tok, .precision = precision });
}

int adapted_encodes(const struct adapted *a)
{
    const char *arch = a->base.arch->name;

    return a->base.arch->causal ? fail(FAIL_INPUT,
                                       "'%s' is a decoder (%s), which predicts tokens; "
                                       "classification and regression need an encoder",
                                       a->base.dir, arch)
                                : 0;
}

void adapted_close(struct adapted *a)
{
    model_free(&a->model);
    if (a->cfg && a->method->opts)
        opt_free(a->method->opts, a->cfg);
    free(a->cfg);
    base_model_free(&a->base);
    tok_free(a->tok);
    adapter_record_free(&a->record);
    *a = (struct adapted){ 0 };
}
