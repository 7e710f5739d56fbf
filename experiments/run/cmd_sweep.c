/* cmd_sweep.c - "lowrank sweep": do what a study lacks. */
#include "core/cmd.h"
#include "experiments/run/worker.h"
#include "experiments/study/options.h"
#include "results/query/recorded.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    OPTION_JOBS,
    OPTION_SEEDS,
    OPTION_PROFILE,
    HOME_OPTION(struct common),
    OPTION_DATA,
    { "retry", 0, OPT_CHOICE, OPTION_AT(retry), "none", 0, 0, "none|failed|diverged",
      "do failed runs again; diverged: those that diverged as well" },
    { "limit", 0, OPT_INT, OPTION_AT(limit), "0", 0, 1e9, NULL,
      "at most so many runs now, the costliest; 0: all" },
    { "stop_on_error", 0, OPT_BOOL, OPTION_AT(stop_on_error), "false", 0, 0, NULL,
      "stop when a run fails" },
    OPTION_NO_CALIBRATE,
    OPTION_YES,
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "sweep",
    .usage = "STUDY [key=value...]",
    .about = "run every cell of a study with every seed, on all cores",
    .detail = "STUDY is a file or a name in ablations/. Runs that are done are never done again: "
              "the same command\n"
              "resumes after any kind of stop. Words override the study's base or an axis.\n"
              "Exit status: 0 all done, 1 some failed or diverged, 130 stopped.",
    .example = "lowrank sweep rank -j 2",
    .min_args = 1,
    .max_args = -1,
};

struct tally {
    long done, diverged, failed, left;
};

static struct tally tally(const enum run_state *state, int n)
{
    struct tally t = { 0 };

    for (int i = 0; i < n; i++)
        switch (state[i]) {
        case STATE_DONE: t.done++; break;
        case STATE_DIVERGED: t.diverged++; break;
        case STATE_FAILED:
        case STATE_CANCELED: t.failed++; break;
        default: t.left++; break;
        }
    return t;
}

/* "rank=8 targets=q,v seed=2": what sets a run apart. */
static char *run_text(const struct study *s, const struct plan_run *p)
{
    char *text = xstrdup("");

    for (int i = 0; s->axis[i]; i++) {
        void *cfg = NULL;
        char value[256];
        const struct opt *o = recipe_opt(&p->recipe, s->axis[i], &cfg);
        char *more =
            o ? xprintf("%s%s=%s ", text, s->axis[i], opt_text(o, cfg, value, sizeof value)) : NULL;
        if (more) {
            free(text);
            text = more;
        }
    }
    char *all = xprintf("%sseed=%ld", text, p->recipe.run.seed);
    free(text);
    return all;
}

static void list_bad(const struct study *s, const enum run_state *state, struct store *store)
{
    int told = 0;

    for (int i = 0; i < s->n_runs && told < 10; i++) {
        if (state[i] != STATE_DIVERGED && state[i] != STATE_FAILED)
            continue;
        struct recorded_run run;
        recorded_run(&run, store, s->runs[i].recipe.key);
        char *text = run_text(s, &s->runs[i]);
        note("  %s %.8s %s: %s", state_names[state[i]], s->runs[i].recipe.key, text,
             run.error ? run.error : "no reason given");
        free(text);
        recorded_run_free(&run);
        told++;
    }
}

static int report_end(const struct study *s, const enum run_state *state, struct store *store,
                      const struct sweep_end *end, bool ran)
{
    struct tally t = tally(state, s->n_runs);
    char took[32];

    if (end->stopped) {
        note("%ld of %d runs done; stopped; the same command resumes", t.done + t.diverged,
             s->n_runs);
        return end->stopped == SIGTERM ? 128 + SIGTERM : (int)FAIL_STOPPED;
    }
    if (end->alike)
        note("given up: the first runs all failed in the same way");
    if (t.done == s->n_runs)
        note("%s: all %d runs done%s%s", s->name, s->n_runs, ran ? " in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    else
        note("%s: %d runs: %ld done, %ld diverged, %ld failed, %ld left%s%s", s->name, s->n_runs,
             t.done, t.diverged, t.failed, t.left, ran ? ", in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    list_bad(s, state, store);
    if (t.failed)
        note("'--retry failed' does failed runs again");
    if (verbosity < 0 && (t.failed || t.diverged)) /* notes are not shown, an error is */
        return fail(FAIL_RUN, "%s: %ld of %d runs diverged, %ld failed; 'lowrank status' says why",
                    s->name, t.diverged, s->n_runs, t.failed);
    return t.failed || t.diverged ? (int)FAIL_RUN : 0;
}

/* Runs that are neither done nor given up. */
static int choose(bool *pending, const enum run_state *state, int n)
{
    int left = 0;

    for (int i = 0; i < n; i++) {
        pending[i] = state[i] == STATE_NEW || state[i] == STATE_QUEUED || state[i] == STATE_RUNNING;
        left += pending[i];
    }
    return left;
}

static int sweep(struct study *s, struct store *store, const struct common *c)
{
    enum run_state *state = xalloc((size_t)s->n_runs, sizeof *state);
    bool *pending = xalloc((size_t)s->n_runs, sizeof *pending);
    struct sweep_opts o = { common_jobs(c), c->limit, c->stop_on_error, !c->no_calibrate };
    struct sweep_end end = { 0 };
    int rc = study_check_name(store, s);

    if (rc == 0 && c->retry != RETRY_NONE &&
        (study_put(store, s) != 0 || store_requeue(store, s->name, c->retry == RETRY_DIVERGED) < 0))
        rc = -1;
    if (rc == 0)
        rc = study_states(state, store, s);
    int left = rc == 0 ? choose(pending, state, s->n_runs) : 0;
    if (rc == 0 && left > 0) {
        long now = o.limit > 0 && o.limit < left ? o.limit : left;
        note("%s: %ld of %d runs to do, %ld at a time", s->name, now, s->n_runs,
             o.jobs < now ? o.jobs : now);
        rc = sweep_run(&end, s, pending, store, &o);
        if (rc == 0)
            rc = study_states(state, store, s);
    } else if (rc == 0) {
        rc = study_put(store, s);
    }
    if (rc == 0)
        rc = report_end(s, state, store, &end, left > 0);
    free(state);
    free(pending);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct common *c = cfg;
    struct study s = { 0 };
    struct store *store = NULL;

    common_apply(c);
    int rc = common_study(&s, c, argc, argv) == 0 && common_store(&store, STORE_WRITE) == 0
                 ? sweep(&s, store, c)
                 : -1;
    store_close(store);
    study_free(&s);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct common), work, argc, argv);
}

const struct cmd cmd_sweep = { "sweep", "run",
                               "run every cell and seed of a study that is not done", run };
