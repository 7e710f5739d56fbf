/* run_one.c - one run: inputs checked, model built, trained with the store as its sink, adapter
 * saved. */
#include "experiments/run/run_one.h"
#include "experiments/assets/adapter_files.h"
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/footprint.h"
#include "core/peft/peft.h"
#include "experiments/recipe/inputs.h"
#include "results/store/metrics.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LEASE_S = 60, LEASE_UNKNOWN_S = 300 };

/* A run while it trains. */
struct live {
    const struct run_env *env;
    const struct plan_run *plan;
    const struct lease *claim;
    double renewed;  /* when the lease was last extended */
    long first_step; /* of this attempt: one after what a checkpoint had; 0: no step yet */
    double tokens;   /* seen by tick, to count this attempt's own */
    bool lost, store_failed;
    real *best;
};

double lease_for(const struct plan_run *p)
{
    double long_s = 4 * p->eval_s;

    return p->cost_s <= 0 ? LEASE_UNKNOWN_S : long_s > LEASE_S ? long_s : LEASE_S;
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- the sink */

static int stored(struct live *l, int rc)
{
    l->store_failed |= rc < 0;
    return rc;
}

/* 1 when the claim is still ours. */
static int renew(struct live *l, long step)
{
    int rc = lease_renew(l->env->store, l->claim, l->env->lease_s, step);

    l->renewed = now_mono();
    l->lost |= rc == 0;
    return stored(l, rc);
}

static int on_point(void *self, long step, const char *split, const char *name, double value)
{
    struct live *l = self;

    if (now_mono() - l->renewed > l->env->lease_s / 3 && renew(l, step) < 0)
        return -1;
    return stored(l, metrics_add(l->env->store, l->claim, step, split, name, value));
}

static int on_prediction(void *self, const char *split, long example, double label, double output)
{
    struct live *l = self;

    return stored(l,
                  metrics_add_prediction(l->env->store, l->claim, split, example, label, output));
}

static int on_tick(void *self, long step, long steps, double tokens)
{
    struct live *l = self;
    struct slot *s = l->env->slot;

    if (l->first_step == 0)
        l->first_step = step;
    else if (s)
        atomic_fetch_add(&s->tokens, (long)(tokens - l->tokens));
    l->tokens = tokens;
    if (s) {
        atomic_store(&s->step, step);
        atomic_store(&s->steps, steps);
    } else {
        progress("run %.8s: step %ld of %ld", l->plan->recipe.key, step, steps);
    }
    if (now_mono() - l->renewed > l->env->lease_s / 3)
        renew(l, step);
    return l->lost || l->store_failed || stop_requested();
}

/* --- the parts of a run */

static int note_input(const struct live *l, const char *role, const char *path, const char *sha256)
{
    struct stat st;
    long bytes = stat(path, &st) == 0 ? (long)st.st_size : 0;

    return lease_input(l->env->store, l->claim, role, path, sha256, bytes);
}

static int note_inputs(const struct live *l)
{
    const struct recipe *r = &l->plan->recipe;
    const struct model_facts *m = r->model;
    const struct task_facts *t = r->task;
    const struct loaded_model *in = loaded_model(r->session, m);
    char *weights = path_join(m->dir, "model.safetensors"), *vocab = path_join(m->dir, "vocab.txt");
    char *env = provenance_json(pool_threads(l->env->pool));
    int rc = lease_environment(l->env->store, l->claim, env);

    if (rc >= 0)
        rc = note_input(l, "weights", weights, m->weights);
    if (rc >= 0 && *in->tok_sha256)
        rc = note_input(l, "tokenizer", vocab, in->tok_sha256);
    for (int s = 0; s < N_SPLITS && rc >= 0; s++)
        if (t->path[s])
            rc = note_input(l, split_names[s], t->path[s], t->file[s]);
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    if (adapter && rc >= 0)
        rc = note_input(l, "adapter", r->run.init_from, adapter);
    free(env);
    free(weights);
    free(vocab);
    return rc < 0 ? -1 : 0;
}

int run_build(struct model *m, struct run_data *d, const struct recipe *r)
{
    struct loaded_model *in = inputs_check(r) == 0 ? loaded_model(r->session, r->model) : NULL;

    if (!in)
        return -1;
    if (strcmp(in->base.weights_sha256, json_string_value(json_object_get(r->inputs, "weights"))) !=
        0)
        return fail(FAIL_INPUT,
                    "the weights in '%s' changed since the plan; start the command again",
                    r->model->dir);
    if (data_all(d, r) != 0)
        return -1;
    struct head h = recipe_head(r, d->task);
    if (model_init(m, &in->base, &h, r->method, r->method_cfg, recipe_init_seed(r), false) != 0)
        return -1;
    if (!json_object_get(r->inputs, "adapter"))
        return 0;
    char *dir = adapter_dir(r->session->home, r->run.init_from, NULL);
    int rc = dir ? peft_begin(m, dir) : -1;
    free(dir);
    if (rc != 0)
        model_free(m);
    return rc;
}

static int save_adapter(const struct model *m, const struct recipe *r, const char *name, char **rel)
{
    char *under = xprintf("adapters/%.16s", r->key), *top = home_path(r->session->home, under),
         *dir = path_join(top, name);
    int rc = make_dirs(dir) == 0 ? peft_save(m, r->method_cfg, dir, r->run.model) : -1;

    free(*rel);
    *rel = under;
    free(top);
    free(dir);
    return rc;
}

int run_save_adapters(struct model *m, const struct recipe *r, const struct run_result *res,
                      const real *best, char **rel)
{
    size_t size = m->n_train * sizeof(real);

    if (save_adapter(m, r, "last", rel) != 0)
        return -1;
    if (res->best_step == res->steps)
        return 0;
    real *last = malloc(size + 1);
    if (!last)
        return fail(FAIL_MEMORY, "no memory for the adapter's %zu numbers", m->n_train);
    memcpy(last, m->theta, size);
    memcpy(m->theta, best, size);
    int rc = save_adapter(m, r, "best", rel);
    memcpy(m->theta, last, size);
    free(last);
    return rc;
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

/* A quarter of what the run leaves of a worker's share of the free memory. */
static size_t cache_bytes(const struct live *l)
{
    size_t share = cpu_info()->mem_available / (size_t)(l->env->jobs > 0 ? l->env->jobs : 1);

    size_t rest = l->plan->rss - l->plan->kept;

    return share > rest ? (share - rest) / 4 : 0;
}

static int train(struct live *l, struct model *m, const struct run_data *d, const char *ckpt,
                 struct run_result *res)
{
    const struct recipe *r = &l->plan->recipe;
    struct run_job job = {
        .model = m,
        .cfg = &r->train,
        .data = *d,
        .seed = (uint64_t)r->run.seed,
        .order_seed = recipe_order_seed(r),
        .pool = l->env->pool,
        .sink = { l, on_point, on_prediction, on_tick },
        .ckpt_path = ckpt,
        .run_key = r->key,
        .best_theta = l->best,
        .cache_bytes = cache_bytes(l),
    };

    return train_run(&job, res);
}

/* --- from begin to end */

static void describe(struct attempt_end *end, const struct live *l, const struct model *m,
                     const struct run_result *res, const struct recipe *r)
{
    const struct footprint *g = r->footprint;

    end->resumed_step = l->first_step > 0 ? l->first_step - 1 : 0;
    end->last_step = res->steps;
    end->tokens = res->tokens;
    end->train_s = res->train_s;
    end->trainable = (long)m->n_train;
    end->trainable_head = (long)m->n_train_head;
    end->total_params = (long)m->n_total;
    end->formula_count = g->formula;
}

static void failed(struct run_report *out, struct attempt_end *end, const struct live *l)
{
    snprintf(out->error, sizeof out->error, "%s", fail_text());
    end->state = STATE_FAILED;
    end->exit_code = (int)fail_code();
    if (l->store_failed || fail_code() == FAIL_STORE) {
        end->state = STATE_QUEUED; /* not the run's fault: it goes on when the disk does */
        out->fate = FATE_FAULT;
    }
}

/* The whole of it up to the claim's end. */
static void attempt(struct run_report *out, struct attempt_end *end, struct live *l,
                    const char *ckpt, char **rel)
{
    const struct recipe *r = &l->plan->recipe;
    struct run_result res = { 0 };
    struct run_data d;
    struct model m = { 0 };
    int rc = ckpt ? run_build(&m, &d, r) : -1;

    if (rc == 0 && note_inputs(l) != 0) {
        l->store_failed = true;
        rc = -1;
    }
    if (rc == 0) {
        l->best = malloc(m.n_train * sizeof(real) + 1);
        rc = l->best
                 ? train(l, &m, &d, ckpt, &res)
                 : fail(FAIL_MEMORY, "no memory for the best of %zu trained numbers", m.n_train);
        describe(end, l, &m, &res, r);
    }
    if (rc == 0 && res.end == RUN_DONE)
        rc = run_save_adapters(&m, r, &res, l->best, rel);
    if (l->lost)
        out->fate = FATE_LOST;
    else if (rc != 0 || l->store_failed)
        failed(out, end, l);
    else if (res.end == RUN_STOPPED) {
        out->fate = FATE_STOPPED;
        end->state = STATE_QUEUED;
    } else if (res.end == RUN_DIVERGED) {
        end->state = STATE_DIVERGED;
        snprintf(out->error, sizeof out->error, "%s not finite at step %ld", res.why,
                 res.diverged_step);
    } else {
        end->state = STATE_DONE;
        end->adapter_dir = *rel;
    }
    free(l->best);
    model_free(&m);
}

void run_one(struct run_report *out, const struct run_env *e, const struct plan_run *p,
             const struct lease *c)
{
    struct live l = { .env = e, .plan = p, .claim = c, .renewed = now_mono() };
    struct attempt_end end = { 0 };
    double t0 = now_mono(), cpu0 = cpu_seconds();
    char *ckpt = ckpt_path(&p->recipe), *rel = NULL;

    *out = (struct run_report){ .fate = FATE_OVER };
    attempt(out, &end, &l, ckpt, &rel);
    out->state = end.state;
    out->wall_s = end.wall_s = now_mono() - t0;
    end.cpu_s = cpu_seconds() - cpu0;
    end.peak_rss = peak_rss_bytes();
    end.error = *out->error ? out->error : NULL;
    if (out->fate != FATE_LOST) {
        char why[sizeof out->error];
        memcpy(why, out->error, sizeof why);
        int rc = lease_finish(e->store, c, &end, false);
        if (rc < 0 && out->fate != FATE_FAULT)
            out->fate = FATE_FAULT;
        else if (rc < 0)
            fail(FAIL_STORE, "%s", why); /* the first cause */
        else if (rc == 0)
            out->fate = FATE_LOST;
        else if (out->fate == FATE_FAULT)
            fail(FAIL_STORE, "%s", why);
    }
    if (out->fate == FATE_OVER && end.state != STATE_FAILED && ckpt)
        ckpt_remove(ckpt);
    free(ckpt);
    free(rel);
}
