/* grid_expand.c - every combination of a study's values as a run; no run twice. */
#include "experiments/study/grid_expand.h"
#include "core/os/file.h"
#include "experiments/study/arms.h"
#include "experiments/study/budget.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 100000, MOST_RUNS_EVER = 10000000 };

/* Hash tables from keys to runs, with linear probing. */
struct index {
    int *at; /* run + 1 */
    size_t size;
};
struct run_index {
    struct index keys, cells;
};

static size_t index_slot(const struct index *x, const char *key)
{
    char first[16];

    snprintf(first, sizeof first, "%.15s", key);
    return (size_t)strtoull(first, NULL, 16) & (x->size - 1);
}

static void index_init(struct index *x, size_t n)
{
    x->size = 16;
    while (x->size < 2 * n)
        x->size *= 2;
    x->at = xalloc(x->size, sizeof *x->at);
}

/* The entry of KEY, or the empty one where it belongs. */
static int *index_find(struct index *x, const char *key,
                       const char *(*key_of)(const struct study *, int), const struct study *s)
{
    size_t i = index_slot(x, key);

    while (x->at[i] && strcmp(key_of(s, x->at[i] - 1), key) != 0)
        i = (i + 1) & (x->size - 1);
    return &x->at[i];
}

static const char *run_key(const struct study *s, int i)
{
    return s->runs[i].recipe.key;
}
static const char *run_cell(const struct study *s, int i)
{
    return s->runs[i].recipe.cell;
}

/* 1: the recipe has one of these values, compared as values, so that 1e-3 equals 0.001; 0: none of
 * them; -1: one is not a value of this key. */
static int has_value(const struct recipe *r, const struct axis *a)
{
    void *cfg = NULL;
    const struct opt *o = recipe_opt(r, a->key, &cfg);
    char have[1024];
    bool same = false;

    if (!o)
        return 0;
    if (strcmp(a->key, "method") == 0) {
        for (int i = 0; i < a->n && !same; i++)
            same = adapt_find(a->value[i]) == r->method;
        return same;
    }
    opt_text(o, cfg, have, sizeof have);
    for (int i = 0; i < a->n && !same; i++) {
        char *want = opt_canonical(o, a->value[i]);
        if (!want)
            return location_context(&a->location[i]);
        same = strcmp(want, have) == 0;
        free(want);
    }
    return same;
}

static int matches(const struct recipe *r, const struct axes *condition)
{
    int all = 1;

    for (int i = 0; i < condition->n && all == 1; i++)
        all = has_value(r, &condition->a[i]);
    return all;
}

/* 1: part of the study; 0: left out; -1: a condition is wrong. */
static int is_wanted(const struct recipe *r, const struct grid *g)
{
    int in = g->n_only == 0;

    for (int i = 0; i < g->n_only && in == 0; i++)
        in = matches(r, &g->only[i]);
    for (int i = 0; i < g->n_exclude && in == 1; i++) {
        int out = matches(r, &g->exclude[i]);
        in = out < 0 ? -1 : !out;
    }
    return in;
}

/* Whose values make a trial. */
static const struct axes *tried_axes(const struct grid *g)
{
    return g->search.axes.n ? &g->search.axes : &g->nuisance;
}

static char *trial_json(const struct recipe *r, const struct grid *g)
{
    json_t *j = json_object();

    const struct axes *v = tried_axes(g);
    for (int i = 0; i < v->n; i++) {
        json_t *value = json_object_get(r->config, v->a[i].key);
        if (value)
            json_object_set(j, v->a[i].key, value);
    }
    char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(j);
    return text;
}

/* Add a resolved run to the study unless it is there already; returns its index. Takes *r. */
static int study_add_run(struct study *s, struct recipe *r, const struct grid *g)
{
    const char *without[66] = { "seed" };
    const struct axes *tried = tried_axes(g);
    int *at = index_find(&s->index->keys, r->key, run_key, s);

    if (*at) {
        recipe_free(r);
        return *at - 1;
    }
    s->runs = xgrow(s->runs, (size_t)s->n_runs + 1, sizeof *s->runs);
    struct plan_run *p = &s->runs[s->n_runs];
    *p = (struct plan_run){ .recipe = *r, .trial = trial_json(r, g) };
    for (int i = 0; i < tried->n && i < 64; i++)
        without[i + 1] = tried->a[i].key;
    recipe_hash(p->point, r, without);
    *at = ++s->n_runs;
    int *cell = index_find(&s->index->cells, r->cell, run_cell, s);
    if (!*cell) {
        *cell = s->n_runs;
        p->cell = s->n_cells++;
    } else {
        p->cell = s->runs[*cell - 1].cell;
    }
    return s->n_runs - 1;
}

static int solve_budget(struct recipe *r, struct session *ses, const struct grid *g)
{
    const struct model_facts *m = model_facts(ses, r->run.model);

    if (!m)
        return -1;
    if (budget_find(NULL, r, &m->dims, g->budget) == 0)
        return 0;
    return location_context(&g->budget_location);
}

/* Add the settings of all conditions that the recipe meets, except where the command line sets the
 * key. 1: V changed; 0: it did not; -1: a condition is wrong. */
static int apply_when(struct settings *v, const struct recipe *r, const struct grid *g)
{
    int changed = 0;

    for (int i = 0; i < g->n_when; i++) {
        int yes = matches(r, &g->when[i].condition);
        if (yes < 0)
            return -1;
        for (int k = 0; k < g->when[i].set.n && yes; k++) {
            const struct setting *to = &g->when[i].set.s[k], *now = settings_get(v, to->key);
            if (now && now->location.kind == LOCATION_COMMAND_LINE)
                continue;
            settings_set(v, to->key, to->value, to->location);
            changed = 1;
        }
    }
    return changed;
}

static int parse_when(struct recipe *r, const struct settings *v, const struct grid *g)
{
    struct settings more = { 0 };

    if (recipe_parse(r, v) != 0)
        return -1;
    settings_copy(&more, v);
    int rc = apply_when(&more, r, g);
    if (rc != 0)
        recipe_free(r);
    if (rc > 0)
        rc = recipe_parse(r, &more);
    settings_free(&more);
    return rc;
}

static bool is_axis(const struct grid *g, const char *key)
{
    for (int i = 0; i < g->product.n; i++)
        if (strcmp(g->product.a[i].key, key) == 0)
            return true;
    for (int i = 0; i < g->zip.n; i++)
        if (strcmp(g->zip.a[i].key, key) == 0)
            return true;
    return false;
}

/* Does the model lack what the method trains? Such runs of a study are left out, unless the command
 * line names the method, which is then refused. 1: it does; 0; -1: no such model. */
static int is_impossible(const struct recipe *r, struct session *ses, const struct study *s,
                         const struct grid *g, const struct settings *v)
{
    const struct setting *asked = settings_get(v, "method");
    const char *method, *lack;

    if (!asked || asked->location.kind == LOCATION_COMMAND_LINE || !is_axis(g, "method"))
        return 0;
    const struct model_facts *m = model_facts(ses, r->run.model);
    if (!m)
        return -1;
    lack = adapt_lack(r->method, &m->dims, &method);
    if (lack && session_first(ses, "lack %s %s %s", s->name, r->method->name, m->name))
        note(
            "%s: the runs of method '%s' are left out: '%s' trains %s, which %s models do not have",
            s->name, r->method->name, method, lack, m->dims.arch);
    return lack != NULL;
}

int grid_expand_run(int *run, struct study *s, struct session *ses, const struct grid *g,
                    const struct settings *v)
{
    struct recipe r;
    int before = s->n_runs;

    if (parse_when(&r, v, g) != 0)
        return -1;
    int in = is_wanted(&r, g);
    if (in == 1) {
        int out = is_impossible(&r, ses, s, g, v);
        in = out < 0 ? -1 : !out;
    }
    if (in != 1) {
        recipe_free(&r);
        return in;
    }
    if (g->budget && solve_budget(&r, ses, g) != 0) {
        recipe_free(&r);
        return -1;
    }
    if (recipe_complete(&r, ses, v) != 0)
        return -1;
    *run = study_add_run(s, &r, g);
    s->runs[*run].n_combinations++;
    s->n_shared += s->n_runs == before;
    return 1;
}

static void set_axis(struct settings *v, const struct axes *axes, int which, int value)
{
    const struct axis *a = &axes->a[which];

    settings_set(v, a->key, a->value[value], a->location[value]);
}

/* An odometer, whose last wheel turns fastest: the axes of the product, the zip as one, the
 * nuisance axes. */
struct wheels {
    int at[64], size[64], n;
};

static void make_wheels(struct wheels *w, const struct grid *g)
{
    for (int i = 0; i < g->product.n; i++)
        w->size[w->n++] = g->product.a[i].n;
    if (g->zip.n)
        w->size[w->n++] = g->zip.a[0].n;
    for (int i = 0; i < g->nuisance.n; i++)
        w->size[w->n++] = g->nuisance.a[i].n;
}

static bool turn_wheels(struct wheels *w)
{
    for (int i = w->n - 1; i >= 0; i--) {
        if (++w->at[i] < w->size[i])
            return true;
        w->at[i] = 0;
    }
    return false;
}

static void set_wheels(struct settings *v, const struct wheels *w, const struct grid *g)
{
    int at = 0;

    for (int i = 0; i < g->product.n; i++)
        set_axis(v, &g->product, i, w->at[at++]);
    for (int i = 0; i < g->zip.n; i++)
        set_axis(v, &g->zip, i, w->at[at]);
    at += g->zip.n > 0;
    for (int i = 0; i < g->nuisance.n; i++)
        set_axis(v, &g->nuisance, i, w->at[at++]);
}

static int check_size(const struct study *s, const struct wheels *w, const struct grid *g,
                      bool yes_really)
{
    const struct search *c = &g->search;
    double total = g->n_seeds;

    if (c->axes.n)
        total += (double)c->n_seeds * (c->axes.a[0].n + c->extend);
    for (int i = 0; i < w->n; i++)
        total *= w->size[i];
    if (total > MOST_RUNS_EVER)
        return fail(FAIL_USAGE, "%s: %.0f runs are more than one study can hold (%d)", s->path,
                    total, (int)MOST_RUNS_EVER);
    if (total > MOST_RUNS && !yes_really)
        return fail(FAIL_USAGE, "%s: these are %.0f runs; --yes-really allows more than %d",
                    s->path, total, (int)MOST_RUNS);
    return (int)total;
}

/* Every run of a study without a search is reported. */
static int expand_seeds(struct study *s, struct session *ses, const struct grid *g,
                        struct settings *v)
{
    char seed[32];
    int rc = 0, run;

    for (int i = 0; i < g->n_seeds && rc >= 0; i++) {
        snprintf(seed, sizeof seed, "%ld", g->seeds[i]);
        settings_set(v, "seed", seed, location_named(s->path));
        rc = stop_check() != 0 ? -1 : grid_expand_run(&run, s, ses, g, v);
        if (rc == 1)
            s->runs[run].reports = true;
    }
    return rc < 0 ? -1 : 0;
}

int grid_expand(struct study *s, struct session *ses, const struct grid *g, bool yes_really)
{
    struct wheels w = { 0 };
    int rc = 0;

    if (g->product.n + g->nuisance.n + 1 > 64)
        return fail(FAIL_USAGE, "%s: more than 60 axes", s->path);
    make_wheels(&w, g);
    int total = check_size(s, &w, g, yes_really);
    if (total < 0)
        return -1;
    s->index = xalloc(1, sizeof *s->index);
    index_init(&s->index->keys, (size_t)total);
    index_init(&s->index->cells, (size_t)total);
    do {
        struct settings v = { 0 };
        settings_copy(&v, &s->base);
        set_wheels(&v, &w, g);
        rc = s->arms ? arms_expand(s, &v) : expand_seeds(s, ses, g, &v);
        settings_free(&v);
    } while (rc == 0 && turn_wheels(&w));
    if (rc == 0 && s->n_runs == 0)
        rc = fail(FAIL_USAGE, "%s: 'exclude' and 'only' leave no run", s->path);
    return rc;
}

void grid_expand_free(struct run_index *x)
{
    if (!x)
        return;
    free(x->keys.at);
    free(x->cells.at);
    free(x);
}
