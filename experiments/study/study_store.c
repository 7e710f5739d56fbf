/* study_store.c - a study and the store: what is planned, what is done, whether it fits into memory. */
#include "experiments/study/study.h"
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "experiments/assets/find.h"

#include <stdlib.h>
#include <string.h>

static bool same_content(const char *a, const char *b)
{
    char x[65], y[65];

    return strcmp(a, b) == 0 ||
           (sha256_file(x, a) == 0 && sha256_file(y, b) == 0 && strcmp(x, y) == 0);
}

int study_check_name(struct store *store, const struct study *s)
{
    const char *const params[] = { "name", s->name, NULL };
    char *file = xprintf("ablations/%s.yaml", s->name), *own = share_path(file), *there = NULL;
    struct rows r = { 0 };
    int rc = 0;

    if (store)
        rc = store_query(store, &r,
                         "SELECT json_extract(spec, '$.recipe') FROM sweep WHERE name = :name",
                         params);
    bool known = rc == 0 && r.n_rows == 1 && r.cell[0];
    if (known)
        there = find_recipe(r.cell[0]);
    if (there && !same_content(there, s->path))
        rc = fail(FAIL_USAGE,
                  "study '%s' in the store is that of '%s'; give the one in '%s' another name "
                  "('study: NAME')",
                  s->name, there, s->path);
    else if (rc == 0 && !known && file_exists(own) && !same_content(own, s->path))
        warn("study '%s' has the name of '%s', whose place in the store it takes; 'study: NAME' "
             "gives it another",
             s->name, own);
    rows_free(&r);
    free(there);
    free(own);
    free(file);
    return rc;
}

int study_put(struct store *store, const struct study *s)
{
    struct run_spec *spec = xalloc((size_t)s->n_runs, sizeof *spec);
    char **config = xalloc((size_t)s->n_runs, sizeof *config);
    char *text = json_dumps(s->spec, JSON_SORT_KEYS | JSON_COMPACT);

    for (int i = 0; i < s->n_runs; i++) {
        const struct plan_run *p = &s->runs[i];
        config[i] =
            json_dumps(p->recipe.config, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
        spec[i] = (struct run_spec){ .key = p->recipe.key,
                                     .cell = p->recipe.cell,
                                     .point = p->point,
                                     .trial = p->trial,
                                     .config = config[i],
                                     .cost = p->cost_s };
    }
    int rc =
        store_plan(store, &(struct sweep_spec){ .name = s->name, .spec = text }, spec, s->n_runs);
    for (int i = 0; i < s->n_runs; i++)
        free(config[i]);
    free(config);
    free(spec);
    free(text);
    return rc < 0 ? -1 : 0;
}

int study_states(enum run_state *state, struct store *store, const struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        int one = store ? store_state(store, s->runs[i].recipe.key) : (int)STATE_NEW;
        if (one < 0)
            return -1;
        state[i] = (enum run_state)one;
    }
    return 0;
}
