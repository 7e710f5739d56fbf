/* spec.c - added tokens and special tokens, as transformers reads them from the files beside a
 * vocabulary. */
#include "core/text/spec.h"

#include <stdlib.h>
#include <string.h>

/* The keys of the special tokens, in the order in which transformers adds those that are new. */
static const char *const role_keys[N_TOK_ROLE] = {
    [TOK_BOS] = "bos_token",   [TOK_EOS] = "eos_token", [TOK_UNK] = "unk_token",
    [TOK_SEP] = "sep_token",   [TOK_PAD] = "pad_token", [TOK_CLS] = "cls_token",
    [TOK_MASK] = "mask_token",
};
/* Other special tokens: a string, a list, or a mapping, of which the values count. */
static const char *const extra_keys[] = { "additional_special_tokens", "extra_special_tokens" };

void spec_free(struct tok_spec *s)
{
    json_decref(s->vocab);
    free(s->path);
    for (int i = 0; i < N_TOK_ROLE; i++)
        free(s->special[i]);
    for (int i = 0; i < s->added.n; i++)
        free(s->added.t[i].text);
    free(s->added.t);
    *s = (struct tok_spec){ 0 };
}

void spec_facts(struct tok_facts *facts, const struct tok_spec *s)
{
    json_t *id;
    const char *text;

    *facts = (struct tok_facts){ .layout = s->layout, .path = s->path, .added = &s->added };
    memcpy(facts->role, s->role, sizeof facts->role);
    json_object_foreach(s->vocab, text, id)
    {
        if (json_integer_value(id) >= facts->vocab)
            facts->vocab = (int)json_integer_value(id) + 1;
    }
    for (int i = 0; i < s->added.n; i++)
        if (s->added.t[i].id >= facts->vocab)
            facts->vocab = s->added.t[i].id + 1;
}

/* Ids may leave gaps, which no text reaches, but of two pieces with one id only one would be found
 * again. */
int spec_check_vocab(const struct tok_spec *s)
{
    unsigned char *seen = xalloc(MAX_ID + 1, 1);
    const char *text;
    json_t *v;
    int rc = 0;

    json_object_foreach(s->vocab, text, v)
    {
        json_int_t id = json_integer_value(v);
        if (!json_is_integer(v) || id < 0 || id > MAX_ID)
            rc = fail(FAIL_INPUT, "'%s': the id of '%s' must be a whole number from 0 to %d",
                      s->path, text, MAX_ID);
        else if (seen[id])
            rc = fail(FAIL_INPUT, "'%s': two pieces have the id %d, one of them is '%s'", s->path,
                      (int)id, text);
        else
            seen[id] = 1;
        if (rc != 0)
            break;
    }
    free(seen);
    return rc;
}

int spec_id(const struct tok_spec *s, const char *text)
{
    const json_t *id = json_object_get(s->vocab, text);

    for (int i = 0; i < s->added.n; i++)
        if (strcmp(s->added.t[i].text, text) == 0)
            return s->added.t[i].id;
    return id ? (int)json_integer_value(id) : -1;
}

static int next_id(const struct tok_spec *s)
{
    int n = (int)json_object_size(s->vocab), next = n;

    for (int i = 0; i < s->added.n; i++)
        if (s->added.t[i].id >= next)
            next = s->added.t[i].id + 1;
    return next;
}

int spec_add(struct tok_spec *s, const struct added_token *t, const char *path)
{
    int has = spec_id(s, t->text), id = has >= 0 ? has : next_id(s);

    if (!*t->text)
        return 0;
    if (t->id >= 0 && t->id != id)
        return has >= 0 ? fail(FAIL_INPUT, "'%s': token '%s' has the id %d, but in '%s' it is %d",
                               path, t->text, t->id, s->path, has)
                        : fail(FAIL_INPUT,
                               "'%s': the added token '%s' has the id %d; after the %zu pieces of "
                               "'%s' and the tokens added before it must be %d",
                               path, t->text, t->id, json_object_size(s->vocab), s->path, id);
    for (int i = 0; i < s->added.n; i++)
        if (strcmp(s->added.t[i].text, t->text) == 0)
            return 0;
    s->added.t = xgrow(s->added.t, (size_t)s->added.n + 1, sizeof *s->added.t);
    s->added.t[s->added.n] = *t;
    s->added.t[s->added.n].text = xstrdup(t->text);
    s->added.t[s->added.n++].id = id;
    return 0;
}

static int token_flags(struct added_token *t, const json_t *v, const char *path)
{
    return json_flag(&t->single_word, v, "single_word", path) == 0 &&
                   json_flag(&t->lstrip, v, "lstrip", path) == 0 &&
                   json_flag(&t->rstrip, v, "rstrip", path) == 0
               ? 0
               : -1;
}

int spec_json_added(struct tok_spec *s, const json_t *root)
{
    const json_t *list = json_object_get(root, "added_tokens");
    json_t *v;
    size_t i;

    if (list && !json_is_null(list) && !json_is_array(list))
        return fail(FAIL_INPUT, "'%s': 'added_tokens' must be a list", s->path);
    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        struct added_token t = { .text = (char *)(uintptr_t)json_string_value(
                                     json_object_get(v, "content")) };
        const json_t *id = json_object_get(v, "id");
        if (!t.text || !json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > MAX_ID)
            return fail(FAIL_INPUT, "'%s': added token %zu must have a content and an id", s->path,
                        i + 1);
        t.id = (int)json_integer_value(id);
        if (json_flag(&t.special, v, "special", s->path) != 0)
            return -1;
        t.normalized = !t.special;
        if (json_flag(&t.normalized, v, "normalized", s->path) != 0 ||
            token_flags(&t, v, s->path) != 0 || spec_add(s, &t, s->path) != 0)
            return -1;
    }
    return 0;
}

/* The text of a token that is a string, or an object with its text in "content"; NULL: neither. */
static const char *token_text(const json_t *v)
{
    return json_string_value(json_is_object(v) ? json_object_get(v, "content") : v);
}

/* Add the token V with the defaults of transformers' AddedToken. */
static int add_value(struct tok_spec *s, const json_t *v, int id, bool special, const char *path)
{
    struct added_token t = { .text = (char *)(uintptr_t)token_text(v), .id = id };
    bool flag = special;

    if (!t.text)
        return fail(FAIL_INPUT, "'%s': an added token must be a string or have a 'content'", path);
    if (json_flag(&flag, v, "special", path) != 0)
        return -1;
    t.special = special || flag;
    t.normalized = !t.special;
    if (json_flag(&t.normalized, v, "normalized", path) != 0 || token_flags(&t, v, path) != 0)
        return -1;
    return spec_add(s, &t, path);
}

/* The object that has KEY: transformers lets special_tokens_map.json win, but reads it only if
 * tokenizer_config.json has no added_tokens_decoder. */
static const json_t *find_setting(const struct tok_folder *f, const char *key, const char **path)
{
    bool use_map = f->map && !json_object_get(f->config, "added_tokens_decoder");
    const json_t *v = use_map ? json_object_get(f->map, key) : NULL;

    *path = v ? f->map_path : f->config_path;
    return v ? v : json_object_get(f->config, key);
}

/* The names of the special tokens, unless tokenizer.json has set them. */
static int name_specials(struct tok_spec *s, const struct tok_folder *f,
                         const struct tok_default defaults[N_TOK_ROLE])
{
    for (int i = 0; i < N_TOK_ROLE; i++) {
        const char *path, *text = defaults[i].text;
        const json_t *v = find_setting(f, role_keys[i], &path);
        if (s->special[i] || (json_is_null(v) && defaults[i].absent != TOK_NEEDED))
            continue;
        if (v && !json_is_null(v) && !(text = token_text(v)))
            return fail(FAIL_INPUT, "'%s': '%s' must be a string or have a 'content'", path,
                        role_keys[i]);
        s->special[i] = text ? xstrdup(text) : NULL;
    }
    return 0;
}

/* The tokens of an extra key as a new list, which the caller releases. */
static json_t *extra_tokens(const struct tok_folder *f, const char *key, const char **path)
{
    const json_t *found = find_setting(f, key, path);
    json_t *v = (json_t *)(uintptr_t)found, *list = json_array(), *item;
    const char *name;
    size_t i;

    if (token_text(found))
        json_array_append(list, v);
    else if (json_is_object(found))
        json_object_foreach(v, name, item) json_array_append(list, item);
    json_array_foreach(v, i, item) json_array_append(list, item);
    return list;
}

/* Is TEXT, of added_tokens.json, special? transformers 5 does not ask additional_special_tokens. */
static bool is_special_name(const struct tok_spec *s, const struct tok_folder *f, const char *text)
{
    bool found = false;
    const char *path;
    size_t i;
    json_t *v;

    for (int k = 0; k < N_TOK_ROLE; k++)
        found |= s->special[k] && strcmp(s->special[k], text) == 0;
    for (size_t k = 0; k < ARRAY_LEN(extra_keys); k++) {
        if (strcmp(extra_keys[k], "additional_special_tokens") == 0)
            continue;
        json_t *list = extra_tokens(f, extra_keys[k], &path);
        json_array_foreach(list, i, v) found |= token_text(v) && strcmp(token_text(v), text) == 0;
        json_decref(list);
    }
    return found;
}

struct numbered {
    int id;
    const char *text;
    const json_t *flags;
};

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

/* Add the tokens of an object in the order of their ids: DECODER has {id: token}, otherwise it is
 * {text: id}. */
static int add_numbered(struct tok_spec *s, const struct tok_folder *f, const json_t *object,
                        bool decoder, const char *path)
{
    struct numbered *all = xalloc(json_object_size(object) + 1, sizeof *all);
    const char *key;
    json_t *v;
    int n = 0, rc = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, v)
    {
        char *end = "";
        long id = decoder ? strtol(key, &end, 10) : (long)json_integer_value(v);
        const char *text = decoder ? token_text(v) : key;
        if (!text || *end || id < 0 || id > MAX_ID || (decoder ? !*key : !json_is_integer(v))) {
            rc = fail(FAIL_INPUT, "'%s': the added token '%s' must have a text and an id", path,
                      key);
            break;
        }
        all[n++] = (struct numbered){ (int)id, text, decoder ? v : NULL };
    }
    qsort(all, (size_t)n, sizeof *all, compare_numbered);
    for (int i = 0; i < n && rc == 0; i++) {
        bool special = is_special_name(s, f, all[i].text);
        if (all[i].flags) {
            rc = add_value(s, all[i].flags, all[i].id, special, path);
        } else {
            struct added_token t = { .text = (char *)(uintptr_t)all[i].text,
                                     .id = all[i].id,
                                     .special = special,
                                     .normalized = !special };
            rc = spec_add(s, &t, path);
        }
    }
    free(all);
    return rc;
}

static int add_extra(struct tok_spec *s, const struct tok_folder *f, const char *key)
{
    const char *path;
    json_t *list = extra_tokens(f, key, &path), *v;
    size_t i;
    int rc = 0;

    json_array_foreach(list, i, v) if (rc == 0) rc = add_value(s, v, -1, true, path);
    json_decref(list);
    return rc;
}

static int add_named(struct tok_spec *s, const struct tok_folder *f, int i, int absent)
{
    const char *path, *text = s->special[i];
    const json_t *has = find_setting(f, role_keys[i], &path);
    int rc;

    s->role[i] = -1;
    if (!text || (absent == TOK_LEFT_OUT && spec_id(s, text) < 0))
        return 0;
    if (absent == TOK_NEEDED && spec_id(s, text) < 0)
        return fail(FAIL_INPUT, "'%s' has no %s among its %zu pieces", s->path, text,
                    json_object_size(s->vocab));
    json_t *name = json_string(text);
    bool same = has && token_text(has) && strcmp(token_text(has), text) == 0;
    rc = add_value(s, same ? has : name, -1, true, path);
    json_decref(name);
    s->role[i] = spec_id(s, text);
    return rc;
}

int spec_tokens(struct tok_spec *s, const struct tok_folder *f,
                const struct tok_default defaults[N_TOK_ROLE])
{
    const json_t *decoder = json_object_get(f->config, "added_tokens_decoder");

    if (decoder && !json_is_object(decoder))
        return fail(FAIL_INPUT, "'%s': 'added_tokens_decoder' must be an object", f->config_path);
    if (name_specials(s, f, defaults) != 0)
        return -1;
    if (decoder ? add_numbered(s, f, decoder, true, f->config_path)
                : add_numbered(s, f, f->added, false, f->added_path))
        return -1;
    for (int i = 0; i < N_TOK_ROLE; i++)
        if (add_named(s, f, i, (int)defaults[i].absent) != 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(extra_keys); i++)
        if (add_extra(s, f, extra_keys[i]) != 0)
            return -1;
    return 0;
}
