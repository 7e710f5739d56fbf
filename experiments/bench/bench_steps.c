/* bench_steps.c - training steps, timed and profiled, in the loop that trains runs.
 *
 * Reading the clock for the profile takes time, so that steps of their own are profiled, after the
 * timed ones. */
#include "experiments/bench/bench_steps.h"
#include "core/os/pool.h"
#include "experiments/bench/bench_needed.h"
#include "experiments/bench/bench_rate.h"
#include "experiments/bench/bench_stats.h"
#include "experiments/bench/bench_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP_STEPS = 3, FEWEST_STEPS = 3, MOST_STEPS = 30, MOST_PROFILED = 10 };
static const double enough_s = 20; /* when the number of steps is not given */

/* What the sink notes: the time at the end of every step, and the tokens up to then. */
struct watch {
    double *at, *tokens;
    long n, want;  /* steps so far, and in all: warm-up and timed ones */
    bool open;     /* N may stay below WANT */
    long profiled; /* steps since the profile began; -1: it has not begun */
    double prof_from, prof_to;
};

static bool all_are_timed(const struct watch *w)
{
    bool enough = w->open && w->n >= WARM_UP_STEPS + FEWEST_STEPS &&
                  w->at[w->n - 1] - w->at[WARM_UP_STEPS - 1] > enough_s;

    return w->n == w->want || enough;
}

static int watch_tick(void *self, long step, long steps, double tokens)
{
    struct watch *w = self;

    (void)steps;
    if (w->profiled < 0) {
        w->at[w->n] = now_mono();
        w->tokens[w->n++] = tokens;
        progress("step %ld of %ld", step, w->want);
        if (!all_are_timed(w))
            return 0;
        w->profiled = 0;
        w->prof_from = now_mono();
        return prof_start();
    }
    long timed = w->n - WARM_UP_STEPS, enough = timed < MOST_PROFILED ? timed : MOST_PROFILED;
    if (++w->profiled < enough)
        return 0;
    w->prof_to = now_mono();
    prof_stop();
    return 1;
}

void bench_steps_shares(double share[N_WORK + 1], const double s[N_WORK], double wall, int threads)
{
    double whole = wall * threads, sum = 0;

    for (int i = 0; i < N_WORK; i++) {
        share[i] = 100 * s[i] / whole;
        sum += share[i];
    }
    share[N_WORK] = fmax(0, 100 - sum);
}

/* Memory of this process that no other maps: of a forked process, what it has made itself. */
static double private_mb(void)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    long kb, sum = 0;

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Clean: %ld", &kb) == 1 ||
            sscanf(line, "Private_Dirty: %ld", &kb) == 1)
            sum += kb;
    if (f)
        fclose(f);
    return 1024e-6 * (double)sum;
}

static void summarize(struct bench_times *t, struct watch *w, const struct bench_job *j)
{
    long first = WARM_UP_STEPS - 1, last = w->n - 1;
    double seconds = w->at[last] - w->at[first], work[N_WORK];
    struct bench_load load = bench_needed_load(j->data.split[SPLIT_TRAIN]);
    double flop = bench_needed(j->m, &load, true) / load.tokens;

    t->steps = last - first;
    t->tokens_per_s = (w->tokens[last] - w->tokens[first]) / seconds;
    t->examples_per_s = t->tokens_per_s * j->data.split[SPLIT_TRAIN]->n /
                        (double)j->data.split[SPLIT_TRAIN]->n_tokens;
    t->needed = 1e-9 * flop * t->tokens_per_s;
    for (long i = last; i > first; i--)
        w->at[i] = 1e3 * (w->at[i] - w->at[i - 1]);
    t->ms_median = bench_stats_median(w->at + first + 1, (int)t->steps);
    t->ms_best = w->at[first + 1];
    t->peak_rss_mb = (double)peak_rss_bytes() / 1e6;
    t->own_mb = private_mb();
    prof_read(work);
    bench_steps_shares(t->share, work, w->prof_to - w->prof_from, j->threads);
}

static int run_steps(struct watch *w, const struct bench_job *j)
{
    struct train_cfg c = j->r->train;
    struct run_result res;
    struct pool *pool = pool_new(j->threads);

    if (!pool)
        return -1;
    c.steps =
        w->want + MOST_PROFILED + 1; /* the last step, with its evaluation, is never reached */
    c.eval_every = c.steps + 1;
    struct run_job job = { .model = j->m,
                           .cfg = &c,
                           .data = j->data,
                           .seed = (uint64_t)j->r->run.seed,
                           .order_seed = recipe_order_seed(j->r),
                           .pool = pool,
                           .sink = { .self = w, .tick = watch_tick } };
    int rc = train_run(&job, &res);
    progress_end();
    if (prof_on)
        prof_stop();
    pool_free(pool);
    if (rc != 0)
        return -1;
    if (res.end == RUN_DIVERGED)
        return fail(FAIL_RUN, "step %ld: %s is not finite", res.diverged_step, res.why);
    return w->prof_to > 0 ? 0 : fail(FAIL_STOPPED, "stopped");
}

int bench_steps(struct bench_times *t, const struct bench_job *j)
{
    long steps = j->steps > 0 ? j->steps : MOST_STEPS;
    struct watch w = { .want = steps + WARM_UP_STEPS, .open = j->steps == 0, .profiled = -1 };
    const struct dims *d = &j->m->base->dims;
    char precision[16];

    *t = (struct bench_times){ 0 };
    bench_words_precision(precision, j->r, j->m);
    w.at = xalloc((size_t)w.want, sizeof *w.at);
    w.tokens = xalloc((size_t)w.want, sizeof *w.tokens);
    t->gemm_before = bench_rate_model(d, precision, j->rate_seconds, j->threads);
    int rc = run_steps(&w, j);
    if (rc == 0) {
        summarize(t, &w, j);
        t->gemm_after = bench_rate_model(d, precision, j->rate_seconds, j->threads);
    }
    free(w.at);
    free(w.tokens);
    return rc;
}

void bench_steps_values(double x[BENCH_TIMES_N], const struct bench_times *t)
{
    double gemm = (t->gemm_before + t->gemm_after) / 2;
    const double first[] = { (double)t->steps,  t->ms_median,     t->ms_best,    t->tokens_per_s,
                             t->examples_per_s, t->needed,        gemm,          t->gemm_before,
                             t->gemm_after,     t->needed / gemm, t->peak_rss_mb };

    memcpy(x, first, sizeof first);
    memcpy(x + ARRAY_LEN(first), t->share, sizeof t->share);
}
