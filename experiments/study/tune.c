/* tune.c - judging the trials of a study with a search. */
#include "experiments/study/tune.h"
#include "core/metric/metric.h"
#include "experiments/recipe/data.h"
#include "results/query/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is stored of a run. */
struct stored {
    bool read;
    enum run_state state;
    long reached;
    int n;
    long *step;
    double *value; /* NAN: not finite */
};
struct tuner {
    struct study *s;
    struct store *store;
    struct stored *run; /* [n] by the index of the run */
    bool *wanted;       /* [n] */
    int n;
    struct tune_stage *stage;
};
/* A trial, and a set of trials, is as good as the worst of its runs. */
enum score { SCORE_FAULT, SCORE_FAILED, SCORE_MISSING, SCORE_DIVERGED, SCORE_VALUE };

const char *tune_metric(enum metric_goal *goal, const struct study *s, const struct recipe *r)
{
    const struct task *t = &r->task->task;
    const char *name = strchr(s->metric, ' ') + 1;
    bool has = strcmp(name, "loss") == 0;

    for (int i = 0; i < t->n_metrics; i++)
        has |= strcmp(t->metrics[i], name) == 0;
    if (!has)
        name = t->n_metrics ? t->metrics[0] : "loss";
    *goal = strcmp(name, "loss") == 0 ? GOAL_MIN : metric_find(name)->goal;
    return name;
}

long tune_epochs(const struct recipe *r)
{
    return r->train.steps > 0 ? 1 : r->train.epochs;
}

/* --- the store */

static void tuner_grow(struct tuner *t)
{
    t->run = xgrow(t->run, (size_t)t->s->n_runs, sizeof *t->run);
    t->wanted = xgrow(t->wanted, (size_t)t->s->n_runs, sizeof *t->wanted);
    for (; t->n < t->s->n_runs; t->n++) {
        t->run[t->n] = (struct stored){ 0 };
        t->wanted[t->n] = false;
    }
}

static void tuner_free(struct tuner *t)
{
    for (int i = 0; i < t->n; i++) {
        free(t->run[i].step);
        free(t->run[i].value);
    }
    free(t->run);
}

static int read_evaluations(struct stored *d, struct store *store, const char *key,
                            const char *metric)
{
    const char *const params[] = { "key", key, "metric", metric, NULL };
    struct rows rows;

    if (query_named(store, &rows, "cmd_run_evaluations", params) != 0)
        return -1;
    d->step = xalloc((size_t)rows.n_rows + 1, sizeof *d->step);
    d->value = xalloc((size_t)rows.n_rows + 1, sizeof *d->value);
    for (int i = 0; i < rows.n_rows; i++) {
        const char *reached = rows_get(&rows, i, "reached"), *step = rows_get(&rows, i, "step"),
                   *value = rows_get(&rows, i, "value");
        d->reached = reached ? strtol(reached, NULL, 10) : 0;
        if (!step)
            continue;
        d->step[d->n] = strtol(step, NULL, 10);
        d->value[d->n++] = rows_get(&rows, i, "nonfinite") ? NAN : strtod(value, NULL);
    }
    rows_free(&rows);
    return 0;
}

/* NULL after fail. */
static const struct stored *stored_run(struct tuner *t, int run)
{
    const struct recipe *r = &t->s->runs[run].recipe;
    struct stored *d = &t->run[run];
    enum metric_goal goal;

    if (d->read)
        return d;
    d->read = true;
    int state = t->store ? store_state(t->store, r->key) : (int)STATE_NEW;
    if (state < 0)
        return NULL;
    d->state = (enum run_state)state;
    if (state != (int)STATE_NEW &&
        read_evaluations(d, t->store, r->key, tune_metric(&goal, t->s, r)) != 0)
        return NULL;
    return d;
}

/* --- scores */

/* The step at which so many epochs of the run end; -1 after fail. */
static long step_after(const struct recipe *r, long epochs)
{
    struct run_data d;

    if (data_all(&d, r) != 0)
        return -1;
    return train_epochs_steps(&r->train, d.split[SPLIT_TRAIN], recipe_order_seed(r), epochs);
}

/* The best or the newest evaluation up to a step; NAN: there is none. */
static double value_until(const struct stored *d, long step, bool newest, enum metric_goal goal)
{
    double value = NAN;

    for (int i = 0; i < d->n && d->step[i] <= step; i++)
        if (newest || isnan(value) ||
            (goal == GOAL_MIN ? d->value[i] < value : d->value[i] > value))
            value = d->value[i];
    return value;
}

/* The score of a run in *VALUE, after so many epochs. */
static enum score run_score(double *value, struct tuner *t, int run, long epochs)
{
    const struct recipe *r = &t->s->runs[run].recipe;
    const struct stored *d = stored_run(t, run);
    bool newest = strncmp(t->s->metric, "last", 4) == 0, whole = epochs >= tune_epochs(r);
    enum metric_goal goal;

    if (!d)
        return SCORE_FAULT;
    if (d->state == STATE_NEW || (whole && d->state != STATE_DONE && d->state != STATE_DIVERGED &&
                                  d->state != STATE_FAILED && d->state != STATE_EXCLUDED))
        return SCORE_MISSING;
    long step = whole ? INT64_MAX : step_after(r, epochs);
    if (step < 0)
        return SCORE_FAULT;
    tune_metric(&goal, t->s, r);
    *value = value_until(d, step, newest, goal);
    bool over = d->state == STATE_DONE || d->state == STATE_EXCLUDED; /* a choice stays as it is */
    if (over || (d->reached > step && !isnan(*value)))
        return isnan(*value) ? SCORE_DIVERGED : SCORE_VALUE;
    if (d->state == STATE_DIVERGED)
        return SCORE_DIVERGED;
    if (d->reached == step && !isnan(*value))
        return SCORE_VALUE;
    return d->state == STATE_FAILED ? SCORE_FAILED : SCORE_MISSING;
}

/* A trial at a rung. */
struct judged {
    int trial;
    enum score score;
    double mean;
};

static enum score worse_of(enum score a, enum score b)
{
    return a < b ? a : b;
}

/* Runs without a score are wanted. SINCE: the epochs of the rung before. */
static struct judged judge_trial(struct tuner *t, const struct arm *a, int trial, long epochs,
                                 long since)
{
    struct judged j = { trial, SCORE_VALUE, 0 };
    int n = arms_search(t->s)->n_seeds;

    for (int i = 0; i < n; i++) {
        int run = a->trial[trial].run[i];
        struct plan_run *p = &t->s->runs[run];
        double value = NAN;
        enum score one = run_score(&value, t, run, epochs);
        if (one == SCORE_MISSING) {
            p->until = epochs < tune_epochs(&p->recipe) ? epochs : 0;
            p->since = since;
            t->wanted[run] = true;
        }
        j.score = worse_of(one, j.score);
        j.mean += value / n;
    }
    return j;
}

/* Is trial A better than trial B? */
static bool is_better(const struct tuner *t, const struct arm *arm, const struct judged *a,
                      const struct judged *b)
{
    enum metric_goal goal;

    tune_metric(&goal, t->s, &t->s->runs[arm->trial[a->trial].run[0]].recipe);
    if (a->score != b->score || a->score != SCORE_VALUE)
        return a->score > b->score;
    return goal == GOAL_MIN ? a->mean < b->mean : a->mean > b->mean;
}

/* Is trial A before trial B, of two that differ? */
static bool is_before(const struct tuner *t, const struct arm *arm, const struct judged *a,
                      const struct judged *b)
{
    const struct trial *x = &arm->trial[a->trial], *y = &arm->trial[b->trial];
    const struct search *search = arms_search(t->s);

    if (is_better(t, arm, a, b) || is_better(t, arm, b, a))
        return is_better(t, arm, a, b);
    for (int k = 0; k < search->axes.n; k++) {
        double u = strtod(x->value[k], NULL), v = strtod(y->value[k], NULL);
        if (!search->step[k].none && u != v)
            return u < v;
    }
    return a->trial < b->trial;
}

static void sort_judged(const struct tuner *t, const struct arm *arm, struct judged *j, int n)
{
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && is_before(t, arm, &j[k], &j[k - 1]); k--) {
            struct judged swap = j[k];
            j[k] = j[k - 1];
            j[k - 1] = swap;
        }
}

/* --- arms */

/* An arm as it is judged. */
struct judgment {
    struct search_rung rung[MOST_RUNGS];
    int rungs;
    struct judged best; /* at the last rung; trial -1: every one diverged */
};

/* The arm waits for runs, or for somebody to look at a failed one; -1 after fail. */
static int note_open(struct tuner *t, struct arm *a, enum score worst, int rung, int rungs)
{
    a->open = true;
    t->stage->blocked += worst == SCORE_FAILED;
    if (t->stage->rung == 0 || rung + 1 < t->stage->rung)
        t->stage->rung = rung + 1;
    t->stage->of = rungs > t->stage->of ? rungs : t->stage->of;
    return worst == SCORE_FAULT ? -1 : 0;
}

/* One rung of the N trials J, which are sorted: KEEP of them are promoted. Returns how many are. */
static int judge_rung(struct arm *a, const struct judged *j, int n, int rung, bool last, int keep)
{
    while (keep > 0 && j[keep - 1].score == SCORE_DIVERGED)
        keep--;
    for (int i = 0; i < n; i++) {
        a->trial[j[i].trial].rung = rung + 1;
        if (i >= keep)
            a->trial[j[i].trial].outcome = last ? TRIAL_LOST : TRIAL_STOPPED;
    }
    return keep;
}

/* The rungs of the first trials. */
static int judge_first(struct tuner *t, struct arm *a, struct judgment *g)
{
    struct judged *j = xalloc((size_t)a->n_first, sizeof *j);
    int n = a->n_first, rc = 0;

    for (int i = 0; i < n; i++)
        j[i].trial = i;
    for (int k = 0; k < g->rungs && n > 0 && rc == 0 && !a->open; k++) {
        enum score worst = SCORE_VALUE;
        for (int i = 0; i < n; i++) {
            a->trial[j[i].trial].epochs = g->rung[k].epochs;
            j[i] = judge_trial(t, a, j[i].trial, g->rung[k].epochs, k ? g->rung[k - 1].epochs : 0);
            worst = worse_of(j[i].score, worst);
        }
        if (worst < SCORE_DIVERGED) {
            rc = note_open(t, a, worst, k, g->rungs);
            break;
        }
        bool last = k + 1 == g->rungs;
        sort_judged(t, a, j, n);
        n = judge_rung(a, j, n, k, last, last ? 1 : g->rung[k + 1].n);
    }
    g->best = n > 0 ? j[0] : (struct judged){ -1, SCORE_DIVERGED, 0 };
    free(j);
    return rc;
}

/* Is VALUE of key K the smallest (UP: the largest) number of the arm's trials, of which there are
 * several? */
static bool is_extreme(const struct arm *a, int k, const char *value, bool up)
{
    double x = strtod(value, NULL);
    bool others = false;

    for (int i = 0; i < a->n_trials; i++) {
        double y = strtod(a->trial[i].value[k], NULL);
        if (up ? y > x : y < x)
            return false;
        others |= y != x;
    }
    return others;
}

/* The first key of which a trial has an extreme value: K and UP; false: it has none. */
static bool find_edge(const struct tuner *t, const struct arm *a, int trial, int *k, bool *up)
{
    const struct search *search = arms_search(t->s);

    for (*k = 0; *k < search->axes.n; (*k)++)
        for (int side = 0; side < 2 && !search->step[*k].none; side++) {
            *up = side == 1;
            if (is_extreme(a, *k, a->trial[trial].value[*k], *up))
                return true;
        }
    return false;
}

/* A trial one step beyond the best one at an edge, whose index this is; -1: there is none, -2 after
 * fail. */
static int trial_beyond(struct tuner *t, int arm, int best, int extension)
{
    struct arm *a = &t->s->arms->arm[arm];
    const struct search *search = arms_search(t->s);
    int k, n = a->n_trials;
    bool up;

    if (!find_edge(t, a, best, &k, &up))
        return -1;
    char *beyond = search_beyond(search, k, a->trial[best].value[k], up);
    if (!beyond)
        return -1;
    char **value = xalloc((size_t)search->axes.n, sizeof *value);
    memcpy(value, a->trial[best].value, (size_t)search->axes.n * sizeof *value);
    value[k] = beyond;
    int rc = arms_extend(t->s, arm, value, extension);
    tuner_grow(t);
    free(value);
    free(beyond);
    return rc != 0 ? -2 : a->n_trials > n ? n : -1;
}

/* One trial beyond an edge against the best one. */
static int judge_extension(struct tuner *t, struct arm *a, struct judgment *g, int trial)
{
    struct trial *x = &a->trial[trial];

    for (int k = 0; k < g->rungs; k++) {
        long since = k ? g->rung[k - 1].epochs : 0;
        bool last = k + 1 == g->rungs;
        x->epochs = g->rung[k].epochs;
        struct judged one = judge_trial(t, a, trial, x->epochs, since);
        struct judged best = judge_trial(t, a, g->best.trial, x->epochs, since);
        enum score worst = worse_of(one.score, best.score);
        if (worst < SCORE_DIVERGED)
            return note_open(t, a, worst, k, g->rungs);
        x->rung = k + 1;
        if (!is_better(t, a, &one, &best)) {
            x->outcome = last ? TRIAL_LOST : TRIAL_STOPPED;
            return 0;
        }
        if (last) {
            a->trial[g->best.trial].outcome = TRIAL_LOST;
            g->best = one;
        }
    }
    return 0;
}

static int judge_edges(struct tuner *t, int arm, struct judgment *g)
{
    struct arm *a = &t->s->arms->arm[arm];
    int rc = 0;

    for (int i = 1; i <= arms_search(t->s)->extend && rc == 0 && !a->open; i++) {
        int beyond = trial_beyond(t, arm, g->best.trial, i);
        if (beyond == -1)
            break;
        rc = beyond < 0 ? -1 : judge_extension(t, a, g, beyond);
    }
    return rc;
}

static void note_edge(const struct tuner *t, struct arm *a, int trial)
{
    int k;
    bool up;

    if (find_edge(t, a, trial, &k, &up))
        snprintf(a->edge, sizeof a->edge, "%s: %s tried", arms_search(t->s)->axes.a[k].key,
                 up ? "largest" : "smallest");
}

static void note_scores(struct tuner *t, struct arm *a)
{
    for (int i = 0; i < a->n_trials; i++)
        for (int k = 0; k < arms_search(t->s)->n_seeds; k++) {
            struct trial *x = &a->trial[i];
            double value = NAN;
            x->score[k] = run_score(&value, t, x->run[k], x->epochs) == SCORE_VALUE ? value : NAN;
        }
}

/* All trials are judged anew, so those beyond an edge come up again in the same order. */
static int judge_arm(struct tuner *t, int arm)
{
    struct arm *a = &t->s->arms->arm[arm];
    struct judgment g;

    arms_reset(t->s, a);
    g.rungs = search_rungs(g.rung, arms_search(t->s), a->n_first,
                           tune_epochs(&t->s->runs[a->trial[0].run[0]].recipe));
    int rc = judge_first(t, a, &g);
    if (rc == 0 && !a->open && g.best.trial >= 0)
        rc = judge_edges(t, arm, &g);
    if (rc == 0)
        note_scores(t, a);
    if (rc != 0 || a->open)
        return rc;
    if (g.best.trial < 0) {
        t->stage->hopeless++;
        return 0;
    }
    a->chosen = g.best.trial;
    a->trial[a->chosen].outcome = TRIAL_CHOSEN;
    note_edge(t, a, a->chosen);
    t->stage->chosen++;
    return 0;
}

/* The runs that report an arm with a choice. */
static int want_reports(struct tuner *t, int arm)
{
    const struct arm *a = &t->s->arms->arm[arm];

    if (a->chosen < 0)
        return 0;
    if (arms_report(t->s, arm) != 0)
        return -1;
    tuner_grow(t);
    for (int i = 0; i < t->n; i++) {
        struct plan_run *p = &t->s->runs[i];
        if (!p->reports || strcmp(p->point, a->point) != 0)
            continue;
        const struct stored *d = stored_run(t, i);
        if (!d)
            return -1;
        if (d->state == STATE_NEW || d->state == STATE_QUEUED || d->state == STATE_RUNNING) {
            p->until = p->since = 0;
            t->wanted[i] = true;
        }
    }
    return 0;
}

int tune_study(struct tune_stage *stage, bool **wanted, struct study *s, struct store *store)
{
    struct tuner t = { .s = s, .store = store, .stage = stage };
    int rc = 0;

    *stage = (struct tune_stage){ 0 };
    tuner_grow(&t);
    for (int i = 0; i < s->n_runs; i++)
        s->runs[i].reports = false;
    for (int i = 0; i < s->arms->n && rc == 0; i++)
        rc = stop_check() != 0 || judge_arm(&t, i) != 0 || want_reports(&t, i) != 0 ? -1 : 0;
    tuner_free(&t);
    *wanted = t.wanted;
    return rc;
}

struct tune_cost tune_cost(const struct study *s, const struct arm *a)
{
    long epochs = tune_epochs(&s->runs[a->trial[0].run[0]].recipe);
    struct search_rung rung[MOST_RUNGS];
    int rungs = search_rungs(rung, arms_search(s), a->n_first, epochs);
    double seeds = arms_search(s)->n_seeds;
    struct tune_cost c = { .full = seeds * a->n_first * (double)epochs };

    for (int k = 0; k < rungs; k++)
        c.rungs += seeds * rung[k].n * (double)(rung[k].epochs - (k ? rung[k - 1].epochs : 0));
    return c;
}
