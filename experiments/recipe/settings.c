/* settings.c - the keys and values of a recipe, from YAML files and from the command line. */
#include "experiments/recipe/settings.h"
#include "core/base/text.h"
#include "experiments/recipe/keys.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool same_key(const char *a, const char *b)
{
    for (; *a && (*a == '-' ? '_' : *a) == (*b == '-' ? '_' : *b); a++, b++)
        ;
    return *a == *b;
}

const struct setting *settings_get(const struct settings *v, const char *key)
{
    for (int i = 0; i < v->n; i++)
        if (same_key(v->s[i].key, key))
            return &v->s[i];
    return NULL;
}

static void setting_clear(struct setting *s)
{
    free(s->key);
    free(s->value);
    location_free(&s->location);
}

void settings_set(struct settings *v, const char *key, const char *value, struct location location)
{
    struct setting new = { xstrdup(key), xstrdup(value), location_copy(&location) };
    struct setting *old = (struct setting *)(uintptr_t)settings_get(v, key);

    for (char *p = new.key; *p; p++)
        *p = *p == '-' ? '_' : *p;
    if (old) {
        setting_clear(old);
        *old = new;
        return;
    }
    v->s = xgrow(v->s, (size_t)v->n + 1, sizeof *v->s);
    v->s[v->n++] = new;
}

void settings_copy(struct settings *dst, const struct settings *src)
{
    for (int i = 0; i < src->n; i++)
        settings_set(dst, src->s[i].key, src->s[i].value, src->s[i].location);
}

void settings_free(struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        setting_clear(&v->s[i]);
    free(v->s);
    *v = (struct settings){ 0 };
}

/* Is KEY one of the comma-separated KEYS? */
static bool is_among(const char *key, const char *keys)
{
    size_t n = strlen(key);

    for (const char *at = keys; *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, key, n) == 0 && (at[n] == ',' || !at[n]))
            return true;
    return false;
}

int settings_blame(const struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        if (is_among(v->s[i].key, fail_keys()) && v->s[i].location.kind != LOCATION_COMMAND_LINE)
            return location_context(&v->s[i].location);
    return -1;
}

/* May a word set this key? */
static int check_word_key(const struct settings *v, const char *key, const char *value)
{
    const struct setting *old = settings_get(v, key);
    char hint[SUGGEST_HINT];

    if (strcmp(key, "seeds") == 0)
        return fail(FAIL_USAGE, "'seeds' is a flag of 'plan' and 'sweep': --seeds %s", value);
    if (keys_is_study(key))
        return fail(FAIL_USAGE, "'%s' belongs in the study's file; words set what is under 'base'",
                    key);
    if (!keys_find(key))
        return fail(FAIL_USAGE, "unknown key '%s'%s", key, keys_hint(hint, key));
    if (old && old->location.kind == LOCATION_COMMAND_LINE)
        return fail(FAIL_USAGE, "'%s' is given twice: '%s' and '%s'", old->key, old->value, value);
    return 0;
}

char *settings_full_path(const char *key, const char *value)
{
    static const char *const paths[] = { "model", "task", "init_from", NULL };
    char *full = NULL;

    for (int i = 0; paths[i] && strpbrk(value, "/."); i++)
        if (same_key(key, paths[i]))
            full = realpath(value, NULL);
    return full ? full : xstrdup(value);
}

int settings_word(struct settings *v, const char *word)
{
    const char *eq = strchr(word, '=');

    if (!eq || eq == word)
        return fail(FAIL_USAGE, "'%s' is not key=value", word);
    char *key = xprintf("%.*s", (int)(eq - word), word);
    char *value = settings_full_path(key, eq + 1);
    int rc = check_word_key(v, key, value);
    if (rc == 0)
        settings_set(v, key, value, location_command_line);
    free(value);
    free(key);
    return rc;
}

int settings_config(struct settings *v, const char *json, struct location location)
{
    json_t *j = json_loads(json, 0, NULL), *value;
    const char *key;

    if (!json_is_object(j)) {
        json_decref(j);
        return fail(FAIL_STORE, "a configuration in the store is not JSON");
    }
    if ((value = json_object_get(j, TASK_FILE))) {
        json_object_set(j, "task", value);
        json_object_del(j, TASK_FILE);
    }
    json_object_foreach(j, key, value)
    {
        char *word = json_is_string(value) ? xstrdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        if (*word) /* "" stands for no value */
            settings_set(v, key, word, location);
        free(word);
    }
    json_decref(j);
    return 0;
}

/* rank_pattern and alpha_pattern, which may be mappings: {v: 16, 3.q: 2} is "v:16,3.q:2". */
static bool takes_pairs(const char *key)
{
    const char *end = strrchr(key, '_');

    return end && strcmp(end, "_pattern") == 0;
}

static char *pairs_value(const struct yaml_node *map, const char *key)
{
    struct text list = { 0 };

    for (int i = 0; i < yaml_count(map); i++) {
        const struct yaml_node *item = yaml_item(map, i);
        if (yaml_kind(item) != YAML_SCALAR || !*yaml_text(item)) {
            yaml_fail(item, "'%s' must have a number for '%s'", key, yaml_key(map, i));
            text_free(&list);
            return NULL;
        }
        text_join(&list, ",", "%s:%s", yaml_key(map, i), yaml_text(item));
    }
    return text_take(&list);
}

char *settings_value(const struct yaml_node *n, const char *key)
{
    struct text list = { 0 };

    if (yaml_kind(n) == YAML_SCALAR)
        return xstrdup(yaml_text(n));
    if (yaml_kind(n) == YAML_MAP && yaml_count(n) > 0 && takes_pairs(key))
        return pairs_value(n, key);
    if (yaml_kind(n) == YAML_MAP || yaml_count(n) == 0) {
        yaml_fail(n,
                  yaml_kind(n) == YAML_MAP
                      ? "'%s' must be a value or a list of words, not a mapping"
                      : "'%s' is an empty list",
                  key);
        return NULL;
    }
    for (int i = 0; i < yaml_count(n); i++) {
        const struct yaml_node *item = yaml_item(n, i);
        if (yaml_kind(item) != YAML_SCALAR || !*yaml_text(item)) {
            yaml_fail(item, "'%s' must be a list of words", key);
            text_free(&list);
            return NULL;
        }
        text_join(&list, ",", "%s", yaml_text(item));
    }
    return text_take(&list);
}

static int set_from_yaml(struct settings *v, const struct yaml_node *map, int i)
{
    const struct yaml_node *item = yaml_item(map, i);
    const char *key = yaml_key(map, i);
    char hint[SUGGEST_HINT];

    if (!keys_find(key))
        return yaml_fail_key(map, i, "unknown key '%s'%s", key, keys_hint(hint, key));
    char *value = settings_value(item, key);
    if (!value)
        return -1;
    settings_set(v, key, value, yaml_location(item));
    free(value);
    return 0;
}

int settings_yaml(struct settings *v, const struct yaml_node *map)
{
    if (yaml_kind(map) != YAML_MAP)
        return yaml_fail(map, "must be a mapping of keys and values");
    for (int i = 0; i < yaml_count(map); i++)
        if (set_from_yaml(v, map, i) != 0)
            return -1;
    return 0;
}

int settings_root(struct settings *v, const struct yaml_node *root)
{
    const struct yaml_node *base = yaml_get(root, "base");
    int rc = 0;

    if (base)
        rc = settings_yaml(v, base);
    for (int i = 0; i < yaml_count(root) && rc == 0; i++)
        if (!keys_is_study(yaml_key(root, i)))
            rc = base && keys_find(yaml_key(root, i))
                     ? yaml_fail_key(root, i, "'%s' belongs under 'base'", yaml_key(root, i))
                     : set_from_yaml(v, root, i);
    return rc;
}

int settings_file(struct settings *v, const char *path)
{
    struct yaml *y = yaml_load(path);
    int rc = y ? settings_root(v, yaml_root(y)) : -1;

    yaml_free(y);
    return rc;
}
