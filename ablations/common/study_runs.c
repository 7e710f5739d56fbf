/* study_runs.c - the runs that a computed study looks at. */
#include "ablations/common/study_runs.h"
#include "core/base/file.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

static char *text_of(const struct rows *r, int row, const char *col)
{
    const char *s = rows_get(r, row, col);

    return s ? xstrdup(s) : NULL;
}

static void fill(struct study_run *x, const struct rows *r, int row)
{
    const char *weights = rows_get(r, row, "weights"), *rank = rows_get(r, row, "rank");

    x->run_id = strtoll(rows_get(r, row, "run_id"), NULL, 10);
    snprintf(x->key, sizeof x->key, "%s", rows_get(r, row, "run_key"));
    snprintf(x->cell, sizeof x->cell, "%s", rows_get(r, row, "cell_key"));
    snprintf(x->weights, sizeof x->weights, "%s", weights ? weights : "");
    x->model = text_of(r, row, "model");
    x->task = text_of(r, row, "task");
    x->method = text_of(r, row, "method");
    x->targets = text_of(r, row, "targets");
    x->state = text_of(r, row, "state");
    x->adapter_dir = text_of(r, row, "adapter_dir");
    x->rank = rank ? atoi(rank) : 0;
    x->seed = atol(rows_get(r, row, "seed"));
}

char *study_recipe(struct store *s, const char *study)
{
    char *recipe;

    recorded_recipe(&recipe, s, study);
    return recipe ? recipe : xstrdup(study);
}

static int check_study(struct store *s, const char *study)
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

int study_runs(struct study_run **out, struct store *s, const struct study_want *w)
{
    const char *const params[] = { "study",    w->study, "methods", w->methods, "targets",
                                   w->targets, "task",   w->task,   "ranks",    w->ranks,
                                   "seed",     w->seed,  NULL };
    struct rows r;

    *out = NULL;
    if (check_study(s, w->study) != 0 || query_named(s, &r, "cmd_study_runs", params) != 0)
        return -1;
    *out = xalloc((size_t)r.n_rows + 1, sizeof **out);
    for (int i = 0; i < r.n_rows; i++)
        fill(&(*out)[i], &r, i);
    int n = r.n_rows;
    rows_free(&r);
    return n;
}

static void clear(struct study_run *r)
{
    free(r->model);
    free(r->task);
    free(r->method);
    free(r->targets);
    free(r->state);
    free(r->adapter_dir);
}

void study_runs_free(struct study_run *r, int n)
{
    for (int i = 0; i < n; i++)
        clear(&r[i]);
    free(r);
}

/* The finished ones come first; the others stand behind them. Returns how many are finished. */
static int done_first(struct study_run *r, int n)
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

int study_differ(const struct study_run *a, const struct study_run *b)
{
    return fail(FAIL_INPUT,
                "run %.8s (model '%s', weights %.8s) and run %.8s (model '%s', weights %.8s) were "
                "trained on different weights: their updates cannot be compared",
                a->key, a->model, a->weights, b->key, b->model, b->weights);
}

static int check_alike(const struct study_run *r, int n, const char *study)
{
    for (int i = 1; i < n; i++) {
        if (strcmp(r[i].task, r[0].task) != 0)
            return fail(FAIL_USAGE,
                        "study '%s' has runs of several tasks (%s and %s); choose one with --task",
                        study, r[0].task, r[i].task);
        if (*r[i].weights && *r[0].weights && strcmp(r[i].weights, r[0].weights) != 0)
            return study_differ(&r[0], &r[i]);
    }
    return 0;
}

/* Each of the ranks that were asked for has a finished run, and no two recipes. */
static int check_ranks(struct store *s, const struct study_run *r, int n,
                       const struct study_want *w)
{
    for (const char *p = w->ranks; p && *p; p += strspn(p, ",")) {
        char *end;
        long rank = strtol(p, &end, 10);
        int i = 0;
        while (i < n && r[i].rank != rank)
            i++;
        if (i == n) {
            char *recipe = study_recipe(s, w->study);
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
                            "(%.8s and %.8s): their mean would say nothing",
                            w->study, rank, r[i].key, r[k].key);
        p = end;
    }
    return 0;
}

static int nothing(struct store *s, const struct study_want *w, const struct study_run *r, int n)
{
    char *what = xprintf("%s%s%s%s%s%s%s", w->methods ? w->methods : "any method",
                         w->targets ? ", targets " : "", w->targets ? w->targets : "",
                         w->ranks ? ", rank " : "", w->ranks ? w->ranks : "",
                         w->task ? ", task " : "", w->task ? w->task : "");
    char *recipe = study_recipe(s, w->study);

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

int study_runs_done(struct study_run **out, struct store *s, const struct study_want *w)
{
    int n = study_runs(out, s, w), done;

    if (n < 0)
        return -1;
    done = done_first(*out, n);
    if ((done == 0 && nothing(s, w, *out, n) != 0) || check_alike(*out, done, w->study) != 0 ||
        check_ranks(s, *out, done, w) != 0) {
        study_runs_free(*out, n);
        *out = NULL;
        return -1;
    }
    if (done < n)
        warn("%d of %d runs of study '%s' are not finished and left out (%.8s is %s)", n - done, n,
             w->study, (*out)[done].key, (*out)[done].state);
    for (int i = done; i < n; i++)
        clear(&(*out)[i]);
    return done;
}

char *study_run_file(const struct study_run *r)
{
    char *under = r->adapter_dir ? xstrdup(r->adapter_dir) : xprintf("adapters/%.16s", r->key);
    char *home = home_path(under), *path = NULL;
    static const char *const places[] = { "last/", "" };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        free(path);
        path = xprintf("%s/%sadapter_model.safetensors", home, places[i]);
        if (file_exists(path))
            break;
    }
    if (!file_exists(path)) {
        fail(FAIL_RUN,
             "the adapter of run %.8s is not in '%s'; 'lowrank show %.8s' has the command that "
             "makes it again",
             r->key, home, r->key);
        free(path);
        path = NULL;
    }
    free(home);
    free(under);
    return path;
}

/* "4,64": at least one whole number from 1, each once named. */
static int check_given(const char *given, int n)
{
    const char *s = given;
    int found = 0;

    for (char *end; *s; s = end) {
        long rank = strtol(s, &end, 10);
        if (end == s || rank < 1 || rank > 65536 || (*end && (*end != ',' || !end[1])))
            break;
        found++;
        end += *end == ',';
    }
    return !*s && found > 0 ? 0
                            : fail(FAIL_USAGE, "'ranks' must be ranks as %s, not '%s'",
                                   n > 2 ? "4,8,64" : "8,64", given);
}

/* The first N - 1 of the ranks R from FROM, and its largest. */
static char *pick(const struct rows *r, long from, int n)
{
    char *list = xstrdup("");
    int have = 0;

    for (int i = 0; i < r->n_rows; i++) {
        bool last = i == r->n_rows - 1;
        long rank = strtol(r->cell[i], NULL, 10);
        if (rank < from || (have == n - 1 && !last))
            continue;
        char *longer = xprintf("%s%s%ld", list, have ? "," : "", rank);
        free(list);
        list = longer;
        have++;
    }
    return list;
}

int study_ranks(char **out, struct store *s, const struct study_want *w, const char *given,
                long from, int n)
{
    const char *const params[] = {
        "study", w->study, "targets", w->targets, "task", w->task, NULL
    };
    struct rows r;

    *out = NULL;
    if (given) {
        *out = check_given(given, n) == 0 ? xstrdup(given) : NULL;
        return *out ? 0 : -1;
    }
    if (check_study(s, w->study) != 0 || query_named(s, &r, "cmd_study_ranks", params) != 0)
        return -1;
    *out = pick(&r, from, n);
    char *recipe = study_recipe(s, w->study);
    if (r.n_rows == 0)
        fail(FAIL_RUN, "study '%s' has no LoRA runs with targets %s%s%s: lowrank sweep %s",
             w->study, w->targets, w->task ? ", task " : "", w->task ? w->task : "", recipe);
    else if (!strchr(*out, ','))
        fail(FAIL_RUN,
             "study '%s' with targets %s has no two ranks from %ld upwards; name them with --ranks",
             w->study, w->targets, from);
    bool ok = strchr(*out, ',') != NULL;
    free(recipe);
    rows_free(&r);
    if (ok)
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

char *study_settings(const struct opt *opts, const char *from, const void *cfg)
{
    char buf[256], *all = xstrdup("");
    const struct opt *o = opts;

    while (strcmp(o->key, from) != 0)
        CHECK((o++)->type != OPT_END, "no option '%s'", from);
    for (; o->type != OPT_END; o++) {
        const char *value = opt_text(o, cfg, buf, sizeof buf);
        if (strcmp(value, o->def ? o->def : "") == 0)
            continue;
        char *longer = xprintf("%s%s%s=%s", all, *all ? " " : "", o->key, value);
        free(all);
        all = longer;
    }
    return all;
}

void numbers_put(struct numbers *t, struct analysis_row row)
{
    if ((t->n & (t->n - 1)) == 0) /* a power of two: full */
        t->row = xgrow(t->row, t->n ? 2 * t->n : 1, sizeof *t->row);
    t->row[t->n++] = row;
}

int study_store(struct store *s, const struct analysis_set *set, const struct numbers *t,
                const char *table)
{
    if (analyses_put(s, set, t->row, t->n) != 0)
        return -1;
    note("%zu numbers of '%s'%s%s are stored: lowrank table %s study=%s", t->n, set->study,
         *set->settings ? " with " : "", set->settings, table, set->study);
    return 0;
}
