/* settings.c - the keys and values of a recipe, from YAML files and from the command line. */
#include "experiments/recipe/settings.h"
#include "core/base/text.h"
#include "experiments/recipe/keys.h"

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
    free(s->where);
}

void settings_set(struct settings *v, const char *key, const char *value, const char *where)
{
    struct setting new = { xstrdup(key), xstrdup(value), xstrdup(where) };
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
        settings_set(dst, src->s[i].key, src->s[i].value, src->s[i].where);
}

void settings_free(struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        setting_clear(&v->s[i]);
    free(v->s);
    *v = (struct settings){ 0 };
}

int settings_word(struct settings *v, const char *word)
{
    const char *eq = strchr(word, '=');

    if (!eq || eq == word)
        return fail(FAIL_USAGE, "'%s' is not key=value", word);
    char *key = xprintf("%.*s", (int)(eq - word), word);
    const char *near = keys_find(key) ? NULL : keys_nearest(key);
    const struct setting *old = settings_get(v, key);
    int rc = 0;
    if (strcmp(key, "seeds") == 0)
        rc = fail(FAIL_USAGE, "'seeds' is a flag of 'plan' and 'sweep': --seeds %s", eq + 1);
    else if (keys_is_study(key))
        rc = fail(FAIL_USAGE, "'%s' belongs into the study's file; words set what is under 'base'",
                  key);
    else if (near)
        rc = fail(FAIL_USAGE, "unknown key '%s'; did you mean '%s'?", key, near);
    else if (!keys_find(key))
        rc = fail(FAIL_USAGE, "unknown key '%s'; 'lowrank run --help' lists the keys", key);
    else if (old && strcmp(old->where, "command line") == 0)
        rc = fail(FAIL_USAGE, "'%s' is given twice: '%s' and '%s'", old->key, old->value, eq + 1);
    else
        settings_set(v, key, eq + 1, "command line");
    free(key);
    return rc;
}

/* The tree tells where a node stands only in an error, so an error without text is what is cut up.
 */
char *settings_place(const struct yaml_node *n)
{
    yaml_fail(n, "!");
    size_t len = strlen(fail_text());

    return xprintf("%.*s", len > 3 ? (int)len - 3 : 0, fail_text());
}

char *settings_value(const struct yaml_node *n, const char *key)
{
    char *text = NULL;

    if (yaml_kind(n) == YAML_SCALAR)
        return xstrdup(yaml_text(n));
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
            free(text);
            return NULL;
        }
        char *longer = xprintf("%s%s%s", text ? text : "", text ? "," : "", yaml_text(item));
        free(text);
        text = longer;
    }
    return text;
}

static int unknown_key(const struct yaml_node *map, int i)
{
    const char *key = yaml_key(map, i), *near = keys_nearest(key);

    if (near)
        return yaml_fail_key(map, i, "unknown key '%s'; did you mean '%s'?", key, near);
    return yaml_fail_key(map, i, "unknown key '%s'; 'lowrank run --help' lists the keys", key);
}

static int take(struct settings *v, const struct yaml_node *map, int i)
{
    const char *key = yaml_key(map, i);

    if (!keys_find(key))
        return unknown_key(map, i);
    char *value = settings_value(yaml_item(map, i), key);
    if (!value)
        return -1;
    char *where = settings_place(yaml_item(map, i));
    settings_set(v, key, value, where);
    free(where);
    free(value);
    return 0;
}

int settings_yaml(struct settings *v, const struct yaml_node *map)
{
    if (yaml_kind(map) != YAML_MAP)
        return yaml_fail(map, "must be a mapping of keys and values");
    for (int i = 0; i < yaml_count(map); i++)
        if (take(v, map, i) != 0)
            return -1;
    return 0;
}

int settings_file(struct settings *v, const char *path)
{
    struct yaml *y = yaml_load(path);
    int rc = 0;

    if (!y)
        return -1;
    const struct yaml_node *root = yaml_root(y), *base = yaml_get(root, "base");
    if (base)
        rc = settings_yaml(v, base);
    for (int i = 0; i < yaml_count(root) && rc == 0; i++)
        if (!keys_is_study(yaml_key(root, i)))
            rc = base && keys_find(yaml_key(root, i))
                     ? yaml_fail_key(root, i, "'%s' belongs under 'base'", yaml_key(root, i))
                     : take(v, root, i);
    yaml_free(y);
    return rc;
}
