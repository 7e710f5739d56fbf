/* axes.c - keys and their values in a study file. */
#include "experiments/study/axes.h"
#include "experiments/recipe/keys.h"
#include "experiments/recipe/settings.h"

#include <stdlib.h>
#include <string.h>

void axes_add_value(struct axis *a, const char *value, struct location location)
{
    a->value = xgrow(a->value, (size_t)a->n + 1, sizeof *a->value);
    a->location = xgrow(a->location, (size_t)a->n + 1, sizeof *a->location);
    a->value[a->n] = xstrdup(value);
    a->location[a->n++] = location_copy(&location);
}

void axes_clear_values(struct axis *a)
{
    for (int i = 0; i < a->n; i++) {
        free(a->value[i]);
        location_free(&a->location[i]);
    }
    free(a->value);
    free(a->location);
    a->value = NULL;
    a->location = NULL;
    a->n = 0;
}

void axes_free(struct axes *v)
{
    for (int i = 0; i < v->n; i++) {
        axes_clear_values(&v->a[i]);
        free(v->a[i].key);
    }
    free(v->a);
    *v = (struct axes){ 0 };
}

static bool takes_list(const char *key)
{
    const struct opt *o = keys_find(key);

    return o && o->type == OPT_LIST;
}

static int add_node(struct axis *a, const struct yaml_node *n)
{
    char *value = settings_value(n, a->key);

    if (!value)
        return -1;
    axes_add_value(a, value, yaml_location(n));
    free(value);
    return 0;
}

static int check_value_once(const struct axis *a, const struct yaml_node *n)
{
    for (int k = 0; k < a->n - 1; k++)
        if (keys_same_value(a->key, a->value[k], a->value[a->n - 1]))
            return yaml_fail(n, "the values of '%s' must differ, but '%s' and '%s' are the same",
                             a->key, a->value[k], a->value[a->n - 1]);
    return 0;
}

int axes_read_key(struct axis *a, const struct yaml_node *map, int i, enum axes_manner manner)
{
    const struct yaml_node *n = yaml_item(map, i);
    const char *key = yaml_key(map, i);
    char hint[SUGGEST_HINT];

    if (!keys_find(key))
        return yaml_fail_key(map, i, "unknown key '%s'%s", key, keys_hint(hint, key));
    a->key = xstrdup(key);
    for (char *p = a->key; *p; p++)
        *p = *p == '-' ? '_' : *p;
    bool flat =
        yaml_kind(n) == YAML_SEQ && yaml_count(n) > 0 && yaml_kind(yaml_item(n, 0)) == YAML_SCALAR;
    if (yaml_kind(n) != YAML_SEQ || (manner == AXES_CONDITION && flat && takes_list(key)))
        return add_node(a, n);
    if (yaml_count(n) == 0)
        return yaml_fail(n, "'%s' is an empty list", key);
    for (int k = 0; k < yaml_count(n); k++)
        if (add_node(a, yaml_item(n, k)) != 0 ||
            (manner == AXES_ONCE && check_value_once(a, yaml_item(n, k)) != 0))
            return -1;
    return 0;
}

int axes_word(struct axis *a, const char *key, const char *text, struct location location)
{
    const char *separator = takes_list(key) || strchr(text, ';') ? ";" : ",";

    *a = (struct axis){ .key = xstrdup(key) };
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, separator);
        char *word = xprintf("%.*s", (int)n, p), *value = settings_full_path(key, word);
        bool empty = !*value && (a->n > 0 || p[n]), twice = false;
        for (int i = 0; i < a->n; i++)
            twice |= keys_same_value(key, a->value[i], value);
        if (!empty && !twice)
            axes_add_value(a, value, location);
        int rc = empty   ? fail(FAIL_USAGE, "'%s=%s' has an empty value", key, text)
                 : twice ? fail(FAIL_USAGE, "'%s=%s' has the value '%s' twice", key, text, value)
                         : 0;
        free(word);
        free(value);
        p += n;
        if (rc != 0 || !*p)
            return rc;
    }
}

int axes_read(struct axes *v, const struct yaml_node *map, const char *name,
              enum axes_manner manner)
{
    if (!map)
        return 0;
    if (yaml_kind(map) != YAML_MAP || yaml_count(map) == 0)
        return yaml_fail(map, "'%s' must be a mapping of keys to lists of values", name);
    v->a = xalloc((size_t)yaml_count(map), sizeof *v->a);
    for (int i = 0; i < yaml_count(map); i++) {
        v->n++;
        if (axes_read_key(&v->a[i], map, i, manner) != 0)
            return -1;
    }
    return 0;
}
