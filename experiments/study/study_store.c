/* study_store.c - a study in the store. */
#include "experiments/study/study_store.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/study/tune.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

static bool same_content(const char *a, const char *b)
{
    char x[65], y[65];

    return strcmp(a, b) == 0 ||
           (sha256_file(x, a) == 0 && sha256_file(y, b) == 0 && strcmp(x, y) == 0);
}

int study_store_check_name(struct store *store, const struct study *s)
{
    char *file = xprintf("ablations/%s.yaml", s->name), *own = share_path(file), *there = NULL,
         *recipe = NULL;
    int rc = store && recorded_recipe(&recipe, store, s->name) < 0 ? -1 : 0;
    bool known = recipe != NULL;

    if (known)
        there = find_recipe(recipe);
    if (there && !same_content(there, s->path))
        rc = fail(FAIL_USAGE,
                  "the study '%s' in the store comes from '%s'; give the one in '%s' another name "
                  "('study: NAME')",
                  s->name, there, s->path);
    else if (rc == 0 && !known && file_exists(own) && !same_content(own, s->path))
        warn("study '%s' has the name of '%s', which can then not be stored here; 'study: NAME' "
             "gives it another name",
             s->name, own);
    free(recipe);
    free(there);
    free(own);
    free(file);
    return rc;
}

/* How the trials of a search stand, by the index of the run; NULL: the study has none. */
static struct tuning_spec *tuning_specs(const struct study *s)
{
    if (!s->arms)
        return NULL;
    struct tuning_spec *spec = xalloc((size_t)s->n_runs, sizeof *spec);
    for (int i = 0; i < s->arms->n; i++)
        for (int k = 0; k < s->arms->arm[i].n_trials; k++) {
            const struct arm *a = &s->arms->arm[i];
            const struct trial *t = &a->trial[k];
            for (int seed = 0; seed < arms_search(s)->n_seeds; seed++) {
                enum metric_goal goal;
                spec[t->run[seed]] =
                    (struct tuning_spec){ .outcome = trial_outcomes[t->outcome],
                                          .metric =
                                              tune_metric(&goal, s, &s->runs[t->run[seed]].recipe),
                                          .edge = k == a->chosen && *a->edge ? a->edge : NULL,
                                          .extension = t->extension,
                                          .rung = t->rung,
                                          .epochs = t->epochs,
                                          .score = t->score[seed] };
            }
        }
    return spec;
}

int study_store_put(struct store *store, const struct study *s)
{
    struct run_spec *spec = xalloc((size_t)s->n_runs, sizeof *spec);
    struct tuning_spec *tuning = tuning_specs(s);
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
                                     .cost = p->cost_s,
                                     .tuning = tuning && tuning[i].outcome ? &tuning[i] : NULL,
                                     .only_tunes = !p->reports };
    }
    const struct sweep_spec study = { s->name, text, strcmp(s->name, "run") == 0 };
    int rc = store_plan(store, &study, spec, s->n_runs);
    for (int i = 0; i < s->n_runs; i++)
        free(config[i]);
    free(config);
    free(tuning);
    free(spec);
    free(text);
    return rc < 0 ? -1 : 0;
}

int study_store_states(enum run_state *state, struct store *store, const struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        int one = store ? store_state(store, s->runs[i].recipe.key) : (int)STATE_NEW;
        if (one < 0)
            return -1;
        state[i] = (enum run_state)one;
    }
    return 0;
}
