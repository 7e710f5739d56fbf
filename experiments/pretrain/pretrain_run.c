/* pretrain_run.c - a pretraining run in the store, and its training. */
#include "experiments/pretrain/pretrain_run.h"

#include "core/os/file.h"
#include "experiments/recipe/recipe.h"
#include "experiments/run/provenance.h"
#include "results/store/metrics.h"
#include "results/store/place.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEASE_S = 600, EVALUATIONS = 10 };
static const char study[] = "pretrain";

/* --- what identifies it */

static json_t *option_json(const struct opt *o, const void *cfg)
{
    const char *at = (const char *)cfg + o->at;

    return o->type == OPT_INT ? json_integer(*(const long *)(const void *)at)
                              : json_real(*(const double *)(const void *)at);
}

static void hash_config(char out[65], const struct pretrain_run *r, bool seed)
{
    json_t *config = json_deep_copy(r->config);

    json_object_del(config, "task"); /* a name */
    if (!seed)
        json_object_del(config, "seed");
    json_t *all = json_pack("{s:o, s:s, s:i}", "config", config, "text", r->corpus.sha256,
                            "numerics", NUMERICS_VERSION);
    char *text = json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    sha256_hex(out, text, strlen(text));
    free(text);
    json_decref(all);
}

void pretrain_run_key(struct pretrain_run *r)
{
    const struct pretrain_cfg *c = r->cfg;
    const char *slash = strrchr(r->corpus.path, '/'), *name = slash ? slash + 1 : r->corpus.path;
    char *model = xprintf("gpt2 %ldx%ld", c->layers, c->width);

    r->config = json_pack("{s:s, s:s}", "model", model, "method", study);
    json_t *task = json_string(name);
    json_object_set_new(r->config, "task", task ? task : json_string("text"));
    for (const struct opt *o = pretrain_opts; o->type != OPT_END; o++)
        if ((o->type == OPT_INT || o->type == OPT_REAL) && strcmp(o->key, "threads") != 0)
            json_object_set_new(r->config, o->key, option_json(o, c));
    hash_config(r->key, r, true);
    hash_config(r->cell, r, false);
    free(model);
}

int pretrain_run_plan(struct pretrain_run *r)
{
    char *config = json_dumps(r->config, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    const struct sweep_spec w = { study, "{\"axes\":{},\"metric\":\"last bits_per_byte\"}", true };
    const struct run_spec one = {
        .key = r->key, .cell = r->cell, .point = r->cell, .trial = "{}", .config = config
    };
    int rc = store_plan(r->store, &w, &one, 1);

    free(config);
    return rc < 0 ? -1 : 0;
}

void pretrain_run_settings(struct pretrain_run *r)
{
    const struct pretrain_cfg *c = r->cfg;
    static char metric[] = "token_loss", name[] = "pretrain";

    r->task =
        (struct task){ .name = name, .generates = true, .metrics = { metric }, .n_metrics = 1 };
    opt_defaults(train_opts, &r->train);
    r->train.lr = c->lr;
    r->train.weight_decay = c->weight_decay;
    r->train.beta1 = 0.9;
    r->train.beta2 = 0.95;
    r->train.eps = 1e-8;
    r->train.clip = c->clip;
    r->train.warmup = c->warmup;
    r->train.schedule = SCHED_COSINE;
    r->train.batch = c->batch;
    r->train.accumulate = 1;
    r->train.steps = c->steps;
    r->train.epochs = c->epochs;
    long every = (pretrain_run_steps(r) + EVALUATIONS - 1) / EVALUATIONS;
    r->train.eval_every = c->eval_every > 0 ? c->eval_every : every;
}

struct run_data pretrain_run_data(const struct pretrain_run *r)
{
    return (struct run_data){
        .task = &r->task,
        .split = { [SPLIT_TRAIN] = &r->packed.train, [SPLIT_DEV] = &r->packed.held }
    };
}

long pretrain_run_steps(const struct pretrain_run *r)
{
    return train_steps(&r->train, &r->packed.train, (uint64_t)r->cfg->seed);
}

/* --- the sink */

struct live {
    struct pretrain_run *run;
    struct lease lease;
    long first;           /* the step before the first one of this attempt; -1: no step yet */
    double began, tokens; /* when that was, and the tokens until then */
    double loss, renewed; /* the last report of the training loss; when the lease was extended */
    int place;
    bool lost, store_failed;
};

static int note_stored(struct live *l, int rc)
{
    l->store_failed |= rc < 0;
    return rc;
}

static int renew(struct live *l, long step)
{
    int rc = lease_renew(l->run->store, &l->lease, LEASE_S, step);

    l->renewed = now_mono();
    l->lost |= rc == 0;
    return note_stored(l, rc) < 0 ? -1 : 0;
}

static int on_point(void *self, long step, const char *split, const char *name, double value)
{
    struct live *l = self;
    const struct pretrain_run *r = l->run;
    bool train = strcmp(split, "train") == 0;

    if (train && strcmp(name, "loss") == 0)
        l->loss = value;
    if (now_mono() - l->renewed > LEASE_S / 3.0 && renew(l, step) != 0)
        return -1;
    if (!train && strcmp(name, "token_loss") == 0) {
        double bits = packed_text_bits(&r->packed, &r->corpus, value);
        if (note_stored(l, metrics_add(r->store, &l->lease, step, split, "bits_per_byte", bits)) <
            0)
            return -1;
        if (strcmp(split, "dev") == 0) {
            progress_end();
            note("step %ld: %.4f bits per byte on the held-out text", step, bits);
        }
    }
    return note_stored(l, metrics_add(r->store, &l->lease, step, split, name, value));
}

static int on_settle(void *self)
{
    struct live *l = self;

    return note_stored(l, metrics_flush(l->run->store));
}

static int on_tick(void *self, long step, long steps, double tokens)
{
    struct live *l = self;
    double now = now_mono();
    char left[32] = "unknown", loss[32] = "";

    if (l->first < 0) {
        l->first = step;
        l->began = now;
        l->tokens = tokens;
    }
    double took = now - l->began;
    if (step > l->first)
        duration_text(left, took / (double)(step - l->first) * (double)(steps - step));
    if (!isnan(l->loss))
        snprintf(loss, sizeof loss, ", loss %.3f", l->loss);
    progress("pretrain: step %ld of %ld%s, %.0f tokens/s, %s left", step, steps, loss,
             took > 0 ? (tokens - l->tokens) / took : 0, left);
    if (now - l->renewed > LEASE_S / 3.0)
        renew(l, step);
    if (l->lost)
        return TICK_ABANDON;
    place_note(l->place, step);
    return l->store_failed || stop_requested() ? TICK_STOP : TICK_GO_ON;
}

/* --- training */

static int note_where(struct live *l)
{
    struct pretrain_run *r = l->run;
    char *env = provenance_json(pool_threads(r->pool));
    int rc = lease_environment(r->store, &l->lease, env);

    if (rc >= 0)
        rc = lease_input(r->store, &l->lease, "train", r->corpus.path, r->corpus.sha256,
                         (long)(r->corpus.train_bytes + r->corpus.held_bytes));
    free(env);
    return rc < 0 ? -1 : 0;
}

static int run_live(struct live *l, const char *dir, const char *ckpt, struct run_result *res)
{
    struct pretrain_run *r = l->run;
    struct run_job job = {
        .model = &r->model,
        .cfg = &r->train,
        .data = pretrain_run_data(r),
        .seed = (uint64_t)r->cfg->seed,
        .order_seed = (uint64_t)r->cfg->seed,
        .pool = r->pool,
        .sink = { l, on_point, NULL, on_tick, on_settle },
        .ckpt_path = ckpt,
        .run_key = r->key,
    };

    if (note_where(l) != 0 || train_run(&job, res) != 0)
        return -1;
    if (res->end == RUN_DONE && renew(l, res->steps) != 0)
        return -1;
    return res->end == RUN_DONE && !l->lost ? start_model_write(&r->model, dir) : 0;
}

static int stopped(void)
{
    note("stopped; the same command continues the run");
    return stop_requested() == SIGTERM ? 128 + SIGTERM : (int)FAIL_STOPPED;
}

/* Record how the attempt ended with RC, and say it. */
static int end_attempt(struct live *l, const struct run_result *res, int rc, double began)
{
    struct pretrain_run *r = l->run;
    bool diverged = rc == 0 && res->end == RUN_DIVERGED, over = rc == 0 && res->end == RUN_DONE;
    char *why = rc != 0    ? xstrdup(fail_text())
                : diverged ? xprintf("%s is not finite at step %ld", res->why, res->diverged_step)
                           : NULL;
    enum fail_code code = rc != 0 ? fail_code() : FAIL_RUN;
    bool again = rc == 0 ? !over && !diverged : l->store_failed || code == FAIL_STORE;
    const struct attempt_end end = {
        .state = again      ? STATE_QUEUED
                 : over     ? STATE_DONE
                 : diverged ? STATE_DIVERGED
                            : STATE_FAILED,
        .error = why,
        .exit_code = rc != 0 ? (int)code : 0,
        .resumed_step = l->first > 0 ? l->first - 1 : 0,
        .last_step = res->steps,
        .wall_s = now_mono() - began,
        .cpu_s = (double)clock() / CLOCKS_PER_SEC,
        .tokens = res->tokens,
        .train_s = res->train_s,
        .peak_rss = peak_rss_bytes(),
        .trainable = (long)r->model.n_train,
        .total_params = (long)r->model.n_total,
        .formula_count = (long)r->model.n_train,
    };
    int stored = l->lost ? 0 : lease_finish(r->store, &l->lease, &end, false);

    if (rc != 0 || diverged)
        rc = fail(code, "run %.8s: %s", r->key, why);
    else if (stored < 0)
        rc = -1;
    else if (l->lost || stored == 0)
        rc = fail(FAIL_RUN, "another process has taken over run %.8s", r->key);
    else if (!over)
        rc = stopped();
    free(why);
    return rc;
}

int pretrain_run_train(struct pretrain_run *r, const char *dir)
{
    struct live l = { .run = r, .first = -1, .renewed = now_mono(), .loss = NAN };
    struct run_result res = { 0 };
    double began = now_mono();
    int rc = lease_take(r->store, study, r->key, LEASE_S, &l.lease);

    if (rc == 0)
        return fail(FAIL_RUN, "another process is already training run %.8s", r->key);
    if (rc < 0)
        return -1;
    char *folder = home_path(r->cfg->home, "ckpt"), *name = xprintf("%s.ckpt", r->key);
    char *ckpt = path_join(folder, name);
    l.place = place_open(r->store, r->key);
    rc = make_dirs(folder);
    if (rc == 0)
        rc = run_live(&l, dir, ckpt, &res);
    place_close(l.place);
    progress_end();
    rc = end_attempt(&l, &res, rc, began);
    if (rc == 0 || (res.end == RUN_DIVERGED && !l.lost)) {
        ckpt_remove(ckpt);
        place_remove(r->store, r->key);
    }
    lease_free(&l.lease);
    free(ckpt);
    free(name);
    free(folder);
    return rc;
}

void pretrain_run_free(struct pretrain_run *r)
{
    store_close(r->store);
    model_free(&r->model);
    base_model_free(&r->base);
    opt_free(train_opts, &r->train);
    packed_text_free(&r->packed);
    corpus_free(&r->corpus);
    pool_free(r->pool);
    json_decref(r->config);
}
