/* gguf_model.c - the keys and the names of tensors that llama.cpp gives a model. */
#include "core/weights/gguf_model.h"

#include "core/base/text.h"
#include "core/format/gguf.h"
#include "core/weights/arch_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The keys after "llama." that are settings here. */
static const struct {
    const char *key, *setting;
    bool required;
} settings[] = {
    { "block_count", "num_hidden_layers", true },
    { "embedding_length", "hidden_size", true },
    { "attention.head_count", "num_attention_heads", true },
    { "attention.head_count_kv", "num_key_value_heads", false },
    { "attention.key_length", "head_dim", false },
    { "feed_forward_length", "intermediate_size", true },
    { "context_length", "max_position_embeddings", true },
    { "attention.layer_norm_rms_epsilon", "rms_norm_eps", true },
    { "rope.freq_base", "rope_theta", false },
    { "vocab_size", "vocab_size", false },
};

/* Keys that must have one value, because nothing else is computed here. */
static const struct {
    const char *key;
    double value;
} plain[] = {
    { "rope.scaling.factor", 1 }, { "rope.scale_linear", 1 },        { "expert_count", 0 },
    { "expert_used_count", 0 },   { "attention.causal", 1 },         { "use_parallel_residual", 0 },
    { "attention.clamp_kqv", 0 }, { "attention.max_alibi_bias", 0 },
};

/* An open file, and the keys that were read. */
struct source {
    struct st_file st;
    struct gguf g;
    const char *path;
    char *arch;
    json_t *config;
};

const char *gguf_model_key(const char *setting)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (strcmp(settings[i].setting, setting) == 0)
            return settings[i].key;
    return NULL;
}

static const struct gguf_value *find(const struct source *s, const char *key)
{
    char *full = xprintf("%s.%s", s->arch, key);
    const struct gguf_value *v = gguf_find(&s->g, full);

    free(full);
    return v;
}

static int refuse(const struct source *s, const struct gguf_value *v, const char *wanted)
{
    return fail(FAIL_INPUT, "key '%s' of '%s' %s", st_escaped(v->key), s->path, wanted);
}

static int add_setting(struct source *s, const char *key, const char *setting, bool required)
{
    const struct gguf_value *v = find(s, key);
    double x;

    if (!v && required)
        return fail(FAIL_INPUT, "'%s' does not have the key '%s.%s'", s->path, s->arch, key);
    if (!v)
        return 0;
    if (v->type == GGUF_ARRAY)
        return refuse(s, v, "is an array; only models whose layers are all alike are read");
    if (v->type == GGUF_BOOL || !gguf_number(&x, v, 0) || !isfinite(x))
        return refuse(s, v, "is not a finite number");
    bool whole = v->type != GGUF_F32 && v->type != GGUF_F64 && fabs(x) < 1e15;
    json_object_set_new(s->config, setting, whole ? json_integer((json_int_t)x) : json_real(x));
    return 0;
}

static int check_plain(const struct source *s)
{
    const struct gguf_value *scaling = find(s, "rope.scaling.type");
    char *type = gguf_string(scaling), wanted[80];
    int rc = 0;

    if (scaling && (!type || strcmp(type, "none") != 0)) {
        char *why = xprintf("is '%.40s'; rotary positions are computed without scaling only",
                            type ? st_escaped(type) : "no string");
        rc = refuse(s, scaling, why);
        free(why);
    }
    free(type);
    for (size_t i = 0; i < ARRAY_LEN(plain) && rc == 0; i++) {
        const struct gguf_value *v = find(s, plain[i].key);
        double x;
        if (!v || (v->type != GGUF_ARRAY && gguf_number(&x, v, 0) && x == plain[i].value))
            continue;
        snprintf(wanted, sizeof wanted, "must be %g: nothing else is computed", plain[i].value);
        rc = refuse(s, v, wanted);
    }
    return rc;
}

/* Rotary positions turn whole heads, and values are as wide as keys. */
static int check_heads(const struct source *s)
{
    static const char *const keys[] = { "rope.dimension_count", "attention.value_length" };
    double d = json_number_value(json_object_get(s->config, "hidden_size")), x;
    double heads = json_number_value(json_object_get(s->config, "num_attention_heads"));
    const json_t *own = json_object_get(s->config, "head_dim");
    double width = own ? json_number_value(own) : heads > 0 ? d / heads : 0;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct gguf_value *v = find(s, keys[i]);
        char wanted[80];
        snprintf(wanted, sizeof wanted, "must be %g, the width of a head", width);
        if (v && (v->type == GGUF_ARRAY || !gguf_number(&x, v, 0) || x != width))
            return refuse(s, v, wanted);
    }
    return 0;
}

static bool is_known(const char *key)
{
    static const char *const others[] = { "rope.scaling.type", "rope.dimension_count",
                                          "attention.value_length" };

    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (strcmp(key, settings[i].key) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (strcmp(key, plain[i].key) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(key, others[i]) == 0)
            return true;
    return false;
}

static int check_known(const struct source *s)
{
    size_t k = strlen(s->arch);

    for (int i = 0; i < s->g.n; i++) {
        const struct gguf_value *v = &s->g.value[i];
        if (strncmp(v->key, s->arch, k) == 0 && v->key[k] == '.' && !is_known(v->key + k + 1))
            return refuse(s, v, "is not known here and may change what the model computes");
    }
    return 0;
}

/* The architecture, if its tensors in a GGUF file are known. */
static int read_arch(struct source *s)
{
    const struct arch *a;

    s->arch = gguf_string(gguf_find(&s->g, "general.architecture"));
    if (!s->arch)
        return fail(FAIL_INPUT, "'%s' has no string general.architecture", s->path);
    a = arch_find(s->arch);
    if (a && a->impl->gguf) {
        json_object_set_new(s->config, "model_type", json_string(s->arch));
        return 0;
    }
    struct text names = { 0 };
    for (const struct arch *const *t = arch_table; *t; t++)
        if ((*t)->impl->gguf)
            text_join(&names, ", ", "%s", (*t)->name);
    fail(FAIL_INPUT, "key 'general.architecture' of '%s' is '%s'; of GGUF files these are read: %s",
         s->path, st_escaped(s->arch), text_string(&names));
    text_free(&names);
    return -1;
}

/* Older files have no vocab_size: there are as many tokens as rows of embeddings. */
static void add_from_tensors(struct source *s)
{
    const struct st_tensor *word = st_find(&s->st, "token_embd.weight");

    if (!json_object_get(s->config, "vocab_size") && word && word->shape[0] < 1000000000000)
        json_object_set_new(s->config, "vocab_size", json_integer((json_int_t)word->shape[0]));
    json_object_set_new(s->config, "tie_word_embeddings",
                        json_boolean(!st_find(&s->st, "output.weight")));
}

static int read_config(struct source *s)
{
    if (read_arch(s) != 0 || check_plain(s) != 0 || check_known(s) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (add_setting(s, settings[i].key, settings[i].setting, settings[i].required) != 0)
            return -1;
    if (check_heads(s) != 0)
        return -1;
    add_from_tensors(s);
    return 0;
}

json_t *gguf_model_config(const char *path)
{
    struct source s = { .path = path, .config = json_object() };

    if (gguf_open(&s.st, &s.g, path) != 0 || read_config(&s) != 0) {
        json_decref(s.config);
        s.config = NULL;
    }
    free(s.arch);
    gguf_free(&s.g);
    st_close(&s.st);
    return s.config;
}

static const struct gguf_name *name_of(const struct arch *a, const struct param *p)
{
    const struct gguf_name *n = a->impl->gguf;

    while (n->name && n->role != p->role)
        n++;
    CHECK(n->name, "'%s' has no name in GGUF files", p->name);
    return n;
}

char *gguf_model_tensor(const struct arch *a, const struct param *p)
{
    const struct gguf_name *n = name_of(a, p);

    return p->layer < 0 ? xstrdup(n->name) : xprintf("blk.%d.%s", p->layer, n->name);
}

int gguf_model_heads(const struct arch *a, const struct param *p, const struct dims *d)
{
    return name_of(a, p)->rotary ? p->rows / d->d_head : 0;
}
