/* run_again.c - a finished run once more, compared with what is stored. */
#include "experiments/run/run_again.h"
#include "core/os/file.h"
#include "experiments/run/provenance.h"
#include "experiments/run/run_model.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct again {
    const struct run_env *env;
    char run_id[32];
    long compared, different;
};

static int compare_metric(void *self, long step, const char *split, const char *name, double value)
{
    struct again *a = self;
    struct rows rows;
    char at[32], now[40];
    const char *const params[] = {
        "run", a->run_id, "split", split, "name", name, "step", at, NULL
    };

    snprintf(at, sizeof at, "%ld", step);
    snprintf(now, sizeof now,
             isfinite(value) ? "%.17g"
             : isnan(value)  ? "nan"
             : value > 0     ? "+inf"
                             : "-inf",
             value);
    if (query_named(a->env->store, &rows, "cmd_run_point", params) != 0)
        return -1;
    const char *was = rows.n_rows ? rows_get(&rows, 0, "value") : NULL;
    if (was) {
        bool same = isfinite(value) ? strtod(was, NULL) == value : strcmp(was, now) == 0;
        a->compared++;
        a->different += !same;
        if (!same)
            printf("differs: %s %s at step %ld: was %s, is %s\n", split, name, step, was, now);
    }
    rows_free(&rows);
    return 0;
}

static int progress_tick(void *self, long step, long steps, double tokens)
{
    (void)self, (void)tokens;
    progress("step %ld of %ld", step, steps);
    return stop_requested() ? TICK_STOP : TICK_GO_ON;
}

static int find_run(struct again *a, const struct recipe *r)
{
    struct recorded_run run;
    int found = recorded_run(&run, a->env->store, r->key);

    snprintf(a->run_id, sizeof a->run_id, "%lld", (long long)run.id);
    recorded_run_free(&run);
    if (found < 0)
        return -1;
    return found ? 0 : fail(FAIL_RUN, "run %.8s is not in the store", r->key);
}

/* Somebody may have removed the folder of the adapter; the same run makes the same adapter. */
static int restore_adapter(struct model *m, const struct recipe *r, const struct run_result *res,
                           const real *best)
{
    char *under = xprintf("adapters/%.16s/last", r->key), *dir = home_path(r->session->home, under),
         *rel = NULL;
    int rc = file_exists(dir) ? 0 : run_model_save(m, r, res, best, &rel);

    if (rel && rc == 0)
        note("the adapter was missing; it is in '%s' again", dir);
    free(rel);
    free(dir);
    free(under);
    return rc;
}

static int retrain(struct again *a, const struct plan_run *p)
{
    struct run_result res;
    struct run_data d;
    struct model m = { 0 };
    int rc = run_model_build(&m, &d, &p->recipe);
    real *best = rc == 0 ? malloc(m.n_train * sizeof *best + 1) : NULL;

    if (rc == 0 && !best)
        rc = fail(FAIL_MEMORY, "not enough memory for a copy of %zu trainable parameters",
                  m.n_train);
    if (rc == 0) {
        struct run_job job = {
            .model = &m,
            .cfg = &p->recipe.train,
            .data = d,
            .seed = (uint64_t)p->recipe.run.seed,
            .order_seed = recipe_order_seed(&p->recipe),
            .pool = a->env->pool,
            .sink = { .self = a, .point = compare_metric, .tick = progress_tick },
            .run_key = p->recipe.key,
            .best_theta = best
        };
        rc = train_run(&job, &res);
        progress_end();
    }
    if (rc == 0 && res.end == RUN_STOPPED)
        rc = fail(FAIL_STOPPED, "stopped");
    if (rc == 0 && res.end == RUN_DONE && a->compared > 0 && a->different == 0)
        rc = restore_adapter(&m, &p->recipe, &res, best);
    free(best);
    model_free(&m);
    return rc;
}

/* Values differ: name what differs between then and now. A run has an attempt for each time that it
 * was interrupted. */
static int explain_difference(const struct again *a)
{
    const char *const params[] = { "run", a->run_id, NULL };
    struct text lines = { 0 };
    struct rows rows;
    int known = 0;

    if (query_named(a->env->store, &rows, "cmd_run_env", params) != 0)
        return -1;
    char *now = provenance_json(pool_threads(a->env->pool));
    for (int i = 0; i < rows.n_rows; i++)
        known += provenance_compare(&lines, rows_get(&rows, i, "env"), now) >= 0;
    if (lines.n)
        fputs(lines.s, stdout);
    else
        puts(known ? "CPU, kernels, libraries, compiler, commit and threads are the recorded ones"
                   : "with what the run was made was not recorded");
    free(now);
    text_free(&lines);
    rows_free(&rows);
    return 0;
}

long run_again(const struct run_env *e, const struct plan_run *p)
{
    struct again a = { .env = e };
    int rc = find_run(&a, &p->recipe) == 0 ? retrain(&a, p) : -1;

    if (rc == 0 && a.compared == 0)
        rc = fail(FAIL_RUN, "run %.8s has no stored values to compare with", p->recipe.key);
    if (rc == 0 && a.different > 0)
        rc = explain_difference(&a);
    if (rc == 0)
        printf("%ld values compared, %ld differ\n", a.compared, a.different);
    return rc == 0 ? a.different : -1;
}

/* --- why there is nothing to compare with */

/* The first file of TWIN, a run with the settings of R, that is another one now; -1: none. */
static int changed_row(const struct rows *twin, const struct recipe *r)
{
    for (int i = 0; i < twin->n_rows; i++) {
        const char *role = rows_get(twin, i, "role"), *was = rows_get(twin, i, "sha256");
        const char *now = json_string_value(json_object_get(r->inputs, role ? role : ""));
        /* that of the tokenizer is of several files */
        if (now && was && strcmp(role, "tokenizer") != 0 && strcmp(now, was) != 0)
            return i;
    }
    return -1;
}

int run_again_check(struct store *s, const struct recipe *r)
{
    char *config = json_dumps(r->config, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    const char *const params[] = { "config", config, "key", r->key, NULL };
    struct rows twin;
    int rc = query_named(s, &twin, "cmd_twin_inputs", params);

    if (rc == 0 && twin.n_rows > 0) {
        int i = changed_row(&twin, r);
        const char *key = rows_get(&twin, 0, "run_key");
        if (i >= 0)
            rc = fail(FAIL_INPUT,
                      "'%s' changed since run %.8s was trained (%.8s, now %.8s); put it back, or "
                      "leave out --again to train another run",
                      rows_get(&twin, i, "path"), key, rows_get(&twin, i, "sha256"),
                      json_string_value(json_object_get(r->inputs, rows_get(&twin, i, "role"))));
        else
            rc = fail(FAIL_INPUT,
                      "the tokenizer, the model's config.json, or the task's file changed since "
                      "run %.8s was trained; put it back, or leave out --again to train another "
                      "run",
                      key);
    }
    rows_free(&twin);
    free(config);
    return rc;
}
