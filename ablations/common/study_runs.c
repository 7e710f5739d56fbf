/* study_runs.c - choose the runs of a study that an analysis uses. */
#include "ablations/common/study_runs.h"
#include "core/base/text.h"
#include "core/os/file.h"
#include "experiments/assets/model_facts.h"
#include "experiments/assets/task_facts.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

static char *cell_string(const struct rows *r, int row, const char *col)
{
    const char *s = rows_get(r, row, col);

    return s ? xstrdup(s) : NULL;
}

static void study_run_from_row(struct study_run *x, const struct rows *r, int row)
{
    const char *weights = rows_get(r, row, "weights"), *rank = rows_get(r, row, "rank");
    const char *dev = rows_get(r, row, "dev");

    x->run_id = strtoll(rows_get(r, row, "run_id"), NULL, 10);
    snprintf(x->key, sizeof x->key, "%s", rows_get(r, row, "run_key"));
    snprintf(x->cell, sizeof x->cell, "%s", rows_get(r, row, "cell_key"));
    snprintf(x->weights, sizeof x->weights, "%s", weights ? weights : "");
    snprintf(x->dev, sizeof x->dev, "%s", dev ? dev : "");
    x->model = cell_string(r, row, "model");
    x->task = cell_string(r, row, "task");
    x->task_file = cell_string(r, row, "task_file");
    x->method = cell_string(r, row, "method");
    x->targets = cell_string(r, row, "targets");
    x->state = cell_string(r, row, "state");
    x->adapter_dir = cell_string(r, row, "adapter_dir");
    x->rank = rank ? atoi(rank) : 0;
    x->seed = atol(rows_get(r, row, "seed"));
}

char *study_runs_recipe(struct store *s, const char *study)
{
    char *recipe;

    recorded_recipe(&recipe, s, study);
    return recipe ? recipe : xstrdup(study);
}

static int check_study_exists(struct store *s, const char *study)
{
    char *recipe;
    int known = recorded_recipe(&recipe, s, study);

    free(recipe);
    if (known < 0)
        return -1;
    return known
               ? 0
               : fail(FAIL_RUN,
                      "the store has no study '%s' ('lowrank status' lists them): lowrank sweep %s",
                      study, study);
}

int study_runs_find(struct study_run **out, struct store *s, const struct wanted_runs *w)
{
    const char *const params[] = { "study",    w->study, "methods", w->methods, "targets",
                                   w->targets, "task",   w->task,   "ranks",    w->ranks,
                                   "seed",     w->seed,  NULL };
    struct rows r;

    *out = NULL;
    if (check_study_exists(s, w->study) != 0 || query_named(s, &r, "cmd_study_runs", params) != 0)
        return -1;
    *out = xalloc((size_t)r.n_rows + 1, sizeof **out);
    for (int i = 0; i < r.n_rows; i++)
        study_run_from_row(&(*out)[i], &r, i);
    int n = r.n_rows;
    rows_free(&r);
    return n;
}

static void study_run_clear(struct study_run *r)
{
    free(r->model);
    free(r->task);
    free(r->task_file);
    free(r->method);
    free(r->targets);
    free(r->state);
    free(r->adapter_dir);
}

void study_runs_free(struct study_run *r, int n)
{
    for (int i = 0; i < n; i++)
        study_run_clear(&r[i]);
    free(r);
}

/* Move the finished runs to the front. Returns how many there are. */
static int move_done_first(struct study_run *r, int n)
{
    int done = 0;

    for (int i = 0; i < n; i++)
        if (strcmp(r[i].state, state_names[STATE_DONE]) == 0) {
            struct study_run x = r[i];
            memmove(&r[done + 1], &r[done], (size_t)(i - done) * sizeof *r);
            r[done++] = x;
        }
    return done;
}

int study_runs_mismatch(const struct study_run *a, const struct study_run *b)
{
    return fail(FAIL_INPUT,
                "run %.8s (model '%s', weights %.8s) and run %.8s (model '%s', weights %.8s) were "
                "trained on different weights: their updates cannot be compared",
                a->key, a->model, a->weights, b->key, b->model, b->weights);
}

static int check_same_task_and_weights(const struct study_run *r, int n, const char *study)
{
    for (int i = 1; i < n; i++) {
        if (strcmp(r[i].task, r[0].task) != 0)
            return fail(FAIL_USAGE,
                        "study '%s' has runs of several tasks (%s and %s); choose one with --task",
                        study, r[0].task, r[i].task);
        if (*r[i].weights && *r[0].weights && strcmp(r[i].weights, r[0].weights) != 0)
            return study_runs_mismatch(&r[0], &r[i]);
    }
    return 0;
}

/* Every rank that was asked for must have a finished run, and all runs of a rank must belong to one
 * cell, because their mean is shown. */
static int check_ranks(struct store *s, const struct study_run *r, int n,
                       const struct wanted_runs *w)
{
    for (const char *p = w->ranks; p && *p; p += strspn(p, ",")) {
        char *end;
        long rank = strtol(p, &end, 10);
        int i = 0;
        while (i < n && r[i].rank != rank)
            i++;
        if (i == n) {
            char *recipe = study_runs_recipe(s, w->study);
            fail(FAIL_RUN, "study '%s' has no finished run of rank %ld%s%s: lowrank sweep %s",
                 w->study, rank, w->targets ? " with targets " : "", w->targets ? w->targets : "",
                 recipe);
            free(recipe);
            return -1;
        }
        for (int k = i + 1; k < n; k++)
            if (r[k].rank == rank && strcmp(r[k].cell, r[i].cell) != 0)
                return fail(FAIL_USAGE,
                            "study '%s' has runs of rank %ld that differ in more than their seed "
                            "(%.8s and %.8s): their mean would be meaningless",
                            w->study, rank, r[i].key, r[k].key);
        p = end;
    }
    return 0;
}

/* "lora, targets q,v, rank 8, task mrpc" */
static char *describe_wanted(const struct wanted_runs *w)
{
    struct text t = { 0 };

    text_add(&t, "%s", w->methods ? w->methods : "any method");
    if (w->targets)
        text_add(&t, ", targets %s", w->targets);
    if (w->ranks)
        text_add(&t, ", rank %s", w->ranks);
    if (w->task)
        text_add(&t, ", task %s", w->task);
    return text_take(&t);
}

/* R holds N runs, and none of them is finished. */
static int fail_none_done(struct store *s, const struct wanted_runs *w, const struct study_run *r,
                          int n)
{
    char *what = describe_wanted(w), *recipe = study_runs_recipe(s, w->study);

    if (n > 0)
        fail(FAIL_RUN,
             "none of %d runs of study '%s' (%s) is finished, %.8s is %s: lowrank sweep %s", n,
             w->study, what, r[0].key, r[0].state, recipe);
    else
        fail(FAIL_RUN, "study '%s' has no runs of %s: lowrank sweep %s", w->study, what, recipe);
    free(recipe);
    free(what);
    return -1;
}

int study_runs_done(struct study_run **out, struct store *s, const struct wanted_runs *w)
{
    int n = study_runs_find(out, s, w), done;

    if (n < 0)
        return -1;
    done = move_done_first(*out, n);
    if ((done == 0 && fail_none_done(s, w, *out, n) != 0) ||
        check_same_task_and_weights(*out, done, w->study) != 0 ||
        check_ranks(s, *out, done, w) != 0) {
        study_runs_free(*out, n);
        *out = NULL;
        return -1;
    }
    if (done < n)
        warn("%d of %d runs of study '%s' are not finished and are left out (%.8s is %s)", n - done,
             n, w->study, (*out)[done].key, (*out)[done].state);
    for (int i = done; i < n; i++)
        study_run_clear(&(*out)[i]);
    return done;
}

int study_runs_ranks(struct rows *r, struct store *s, const struct wanted_runs *w)
{
    const char *const params[] = {
        "study", w->study, "targets", w->targets, "task", w->task, NULL
    };

    return check_study_exists(s, w->study) == 0 ? query_named(s, r, "cmd_study_ranks", params) : -1;
}

/* FILE of the run R was WAS; is it still? An empty WAS is unknown. */
static int check_input(const struct study_run *r, const char *file, const char *was,
                       const char *now)
{
    if (!*was || strcmp(was, now) == 0)
        return 0;
    return fail(FAIL_INPUT,
                "'%s' changed since run %.8s was trained (%.8s, now %.8s); put it back, or train "
                "the study again",
                file, r->key, was, now);
}

int study_runs_same_inputs(const struct study_run *r, int n, struct session *ses)
{
    const struct model_facts *m = model_facts(ses, r[0].model);
    const struct task_facts *t = m ? task_facts(ses, r[0].task_file) : NULL;
    const char *dev = t && t->path[SPLIT_DEV] ? t->path[SPLIT_DEV] : "";
    char *weights = m ? path_join(m->dir, "model.safetensors") : NULL;
    int rc = t ? 0 : -1;

    for (int i = 0; i < n && rc == 0; i++)
        if (check_input(&r[i], weights, r[i].weights, m->weights) != 0 ||
            (*dev && check_input(&r[i], dev, r[i].dev, t->file[SPLIT_DEV]) != 0))
            rc = -1;
    free(weights);
    return rc;
}
