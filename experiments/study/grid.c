/* grid.c - the axes, conditions, seeds and budget of a study file. */
#include "experiments/study/grid.h"
#include "experiments/recipe/keys.h"
#include "experiments/study/budget.h"
#include "experiments/study/conditions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int read_conditions(struct axes **v, int *n, const struct yaml_node *seq, const char *name)
{
    if (!seq)
        return 0;
    if (yaml_kind(seq) != YAML_SEQ || yaml_count(seq) == 0)
        return yaml_fail(seq, "'%s' must be a list of mappings", name);
    *v = xalloc((size_t)yaml_count(seq), sizeof **v);
    for (int i = 0; i < yaml_count(seq); i++) {
        (*n)++;
        if (axes_read(&(*v)[i], yaml_item(seq, i), name, AXES_CONDITION) != 0)
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
    const struct axes *const all[] = { &g->product, &g->zip, &g->nuisance, &g->search.axes };

    if (g->nuisance.n && g->search.axes.n)
        return location_fail(&g->search.axes.a[0].location[0],
                             "a study has 'nuisance' or 'search', not both");
    for (int i = 0; i < 4; i++)
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
        if (axes_read(&w->condition, yaml_get(n, "if"), "if", AXES_CONDITION) != 0 ||
            settings_yaml(&w->set, yaml_get(n, "set")) != 0)
            return -1;
    }
    return 0;
}

/* A key that varies, or that the budget determines, cannot be set as well. */
static int check_when(const struct grid *g)
{
    const struct axes *const all[] = { &g->product, &g->zip, &g->nuisance, &g->search.axes };

    for (int i = 0; i < g->n_when; i++) {
        const struct settings *set = &g->when[i].set;
        for (int k = 0; k < 4; k++)
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
                   axes_read(&f->product, part_of(root, over, "axes"), "axes", AXES_ONCE) != 0 ||
                   axes_read(&f->zip, part_of(root, over, "zip"), "zip", AXES_PAIRED) != 0 ||
                   axes_read(&f->nuisance, part_of(root, over, "nuisance"), "nuisance",
                             AXES_ONCE) != 0 ||
                   search_read(&f->search, part_of(root, over, "search")) != 0
               ? -1
               : 0;
}

static void form_free(struct form *f)
{
    settings_free(&f->base);
    axes_free(&f->product);
    axes_free(&f->zip);
    axes_free(&f->nuisance);
    search_free(&f->search);
}

int grid_read(struct grid *g, const struct settings *base, const struct yaml_node *root,
              const struct yaml_node *over)
{
    const struct yaml_node *full = yaml_get(root, "full");
    const struct yaml_node *zip = part_of(root, over, "zip");

    if (axes_read(&g->product, part_of(root, over, "axes"), "axes", AXES_ONCE) != 0 ||
        axes_read(&g->zip, zip, "zip", AXES_PAIRED) != 0 ||
        axes_read(&g->nuisance, part_of(root, over, "nuisance"), "nuisance", AXES_ONCE) != 0 ||
        search_read(&g->search, part_of(root, over, "search")) != 0 ||
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
    search_free(&g->search);
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

static void override_seeds(struct grid *g, const struct axis *v)
{
    g->seeds = xgrow(g->seeds, (size_t)v->n, sizeof *g->seeds);
    g->n_seeds = v->n;
    for (int i = 0; i < v->n; i++)
        g->seeds[i] = strtol(v->value[i], NULL, 10); /* recipe_parse checks it */
}

static void copy_values(struct axis *to, const struct axis *v, int times)
{
    axes_clear_values(to);
    for (int k = 0; k < times; k++)
        for (int i = 0; i < v->n; i++)
            axes_add_value(to, v->value[i], v->location[i]);
}

int grid_override(struct grid *g, const struct axis *v)
{
    struct axes *const all[] = { &g->product, &g->zip, &g->nuisance };

    if (strcmp(v->key, "seed") == 0) {
        override_seeds(g, v);
        return 0;
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < all[i]->n; k++) {
            struct axis *a = &all[i]->a[k];
            if (strcmp(a->key, v->key) != 0)
                continue;
            bool pairs = all[i] == &g->zip;
            if (pairs && v->n > 1 && v->n != a->n)
                return fail(FAIL_USAGE, "'%s' has %d values in pairs, not %d", v->key, a->n, v->n);
            copy_values(a, v, pairs && v->n == 1 ? a->n : 1);
            return 0;
        }
    search_drop(&g->search, v->key);
    if (v->n > 1) {
        struct axes *p = &g->product;
        p->a = xgrow(p->a, (size_t)p->n + 1, sizeof *p->a);
        p->a[p->n] = (struct axis){ .key = xstrdup(v->key) };
        copy_values(&p->a[p->n++], v, 1);
    }
    return 0;
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
    if (g->search.axes.n) {
        json_t *tuning =
            json_pack("{s:i, s:i, s:i, s:i}", "trials", g->search.axes.a[0].n, "seeds",
                      g->search.n_seeds, "halving", g->search.halving, "extend", g->search.extend);
        json_object_set_new(j, "search", axes_json(&g->search.axes));
        json_object_set_new(j, "tuning", tuning);
    }
    if (g->budget)
        json_object_set_new(j, "budget", json_integer(g->budget));
    return j;
}
