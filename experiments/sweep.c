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

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x < y) - (x > y);
}

int sweep_memory_check(const struct study *s, const bool *pending, long jobs)
{
    size_t *rss = xalloc((size_t)s->n_runs, sizeof *rss), have = cpu_info()->mem_available;
    size_t need = study_shared_bytes(s, pending), at = need;
    long n = 0, fits = 0;

    for (int i = 0; i < s->n_runs; i++)
        if (pending[i])
            rss[n++] = s->runs[i].rss;
    qsort(rss, (size_t)n, sizeof *rss, by_size);
    for (long i = 0; i < n && i < jobs; i++) {
        need += rss[i];
        if (need <= have)
            fits = i + 1;
    }
    size_t first = n ? rss[0] : 0;
    free(rss);
    if (n == 0 || need <= have)
        return 0;
    if (fits == 0)
        return fail(FAIL_MEMORY, "one worker needs about %.2f GiB, but %.2f GiB is available",
                    0x1p-30 * (double)(at + first), 0x1p-30 * (double)have);
    return fail(FAIL_MEMORY,
                "%ld workers need about %.2f GiB, but %.2f GiB is available; -j %ld fits",
                jobs < n ? jobs : n, 0x1p-30 * (double)need, 0x1p-30 * (double)have, fits);
}
