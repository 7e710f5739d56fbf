/* recorded.c - a few facts of a run or of a study. */
#include "results/query/recorded.h"
#include "core/opt/suggest.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

int recorded_run(struct recorded_run *r, struct store *s, const char *key)
{
    const char *const params[] = { "key", key, NULL };
    struct rows rows;

    *r = (struct recorded_run){ 0 };
    if (query_named(s, &rows, "cmd_run", params) != 0)
        return -1;
    bool one = rows.n_rows == 1;
    if (one) {
        const char *weights = rows_get(&rows, 0, "weights");
        r->id = strtoll(rows_get(&rows, 0, "run_id"), NULL, 10);
        r->model = copy_of(rows_get(&rows, 0, "model"));
        r->config = copy_of(rows_get(&rows, 0, "config"));
        r->error = copy_of(rows_get(&rows, 0, "error"));
        snprintf(r->weights, sizeof r->weights, "%s", weights ? weights : "");
    }
    rows_free(&rows);
    return one;
}

void recorded_run_free(struct recorded_run *r)
{
    free(r->model);
    free(r->config);
    free(r->error);
    *r = (struct recorded_run){ 0 };
}

int recorded_selection(double *value, bool *lower, struct store *s, const char *key,
                       long evaluation)
{
    char number[32];
    const char *const params[] = { "key", key, "evaluation", number, NULL };
    struct rows rows;

    snprintf(number, sizeof number, "%ld", evaluation);
    if (query_named(s, &rows, "cmd_selection", params) != 0)
        return -1;
    bool one = rows.n_rows == 1;
    if (one) {
        *value = strtod(rows_get(&rows, 0, "value"), NULL);
        *lower = strcmp(rows_get(&rows, 0, "goal"), "min") == 0;
    }
    rows_free(&rows);
    return one;
}

int recorded_recipe(char **recipe, struct store *s, const char *name)
{
    const char *const params[] = { "study", name, NULL };
    struct rows rows;

    *recipe = NULL;
    if (query_named(s, &rows, "cmd_studies", params) != 0)
        return -1;
    bool known = rows.n_rows > 0;
    *recipe = copy_of(rows_get(&rows, 0, "recipe"));
    rows_free(&rows);
    return known;
}

/* NAME is to be in the column "study" of the named query QUERY. */
static int check_listed(struct store *s, const char *name, const char *query)
{
    struct rows rows;
    bool known = false;

    if (query_named(s, &rows, query, NULL) != 0)
        return -1;
    const char **names = xalloc((size_t)rows.n_rows + 1, sizeof *names);
    for (int i = 0; i < rows.n_rows; i++) {
        names[i] = rows_get(&rows, i, "study");
        known |= strcmp(names[i], name) == 0;
    }
    int rc =
        known ? 0 : suggest_fail(FAIL_USAGE, "study", name, names, "'lowrank status' lists them");
    free(names);
    rows_free(&rows);
    return rc;
}

int recorded_check_study(struct store *s, const char *name)
{
    return check_listed(s, name, "cmd_studies");
}

int recorded_check_stored(struct store *s, const char *name)
{
    return check_listed(s, name, "cmd_shown");
}
