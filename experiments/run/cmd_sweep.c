/* cmd_sweep.c - "lowrank sweep": do the runs of a study that are not done. */
#include "core/cmd.h"
#include "core/base/text.h"
#include "experiments/run/sweep.h"
#include "experiments/study/study_flags.h"
#include "experiments/study/study_store.h"
#include "results/query/recorded.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    OPTION_JOBS,
    OPTION_SEEDS,
    OPTION_PROFILE,
    HOME_OPTION(struct study_flags),
    DATA_OPTION(struct study_flags),
    { "retry", 0, OPT_CHOICE, OPTION_AT(retry), "none", 0, 0, "none|failed|diverged",
      "try failed runs again; diverged: also those that diverged" },
    { "limit", 0, OPT_INT, OPTION_AT(limit), "0", 0, 1e9, NULL,
      "do at most this many runs now, the longest first; 0: all" },
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
    .detail =
        "STUDY is a file or the name of a study ('lowrank list studies'). Words replace an\n"
        "axis of the study, or a key that all of its runs have in common. Runs that are\n"
        "done are not done again: after any interruption, the same command continues.\n"
        "\n"
        "Exit status: 0 all runs are done (with --limit: as many as it allows), 1 some failed\n"
        "or diverged, 130 stopped by SIGINT, 143 by SIGTERM. A worker that a signal stops is\n"
        "replaced by another one.",
    .example = "lowrank sweep rank -j 2",
    .min_args = 1,
    .max_args = -1,
};

enum { MOST_BAD_SHOWN = 10 };

struct tally {
    long done, diverged, failed, left;
};

static struct tally tally_of(const enum run_state *state, int n)
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

/* "rank=8 targets=q,v seed=2": what distinguishes a run from the others; the caller frees it. */
static char *run_words(const struct study *s, const struct plan_run *p)
{
    struct text t = { 0 };

    for (int i = 0; s->axis[i]; i++) {
        void *cfg = NULL;
        char value[OPT_LIST_SIZE];
        const struct opt *o = recipe_opt(&p->recipe, s->axis[i], &cfg);
        if (o)
            text_add(&t, "%s=%s ", s->axis[i], opt_text(o, cfg, value, sizeof value));
    }
    text_add(&t, "seed=%ld", p->recipe.run.seed);
    return text_take(&t);
}

static void note_bad_runs(const struct study *s, const enum run_state *state, struct store *store)
{
    int shown = 0;

    for (int i = 0; i < s->n_runs && shown < MOST_BAD_SHOWN; i++) {
        if (state[i] != STATE_DIVERGED && state[i] != STATE_FAILED)
            continue;
        struct recorded_run run;
        recorded_run(&run, store, s->runs[i].recipe.key);
        char *words = run_words(s, &s->runs[i]);
        note("  %s %.8s %s: %s", state_names[state[i]], s->runs[i].recipe.key, words,
             run.error ? run.error : "no reason given");
        free(words);
        recorded_run_free(&run);
        shown++;
    }
}

static int report_end(const struct study *s, const enum run_state *state, struct store *store,
                      const struct sweep_end *end, bool ran, long beyond_limit)
{
    struct tally t = tally_of(state, s->n_runs);
    char took[32];

    if (end->stopped) {
        note("stopped after %ld of %d runs, %ld left; the same command continues",
             t.done + t.diverged, s->n_runs, t.left);
        return end->stopped == SIGTERM ? 128 + SIGTERM : (int)FAIL_STOPPED;
    }
    if (end->signals) {
        warn("given up, because signals stopped the workers again and again; %ld of %d runs are "
             "left",
             t.left, s->n_runs);
        return 128 + SIGTERM;
    }
    if (end->alike)
        note("given up, because the first runs all failed in the same way");
    if (t.done == s->n_runs)
        note("%s: all %d runs done%s%s", s->name, s->n_runs, ran ? " in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    else
        note("%s: %d runs: %ld done, %ld diverged, %ld failed, %ld left%s%s", s->name, s->n_runs,
             t.done, t.diverged, t.failed, t.left, ran ? ", in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    note_bad_runs(s, state, store);
    if (t.failed)
        note("'--retry failed' tries failed runs again");
    if (verbosity < 0 && (t.failed || t.diverged)) /* --quiet hides notes, but not an error */
        return fail(FAIL_RUN, "%s: %ld of %d runs diverged, %ld failed; 'lowrank status' shows why",
                    s->name, t.diverged, s->n_runs, t.failed);
    if (t.left > beyond_limit && !t.failed && !t.diverged)
        return fail(FAIL_RUN, "%s: %ld of %d runs are left; the same command continues", s->name,
                    t.left, s->n_runs);
    return t.failed || t.diverged ? (int)FAIL_RUN : 0;
}

/* Marks the runs that are neither done nor given up as PENDING; returns how many. */
static int mark_pending(bool *pending, const enum run_state *state, int n)
{
    int left = 0;

    for (int i = 0; i < n; i++) {
        pending[i] = state[i] == STATE_NEW || state[i] == STATE_QUEUED || state[i] == STATE_RUNNING;
        left += pending[i];
    }
    return left;
}

static int sweep_study(struct study *s, struct store *store, const struct study_flags *c)
{
    enum run_state *state = xalloc((size_t)s->n_runs, sizeof *state);
    bool *pending = xalloc((size_t)s->n_runs, sizeof *pending);
    struct sweep_opts o = { study_flags_jobs(c), c->limit, c->stop_on_error, !c->no_calibrate };
    struct sweep_end end = { 0 };
    int rc = study_store_check_name(store, s);

    if (rc == 0 && c->retry != RETRY_NONE &&
        (study_store_put(store, s) != 0 ||
         store_requeue(store, s->name, c->retry == RETRY_DIVERGED) < 0))
        rc = -1;
    if (rc == 0)
        rc = study_store_states(state, store, s);
    int left = rc == 0 ? mark_pending(pending, state, s->n_runs) : 0;
    if (rc == 0 && left > 0) {
        long now = o.limit > 0 && o.limit < left ? o.limit : left;
        note("%s: %ld of %d runs to do, %ld at a time", s->name, now, s->n_runs,
             o.jobs < now ? o.jobs : now);
        rc = sweep_run(&end, s, pending, store, &o);
        if (rc == 0)
            rc = study_store_states(state, store, s);
    } else if (rc == 0) {
        rc = study_store_put(store, s);
    }
    if (rc == 0)
        rc = report_end(s, state, store, &end, left > 0,
                        o.limit > 0 && o.limit < left ? left - o.limit : 0);
    free(state);
    free(pending);
    return rc;
}

static int sweep_work(void *cfg, int argc, char **argv)
{
    const struct study_flags *c = cfg;
    struct session ses;
    struct study s = { 0 };
    struct store *store = NULL;

    session_init(&ses, c->home, c->data);
    int rc = study_flags_load(&s, &ses, c, argc, argv) == 0 &&
                     study_flags_store(&store, c->home, STORE_WRITE) == 0
                 ? sweep_study(&s, store, c)
                 : -1;
    store_close(store);
    study_free(&s);
    session_free(&ses);
    return rc;
}

static int sweep_main(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct study_flags), sweep_work, argc, argv);
}

const struct cmd cmd_sweep = { "sweep", "run", "do the runs of a study that are not done",
                               sweep_main };
