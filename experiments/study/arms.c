/* arms.c - the arms of a study with a search, and their trials. */
#include "experiments/study/arms.h"
#include "core/base/text.h"
#include "experiments/study/grid_expand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const trial_outcomes[] = { "open", "stopped", "lost", "chosen" };

/* A seed that is listed twice is one run. */
static void drop_repeated_seeds(struct grid *g)
{
    long most = -1; /* ascending seeds need no search */
    int n = 0;

    for (int i = 0; i < g->n_seeds; i++) {
        long seed = g->seeds[i];
        bool again = false;
        for (int k = 0; k < n && seed <= most && !again; k++)
            again = g->seeds[k] == seed;
        if (!again)
            g->seeds[n++] = seed;
        most = seed > most ? seed : most;
    }
    g->n_seeds = n;
}

char *arms_seeds_text(const long *seed, int n)
{
    struct text t = { 0 };
    int row = 1;

    while (row < n && seed[row] == seed[row - 1] + 1)
        row++;
    if (row == n && n > 2)
        return xprintf("%ld to %ld", seed[0], seed[n - 1]);
    for (int i = 0; i < n; i++)
        text_join(&t, ", ", "%ld", seed[i]);
    return text_take(&t);
}

static void warn_shared_seeds(const struct grid *g)
{
    long *both = xalloc((size_t)g->search.n_seeds + 1, sizeof *both);
    int n = 0;

    for (int i = 0; i < g->search.n_seeds; i++)
        for (int k = 0; k < g->n_seeds; k++)
            if (g->search.seeds[i] == g->seeds[k])
                both[n++] = g->seeds[k];
    if (n > 0) {
        char *text = arms_seeds_text(both, n);
        warn("the search tunes with seeds that are reported as well (%s), which flatters every "
             "arm on them; without 'seeds' a search has tuning seeds of its own",
             text);
        free(text);
    }
    free(both);
}

struct arms *arms_new(struct session *ses, struct grid *g)
{
    struct arms *a = xalloc(1, sizeof *a);

    drop_repeated_seeds(g);
    warn_shared_seeds(g);
    a->session = ses;
    a->grid = *g;
    *g = (struct grid){ 0 };
    return a;
}

static void trial_free(struct trial *t, int n_keys)
{
    for (int k = 0; k < n_keys; k++)
        free(t->value[k]);
    free(t->value);
    free(t->run);
    free(t->score);
}

void arms_free(struct arms *a)
{
    if (!a)
        return;
    for (int i = 0; i < a->n; i++) {
        for (int k = 0; k < a->arm[i].n_trials; k++)
            trial_free(&a->arm[i].trial[k], a->grid.search.axes.n);
        free(a->arm[i].trial);
        settings_free(&a->arm[i].settings);
    }
    free(a->arm);
    grid_free(&a->grid);
    free(a);
}

const struct search *arms_search(const struct study *s)
{
    return &s->arms->grid.search;
}

static struct arm *arm_of(struct study *s, const char *point, const struct settings *settings)
{
    struct arms *a = s->arms;

    for (int i = a->n - 1; i >= 0; i--)
        if (strcmp(a->arm[i].point, point) == 0)
            return &a->arm[i];
    a->arm = xgrow(a->arm, (size_t)a->n + 1, sizeof *a->arm);
    struct arm *arm = &a->arm[a->n++];
    *arm = (struct arm){ .chosen = -1, .open = true };
    memcpy(arm->point, point, sizeof arm->point);
    settings_copy(&arm->settings, settings);
    return arm;
}

/* A method may lack a searched key, and then several values of it are the same trial. */
static bool has_trial(const struct study *s, const struct arm *a, int run)
{
    for (int k = 0; k < a->n_trials; k++)
        if (strcmp(s->runs[a->trial[k].run[0]].recipe.cell, s->runs[run].recipe.cell) == 0)
            return true;
    return false;
}

void arms_reset(const struct study *s, struct arm *a)
{
    while (a->n_trials > a->n_first)
        trial_free(&a->trial[--a->n_trials], arms_search(s)->axes.n);
    for (int i = 0; i < a->n_trials; i++) {
        a->trial[i].outcome = TRIAL_OPEN;
        a->trial[i].rung = 0;
        a->trial[i].epochs = 0;
    }
    a->open = false;
    a->chosen = -1;
    a->edge[0] = 0;
}

static void add_trial(struct study *s, struct arm *a, char *const *value, const int *run)
{
    const struct search *search = arms_search(s);
    size_t seeds = (size_t)search->n_seeds, keys = (size_t)search->axes.n;

    if (has_trial(s, a, run[0]))
        return;
    a->trial = xgrow(a->trial, (size_t)a->n_trials + 1, sizeof *a->trial);
    struct trial *t = &a->trial[a->n_trials++];
    *t = (struct trial){ .value = xalloc(keys, sizeof *t->value),
                         .run = xalloc(seeds, sizeof *t->run),
                         .score = xalloc(seeds, sizeof *t->score) };
    for (size_t k = 0; k < keys; k++)
        t->value[k] = xstrdup(value[k]);
    memcpy(t->run, run, seeds * sizeof *run);
    for (size_t i = 0; i < seeds; i++) {
        t->score[i] = NAN;
        s->runs[run[i]].tunes = true;
    }
}

/* The runs of SETTINGS with VALUE and each seed. 1: they are part of the study; 0: a condition
 * leaves them out; -1 after fail. */
static int runs_of(int *run, struct study *s, const struct settings *settings, char *const *value,
                   const long *seeds, int n_seeds)
{
    const struct axes *keys = &arms_search(s)->axes;
    struct settings v = { 0 };
    char seed[32];
    int rc = 1;

    settings_copy(&v, settings);
    for (int k = 0; k < keys->n; k++)
        settings_set(&v, keys->a[k].key, value[k], keys->a[k].location[0]);
    for (int i = 0; i < n_seeds && rc == 1; i++) {
        snprintf(seed, sizeof seed, "%ld", seeds[i]);
        settings_set(&v, "seed", seed, location_named(s->path));
        rc = stop_check() != 0 ? -1
                               : grid_expand_run(&run[i], s, s->arms->session, &s->arms->grid, &v);
    }
    settings_free(&v);
    return rc;
}

int arms_expand(struct study *s, const struct settings *settings)
{
    const struct search *search = arms_search(s);
    const struct axes *v = &search->axes;
    int *run = xalloc((size_t)search->n_seeds, sizeof *run), rc = 0;
    char **value = xalloc((size_t)v->n, sizeof *value);

    for (int t = 0; t < v->a[0].n && rc >= 0; t++) {
        for (int k = 0; k < v->n; k++)
            value[k] = v->a[k].value[t];
        rc = runs_of(run, s, settings, value, search->seeds, search->n_seeds);
        if (rc != 1)
            continue;
        struct arm *a = arm_of(s, s->runs[run[0]].point, settings);
        add_trial(s, a, value, run);
        a->n_first = a->n_trials;
    }
    free(value);
    free(run);
    return rc < 0 ? -1 : 0;
}

int arms_extend(struct study *s, int a, char *const *value, int extension)
{
    const struct search *search = arms_search(s);
    struct arm *arm = &s->arms->arm[a];
    int *run = xalloc((size_t)search->n_seeds, sizeof *run), n = arm->n_trials;
    int rc = runs_of(run, s, &arm->settings, value, search->seeds, search->n_seeds);

    if (rc == 1)
        add_trial(s, arm, value, run);
    if (arm->n_trials > n)
        arm->trial[n].extension = extension;
    free(run);
    return rc < 0 ? -1 : 0;
}

int arms_report(struct study *s, int a)
{
    const struct grid *g = &s->arms->grid;
    const struct arm *arm = &s->arms->arm[a];
    int *run = xalloc((size_t)g->n_seeds, sizeof *run);
    int rc = runs_of(run, s, &arm->settings, arm->trial[arm->chosen].value, g->seeds, g->n_seeds);

    for (int i = 0; i < g->n_seeds && rc == 1; i++)
        s->runs[run[i]].reports = true;
    free(run);
    return rc < 0 ? -1 : 0;
}
