/* conditions.c - the conditions of a study file name values that its runs have. */
#include "experiments/study/conditions.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
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

/* The values that runs of one form of the study have for a key; NULL: it does not vary. */
static const struct axis *varied(const struct form *f, const char *key)
{
    const struct axes *const all[] = { &f->product, &f->zip, &f->nuisance };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (axis_of(all[i], key))
            return axis_of(all[i], key);
    return NULL;
}

static const char *fixed(const struct form *f, const struct settings *base, const char *key)
{
    const struct setting *s = settings_get(&f->base, key);
    const struct opt *o = keys_find(key);

    s = s ? s : settings_get(base, key);
    return s ? s->value : o && o->def ? o->def : "";
}

static bool knows(const struct grid *g, const struct settings *base, const char *key,
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
        if (!a && keys_same_value(key, fixed(&g->form[i], base, key), value))
            return true;
    }
    return false;
}

static int unknown_value(const struct grid *g, const struct axis *a, int at)
{
    const char *words[256] = { 0 };
    char *list = xstrdup("");
    int n = 0;

    for (int i = 0; i < g->n_forms; i++) {
        const struct axis *v = varied(&g->form[i], a->key);
        for (int k = 0; v && k < v->n && n < 255; k++) {
            bool again = false;
            for (int j = 0; j < n; j++)
                again |= strcmp(words[j], v->value[k]) == 0;
            if (again)
                continue;
            char *more = xprintf("%s%s%s", list, n ? "; " : "", v->value[k]);
            free(list);
            list = more;
            words[n++] = v->value[k];
        }
    }
    const char *near =
        keys_find(a->key)->type == OPT_STR ? suggest_word(a->value[at], words) : NULL;
    fail(FAIL_USAGE, "%s: no run of this study has '%s' as '%s'%s%s%s", a->where[at], a->key,
         a->value[at], near ? "; did you mean '" : "; it varies over: ", near ? near : list,
         near ? "'?" : "");
    free(list);
    return -1;
}

/* What the file does not vary, words of the command line may still set. */
static int check_condition(const struct grid *g, const struct settings *base,
                           const struct axes *condition)
{
    for (int i = 0; i < condition->n; i++) {
        const struct axis *a = &condition->a[i];
        bool varies = false;
        for (int k = 0; k < g->n_forms; k++)
            varies |= varied(&g->form[k], a->key) != NULL;
        for (int k = 0; k < a->n; k++) {
            if (varies && !knows(g, base, a->key, a->value[k]))
                return unknown_value(g, a, k);
            if (strcmp(a->key, "method") == 0 && !adapt_find(a->value[k]))
                return recipe_unknown_method(a->where[k], a->value[k]);
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
