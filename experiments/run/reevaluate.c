/* reevaluate.c - stored adapters of finished runs, scored on another split. */
#include "experiments/run/reevaluate.h"
#include "core/os/file.h"
#include "experiments/recipe/data.h"
#include "experiments/run/reopen.h"
#include "results/query/query.h"
#include "results/store/evaluations.h"

#include <stdlib.h>
#include <string.h>

/* --- the numbers of one run */

static int collect_point(void *self, long step, const char *split, const char *name, double value)
{
    struct evaluation *e = self;

    (void)step, (void)split;
    e->value = xgrow(e->value, e->n_values + 1, sizeof *e->value);
    struct evaluation_value *v = &e->value[e->n_values++];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->value = value;
    return 0;
}

static int collect_prediction(void *self, const char *split, long example, double label,
                              double output)
{
    struct evaluation *e = self;

    (void)split;
    if ((e->n_answers & (e->n_answers - 1)) == 0)
        e->answer = xgrow(e->answer, e->n_answers ? 2 * e->n_answers : 1, sizeof *e->answer);
    e->answer[e->n_answers++] = (struct evaluation_answer){ example, label, output };
    return 0;
}

/* The folder of the wanted adapter; NULL after FAIL_INPUT. "best" exists only where the chosen
 * evaluation was not the last. */
static char *adapter_folder(const struct reevaluation *e, const struct rows *found, int i)
{
    const char *under = rows_get(found, i, "adapter_dir"), *key = rows_get(found, i, "run_key"),
               *chosen = rows_get(found, i, "chosen_step"), *last = rows_get(found, i, "last_step");
    bool best = !e->last && chosen && last && strcmp(chosen, last) != 0;
    char *top = under ? home_path(e->session->home, under) : NULL,
         *dir = top ? path_join(top, best ? "best" : "last") : NULL;

    free(top);
    if (dir && file_exists(dir))
        return dir;
    if (!under)
        fail(FAIL_USAGE, "run %.8s has no adapter; a pretraining run wrote a model instead", key);
    else
        fail(FAIL_INPUT,
             "the adapter of run %.8s is not in '%s'; 'lowrank run --again' with its "
             "settings ('lowrank show %.8s') writes it again",
             key, dir, key);
    free(dir);
    return NULL;
}

static int score_model(struct evaluation *out, const struct reevaluation *e, struct model *m,
                       const struct recipe *r)
{
    const struct dataset *d = data_evaluated(r, e->split, e->n);
    double loss, scores[TASK_MAX_METRICS];

    if (!d)
        return -1;
    struct run_job job = {
        .model = m,
        .cfg = &r->train,
        .data = { .task = &r->task->task },
        .pool = e->pool,
        .sink = { .self = out, .point = collect_point, .prediction = collect_prediction }
    };
    job.data.split[e->split] = d;
    out->sha256 = d->sha256;
    return eval_run(&job, e->split, 0, true, &loss, scores);
}

static int score_run(const struct reevaluation *e, const struct rows *found, int i)
{
    const char *key = rows_get(found, i, "run_key");
    struct evaluation out = { .run_id = strtoll(rows_get(found, i, "run_id"), NULL, 10),
                              .adapter = e->last ? "last" : "chosen",
                              .split = split_names[e->split],
                              .n = e->n };
    char *dir = adapter_folder(e, found, i);
    struct reopened o = { 0 };
    int rc = dir ? reopen_run(&o, e->session, key, rows_get(found, i, "config"), dir) : -1;

    if (rc == 0)
        rc = score_model(&out, e, &o.model, &o.recipe);
    if (rc == 0)
        rc = evaluations_put(e->store, &out);
    reopen_close(&o);
    free(out.value);
    free(out.answer);
    free(dir);
    return rc;
}

/* --- all runs */

static int check_found(const struct reevaluation *e, const struct rows *found)
{
    if (found->n_rows == 0)
        return fail(
            FAIL_USAGE,
            "'%s' is neither a study nor the key of a run or a cell; 'lowrank status' lists "
            "studies, 'lowrank query runs' runs",
            e->of);
    for (int i = 1; i < found->n_rows; i++)
        if (strcmp(rows_get(found, i, "whole"), rows_get(found, 0, "whole")) != 0)
            return fail(FAIL_USAGE, "'%s' is ambiguous: %s %.12s and %s %.12s; give more digits",
                        e->of, rows_get(found, 0, "kind"), rows_get(found, 0, "whole"),
                        rows_get(found, i, "kind"), rows_get(found, i, "whole"));
    return 0;
}

int reevaluate(struct reevaluation *e)
{
    char n[32];
    const char *const params[] = { "of", e->of, "split",   split_names[e->split],
                                   "n",  n,     "adapter", e->last ? "last" : "chosen",
                                   NULL };
    struct rows found;

    snprintf(n, sizeof n, "%ld", e->n);
    if (query_named(e->store, &found, "cmd_reevaluate", params) != 0)
        return -1;
    int rc = check_found(e, &found);
    for (int i = 0; i < found.n_rows && rc == 0; i++) {
        if (strcmp(rows_get(&found, i, "state"), "done") != 0)
            e->n_unfinished++;
        else if (strcmp(rows_get(&found, i, "done"), "1") == 0)
            e->n_were++;
        else if (stop_check() != 0)
            rc = -1;
        else {
            progress("run %.8s: %d of %d", rows_get(&found, i, "run_key"), i + 1, found.n_rows);
            rc = score_run(e, &found, i);
            e->n_done += rc == 0;
        }
    }
    progress_end();
    rows_free(&found);
    return rc;
}
