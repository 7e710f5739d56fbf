/* cmd_sweep.c - "lowrank sweep": do the runs of a study that are not done. */
#include "core/cmd.h"
#include "core/base/text.h"
#include "experiments/run/run_one.h"
#include "experiments/run/sweep.h"
#include "experiments/study/adhoc.h"
#include "experiments/study/study_flags.h"
#include "experiments/study/study_store.h"
#include "experiments/study/tune.h"
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
    .usage = "[STUDY] [key=value,value...]",
    .about = "run every cell of a study with every seed, on all cores",
    .detail =
        "STUDY is a file or the name of a study ('lowrank list studies'). Words replace an\n"
        "axis of the study, or a key that all of its runs have in common; several values\n"
        "become an axis: rank=1,4,16, or for keys that take lists targets='q;q,v'. Without a\n"
        "STUDY the words are the whole study; a word without '=' names it, and its file is\n"
        "kept in HOME/studies, where its name finds it. Runs that are\n"
        "done are not done again: after any interruption, the same command continues.\n"
        "In a study with a search, runs of tuning seeds come first, rung by rung; as soon as\n"
        "every arm has its choice, the study's own seeds run with it.\n"
        "\n"
        "Exit status: 0 all runs are done (with --limit: as many as it allows), 1 some failed\n"
        "or diverged, 130 stopped by SIGINT, 143 by SIGTERM. A worker that a signal stops is\n"
        "replaced by another one.",
    .example = "lowrank sweep rank -j 2\n"
               "  lowrank sweep rank=1,4,16 targets='q;q,v' --seeds 3 my_ranks",
    .min_args = 1,
    .max_args = -1,
};

enum { MOST_BAD_SHOWN = 10 };

/* How the runs that a study reports stand; those of arms without a choice are left, too. */
struct tally {
    long total, done, diverged, failed, excluded, left;
};

static struct tally tally_of(const struct study *s, const enum run_state *state,
                             const struct tune_stage *stage)
{
    struct tally t = { .total = s->n_runs };

    for (int i = 0; i < s->n_runs; i++) {
        t.done += s->runs[i].reports && state[i] == STATE_DONE;
        t.diverged += s->runs[i].reports && state[i] == STATE_DIVERGED;
        t.excluded += s->runs[i].reports && state[i] == STATE_EXCLUDED;
        t.failed += state[i] == STATE_FAILED && (s->runs[i].reports || s->runs[i].tunes);
    }
    if (s->arms) {
        long seeds = s->arms->grid.n_seeds;
        t.total = s->arms->n * seeds;
        t.diverged += stage->hopeless * seeds;
    }
    t.left = t.total - t.done - t.diverged - t.failed - t.excluded;
    t.left = t.left > 0 ? t.left : 0;
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
        if (state[i] != STATE_FAILED && (state[i] != STATE_DIVERGED || !s->runs[i].reports))
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

/* What a search cannot decide by itself. */
static void note_arms(const struct study *s, const struct tune_stage *stage)
{
    int shown = 0;

    if (stage->hopeless)
        note("%s: every trial of %d arm%s diverged; 'lowrank query trials study=%s' shows them",
             s->name, stage->hopeless, stage->hopeless == 1 ? "" : "s", s->name);
    for (int i = 0; i < s->arms->n; i++) {
        const struct arm *a = &s->arms->arm[i];
        if (a->chosen < 0 || !*a->edge || shown++ >= MOST_BAD_SHOWN)
            continue;
        char *words = run_words(s, &s->runs[a->trial[a->chosen].run[0]]);
        warn("the choice is at an edge (%s): %s", a->edge, words);
        free(words);
    }
    if (shown > MOST_BAD_SHOWN)
        warn("%d more choices are at an edge; 'lowrank query trials study=%s' shows them",
             shown - MOST_BAD_SHOWN, s->name);
}

/* What a person looks at next. */
static void note_next(const struct study *s)
{
    note("next: lowrank table %s", s->name);
    note("      lowrank figure %s", s->name);
}

static int report_end(const struct study *s, const enum run_state *state, struct store *store,
                      const struct sweep_end *end, bool ran, bool limited,
                      const struct tune_stage *stage)
{
    struct tally t = tally_of(s, state, stage);
    char took[32];

    if (end->stopped) {
        note("stopped after %ld of %ld runs, %ld left; the same command continues",
             t.done + t.diverged, t.total, t.left);
        return end->stopped == SIGTERM ? 128 + SIGTERM : (int)FAIL_STOPPED;
    }
    if (end->signals) {
        warn("given up, because signals stopped the workers again and again; %ld of %ld runs are "
             "left",
             t.left, t.total);
        return 128 + SIGTERM;
    }
    if (end->alike)
        note("given up, because the first runs all failed in the same way");
    if (t.excluded > 0)
        note("%s: %ld run%s excluded; 'lowrank query excluded study=%s' says why", s->name,
             t.excluded, t.excluded == 1 ? " is" : "s are", s->name);
    if (t.done + t.excluded == t.total)
        note("%s: all %ld runs done%s%s", s->name, t.done, ran ? " in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    else
        note("%s: %ld runs: %ld done, %ld diverged, %ld failed, %ld left%s%s", s->name, t.total,
             t.done, t.diverged, t.failed, t.left, ran ? ", in " : "",
             ran ? duration_text(took, end->wall_s) : "");
    if (t.left == 0 && t.done > 0)
        note_next(s);
    if (s->arms)
        note_arms(s, stage);
    note_bad_runs(s, state, store);
    if (t.failed)
        note("'--retry failed' tries failed runs again");
    if (verbosity < 0 && (t.failed || t.diverged)) /* --quiet hides notes, but not an error */
        return fail(FAIL_RUN,
                    "%s: %ld of %ld runs diverged, %ld failed; 'lowrank status' shows why", s->name,
                    t.diverged, t.total, t.failed);
    if (t.left > 0 && !limited && !t.failed && !t.diverged)
        return fail(FAIL_RUN, "%s: %ld of %ld runs are left; the same command continues", s->name,
                    t.left, t.total);
    return t.failed || t.diverged ? (int)FAIL_RUN : 0;
}

/* The training checkpoints of trials that go no further. */
static int forget_stopped(const struct study *s, struct store *store)
{
    for (int i = 0; i < s->arms->n; i++)
        for (int k = 0; k < s->arms->arm[i].n_trials; k++) {
            const struct trial *t = &s->arms->arm[i].trial[k];
            for (int n = 0; t->outcome == TRIAL_STOPPED && n < arms_search(s)->n_seeds; n++) {
                const struct plan_run *p = &s->runs[t->run[n]];
                int state = store_state(store, p->recipe.key);
                if (state < 0)
                    return -1;
                if (state == (int)STATE_QUEUED && !p->reports)
                    run_one_forget(store, &p->recipe);
            }
        }
    return 0;
}

/* Which runs come next, in *PENDING, which the caller frees: all that are neither done nor given
 * up, or those that a search asks for. Returns how many, or -1 after fail. */
static int next_runs(bool **pending, struct tune_stage *stage, struct study *s, struct store *store)
{
    int n = 0;

    if (s->arms) {
        if (tune_study(stage, pending, s, store) != 0 || forget_stopped(s, store) != 0)
            return -1;
        for (int i = 0; i < s->n_runs; i++)
            n += (*pending)[i];
        return n;
    }
    *pending = xalloc((size_t)s->n_runs, sizeof **pending);
    for (int i = 0; i < s->n_runs; i++) {
        int state = store_state(store, s->runs[i].recipe.key);
        if (state < 0)
            return -1;
        (*pending)[i] =
            state == (int)STATE_NEW || state == (int)STATE_QUEUED || state == (int)STATE_RUNNING;
        n += (*pending)[i];
    }
    return n;
}

static void note_stage(const struct study *s, const struct tune_stage *stage, long now, long jobs)
{
    if (!s->arms)
        note("%s: %ld of %d runs to do, %ld at a time", s->name, now, s->n_runs, jobs);
    else if (stage->rung)
        note("%s: tuning, rung %d of %d, %d of %d arms chosen: %ld runs to do, %ld at a time",
             s->name, stage->rung, stage->of, stage->chosen, s->arms->n, now, jobs);
    else
        note("%s: every arm is tuned: %ld runs to do, %ld at a time", s->name, now, jobs);
}

/* New runs of a later stage take as long as those of their arm. */
static void copy_estimates(struct study *s)
{
    for (int i = 0; i < s->n_runs; i++)
        for (int k = 0; k < i && s->runs[i].cost_s <= 0; k++)
            if (strcmp(s->runs[k].point, s->runs[i].point) == 0) {
                s->runs[i].cost_s = s->runs[k].cost_s;
                s->runs[i].eval_s = s->runs[k].eval_s;
                s->runs[i].texts_s = s->runs[k].texts_s;
            }
}

/* All stages, one after another. *LEFT: how many more runs --limit allows; 0: any number. *RAN:
 * something had to be done. */
static int run_stages(struct sweep_end *end, bool *ran, long *left, struct tune_stage *stage,
                      struct study *s, struct store *store, const struct study_flags *c)
{
    struct sweep_opts o = { study_flags_jobs(c), 0, c->stop_on_error, !c->no_calibrate };
    double wall_s = 0;
    int rc = 0;

    for (bool more = true; more && rc == 0;) {
        bool *pending = NULL;
        int n = next_runs(&pending, stage, s, store), ended = n;
        if (n > 0) {
            long now = *left > 0 && *left < n ? *left : n;
            o.limit = *left;
            note_stage(s, stage, now, o.jobs < now ? o.jobs : now);
            rc = sweep_run(end, s, pending, store, &o);
            for (int i = 0; rc == 0 && i < s->n_runs; i++)
                ended -= pending[i];
            wall_s += end->wall_s;
            *ran = true;
            if (o.calibrate)
                copy_estimates(s);
            o.calibrate = false;
        } else {
            rc = n < 0 ? -1 : study_store_put(store, s);
        }
        free(pending);
        more = n > 0 && s->arms && ended > 0 && !end->stopped && !end->signals && !end->alike &&
               !(c->stop_on_error && ended < n);
        if (c->limit > 0 && n > 0 && rc == 0) {
            *left -= ended;
            more &= *left > 0;
        }
    }
    end->wall_s = wall_s;
    return rc;
}

static int requeue(struct study *s, struct store *store, const struct study_flags *c)
{
    struct tune_stage stage;
    bool *pending = NULL;
    int rc = c->retry == RETRY_NONE ? 0
             : next_runs(&pending, &stage, s, store) < 0 || study_store_put(store, s) != 0 ||
                     store_requeue(store, s->name, c->retry == RETRY_DIVERGED) < 0
                 ? -1
                 : 0;

    free(pending);
    return rc;
}

/* A process that was killed just after its run was recorded left the training checkpoint. */
static void forget_over(const struct study *s, const enum run_state *state, struct store *store)
{
    for (int i = 0; i < s->n_runs; i++)
        if (state[i] == STATE_DONE || state[i] == STATE_DIVERGED)
            run_one_forget(store, &s->runs[i].recipe);
}

static int sweep_study(struct study *s, struct store *store, const struct study_flags *c)
{
    struct sweep_end end = { 0 };
    struct tune_stage stage = { 0 };
    long left = c->limit;
    bool ran = false, *pending = NULL;
    int rc = study_store_check_name(store, s);

    if (rc == 0 && s->text)
        rc = adhoc_write(s->path, s->text);
    if (rc == 0)
        rc = requeue(s, store, c);
    if (rc == 0)
        rc = run_stages(&end, &ran, &left, &stage, s, store, c);
    if (rc == 0 && s->arms) /* the last stage changed what follows */
        rc = next_runs(&pending, &stage, s, store) < 0 ? -1 : study_store_put(store, s);
    enum run_state *state = xalloc((size_t)s->n_runs, sizeof *state);
    if (rc == 0)
        rc = study_store_states(state, store, s);
    if (rc == 0)
        forget_over(s, state, store);
    if (rc == 0)
        rc = report_end(s, state, store, &end, ran, c->limit > 0 && left <= 0, &stage);
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
