/* sweep.c - a study and the store: what is planned, what is done, whether it fits into memory. */
#include "experiments/worker.h"
#include "core/base/cpu.h"

#include <stdlib.h>

int sweep_store(struct store *store, const struct study *s)
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

int sweep_states(enum run_state *state, struct store *store, const struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        int one = store ? store_state(store, s->runs[i].recipe.key) : (int)STATE_NEW;
        if (one < 0)
            return -1;
        state[i] = (enum run_state)one;
    }
    return 0;
}
