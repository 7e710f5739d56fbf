/* study.c - a study file, read and expanded to its runs. */
#include "experiments/study/study.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/assets/hash.h"
#include "experiments/recipe/keys.h"
#include "experiments/study/arms.h"
#include "experiments/study/grid_expand.h"
#include "experiments/study/shown.h"
#include "results/store/store.h"
#include "results/store/study_name.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NOTES = 3 };

static int check_keys(const struct yaml_node *root)
{
    bool has_base = yaml_get(root, "base") != NULL;
    char hint[SUGGEST_HINT];

    for (int i = 0; i < yaml_count(root); i++) {
        const char *key = yaml_key(root, i);
        if (keys_is_study(key) || (keys_find(key) && !has_base))
            continue;
        if (keys_find(key))
            return yaml_fail_key(root, i, "'%s' belongs under 'base'", key);
        if (suggest_word(key, keys_of_study))
            suggest_hint(hint, key, keys_of_study, NULL);
        else
            keys_hint(hint, key);
        return yaml_fail_key(root, i, "unknown key '%s'%s", key, hint);
    }
    return 0;
}

static int unknown_metric(const struct yaml_node *n, const char *name)
{
    const char *names[64] = { "loss", "own" };
    char hint[SUGGEST_HINT];

    for (int i = 0; metric_table[i] && i < 61; i++)
        names[i + 2] = metric_table[i]->name;
    return yaml_fail(n, "unknown metric '%s'%s", name,
                     suggest_hint(hint, name, names, "'lowrank list metrics' lists them"));
}

static void set_string(json_t *spec, const char *key, const char *text)
{
    if (text)
        json_object_set_new(spec, key, json_string(text));
}

static const char *const kinds[] = { "best ", "last ", "chosen ", NULL };

/* "best accuracy", "last f1", "chosen own", or just a metric, which waits for name_metric; "own" is
 * each task's own. */
static int read_metric(struct study *s, const struct yaml_node *root)
{
    const struct yaml_node *n = yaml_get(root, "metric");
    const char *text = n ? yaml_text(n) : "accuracy", *name = text;

    if (!text)
        return yaml_fail(n, "'metric' must be a word such as 'accuracy' or 'last accuracy'");
    for (int i = 0; kinds[i]; i++)
        if (strncmp(text, kinds[i], strlen(kinds[i])) == 0)
            name = text + strlen(kinds[i]);
    if (!metric_find(name) && !task_texts_is_metric(name) && strcmp(name, "loss") != 0 &&
        strcmp(name, "own") != 0)
        return unknown_metric(n, name);
    s->metric = xstrdup(text);
    return 0;
}

/* A metric alone is that of the chosen evaluation where another split chooses than the one that is
 * reported, and else that of the best. */
static void name_metric(struct study *s)
{
    bool apart = false;

    if (strchr(s->metric, ' '))
        return;
    for (int i = 0; i < s->n_runs; i++)
        apart |= train_apart(&s->runs[i].recipe.train);
    char *metric = xprintf("%s %s", apart ? "chosen" : "best", s->metric);
    free(s->metric);
    s->metric = metric;
    set_string(s->spec, "metric", metric);
}

/* A string that may be absent, but not empty. */
static int read_string(char **dst, const struct yaml_node *root, const char *key)
{
    const struct yaml_node *n = yaml_get(root, key);
    const char *text = n ? yaml_text(n) : NULL;

    if (n && (!text || !*text))
        return yaml_fail(n, "'%s' must be a string that is not empty", key);
    *dst = text ? xstrdup(text) : NULL;
    return 0;
}

static int check_name(const struct study *s)
{
    const char *fault = study_name_fault(s->name);

    return fault ? fail(FAIL_USAGE, "%s: 'study' is '%s', which cannot be the name of a study: %s",
                        s->path, s->name, fault)
                 : 0;
}

/* Is there a file DIR/NAME.yaml, another one than PATH, with a study of this name? */
static bool another_file(const char *dir, const char *name, const char *path)
{
    char *other = xprintf("%s%s%s.yaml", dir, *dir ? "/" : "", name);
    char *a = realpath(other, NULL), *b = realpath(path, NULL);
    bool another = a && (!b || strcmp(a, b) != 0);
    struct yaml *y = another ? yaml_load(a) : NULL;

    another = y && strcmp(yaml_str(yaml_root(y), "study", ""), name) == 0;
    yaml_free(y);
    free(b);
    free(a);
    free(other);
    return another;
}

/* A file without a name, or one that is a copy of the study that it names, has the name of the
 * file. */
static void name_copy(struct study *s)
{
    char *stem = find_stem(s->path), *own = share_path("ablations");
    const char *slash = strrchr(s->path, '/');
    char *dir = xprintf("%.*s", slash ? (int)(slash - s->path) : 1, slash ? s->path : ".");

    if (s->name && strcmp(s->name, stem) != 0 &&
        (another_file(dir, s->name, s->path) || another_file(own, s->name, s->path))) {
        note("'%s' is a copy of the study '%s' and is called '%s' after its file", s->path, s->name,
             stem);
        free(s->name);
        s->name = NULL;
    }
    if (!s->name)
        s->name = xstrdup(stem);
    free(dir);
    free(own);
    free(stem);
}

static int read_head(struct study *s, const struct yaml_node *root)
{
    if (check_keys(root) != 0 || read_metric(s, root) != 0)
        return -1;
    if (read_string(&s->name, root, "study") != 0 || read_string(&s->title, root, "title") != 0 ||
        read_string(&s->source, root, "source") != 0)
        return -1;
    s->shown = json_object();
    if (shown_read(s->shown, root) != 0)
        return -1;
    name_copy(s);
    if (check_name(s) != 0)
        return -1;
    return settings_root(&s->base, root);
}

static json_t *words_json(const struct settings *words)
{
    json_t *list = json_array();

    for (int i = 0; words && i < words->n; i++) {
        char *word = xprintf("%s=%s", words->s[i].key, words->s[i].value);
        json_array_append_new(list, json_string(word));
        free(word);
    }
    return list;
}

/* How to run the study again, for the report. recipe: its name, or its path where the name alone
 * would not find it. words: those of 'lowrank sweep'. run_words and the values of the keys in
 * varied: those of 'lowrank run', which takes neither the longer form nor conditions from a
 * study. */
static void set_asked(struct study *s, const struct grid *g, const struct settings *words,
                      enum profile profile)
{
    char *name = find_stem(s->path), *found = find_recipe(name);
    json_t *varied = json_array();

    for (char **key = s->axis; *key; key++)
        json_array_append_new(varied, json_string(*key));
    for (int i = 0; i < g->n_when; i++)
        for (int k = 0; k < g->when[i].set.n; k++)
            json_array_append_new(varied, json_string(g->when[i].set.s[k].key));
    set_string(s->spec, "recipe", found && strcmp(found, s->path) == 0 ? name : s->path);
    set_string(s->spec, "profile", profile == PROFILE_FULL ? "full" : NULL);
    json_object_set_new(s->spec, "words", words_json(words));
    json_object_set_new(s->spec, "run_words",
                        words_json(profile == PROFILE_FULL ? &s->base : words));
    json_object_set_new(s->spec, "varied", varied);
    free(found);
    free(name);
}

static void make_spec(struct study *s, const struct grid *g)
{
    s->spec = grid_json(g);
    set_string(s->spec, "title", s->title);
    set_string(s->spec, "source", s->source);
    json_object_update(s->spec, s->shown);
    const struct axes *const all[] = { &g->product, &g->zip, &g->nuisance, &g->search.axes };
    int n = 2;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        n += all[i]->n;
    s->axis = xalloc((size_t)n, sizeof *s->axis);
    n = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (int k = 0; k < all[i]->n; k++)
            s->axis[n++] = xstrdup(all[i]->a[k].key);
    if (g->budget)
        s->axis[n++] = xstrdup("rank");
}

static void choose_seeds(struct grid *g, const struct study *s, long seeds)
{
    const struct setting *base = settings_get(&s->base, "seed");
    bool given = seeds > 0;

    if (!given && g->n_seeds > 0)
        return;
    if (!given && base) {
        struct axis one = { .key = base->key, .n = 1 };
        one.value = (char *[]){ base->value };
        grid_override(g, &one);
        return;
    }
    g->n_seeds = given ? (int)seeds : 5;
    g->seeds = xgrow(g->seeds, (size_t)g->n_seeds, sizeof *g->seeds);
    for (int i = 0; i < g->n_seeds; i++)
        g->seeds[i] = i + 1;
}

static void note_shared(const struct study *s)
{
    int noted = 0;

    for (int i = 0; i < s->n_runs && noted < MOST_NOTES; i++)
        if (s->runs[i].n_combinations > 1) {
            note("%d combinations of values are the same run %.8s", s->runs[i].n_combinations,
                 s->runs[i].recipe.key);
            noted++;
        }
    if (noted == MOST_NOTES)
        note("in total, %d combinations are the same run as an earlier one", s->n_shared);
}

static bool is_used(const struct study *s, const char *key)
{
    for (int i = 0; i < s->n_runs; i++)
        if (recipe_opt(&s->runs[i].recipe, key, NULL))
            return true;
    return false;
}

void study_warn_unused(const struct study *s, const struct settings *words)
{
    struct text unused = { 0 };

    for (int i = 0; i < words->n; i++)
        if (!is_used(s, words->s[i].key))
            text_join(&unused, ", ", "'%s'", words->s[i].key);
    if (unused.n)
        warn("%s: without effect, because no method in this study has such a key",
             text_string(&unused));
    text_free(&unused);
}

static void add_axes(struct settings *words, const struct axes *v)
{
    for (int i = 0; i < v->n; i++)
        settings_set(words, v->a[i].key, v->a[i].value[0], v->a[i].location[0]);
}

static void warn_unused(const struct study *s, const struct grid *g)
{
    struct settings words = { 0 };

    settings_copy(&words, &s->base);
    add_axes(&words, &g->product);
    add_axes(&words, &g->zip);
    add_axes(&words, &g->nuisance);
    add_axes(&words, &g->search.axes);
    for (int i = 0; i < g->n_when; i++)
        settings_copy(&words, &g->when[i].set);
    study_warn_unused(s, &words);
    settings_free(&words);
}

/* *OVER becomes the study's longer form if PROFILE asks for it, else NULL. */
static int read_profile(const struct yaml_node **over, struct study *s,
                        const struct yaml_node *root, enum profile profile)
{
    static const char *const parts[] = { "base", "axes",  "zip",    "nuisance", "exclude", "only",
                                         "when", "seeds", "budget", "search",   NULL };
    const struct yaml_node *full = yaml_get(root, "full");

    *over = NULL;
    if (full && yaml_kind(full) != YAML_MAP)
        return yaml_fail(full, "'full' must be a mapping");
    for (int i = 0; full && i < yaml_count(full); i++) {
        int k = 0;
        while (parts[k] && strcmp(parts[k], yaml_key(full, i)) != 0)
            k++;
        if (!parts[k])
            return yaml_fail_key(
                full, i,
                "'full' cannot have '%s', only base, axes, zip, nuisance, exclude, "
                "only, when, seeds, budget and search",
                yaml_key(full, i));
    }
    if (profile == PROFILE_QUICK)
        return 0;
    if (!full)
        return fail(FAIL_USAGE, "%s: the study has no longer form ('full')", s->path);
    *over = full;
    return yaml_get(full, "base") ? settings_yaml(&s->base, yaml_get(full, "base")) : 0;
}

/* A word with several values becomes or replaces an axis. */
static int override_key(struct study *s, struct grid *g, const struct setting *o)
{
    struct axes v = { xalloc(1, sizeof *v.a), 1 };
    int rc = axes_word(&v.a[0], o->key, o->value, o->location);

    if (rc == 0) {
        settings_set(&s->base, o->key, v.a[0].value[0], o->location);
        rc = grid_override(g, &v.a[0]);
    }
    if (rc == 0 && g->budget && strcmp(o->key, "rank") == 0)
        g->budget = 0;
    axes_free(&v);
    return rc;
}

static int load_yaml(struct study *s, struct session *ses, const struct yaml *y,
                     const struct settings *overrides, long seeds, enum profile profile,
                     bool yes_really)
{
    struct grid g = { 0 };
    const struct yaml_node *over;
    int rc = -1;

    if (read_head(s, yaml_root(y)) != 0 || read_profile(&over, s, yaml_root(y), profile) != 0 ||
        grid_read(&g, &s->base, yaml_root(y), over) != 0)
        goto out;
    for (int i = 0; overrides && i < overrides->n; i++)
        if (override_key(s, &g, &overrides->s[i]) != 0)
            goto out;
    struct recipe check; /* checks settings of base even where an axis overrides them */
    if (recipe_parse(&check, &s->base) != 0)
        goto out;
    recipe_free(&check);
    choose_seeds(&g, s, seeds);
    s->budget = g.budget;
    make_spec(s, &g);
    set_asked(s, &g, overrides, profile);
    if (g.search.axes.n)
        s->arms = arms_new(ses, &g);
    rc = grid_expand(s, ses, s->arms ? &s->arms->grid : &g, yes_really);
    hash_save(ses);
    if (rc == 0) {
        name_metric(s);
        note_shared(s);
        warn_unused(s, s->arms ? &s->arms->grid : &g);
    }
out:
    grid_free(&g);
    return rc;
}

int study_load(struct study *s, struct session *ses, const char *path,
               const struct settings *overrides, long seeds, enum profile profile, bool yes_really)
{
    return study_load_text(s, ses, path, NULL, overrides, seeds, profile, yes_really);
}

int study_load_text(struct study *s, struct session *ses, const char *path, const char *text,
                    const struct settings *overrides, long seeds, enum profile profile,
                    bool yes_really)
{
    struct yaml *y = text ? yaml_parse(path, text) : yaml_load(path);

    *s = (struct study){ .path = xstrdup(path) };
    int rc = y ? load_yaml(s, ses, y, overrides, seeds, profile, yes_really) : -1;
    yaml_free(y);
    if (rc != 0)
        study_free(s);
    return rc;
}

void study_free(struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        recipe_free(&s->runs[i].recipe);
        free(s->runs[i].trial);
    }
    arms_free(s->arms);
    for (int i = 0; s->axis && s->axis[i]; i++)
        free(s->axis[i]);
    free(s->axis);
    free(s->runs);
    grid_expand_free(s->index);
    settings_free(&s->base);
    json_decref(s->spec);
    free(s->name);
    free(s->title);
    free(s->path);
    free(s->source);
    json_decref(s->shown);
    free(s->metric);
    free(s->text);
    *s = (struct study){ 0 };
}
