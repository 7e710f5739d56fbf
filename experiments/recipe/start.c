/* start.c - the adapter that training starts from, named as the best of a study. */
#include "experiments/recipe/start.h"

#include "core/os/file.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

static const char prefix[] = "best:";

/* What 'lowrank sweep' takes for STUDY. */
static char *recipe_of(struct store *s, const char *study)
{
    char *recipe = NULL;

    if (s)
        recorded_recipe(&recipe, s, study);
    return recipe ? recipe : xstrdup(study);
}

/* R: the row of the study; none if the store does not have it. */
static char *choose_run(struct store *s, const struct rows *r, const char *study)
{
    const char *key = r->n_rows ? rows_get(r, 0, "run_key") : NULL;
    long unfinished = r->n_rows ? strtol(rows_get(r, 0, "unfinished"), NULL, 10) : 0;

    if (key && unfinished == 0)
        return xprintf("%.16s", key);
    char *recipe = recipe_of(s, study);
    if (r->n_rows == 0)
        fail(FAIL_RUN, "the store has no study '%s' to start from: lowrank sweep %s", study,
             recipe);
    else if (unfinished > 0)
        fail(FAIL_RUN,
             "%ld runs or searches of study '%s' are unfinished, so that its best run is not "
             "known: lowrank sweep %s",
             unfinished, study, recipe);
    else
        fail(FAIL_RUN, "no run of study '%s' has a score to choose by: lowrank sweep %s", study,
             recipe);
    free(recipe);
    return NULL;
}

int start_resolve(char **init_from, struct session *s)
{
    if (*init_from && strcmp(*init_from, "none") == 0) {
        free(*init_from);
        *init_from = NULL;
    }
    if (!*init_from || strncmp(*init_from, prefix, sizeof prefix - 1) != 0)
        return 0;
    const char *study = *init_from + sizeof prefix - 1, *const params[] = { "study", study, NULL };
    char *path = home_path(s->home, "lowrank.db"), *key = NULL;
    struct store *store = NULL;
    struct rows r = { 0 };

    if (!file_exists(path) || (store_open(&store, path, STORE_READ) == 0 &&
                               query_named(store, &r, "cmd_best_run", params) == 0))
        key = choose_run(store, &r, study);
    rows_free(&r);
    store_close(store);
    free(path);
    if (!key) {
        fail_context("'init_from'");
        return fail_about("init_from");
    }
    free(*init_from);
    *init_from = key;
    return 0;
}
