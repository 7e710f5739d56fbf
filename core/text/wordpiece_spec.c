/* wordpiece_spec.c - the tokenizer files of a model folder. A folder without tokenizer.json is read
 * as transformers' BertTokenizer reads it. */
#include "core/text/wordpiece.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key, *name;
} specials[N_SPECIAL] = {
    [CLS] = { "cls_token", "[CLS]" },    [SEP] = { "sep_token", "[SEP]" },
    [PAD] = { "pad_token", "[PAD]" },    [UNK] = { "unk_token", "[UNK]" },
    [MASK] = { "mask_token", "[MASK]" },
};
/* Other special tokens: a string, a list, or a mapping, of which the values count. */
static const char *const extra_keys[] = { "bos_token", "eos_token", "additional_special_tokens",
                                          "extra_special_tokens" };

/* The files beside the vocabulary; NULL: absent. */
struct configs {
    json_t *config, *map, *added;
    char *config_path, *map_path, *added_path;
};

int wordpiece_get_bool(bool *value, const json_t *j, const char *key, const char *path)
{
    const json_t *v = json_object_get(j, key);

    if (!v || json_is_null(v))
        return 0;
    if (!json_is_boolean(v))
        return fail(FAIL_INPUT, "'%s': '%s' must be true, false or null", path, key);
    *value = json_is_true(v);
    return 0;
}

static int piece_id(const struct wordpiece_spec *s, const char *text)
{
    const json_t *id = json_object_get(s->vocab, text);

    return id ? (int)json_integer_value(id) : -1;
}

/* The id of a piece or of an added token; -1: there is none. */
static int token_id(const struct wordpiece_spec *s, const char *text)
{
    for (int i = 0; i < s->added.n; i++)
        if (strcmp(s->added.t[i].text, text) == 0)
            return s->added.t[i].id;
    return piece_id(s, text);
}

static int next_id(const struct wordpiece_spec *s)
{
    int n = (int)json_object_size(s->vocab), next = n;

    for (int i = 0; i < s->added.n; i++)
        if (s->added.t[i].id >= next)
            next = s->added.t[i].id + 1;
    return next;
}

int wordpiece_spec_add(struct wordpiece_spec *s, const struct added_token *t, const char *path)
{
    int has = token_id(s, t->text), id = has >= 0 ? has : next_id(s);

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

/* The text of a token that is a string, or an object with its text in "content"; NULL: neither. */
static const char *token_text(const json_t *v)
{
    return json_string_value(json_is_object(v) ? json_object_get(v, "content") : v);
}

/* Add the token V with the defaults of transformers' AddedToken. */
static int add_value(struct wordpiece_spec *s, const json_t *v, int id, bool special,
                     const char *path)
{
    struct added_token t = { .text = (char *)(uintptr_t)token_text(v), .id = id };
    bool flag = special;

    if (!t.text)
        return fail(FAIL_INPUT, "'%s': an added token must be a string or have a 'content'", path);
    if (wordpiece_get_bool(&flag, v, "special", path) != 0)
        return -1;
    t.special = special || flag;
    t.normalized = !t.special;
    if (wordpiece_get_bool(&t.normalized, v, "normalized", path) != 0 ||
        wordpiece_get_bool(&t.single_word, v, "single_word", path) != 0)
        return -1;
    return wordpiece_spec_add(s, &t, path);
}

/* The object that has KEY: transformers lets special_tokens_map.json win, but reads it only if
 * tokenizer_config.json has no added_tokens_decoder. */
static const json_t *find_setting(const struct configs *c, const char *key, const char **path)
{
    bool use_map = c->map && !json_object_get(c->config, "added_tokens_decoder");
    const json_t *v = use_map ? json_object_get(c->map, key) : NULL;

    *path = v ? c->map_path : c->config_path;
    return v ? v : json_object_get(c->config, key);
}

/* The names of the special tokens, unless tokenizer.json has set them. */
static int name_specials(struct wordpiece_spec *s, const struct configs *c)
{
    for (int i = 0; i < N_SPECIAL; i++) {
        const char *path, *text = specials[i].name;
        const json_t *v = find_setting(c, specials[i].key, &path);
        if (s->special[i])
            continue;
        if (v && !json_is_null(v) && !(text = token_text(v)))
            return fail(FAIL_INPUT, "'%s': '%s' must be a string or have a 'content'", path,
                        specials[i].key);
        if (v && json_is_null(v) && i == MASK)
            continue;
        s->special[i] = xstrdup(text);
    }
    return 0;
}

/* The tokens of an extra key as a new list, which the caller releases. */
static json_t *extra_tokens(const struct configs *c, const char *key, const char **path)
{
    const json_t *found = find_setting(c, key, path);
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
static bool is_special_name(const struct wordpiece_spec *s, const struct configs *c,
                            const char *text)
{
    bool found = false;
    const char *path;
    size_t i;
    json_t *v;

    for (int k = 0; k < N_SPECIAL; k++)
        found |= s->special[k] && strcmp(s->special[k], text) == 0;
    for (size_t k = 0; k < ARRAY_LEN(extra_keys); k++) {
        if (strcmp(extra_keys[k], "additional_special_tokens") == 0)
            continue;
        json_t *list = extra_tokens(c, extra_keys[k], &path);
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
static int add_numbered(struct wordpiece_spec *s, const struct configs *c, const json_t *object,
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
        bool special = is_special_name(s, c, all[i].text);
        if (all[i].flags) {
            rc = add_value(s, all[i].flags, all[i].id, special, path);
        } else {
            struct added_token t = { (char *)(uintptr_t)all[i].text, all[i].id, special, !special,
                                     false };
            rc = wordpiece_spec_add(s, &t, path);
        }
    }
    free(all);
    return rc;
}

static int add_extra(struct wordpiece_spec *s, const struct configs *c, const char *key)
{
    const char *path;
    json_t *list = extra_tokens(c, key, &path), *v;
    size_t i;
    int rc = 0;

    json_array_foreach(list, i, v) if (rc == 0) rc = add_value(s, v, -1, true, path);
    json_decref(list);
    return rc;
}

static int add_named(struct wordpiece_spec *s, const struct configs *c, int i)
{
    const char *path;

    s->special_id[i] = s->special[i] ? token_id(s, s->special[i]) : -1;
    if (s->special_id[i] < 0)
        return i == MASK ? 0
                         : fail(FAIL_INPUT, "'%s' has no %s among its %zu pieces", s->path,
                                s->special[i], json_object_size(s->vocab));
    const json_t *has = find_setting(c, specials[i].key, &path);
    json_t *name = json_string(s->special[i]);
    bool same = has && token_text(has) && strcmp(token_text(has), s->special[i]) == 0;
    int rc = add_value(s, same ? has : name, -1, true, path);
    json_decref(name);
    return rc;
}

/* The special tokens that are not there yet. Those with names that the model needs are pieces of
 * the vocabulary, so that the order among them does not matter. */
static int add_specials(struct wordpiece_spec *s, const struct configs *c)
{
    for (int i = 0; i < N_SPECIAL; i++)
        if (add_named(s, c, i) != 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(extra_keys); i++)
        if (add_extra(s, c, extra_keys[i]) != 0)
            return -1;
    return 0;
}

static int add_tokens(struct wordpiece_spec *s, const struct configs *c)
{
    const json_t *decoder = json_object_get(c->config, "added_tokens_decoder");

    if (decoder && !json_is_object(decoder))
        return fail(FAIL_INPUT, "'%s': 'added_tokens_decoder' must be an object", c->config_path);
    if (name_specials(s, c) != 0)
        return -1;
    if (decoder ? add_numbered(s, c, decoder, true, c->config_path)
                : add_numbered(s, c, c->added, false, c->added_path))
        return -1;
    return add_specials(s, c);
}

/* --- vocab.txt */

static bool is_utf8(const char *s, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const char *p = s, *end = s + size;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        if (c == 0 || (c == 0xFFFD && (p - at != 3 || memcmp(at, replacement, 3) != 0)))
            return false;
    }
    return true;
}

/* The end of a line without the white space at its end. */
static char *trimmed(char *p, char *stop)
{
    char *last = p;

    for (const char *q = p; q < stop;)
        if (!is_bert_space(utf8_next(&q, stop)))
            last = p + (q - p);
    return last;
}

/* The id of a piece is the number of its line; of equal lines the last one counts. */
static int read_lines(struct wordpiece_spec *s, char *p, char *end)
{
    int id;

    s->vocab = json_object();
    for (id = 0; p < end; id++) {
        char *stop = memchr(p, '\n', (size_t)(end - p)), *next = stop ? stop + 1 : end;
        char *last = trimmed(p, stop ? stop : end);
        if (id > MAX_ID)
            return fail(FAIL_INPUT, "'%s' has too many lines for a vocabulary", s->path);
        if (!is_utf8(p, (size_t)(last - p)))
            return fail(FAIL_INPUT, "'%s' line %d is not UTF-8 text", s->path, id + 1);
        *last = '\0';
        json_object_set_new(s->vocab, p, json_integer(id));
        p = next;
    }
    int repeated = id - (int)json_object_size(s->vocab);
    if (repeated)
        warn("'%s': %d of %d lines repeat%s a piece; of equal lines the last one counts", s->path,
             repeated, id, repeated == 1 ? "s" : "");
    return 0;
}

static int read_vocab(struct wordpiece_spec *s)
{
    struct file f = { 0 };

    if (file_map(&f, s->path) != 0)
        return -1;
    char *text = xalloc(f.size + 1, 1);
    size_t bom = f.size >= 3 && memcmp(f.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    int rc = file_copy_data(text, &f);
    if (rc == 0)
        rc = read_lines(s, text + bom, text + f.size);
    file_unmap(&f);
    free(text);
    return rc;
}

/* --- the folder */

static int read_optional(json_t **j, char **path, const char *dir, const char *name)
{
    *path = path_join(dir, name);
    *j = NULL;
    if (!file_exists(*path))
        return 0;
    *j = json_read(*path);
    return *j ? 0 : -1;
}

/* Without tokenizer.json, the class says how the text is split; BertJapaneseTokenizer, for one, has
 * a vocab.txt too. These do it as BertTokenizer does. */
static int check_class(const struct configs *c)
{
    static const char *const same[] = {
        "BertTokenizer",      "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
        "ConvBertTokenizer",  "LayoutLMTokenizer",   "LxmertTokenizer",  "SqueezeBertTokenizer",
        "RetriBertTokenizer", "PreTrainedTokenizer", "TokenizersBackend"
    };
    const char *name = json_string_value(json_object_get(c->config, "tokenizer_class"));

    for (size_t i = 0; name && i < ARRAY_LEN(same); i++) {
        size_t n = strlen(same[i]);
        if (strncmp(name, same[i], n) == 0 && (!name[n] || strcmp(name + n, "Fast") == 0))
            return 0;
    }
    if (!name)
        return 0;
    return fail(FAIL_INPUT,
                "'%s': tokenizer_class is '%s'; only tokenizers like BertTokenizer are "
                "supported",
                c->config_path, name);
}

static int read_normalizer(struct wordpiece_spec *s, const struct configs *c)
{
    if (check_class(c) != 0)
        return -1;
    s->clean = s->lower = s->cjk = true;
    s->prefix = xstrdup("##");
    s->max_chars = WORD_CHARS;
    if (wordpiece_get_bool(&s->lower, c->config, "do_lower_case", c->config_path) != 0)
        return -1;
    s->strip = s->lower;
    if (wordpiece_get_bool(&s->strip, c->config, "strip_accents", c->config_path) != 0)
        return -1;
    return wordpiece_get_bool(&s->cjk, c->config, "tokenize_chinese_chars", c->config_path);
}

/* Does tokenizer_config.json say the same as tokenizer.json about the text's normalization?
 * transformers follows the one, the tokenizers package the other. */
static int check_normalizer(const struct wordpiece_spec *s, const struct configs *c)
{
    const struct {
        const char *key;
        bool value;
    } set[] = { { "do_lower_case", s->lower },
                { "strip_accents", s->strip },
                { "tokenize_chinese_chars", s->cjk } };

    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        bool value = set[i].value;
        if (wordpiece_get_bool(&value, c->config, set[i].key, c->config_path) != 0)
            return -1;
        if (value != set[i].value)
            return fail(FAIL_INPUT, "'%s': %s is %s, but the normalizer in '%s' says %s",
                        c->config_path, set[i].key, value ? "true" : "false", s->path,
                        set[i].value ? "true" : "false");
    }
    return 0;
}

int wordpiece_spec_load(struct wordpiece_spec *s, const char *dir)
{
    char *json = path_join(dir, "tokenizer.json");
    struct configs c = { 0 };
    int rc = -1;

    *s = (struct wordpiece_spec){ 0 };
    s->path = file_exists(json) ? xstrdup(json) : path_join(dir, "vocab.txt");
    if (read_optional(&c.config, &c.config_path, dir, "tokenizer_config.json") != 0 ||
        read_optional(&c.map, &c.map_path, dir, "special_tokens_map.json") != 0 ||
        read_optional(&c.added, &c.added_path, dir, "added_tokens.json") != 0)
        goto out;
    if (strcmp(s->path, json) == 0)
        rc = wordpiece_spec_json(s, json) == 0 ? check_normalizer(s, &c) : -1;
    else
        rc = read_normalizer(s, &c) == 0 ? read_vocab(s) : -1;
    if (rc == 0)
        rc = add_tokens(s, &c);
out:
    json_decref(c.config);
    json_decref(c.map);
    json_decref(c.added);
    free(c.config_path);
    free(c.map_path);
    free(c.added_path);
    free(json);
    return rc;
}

void wordpiece_spec_free(struct wordpiece_spec *s)
{
    json_decref(s->vocab);
    free(s->prefix);
    free(s->path);
    for (int i = 0; i < N_SPECIAL; i++)
        free(s->special[i]);
    for (int i = 0; i < s->added.n; i++)
        free(s->added.t[i].text);
    free(s->added.t);
    *s = (struct wordpiece_spec){ 0 };
}
