/* run_one.c - one run: its model built, trained with the store as its sink, its adapter saved. */
#include "experiments/run/run_one.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/footprint.h"
#include "experiments/recipe/inputs.h"
#include "experiments/run/provenance.h"
#include "experiments/run/run_model.h"
#include "experiments/run/run_texts.h"
#include "results/store/metrics.h"
#include "results/store/place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LEASE_S = 60, LEASE_UNCALIBRATED_S = 300, INPUTS_EVERY_S = 1 };

/* A run in training. */
struct live_run {
    const struct run_env *env;
    const struct plan_run *plan;
    const struct lease *lease;
    double renewed;  /* when the lease was last extended */
    long first_step; /* of this attempt: the one after its training checkpoint; 0: no step yet */
    double tokens;   /* at the last tick, to count only those of this attempt */
    long steps;      /* of the whole run, once it has been trained */
    long pause;      /* the step after which the run is paused; 0: none */
    bool paused;
    bool lost; /* the lease: another worker has the run */
    int place; /* where the last finished step is noted, see results/store/place.h */
    bool store_failed;
    bool inputs_changed;
    struct inputs_watch inputs;
    double looked; /* when the inputs were last compared */
    real *best;    /* [n_train] values at the best evaluation */
};

double run_one_lease_s(const struct plan_run *p)
{
    double evals_s = 4 * p->eval_s;

    return p->cost_s <= 0 || run_texts_wanted(&p->recipe) ? LEASE_UNCALIBRATED_S
           : evals_s > LEASE_S                            ? evals_s
                                                          : LEASE_S;
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- the sink */

/* Passes on RC, the result of a call to the store, and notes a failure. */
static int note_stored(struct live_run *l, int rc)
{
    l->store_failed |= rc < 0;
    return rc;
}

/* 1: the lease is still ours; 0: lost; -1 after fail. */
static int renew_lease(struct live_run *l, long step)
{
    int rc = lease_renew(l->env->store, l->lease, l->env->lease_s, step);

    l->renewed = now_mono();
    l->lost |= rc == 0;
    return note_stored(l, rc);
}

static int on_metric(void *self, long step, const char *split, const char *name, double value)
{
    struct live_run *l = self;

    if (now_mono() - l->renewed > l->env->lease_s / 3 && renew_lease(l, step) < 0)
        return -1;
    return note_stored(l, metrics_add(l->env->store, l->lease, step, split, name, value));
}

static int on_prediction(void *self, const char *split, long example, double label, double output)
{
    struct live_run *l = self;

    return note_stored(
        l, metrics_add_prediction(l->env->store, l->lease, split, example, label, output));
}

static int on_settle(void *self)
{
    struct live_run *l = self;

    return note_stored(l, metrics_flush(l->env->store));
}

/* Are the files that the run reads still the same? Their state on disk is compared; that takes
 * microseconds. */
static int check_inputs(struct live_run *l)
{
    l->looked = now_mono();
    if (l->inputs_changed)
        return -1;
    l->inputs_changed = file_check() != 0 || inputs_unchanged(&l->inputs) != 0;
    return l->inputs_changed ? -1 : 0;
}

static int on_tick(void *self, long step, long steps, double tokens)
{
    struct live_run *l = self;
    struct worker_slot *s = l->env->slot;

    if (l->first_step == 0)
        l->first_step = step;
    else if (s)
        atomic_fetch_add(&s->tokens, (long)(tokens - l->tokens));
    l->tokens = tokens;
    if (s) {
        atomic_store(&s->step, step);
        atomic_store(&s->steps, l->pause > 0 ? l->pause : steps);
    } else {
        progress("run %.8s: step %ld of %ld", l->plan->recipe.key, step, steps);
    }
    if (now_mono() - l->renewed > l->env->lease_s / 3)
        renew_lease(l, step);
    if (now_mono() - l->looked > INPUTS_EVERY_S || stop_requested())
        check_inputs(l);
    if (l->lost)
        return TICK_ABANDON;
    place_note(l->place, step);
    l->paused = l->pause > 0 && step >= l->pause && step < steps;
    bool stop = l->paused || l->store_failed || l->inputs_changed || stop_requested();
    return stop ? TICK_STOP : TICK_GO_ON;
}

/* --- the parts of a run */

static int note_input(const struct live_run *l, const char *role, const char *path,
                      const char *sha256)
{
    struct stat st;
    long bytes = stat(path, &st) == 0 ? (long)st.st_size : 0;

    return lease_input(l->env->store, l->lease, role, path, sha256, bytes);
}

static int note_inputs(const struct live_run *l)
{
    const struct recipe *r = &l->plan->recipe;
    const struct model_facts *m = r->model;
    const struct task_facts *t = r->task;
    const struct loaded_model *in = loaded_model(r->session, m);
    char *env = provenance_json(pool_threads(l->env->pool));
    int rc = lease_environment(l->env->store, l->lease, env);

    if (rc >= 0)
        rc = note_input(l, "weights", m->file[0].path, m->weights);
    if (rc >= 0)
        rc = note_input(l, "tokenizer", tok_path(in->tok), in->tok_sha256);
    for (int s = 0; s < N_FILES && rc >= 0; s++)
        if (t->path[s])
            rc = note_input(l, split_names[s], t->path[s], t->file[s]);
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    if (adapter && rc >= 0)
        rc = note_input(l, "adapter", r->run.init_from, adapter);
    free(env);
    return rc < 0 ? -1 : 0;
}

static char *ckpt_path(const struct recipe *r)
{
    char *dir = home_path(r->session->home, "ckpt"), *name = xprintf("%s.ckpt", r->key),
         *path = NULL;

    if (make_dirs(dir) == 0)
        path = path_join(dir, name);
    free(dir);
    free(name);
    return path;
}

void run_one_forget(const struct store *s, const struct recipe *r)
{
    char *path = ckpt_path(r);

    if (path)
        ckpt_remove(path);
    free(path);
    place_remove(s, r->key);
}

/* For the frozen-prefix cache: a worker's share of the available memory less what the run itself
 * takes; of the rest a quarter. */
static size_t cache_limit(const struct live_run *l)
{
    size_t share = cpu_info()->mem_available / (size_t)(l->env->jobs > 0 ? l->env->jobs : 1);
    size_t own = l->plan->rss - l->plan->kept;

    return share > own ? (share - own) / 4 : 0;
}

static int train_live(struct live_run *l, struct model *m, const struct run_data *d,
                      const char *ckpt, struct run_result *res)
{
    const struct recipe *r = &l->plan->recipe;
    struct run_job job = {
        .model = m,
        .cfg = &r->train,
        .data = *d,
        .seed = (uint64_t)r->run.seed,
        .order_seed = recipe_order_seed(r),
        .pool = l->env->pool,
        .sink = { l, on_metric, on_prediction, on_tick, on_settle },
        .ckpt_path = ckpt,
        .run_key = r->key,
        .best_theta = l->best,
        .cache_bytes = cache_limit(l),
    };

    l->pause = l->plan->until > 0 ? train_epochs_steps(&r->train, d->split[SPLIT_TRAIN],
                                                       job.order_seed, l->plan->until)
                                  : 0;
    return train_run(&job, res);
}

/* After each text that is generated. */
static int text_alive(void *self, long done, long total)
{
    struct live_run *l = self;
    struct worker_slot *s = l->env->slot;

    if (s) {
        atomic_store(&s->step, done);
        atomic_store(&s->steps, total);
    } else {
        progress("run %.8s: text %ld of %ld", l->plan->recipe.key, done, total);
    }
    if (now_mono() - l->renewed > l->env->lease_s / 3 && renew_lease(l, l->steps) == 0)
        return fail(FAIL_RUN, "another worker has the run");
    if (now_mono() - l->looked > INPUTS_EVERY_S && check_inputs(l) != 0)
        return -1;
    return l->store_failed ? -1 : 0;
}

static int make_texts(struct live_run *l, struct model *m, const struct run_data *d,
                      const struct run_result *res)
{
    struct run_texts t = { .store = l->env->store,
                           .pool = l->env->pool,
                           .lease = l->lease,
                           .recipe = &l->plan->recipe,
                           .model = m,
                           .data = d,
                           .best = l->best,
                           .best_step = res->best_step,
                           .alive = text_alive,
                           .self = l };
    int rc;

    if (!run_texts_wanted(t.recipe))
        return 0;
    l->steps = res->steps;
    rc = run_texts(&t);
    l->lost |= t.lost;
    return rc;
}

/* --- from beginning to end */

static void describe_attempt(struct attempt_end *end, const struct live_run *l,
                             const struct model *m, const struct run_result *res,
                             const struct recipe *r)
{
    end->resumed_step = l->first_step > 0 ? l->first_step - 1 : 0;
    end->last_step = res->steps;
    end->tokens = res->tokens;
    end->train_s = res->train_s;
    end->trainable = (long)m->n_train;
    end->trainable_head = (long)m->n_train_head;
    end->total_params = (long)m->n_total;
    end->formula_count = r->footprint->formula;
}

static void note_failure(struct run_report *out, struct attempt_end *end, const struct live_run *l)
{
    snprintf(out->error, sizeof out->error, "%s", fail_text());
    end->state = STATE_FAILED;
    end->exit_code = (int)fail_code();
    if (l->store_failed || fail_code() == FAIL_STORE) {
        end->state = STATE_QUEUED; /* the run can go on when the store works again */
        out->fate = FATE_FAULT;
    }
}

/* The attempt, except for its end in the store. */
static void make_attempt(struct run_report *out, struct attempt_end *end, struct live_run *l,
                         const char *ckpt, char **rel)
{
    const struct recipe *r = &l->plan->recipe;
    struct run_result res = { 0 };
    struct run_data d;
    struct model m = { 0 };
    int rc = ckpt && inputs_watch(&l->inputs, r) == 0 ? run_model_build(&m, &d, r) : -1;

    if (rc == 0 && note_inputs(l) != 0) {
        l->store_failed = true;
        rc = -1;
    }
    if (rc == 0) {
        l->best = malloc(m.n_train * sizeof(real) + 1);
        rc = l->best ? train_live(l, &m, &d, ckpt, &res)
                     : fail(FAIL_MEMORY, "not enough memory for a copy of %zu trainable parameters",
                            m.n_train);
        describe_attempt(end, l, &m, &res, r);
    }
    if (rc == 0 && res.end == RUN_DONE && !l->lost && !l->store_failed)
        rc = make_texts(l, &m, &d, &res);
    if (rc == 0 && res.end == RUN_DONE)
        renew_lease(l, res.steps); /* the adapter's folder belongs to who has the run */
    if (rc == 0 && !l->lost && check_inputs(l) == 0 && res.end == RUN_DONE && m.n_train > 0 &&
        run_model_save(&m, r, &res, l->best, rel) != 0)
        rc = -1;
    if (rc == 0 && check_inputs(l) != 0)
        rc = -1;
    bool stopped = rc != 0 && fail_code() == FAIL_STOPPED; /* while it generated */
    if (l->lost)
        out->fate = FATE_LOST;
    else if (stopped && !l->store_failed) {
        out->fate = FATE_STOPPED;
        end->state = STATE_QUEUED;
    } else if (rc != 0 || l->store_failed)
        note_failure(out, end, l);
    else if (res.end == RUN_STOPPED) {
        out->fate = l->paused ? FATE_PAUSED : FATE_STOPPED;
        end->state = STATE_QUEUED;
    } else if (res.end == RUN_DIVERGED) {
        end->state = STATE_DIVERGED;
        snprintf(out->error, sizeof out->error, "%s is not finite at step %ld", res.why,
                 res.diverged_step);
    } else {
        end->state = STATE_DONE;
        end->adapter_dir = *rel;
    }
    inputs_watch_free(&l->inputs);
    free(l->best);
    model_free(&m);
}

static bool is_over(struct store *s, const char *key)
{
    int state = store_state(s, key);

    return state == (int)STATE_DONE || state == (int)STATE_DIVERGED;
}

void run_one(struct run_report *out, const struct run_env *e, const struct plan_run *p,
             const struct lease *lease)
{
    struct live_run l = { .env = e, .plan = p, .lease = lease, .renewed = now_mono() };
    struct attempt_end end = { 0 };
    double t0 = now_mono(), cpu0 = cpu_seconds();
    char *ckpt = ckpt_path(&p->recipe), *rel = NULL;

    *out = (struct run_report){ .fate = FATE_OVER };
    l.place = place_open(e->store, p->recipe.key);
    make_attempt(out, &end, &l, ckpt, &rel);
    place_close(l.place);
    out->state = end.state;
    out->wall_s = end.wall_s = now_mono() - t0;
    end.cpu_s = cpu_seconds() - cpu0;
    end.peak_rss = peak_rss_bytes();
    end.error = *out->error ? out->error : NULL;
    if (out->fate != FATE_LOST) {
        char why[sizeof out->error];
        memcpy(why, out->error, sizeof why);
        int rc = lease_finish(e->store, lease, &end, false);
        if (rc < 0 && out->fate != FATE_FAULT)
            out->fate = FATE_FAULT;
        else if (rc < 0)
            fail(FAIL_STORE, "%s", why); /* the first failure is the cause */
        else if (rc == 0)
            out->fate = FATE_LOST;
        else if (out->fate == FATE_FAULT)
            fail(FAIL_STORE, "%s", why);
    }
    /* A training checkpoint may come from weights that had changed already; and one that we wrote
     * before another worker finished the run is of no use to anybody. */
    bool over = out->fate == FATE_OVER ? end.state != STATE_FAILED || l.inputs_changed
                                       : out->fate == FATE_LOST && is_over(e->store, lease->key);
    if (over && ckpt)
        ckpt_remove(ckpt);
    free(ckpt);
    free(rel);
}
