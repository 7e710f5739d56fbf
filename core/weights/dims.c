/* dims.c - reading config.json and 1_Pooling/config.json. */
#include "core/weights/dims.h"

#include "core/os/file.h"
#include "core/base/text.h"
#include "core/format/json.h"
#include "core/format/weights.h"
#include "core/weights/arch_impl.h"
#include "core/weights/config.h"
#include "core/weights/gguf_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 1: the checkpoint beside config.json has the tensors of a BERT, with or without a prefix. 0: it
 * does not, or there is none. -1 after fail: its weights cannot be read. */
static int has_bert_tensors(const struct config *c)
{
    static const char query[] = "encoder.layer.0.attention.self.query.weight";
    size_t n = strlen(c->path) - strlen("config.json");
    char *dir = n > 0 ? xprintf("%.*s", (int)n, c->path) : xstrdup(".");
    char *prefixed = xprintf("bert.%s", query), *path = NULL;
    struct weights w = { 0 };
    int found = 0;

    if (weights_are_in(dir, WEIGHTS_OF_MODEL)) {
        path = weights_in(dir, WEIGHTS_OF_MODEL);
        found = path && weights_open(&w, path) == 0
                    ? weights_find(&w, query) || weights_find(&w, prefixed)
                    : -1;
        weights_close(&w);
    }
    free(dir);
    free(path);
    free(prefixed);
    return found;
}

static bool is_class_of(const struct arch *a, const char *class)
{
    size_t n = strlen(a->class);
    const char *rest = class + n;

    return strncmp(class, a->class, n) == 0 &&
           (strncmp(rest, "For", 3) == 0 || strcmp(rest, "Model") == 0 ||
            strcmp(rest, "LMHeadModel") == 0);
}

/* Configurations from before 2020 have no model_type: the name of their class says what they are,
 * or, if that is missing too, the names of the tensors, which can only be BERT's. *NAME becomes
 * NULL when neither does. Errors: -1 after fail. */
static int guess_type(const char **name, const struct config *c)
{
    const json_t *list = json_object_get(c->j, "architectures");
    const char *class = json_string_value(json_array_get(list, 0));
    int is_bert = json_array_size(list) == 0 ? has_bert_tensors(c) : 0;

    *name = is_bert > 0 ? "bert" : NULL;
    for (const struct arch *const *a = arch_table; *a && class; a++)
        if (is_class_of(*a, class))
            *name = (*a)->name;
    return is_bert < 0 ? -1 : 0;
}

static const struct arch *read_arch(struct dims *d, const struct config *c)
{
    const json_t *type = json_object_get(c->j, "model_type");
    const char *name = json_string_value(type);

    if (!type && guess_type(&name, c) != 0)
        return NULL;
    const struct arch *arch = name && strlen(name) < sizeof d->arch ? arch_find(name) : NULL;
    struct text names = { 0 };

    if (arch) {
        strcpy(d->arch, name);
        return arch;
    }
    for (const struct arch *const *a = arch_table; *a; a++)
        text_join(&names, ", ", "%s", (*a)->name);
    char *wanted = xprintf("one of %s", text_string(&names));
    config_bad_value(c, "model_type", wanted);
    free(wanted);
    text_free(&names);
    return NULL;
}

/* Refuse variants of the architecture that are not computed here. */
static int refuse_variants(const struct config *c, const struct arch_impl *a)
{
    for (const struct fixed *f = a->fixed; f->key; f++) {
        const json_t *j = json_object_get(c->j, f->key);
        char *text = j && !json_is_null(j) ? json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        bool ok = !j || json_is_null(j) || (text && strcmp(text, f->json) == 0) ||
                  (json_is_real(j) && json_real_value(j) == strtod(f->json, NULL));
        free(text);
        if (!ok)
            return config_bad_value(c, f->key, f->json);
    }
    return 0;
}

/* Two settings of transformers that are one here must be equal. Both have the first's default. */
static int refuse_unequal(struct dims *d, const struct config *c, const struct arch_impl *a)
{
    const struct setting *s = a->settings;
    struct dims other = *d;

    if (!a->same[0])
        return 0;
    while (strcmp(s->key, a->same[0]) != 0)
        s++;
    struct setting second = *s;
    second.key = a->same[1];
    if (config_setting(&other, c, &second) != 0)
        return -1;
    if (*(double *)((char *)&other + s->at) != *(double *)((char *)d + s->at))
        return fail(FAIL_INPUT, "'%s': %s and %s differ; only equal values are supported", c->path,
                    a->same[0], a->same[1]);
    return 0;
}

enum class_use dims_class_use(const char *name)
{
    static const struct {
        const char *end;
        enum class_use use;
    } classes[] = {
        { "ForSequenceClassification", CLASS_SEQUENCE },
        { "ForMaskedLM", CLASS_HIDDEN },
        { "ForPreTraining", CLASS_HIDDEN },
        { "ForNextSentencePrediction", CLASS_HIDDEN },
        { "LMHeadModel", CLASS_DECODER },
        { "ForCausalLM", CLASS_DECODER },
        { "DoubleHeadsModel", CLASS_DECODER },
        { "Model", CLASS_ENCODER },
    };

    for (size_t i = 0; name && i < ARRAY_LEN(classes); i++) {
        size_t n = strlen(name), k = strlen(classes[i].end);
        if (n >= k && strcmp(name + n - k, classes[i].end) == 0)
            return classes[i].use;
    }
    return name ? CLASS_OTHER : CLASS_SEQUENCE;
}

/* The first name of "architectures", as in transformers; NULL without one. */
static const char *class_name(const struct config *c)
{
    return json_string_value(json_array_get(json_object_get(c->j, "architectures"), 0));
}

/* The tensors of another head may have the same names and shapes as those of a classifier. */
static int read_class(struct dims *d, const struct config *c, const struct arch *arch)
{
    const char *name = class_name(c);
    enum class_use use = dims_class_use(name);
    bool fits = arch->causal ? use == CLASS_DECODER || use == CLASS_ENCODER || !name
                             : use != CLASS_DECODER && use != CLASS_OTHER;

    if (!fits && arch->causal)
        return fail(FAIL_INPUT,
                    "'%s': architectures is '%.60s'; it must be a language model (LMHeadModel)",
                    c->path, st_escaped(name));
    if (!fits)
        return fail(FAIL_INPUT,
                    "'%s': architectures is '%.60s'; it must be a sequence classifier "
                    "(ForSequenceClassification) or an encoder (Model, ForMaskedLM, "
                    "ForPreTraining)",
                    c->path, st_escaped(name));
    if (use == CLASS_HIDDEN)
        snprintf(d->head_class, sizeof d->head_class, "%s", name);
    return 0;
}

/* transformers omits the labels when they are its default, LABEL_0 and LABEL_1. */
static int read_head(struct dims *d, const struct config *c, const struct arch_impl *a)
{
    const char *key = a->dropout_key ? a->dropout_key : "classifier_dropout";
    const json_t *problem = json_object_get(c->j, "problem_type");
    const json_t *labels = json_object_get(c->j, "num_labels");
    const json_t *names = json_object_get(c->j, "id2label");
    const json_t *dropout = json_object_get(c->j, key);
    bool is_classifier = class_name(c) && dims_class_use(class_name(c)) == CLASS_SEQUENCE;
    struct setting p = { key, SET_NUMBER, DIMS_AT(classifier_dropout), 0, 0.99, 0 };
    struct setting n = { "num_labels", SET_WHOLE, DIMS_AT(n_labels), 1, 65536, 0 };

    if (problem && !json_is_null(problem) && !json_is_string(problem))
        return config_bad_value(c, "problem_type", "a string or null");
    if (names && !json_is_null(names) && !json_is_object(names))
        return config_bad_value(c, "id2label", "an object");
    if (problem && json_is_string(problem))
        d->problem = xstrdup(json_string_value(problem));
    d->n_labels = json_is_object(names) ? (int)json_object_size(names) : is_classifier ? 2 : 0;
    d->classifier_dropout = d->hidden_dropout;
    if (labels && !json_is_null(labels) && config_setting(d, c, &n) != 0)
        return -1;
    return dropout && !json_is_null(dropout) ? config_setting(d, c, &p) : 0;
}

/* Rotary positions: transformers 5 writes rope_parameters, which has rope_theta and rope_type;
 * earlier releases write rope_theta beside rope_scaling. Only the plain form is computed. */
static int read_rope(struct dims *d, const struct config *c, const struct arch_impl *a)
{
    static const char *const groups[] = { "rope_parameters", "rope_scaling" };
    struct setting theta = {
        "rope_theta", SET_NUMBER, DIMS_AT(rope_theta), 1, 1e12, a->rope_theta
    };

    if (a->rope_theta <= 0)
        return 0;
    if (config_setting(d, c, &theta) != 0)
        return -1;
    theta.def = d->rope_theta;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        json_t *j = json_object_get(c->j, groups[i]);
        const json_t *type = json_object_get(j, "rope_type");
        struct config inner = { c->path, j, c->is_gguf };
        if (!type)
            type = json_object_get(j, "type");
        if (!j || json_is_null(j))
            continue;
        if (!json_is_object(j) ||
            (type && (!json_is_string(type) || strcmp(json_string_value(type), "default") != 0)))
            return config_bad_value(c, groups[i], "null or of rope_type \"default\"");
        if (config_setting(d, &inner, &theta) != 0)
            return -1;
    }
    return 0;
}

static const char *key_at(const struct arch_impl *a, size_t at)
{
    const struct setting *s = a->settings;

    while (s->key && s->at != at)
        s++;
    return s->key;
}

/* Positions count from the id of padding, whose own row stands for padding. */
static int leave_out_padding(struct dims *d, const struct config *c)
{
    d->pos_offset = d->pad_id + 1;
    if (d->max_pos <= d->pos_offset)
        return fail(FAIL_INPUT,
                    "'%s': max_position_embeddings is %d; it must be more than pad_token_id + 1, "
                    "which is %d, because positions count from there",
                    c->path, d->max_pos, d->pos_offset);
    d->max_pos -= d->pos_offset;
    return 0;
}

static int read_config(struct dims *d, const struct config *c)
{
    const struct arch *arch = read_arch(d, c);
    const struct arch_impl *a = arch ? arch->impl : NULL;

    if (!a || refuse_variants(c, a) != 0)
        return -1;
    for (const struct setting *s = a->settings; s->key; s++)
        if (config_setting(d, c, s) != 0)
            return -1;
    if (refuse_unequal(d, c, a) != 0)
        return -1;
    if (d->d_head == 0 && d->d_model % d->n_heads != 0)
        return fail(FAIL_INPUT, "'%s': %s %d is not a multiple of %s %d", c->path,
                    config_shown(c, key_at(a, DIMS_AT(d_model))), d->d_model,
                    config_shown(c, key_at(a, DIMS_AT(n_heads))), d->n_heads);
    if (d->pad_id >= d->vocab)
        return fail(FAIL_INPUT, "'%s': pad_token_id %d is outside the vocabulary of %d", c->path,
                    d->pad_id, d->vocab);
    if (d->n_heads % dims_kv_heads(d) != 0)
        return fail(FAIL_INPUT, "'%s': %s %d is not a multiple of %s %d", c->path,
                    config_shown(c, key_at(a, DIMS_AT(n_heads))), d->n_heads,
                    config_shown(c, key_at(a, DIMS_AT(n_kv_heads))), d->n_kv_heads);
    d->d_head = d->d_head > 0 ? d->d_head : d->d_model / d->n_heads;
    d->gated = a->gated;
    if (read_rope(d, c, a) != 0)
        return -1;
    if (d->rope_theta > 0 && d->d_head % 2 != 0)
        return fail(FAIL_INPUT,
                    "'%s': heads of %d values have no rotary positions, which pair them", c->path,
                    d->d_head);
    if (d->d_ffn == 0)
        d->d_ffn = 4 * d->d_model;
    if (a->read && a->read(d, c) != 0)
        return -1;
    if (a->pos_after_pad && leave_out_padding(d, c) != 0)
        return -1;
    if (config_act(&d->act, c, a->act_key, a->act) != 0 || read_class(d, c, arch) != 0)
        return -1;
    if (arch->causal) {
        d->pooling = POOL_NONE;
        return 0;
    }
    return read_head(d, c, a);
}

/* sentence-transformers writes true or false for each way of pooling; later releases write the name
 * of one. */
static int read_pooling(struct dims *d, const struct config *c)
{
    const char *name = json_string_value(json_object_get(c->j, "pooling_mode")), *key;
    const json_t *v;
    int n = 0;

    if (name && strcmp(name, "cls") != 0 && strcmp(name, "mean") != 0)
        return config_bad_value(c, "pooling_mode", "\"cls\" or \"mean\"");
    if (name) {
        d->pooling = strcmp(name, "mean") == 0 ? POOL_MEAN : POOL_CLS;
        return 0;
    }
    json_object_foreach(c->j, key, v)
    {
        if (strncmp(key, "pooling_mode_", 13) != 0 || json_is_false(v))
            continue;
        if (!json_is_true(v))
            return config_bad_value(c, key, "true or false");
        if (strcmp(key, "pooling_mode_cls_token") == 0)
            d->pooling = POOL_CLS;
        else if (strcmp(key, "pooling_mode_mean_tokens") == 0)
            d->pooling = POOL_MEAN;
        else
            return config_bad_value(c, key, "false: only cls and mean pooling are supported");
        n++;
    }
    if (n != 1)
        return fail(FAIL_INPUT,
                    "'%s': %d ways of pooling are set; exactly one of pooling_mode_cls_token and "
                    "pooling_mode_mean_tokens must be true",
                    c->path, n);
    return 0;
}

static int read_file_with(struct dims *d, const char *path,
                          int (*fn)(struct dims *, const struct config *))
{
    bool is_gguf = weights_path_is_gguf(path);
    struct config c = { path, is_gguf ? gguf_model_config(path) : json_read(path), is_gguf };

    if (!c.j)
        return -1;
    int rc = fn(d, &c);
    json_decref(c.j);
    return rc;
}

char *dims_gguf(const char *dir)
{
    char *path = weights_are_in(dir, WEIGHTS_OF_MODEL) ? weights_in(dir, WEIGHTS_OF_MODEL) : NULL;

    if (path && weights_path_is_gguf(path))
        return path;
    free(path);
    return NULL;
}

int dims_no_gguf(const char *dir, const char *purpose)
{
    char *path = dims_gguf(dir);
    int rc = path ? fail(FAIL_INPUT,
                         "'%s' is a GGUF file; %s needs a folder with config.json and "
                         "model.safetensors",
                         path, purpose)
                  : 0;

    free(path);
    return rc;
}

int dims_load(struct dims *d, const char *dir)
{
    char *config = path_join(dir, "config.json"),
         *pooling = path_join(dir, "1_Pooling/config.json"), *gguf;
    int rc;

    *d = (struct dims){ .pooling = POOL_CLS };
    gguf = dims_gguf(dir);
    rc = read_file_with(d, gguf ? gguf : config, read_config);
    if (rc == 0 && d->pooling != POOL_NONE && file_exists(pooling))
        rc = read_file_with(d, pooling, read_pooling);
    if (rc != 0) {
        free(d->problem);
        d->problem = NULL;
    }
    free(gguf);
    free(pooling);
    free(config);
    return rc;
}
