/* choice.c - the evaluations of a run, and which of them is chosen. */
#include "core/train/choice.h"

#include <math.h>
#include <string.h>

enum { LOSS = TASK_MAX_METRICS, N_SCORES }; /* the metrics and, last, the loss */

bool choice_apart(const struct run_job *job)
{
    return run_selects(&job->data) != SPLIT_DEV || train_reports(job->cfg) != SPLIT_DEV;
}

/* Is the reported split scored at every evaluation? */
static bool has_curve(const struct run_job *job)
{
    return train_reports(job->cfg) == SPLIT_DEV || job->cfg->report_curve;
}

/* The index of what best_by names. */
static int best_index(const struct run_job *job, enum metric_goal *goal)
{
    const struct task *k = job->data.task;
    const char *by = job->cfg->best_by;

    *goal = GOAL_MIN;
    if (by && strcmp(by, "loss") == 0)
        return LOSS;
    for (int i = 0; i < k->n_metrics; i++)
        if (!by || !*by || strcmp(by, k->metrics[i]) == 0) {
            *goal = metric_find(k->metrics[i])->goal;
            return i;
        }
    CHECK(0, "best_by '%s'", by);
    return 0;
}

/* Does NOW replace the best so far? Then it does. */
static bool take_better(const struct choice *c, const double *now, double *best, long *has,
                        long *step)
{
    enum metric_goal goal;
    int i = best_index(c->job, &goal);

    if (*has && !eval_beats(now[i], best[i], goal))
        return false;
    *has = 1;
    *step = c->st->step;
    memcpy(best, now, N_SCORES * sizeof *best);
    return true;
}

static int score(const struct choice *c, enum split s, const char *name, bool predictions,
                 double now[N_SCORES])
{
    memset(now, 0, N_SCORES * sizeof *now);
    return eval_split(c->spaces, c->cache, c->job, s, name, c->st->step, predictions, &now[LOSS],
                      now);
}

/* The split that chooses. */
static int score_selection(struct choice *c, bool predictions, double now[N_SCORES])
{
    const struct model *m = c->job->model;
    enum split s = run_selects(&c->job->data);
    struct ckpt *st = c->st;

    if (score(c, s, split_names[s], predictions, now) != 0)
        return -1;
    if (!isfinite(now[LOSS]))
        c->why = s == SPLIT_DEV ? "dev loss" : "selection loss";
    else if (!take_better(c, now, st->best, &st->has_best, &st->best_step))
        st->n_worse++;
    else {
        st->n_worse = 0;
        if (c->best)
            memcpy(c->best, m->theta, m->n_train * sizeof *c->best);
    }
    return 0;
}

/* The reported split, where another one chooses. */
static int score_curve(const struct choice *c, double now[N_SCORES])
{
    enum split s = train_reports(c->job->cfg);

    if (score(c, s, split_names[s], false, now) != 0)
        return -1;
    take_better(c, now, c->st->own, &c->st->has_own, &c->st->own_step);
    return 0;
}

int choice_evaluate(struct choice *c)
{
    double now[N_SCORES];

    if (score_selection(c, false, now) != 0)
        return -1;
    return !c->why && choice_apart(c->job) && has_curve(c->job) ? score_curve(c, now) : 0;
}

bool choice_stops(const struct choice *c)
{
    long patience = c->job->cfg->patience;

    return patience > 0 && c->st->n_worse >= patience;
}

/* --- final numbers */

static int report_scores(const struct choice *c, const char *name, long step, const double *now)
{
    const struct task *k = c->job->data.task;

    for (int i = 0; i < k->n_metrics; i++)
        if (sink_point(&c->job->sink, step, name, k->metrics[i], now[i]) != 0)
            return -1;
    return 0;
}

/* Score split S under NAME with the parameters of the chosen evaluation. */
static int score_best(const struct choice *c, enum split s, const char *name, bool predictions,
                      double now[N_SCORES])
{
    real *theta = c->job->model->theta;
    size_t size = c->job->model->n_train * sizeof *theta;

    memcpy(c->spare, theta, size);
    memcpy(theta, c->best, size);
    int rc = eval_split(c->spaces, c->cache, c->job, s, name, c->st->best_step, predictions,
                        &now[LOSS], now);
    memcpy(theta, c->spare, size);
    return rc;
}

/* The test split with the last and with the best parameters. */
static int report_test(const struct choice *c)
{
    const struct ckpt *st = c->st;
    double now[N_SCORES];

    if (score(c, SPLIT_TEST, "test", true, now) != 0)
        return -1;
    if (st->best_step != st->step)
        return score_best(c, SPLIT_TEST, "test_best", false, now);
    if (sink_point(&c->job->sink, st->step, "test_best", "loss", now[LOSS]) != 0)
        return -1;
    return report_scores(c, "test_best", st->step, now);
}

static int finish_together(struct choice *c)
{
    struct ckpt *st = c->st;
    double now[N_SCORES];

    if (score_selection(c, true, now) != 0)
        return -1;
    if (c->why)
        return 0;
    if (c->job->data.split[SPLIT_TEST] && report_test(c) != 0)
        return -1;
    for (int i = 0; i < c->job->data.task->n_metrics; i++)
        if (sink_point(&c->job->sink, st->best_step, "best", c->job->data.task->metrics[i],
                       st->best[i]) != 0 ||
            sink_point(&c->job->sink, st->step, "last", c->job->data.task->metrics[i], now[i]) != 0)
            return -1;
    return 0;
}

static int finish_apart(struct choice *c)
{
    enum split s = train_reports(c->job->cfg);
    struct ckpt *st = c->st;
    double now[N_SCORES], reported[N_SCORES];

    if (score_selection(c, false, now) != 0)
        return -1;
    if (c->why)
        return 0;
    if (has_curve(c->job) &&
        (score_curve(c, reported) != 0 || report_scores(c, "best", st->own_step, st->own) != 0 ||
         report_scores(c, "last", st->step, reported) != 0))
        return -1;
    if (report_scores(c, "select_best", st->best_step, st->best) != 0 ||
        report_scores(c, "select_last", st->step, now) != 0)
        return -1;
    if (score_best(c, s, split_names[s], true, reported) != 0)
        return -1;
    return report_scores(c, "chosen", st->best_step, reported);
}

int choice_finish(struct choice *c)
{
    return choice_apart(c->job) ? finish_apart(c) : finish_together(c);
}
