/* sweep_progress.c - the line that says how far a sweep is and how long it will take. */
#include "experiments/run/sweep_progress.h"

struct sums {
    long done, total, running;
    double tokens;
    double cost, cost_done; /* estimated seconds: of all runs; of the part that is done */
    double share;           /* sum, over the runs under way, of the share of steps that are done */
};

static void count_run(struct sums *s, const struct sweep *w, int run)
{
    int mark = atomic_load(&w->sh->run[run].mark);
    double cost = sweep_cost(&w->study->runs[run]);

    s->total++;
    s->cost += cost;
    if (mark == MARK_DONE || mark == MARK_PAUSED || mark == MARK_DIVERGED || mark == MARK_FAILED) {
        s->done++;
        s->cost_done += cost;
    }
}

static void count_slot(struct sums *s, const struct sweep *w, struct worker_slot *slot)
{
    int run = atomic_load(&slot->run);
    long step = atomic_load(&slot->step), steps = atomic_load(&slot->steps);

    s->tokens += (double)atomic_load(&slot->tokens);
    if (run < 0)
        return;
    double share = steps > 0 ? (double)step / (double)steps : 0;
    s->running++;
    s->share += share;
    s->cost_done += share * sweep_cost(&w->study->runs[run]);
}

/* Seconds left: at the very start by the estimates alone, then by the time that the part that is
 * done has taken. */
static double seconds_left(const struct sums *s, const struct sweep *w, double passed)
{
    double jobs = w->jobs < s->total ? w->jobs : (double)s->total, left = s->cost - s->cost_done;

    if (s->cost_done < 0.02 * s->cost || s->cost_done <= 0)
        return left / (jobs > 0 ? jobs : 1);
    return passed * left / s->cost_done;
}

void sweep_progress(const struct sweep *w)
{
    struct sums s = { 0 };
    double passed = now_mono() - w->started;
    char left[32], percent[48] = "";

    for (int i = 0; i < w->n_order; i++)
        count_run(&s, w, w->order[i]);
    for (int i = 0; i < w->jobs; i++)
        count_slot(&s, w, &w->sh->slot[i]);
    if (s.running)
        snprintf(percent, sizeof percent, ", %ld running at %.0f %%", s.running,
                 100 * s.share / (double)s.running);
    progress("%s: %ld of %ld runs%s, %.0f tokens/s, %s left", w->study->name, s.done, s.total,
             percent, passed > 0 ? s.tokens / passed : 0,
             duration_text(left, seconds_left(&s, w, passed)));
}
