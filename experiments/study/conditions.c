/* conditions.c - the conditions of a study file may only name values that its runs have. */
#include "experiments/study/conditions.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "experiments/recipe/keys.h"

#include <stdlib.h>
#include <string.h>

static const struct axis *axis_of(const struct axes *v, const char *key)
{
    for (int i = 0; i < v->n; i++)
        if (strcmp(v->a[i].key, key) == 0)
            return &v->a[i];
    return NULL;
}

/* The axis of a key in one form of the study; NULL: the key does not vary. */
static const struct axis *varied(const struct form *f, const char *key)
{
    const struct axes *const all[] = { &f->product, &f->zip, &f->nuisance, &f->search.axes };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (axis_of(all[i], key))
            return axis_of(all[i], key);
    return NULL;
}

static const char *fixed_value(const struct form *f, const struct settings *base, const char *key)
{
    const struct setting *s = settings_get(&f->base, key);
    const struct opt *o = keys_find(key);

    s = s ? s : settings_get(base, key);
    return s ? s->value : o && o->def ? o->def : "";
}

/* Does some run have this value? */
static bool has_value(const struct grid *g, const struct settings *base, const char *key,
                      const char *value)
{
    for (int i = 0; i < g->n_when; i++) {
        const struct setting *s = settings_get(&g->when[i].set, key);
        if (s && keys_same_value(key, s->value, value))
            return true;
    }
    for (int i = 0; i < g->n_forms; i++) {
        const struct axis *a = varied(&g->form[i], key);
        for (int k = 0; a && k < a->n; k++)
            if (keys_same_value(key, a->value[k], value))
                return true;
        if (!a && keys_same_value(key, fixed_value(&g->form[i], base, key), value))
            return true;
    }
    return false;
}

enum { MOST_VALUES = 256 };

/* The different values that the forms of the study have for KEY, NULL-terminated. */
static void values_of(const char *value[MOST_VALUES], const struct grid *g, const char *key)
{
    int n = 0;

    for (int i = 0; i < g->n_forms; i++) {
        const struct axis *a = varied(&g->form[i], key);
        for (int k = 0; a && k < a->n && n < MOST_VALUES - 1; k++) {
            bool again = false;
            for (int j = 0; j < n; j++)
                again |= strcmp(value[j], a->value[k]) == 0;
            if (!again)
                value[n++] = a->value[k];
        }
    }
    value[n] = NULL;
}

/* Values may contain commas, so they are separated by semicolons. */
static int unknown_value(const struct grid *g, const struct axis *a, int at)
{
    const char *value[MOST_VALUES], *none[] = { NULL };
    bool is_text = keys_find(a->key)->type == OPT_STR;
    struct text list = { 0 };
    char hint[SUGGEST_HINT];

    values_of(value, g, a->key);
    for (int i = 0; value[i]; i++)
        text_add(&list, "%s%s", i ? "; " : "its values are: ", value[i]);
    suggest_hint(hint, a->value[at], is_text ? value : none, text_string(&list));
    text_free(&list);
    return location_fail(&a->location[at], "no run of this study has '%s' as '%s'%s", a->key,
                         a->value[at], hint);
}

/* Values of a key that the file does not vary are accepted: words on the command line may set
 * them. */
static int check_condition(const struct grid *g, const struct settings *base,
                           const struct axes *condition)
{
    for (int i = 0; i < condition->n; i++) {
        const struct axis *a = &condition->a[i];
        bool varies = false;
        for (int k = 0; k < g->n_forms; k++)
            varies |= varied(&g->form[k], a->key) != NULL;
        for (int k = 0; k < a->n; k++) {
            if (varies && !has_value(g, base, a->key, a->value[k]))
                return unknown_value(g, a, k);
            if (strcmp(a->key, "method") == 0 && !adapt_find(a->value[k]))
                return recipe_unknown_method(&a->location[k], a->value[k]);
        }
    }
    return 0;
}

int conditions_check(const struct grid *g, const struct settings *base)
{
    int rc = 0;

    for (int i = 0; i < g->n_exclude && rc == 0; i++)
        rc = check_condition(g, base, &g->exclude[i]);
    for (int i = 0; i < g->n_only && rc == 0; i++)
        rc = check_condition(g, base, &g->only[i]);
    for (int i = 0; i < g->n_when && rc == 0; i++)
        rc = check_condition(g, base, &g->when[i].condition);
    return rc;
}
