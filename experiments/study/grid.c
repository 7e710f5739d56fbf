/* grid.c - the axes, conditions, seeds and budget of a study file. */
#include "experiments/study/grid.h"
#include "experiments/recipe/keys.h"
#include "experiments/study/budget.h"
#include "experiments/study/conditions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void axis_add(struct axis *a, const char *value, struct location location)
{
    a->value = xgrow(a->value, (size_t)a->n + 1, sizeof *a->value);
    a->location = xgrow(a->location, (size_t)a->n + 1, sizeof *a->location);
    a->value[a->n] = xstrdup(value);
    a->location[a->n++] = location_copy(&location);
}

static void axis_clear(struct axis *a)
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

static void axes_free(struct axes *v)
{
    for (int i = 0; i < v->n; i++) {
        axis_clear(&v->a[i]);
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

static int axis_add_node(struct axis *a, const struct yaml_node *n)
{
    char *value = settings_value(n, a->key);

    if (!value)
        return -1;
    axis_add(a, value, yaml_location(n));
    free(value);
    return 0;
}

/* PAIRED: values may repeat. ONCE: every value must differ. CONDITION: values may repeat, and a
 * flat list for a key that takes lists is one value. */
enum manner { PAIRED, ONCE, CONDITION };

static int check_value_once(const struct axis *a, const struct yaml_node *n)
{
    for (int k = 0; k < a->n - 1; k++)
        if (keys_same_value(a->key, a->value[k], a->value[a->n - 1]))
            return yaml_fail(n, "the values of '%s' must differ, but '%s' and '%s' are the same",
                             a->key, a->value[k], a->value[a->n - 1]);
    return 0;
}

/* The values of one key. */
static int read_axis(struct axis *a, const struct yaml_node *map, int i, enum manner manner)
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
    if (yaml_kind(n) != YAML_SEQ || (manner == CONDITION && flat && takes_list(key)))
        return axis_add_node(a, n);
    if (yaml_count(n) == 0)
        return yaml_fail(n, "'%s' is an empty list", key);
    for (int k = 0; k < yaml_count(n); k++)
        if (axis_add_node(a, yaml_item(n, k)) != 0 ||
            (manner == ONCE && check_value_once(a, yaml_item(n, k)) != 0))
            return -1;
    return 0;
}

static int read_axes(struct axes *v, const struct yaml_node *map, const char *name,
                     enum manner manner)
{
    if (!map)
        return 0;
    if (yaml_kind(map) != YAML_MAP || yaml_count(map) == 0)
        return yaml_fail(map, "'%s' must be a mapping of keys to lists of values", name);
    v->a = xalloc((size_t)yaml_count(map), sizeof *v->a);
    for (int i = 0; i < yaml_count(map); i++) {
        v->n++;
        if (read_axis(&v->a[i], map, i, manner) != 0)
            return -1;
    }
    return 0;
}

static int read_conditions(struct axes **v, int *n, const struct yaml_node *seq, const char *name)
{
    if (!seq)
        return 0;
    if (yaml_kind(seq) != YAML_SEQ || yaml_count(seq) == 0)
        return yaml_fail(seq, "'%s' must be a list of mappings", name);
    *v = xalloc((size_t)yaml_count(seq), sizeof **v);
    for (int i = 0; i < yaml_count(seq); i++) {
        (*n)++;
        if (read_axes(&(*v)[i], yaml_item(seq, i), name, CONDITION) != 0)
            return -1;
    }
    return 0;
}

static int read_integer(long *x, const struct yaml_node *n, const char *key, double min)
{
    const struct opt o = { .key = key, .type = OPT_INT, .min = min, .max = OPT_MOST_INT };
    const char *text = yaml_text(n);

    if (!text)
        return yaml_fail(n, "'%s' must be a whole number", key);
    return opt_set(&o, x, text) == 0 ? 0 : yaml_fail(n, "%s", fail_text());
}

static int read_seeds(struct grid *g, const struct yaml_node *n)
{
    long count = 0;

    if (!n)
        return 0;
    if (yaml_kind(n) == YAML_SEQ && yaml_count(n) == 0)
        return yaml_fail(n, "'seeds' is an empty list");
    if (yaml_kind(n) == YAML_SEQ) {
        g->n_seeds = yaml_count(n);
        g->seeds = xalloc((size_t)g->n_seeds, sizeof *g->seeds);
        for (int i = 0; i < g->n_seeds; i++)
            if (read_integer(&g->seeds[i], yaml_item(n, i), "seeds", 0) != 0)
                return -1;
        return 0;
    }
    if (read_integer(&count, n, "seeds", 1) != 0)
        return -1;
    if (count > 1000000)
        return yaml_fail(n, "'seeds' must be at most 1000000, not %ld", count);
    g->n_seeds = (int)count;
    g->seeds = xalloc((size_t)count, sizeof *g->seeds);
    for (int i = 0; i < g->n_seeds; i++)
        g->seeds[i] = i + 1;
    return 0;
}

static int read_budget(struct grid *g, const struct yaml_node *n)
{
    if (!n)
        return 0;
    if (yaml_kind(n) != YAML_MAP || !yaml_get(n, "params"))
        return yaml_fail(n, "'budget' must be a mapping: {params: NUMBER}");
    for (int i = 0; i < yaml_count(n); i++)
        if (strcmp(yaml_key(n, i), "params") != 0)
            return yaml_fail_key(n, i, "unknown key '%s' of 'budget'; its only key is 'params'",
                                 yaml_key(n, i));
    const struct yaml_node *params = yaml_get(n, "params");
    struct location location = yaml_location(params);
    g->budget_location = location_copy(&location);
    return budget_parse(&g->budget, yaml_text(params) ? yaml_text(params) : "") == 0
               ? 0
               : yaml_fail(params, "%s", fail_text());
}

static int check_zip(const struct grid *g, const struct yaml_node *n)
{
    for (int i = 1; i < g->zip.n; i++)
        if (g->zip.a[i].n != g->zip.a[0].n)
            return yaml_fail_key(n, i, "'%s' has %d values, but '%s' has %d: 'zip' pairs them",
                                 g->zip.a[i].key, g->zip.a[i].n, g->zip.a[0].key, g->zip.a[0].n);
    return 0;
}

/* A key that is varied in two places would get its value from whichever comes last. */
static int check_axes(const struct grid *g)
{
    const struct axes *const all[] = { &g->product, &g->zip, &g->nuisance };

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < all[i]->n; k++) {
            const char *key = all[i]->a[k].key;
            const struct location *location = &all[i]->a[k].location[0];
            if (g->budget && strcmp(key, "rank") == 0)
                return location_fail(location,
                                     "'rank' follows from 'budget' and cannot be an axis as well");
            if (strcmp(key, "seed") == 0)
                return location_fail(location,
                                     "'seed' cannot be an axis; 'seeds' says which seeds");
            for (int j = 0; j < i; j++)
                for (int m = 0; m < all[j]->n; m++)
                    if (strcmp(all[j]->a[m].key, key) == 0)
                        return location_fail(location, "'%s' is varied in two places", key);
        }
    return 0;
}

static int read_when(struct grid *g, const struct yaml_node *seq)
{
    if (!seq)
        return 0;
    if (yaml_kind(seq) != YAML_SEQ || yaml_count(seq) == 0)
        return yaml_fail(seq, "'when' must be a list of {if: {...}, set: {...}}");
    g->when = xalloc((size_t)yaml_count(seq), sizeof *g->when);
    for (int i = 0; i < yaml_count(seq); i++) {
        const struct yaml_node *n = yaml_item(seq, i);
        struct when *w = &g->when[g->n_when++];
        if (yaml_kind(n) != YAML_MAP || yaml_count(n) != 2 || !yaml_get(n, "if") ||
            !yaml_get(n, "set"))
            return yaml_fail(n, "'when' must be a list of {if: {...}, set: {...}}");
        if (read_axes(&w->condition, yaml_get(n, "if"), "if", CONDITION) != 0 ||
            settings_yaml(&w->set, yaml_get(n, "set")) != 0)
            return -1;
    }
    return 0;
}

/* A key that varies, or that the budget determines, cannot be set as well. */
static int check_when(const struct grid *g)
{
    const struct axes *const all[] = { &g->product, &g->zip, &g->nuisance };

    for (int i = 0; i < g->n_when; i++) {
        const struct settings *set = &g->when[i].set;
        for (int k = 0; k < 3; k++)
            for (int m = 0; m < all[k]->n; m++) {
                const struct setting *s = settings_get(set, all[k]->a[m].key);
                if (s)
                    return location_fail(&s->location, "'%s' is varied and cannot be set as well",
                                         s->key);
            }
        const struct setting *seed = settings_get(set, "seed"), *rank = settings_get(set, "rank");
        if (seed)
            return location_fail(&seed->location, "'seed' cannot be set; 'seeds' says which seeds");
        if (rank && g->budget)
            return location_fail(&rank->location,
                                 "'rank' follows from 'budget' and cannot be set as well");
    }
    return 0;
}

static const struct yaml_node *part_of(const struct yaml_node *root, const struct yaml_node *over,
                                       const char *key)
{
    const struct yaml_node *n = over ? yaml_get(over, key) : NULL;

    return n ? n : yaml_get(root, key);
}

static int read_form(struct form *f, const struct yaml_node *root, const struct yaml_node *over)
{
    const struct yaml_node *base = over ? yaml_get(over, "base") : NULL;

    return (base && settings_yaml(&f->base, base) != 0) ||
                   read_axes(&f->product, part_of(root, over, "axes"), "axes", ONCE) != 0 ||
                   read_axes(&f->zip, part_of(root, over, "zip"), "zip", PAIRED) != 0 ||
                   read_axes(&f->nuisance, part_of(root, over, "nuisance"), "nuisance", ONCE) != 0
               ? -1
               : 0;
}

static void form_free(struct form *f)
{
    settings_free(&f->base);
    axes_free(&f->product);
    axes_free(&f->zip);
    axes_free(&f->nuisance);
}

int grid_read(struct grid *g, const struct settings *base, const struct yaml_node *root,
              const struct yaml_node *over)
{
    const struct yaml_node *full = yaml_get(root, "full");
    const struct yaml_node *zip = part_of(root, over, "zip");

    if (read_axes(&g->product, part_of(root, over, "axes"), "axes", ONCE) != 0 ||
        read_axes(&g->zip, zip, "zip", PAIRED) != 0 ||
        read_axes(&g->nuisance, part_of(root, over, "nuisance"), "nuisance", ONCE) != 0 ||
        read_conditions(&g->exclude, &g->n_exclude, part_of(root, over, "exclude"), "exclude") !=
            0 ||
        read_conditions(&g->only, &g->n_only, part_of(root, over, "only"), "only") != 0 ||
        read_when(g, part_of(root, over, "when")) != 0 ||
        read_seeds(g, part_of(root, over, "seeds")) != 0 ||
        read_budget(g, part_of(root, over, "budget")) != 0 || check_zip(g, zip) != 0 ||
        check_when(g) != 0 || check_axes(g) != 0)
        return -1;
    g->n_forms = full ? 2 : 1;
    for (int i = 0; i < g->n_forms; i++)
        if (read_form(&g->form[i], root, i ? full : NULL) != 0)
            return -1;
    return conditions_check(g, base);
}

void grid_free(struct grid *g)
{
    form_free(&g->form[0]);
    form_free(&g->form[1]);
    axes_free(&g->product);
    axes_free(&g->zip);
    axes_free(&g->nuisance);
    for (int i = 0; i < g->n_exclude; i++)
        axes_free(&g->exclude[i]);
    for (int i = 0; i < g->n_only; i++)
        axes_free(&g->only[i]);
    for (int i = 0; i < g->n_when; i++) {
        axes_free(&g->when[i].condition);
        settings_free(&g->when[i].set);
    }
    free(g->when);
    free(g->exclude);
    free(g->only);
    free(g->seeds);
    location_free(&g->budget_location);
    *g = (struct grid){ 0 };
}

bool grid_override(struct grid *g, const struct setting *s)
{
    struct axes *const all[] = { &g->product, &g->zip, &g->nuisance };

    if (strcmp(s->key, "seed") == 0) {
        g->seeds = xgrow(g->seeds, 1, sizeof *g->seeds);
        g->n_seeds = 1;
        g->seeds[0] = strtol(s->value, NULL, 10); /* recipe_parse checks it */
        return true;
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < all[i]->n; k++) {
            struct axis *a = &all[i]->a[k];
            if (strcmp(a->key, s->key) != 0)
                continue;
            int n = all[i] == &g->zip ? a->n : 1;
            axis_clear(a);
            for (int j = 0; j < n; j++)
                axis_add(a, s->value, s->location);
            return true;
        }
    return false;
}

/* Numbers as numbers, so that queries can compare them. */
static json_t *value_json(const char *text)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || *end || !isfinite(x))
        return json_string(text);
    return x == floor(x) && fabs(x) < 1e15 && !strpbrk(text, ".eE") ? json_integer((json_int_t)x)
                                                                    : json_real(x);
}

static json_t *axes_json(const struct axes *v)
{
    json_t *j = json_object();

    for (int i = 0; i < v->n; i++) {
        json_t *list = json_array();
        for (int k = 0; k < v->a[i].n; k++)
            json_array_append_new(list, value_json(v->a[i].value[k]));
        json_object_set_new(j, v->a[i].key, list);
    }
    return j;
}

json_t *grid_json(const struct grid *g)
{
    json_t *seeds = json_array();

    for (int i = 0; i < g->n_seeds; i++)
        json_array_append_new(seeds, json_integer(g->seeds[i]));
    json_t *j = json_pack("{s:o, s:o, s:o, s:o}", "axes", axes_json(&g->product), "zip",
                          axes_json(&g->zip), "nuisance", axes_json(&g->nuisance), "seeds", seeds);
    if (g->budget)
        json_object_set_new(j, "budget", json_integer(g->budget));
    return j;
}
