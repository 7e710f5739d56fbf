/* cmd_run.c - "lowrank run": one run, on all cores. */
#include "core/cmd.h"
#include "core/math/mat.h"
#include "experiments/assets/find.h"
#include "experiments/assets/hash.h"
#include "experiments/estimate/memory.h"
#include "experiments/recipe/data.h"
#include "experiments/run/run_again.h"
#include "experiments/study/study_flags.h"
#include "experiments/study/study_store.h"
#include "results/query/query.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    { "threads", 't', OPT_INT, OPTION_AT(threads), "0", 0, 256, NULL,
      "threads of the run, 0: one per core; results do not depend on it" },
    { "again", 0, OPT_BOOL, OPTION_AT(again), "false", 0, 0, NULL,
      "train a run that is done once more and compare every value" },
    HOME_OPTION(struct study_flags),
    DATA_OPTION(struct study_flags),
    FORMAT_OPTION(struct study_flags),
    { .type = OPT_END },
};
static struct opt_usage usage = {
    .command = "run",
    .usage = "[RECIPE] [key=value...]",
    .about = "train one run and print its result; if it is done already, only print its result",
    .example = "lowrank run task=supersense rank=8 targets=q,v",
    .min_args = 0,
    .max_args = -1,
};

/* The method that ARGV names, or NULL: help is then about every method. */
static const struct adapt *named_method(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "method=", 7) == 0 && argv[i][7])
            return adapt_find(argv[i] + 7);
    return NULL;
}

/* The keys of A, which is METHOD or a part of it, or one of all if METHOD is NULL. */
static void keys_of_one(FILE *f, const struct adapt *a, const struct adapt *method)
{
    bool own = method && adapt_has(method, a->name);

    if (own)
        fprintf(f, "method=%s: %s\n  trainable parameters: %s\n", a->name, a->source, a->formula);
    if ((own || !method) && a->opts && a->opts->type != OPT_END) {
        fprintf(f, "keys of method=%s:\n", a->name);
        opt_help(a->opts, f);
    } else if (own) {
        fprintf(f, "method=%s has no keys of its own\n", a->name);
    }
}

/* The keys of METHOD, or of every method if it is NULL. */
static void method_keys(FILE *f, const struct adapt *method)
{
    for (const struct adapt *const *a = adapt_table; *a; a++)
        keys_of_one(f, *a, method);
    keys_of_one(f, adapt_nothing, method);
}

/* Every key that matters, from the tables of options; the caller frees it. */
static char *keys_help(const struct adapt *method)
{
    char *text = NULL;
    size_t size;
    FILE *f = xmemstream(&text, &size);
    fprintf(f,
            "RECIPE is the file of a recipe, or the file or name of a study, of which the keys\n"
            "that all runs have in common are used. Words replace them.%s\n\n",
            method ? "" : " With a word\nmethod=NAME, this help has the keys of that method only.");
    if (method)
        method_keys(f, method);
    fprintf(f, "%skeys of every run:\n", method ? "\n" : "");
    opt_help(run_opts, f);
    opt_help(train_opts, f);
    if (!method)
        method_keys(f, NULL);
    xmemstream_end(f);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = 0;
    return text;
}

/* A study named "run" that has only this run. */
static int study_of_one(struct study *s, struct session *ses, const struct settings *v)
{
    *s = (struct study){ .name = xstrdup("run"), .n_cells = 1 };
    s->axis = xalloc(1, sizeof *s->axis);
    s->runs = xalloc(1, sizeof *s->runs);
    struct plan_run *p = s->runs;
    if (recipe_resolve(&p->recipe, ses, v) != 0)
        return -1;
    s->n_runs = p->n_combinations = 1;
    p->reports = true;
    p->trial = xstrdup("{}");
    memcpy(p->point, p->recipe.cell, sizeof p->point);
    s->metric =
        xprintf("%s%s", train_apart(&p->recipe.train) ? "chosen " : "", p->recipe.train.best_by);
    s->spec = json_pack("{s:{}, s:s}", "axes", "metric", s->metric);
    study_warn_unused(s, v);
    hash_save(ses);
    return 0;
}

static int read_words(struct settings *v, const char *home, int argc, char **argv)
{
    int first = argc > 1 && !strchr(argv[1], '=') ? 2 : 1, rc = 0;

    if (first == 2) {
        char *path = study_flags_find(home, argv[1]);
        rc = path ? settings_file(v, path) : -1;
        free(path);
    }
    for (int i = first; i < argc && rc == 0; i++)
        rc = settings_word(v, argv[i]);
    return rc;
}

static int print_result(struct store *store, const struct recipe *r, int format)
{
    const char *const params[] = { "key", r->key, NULL };
    struct rows rows;

    if (query_named(store, &rows, "cmd_run_final", params) != 0)
        return -1;
    int rc = rows_print(stdout, &rows, (enum rows_format)format);
    rows_free(&rows);
    return rc;
}

static int stopped(void)
{
    note("stopped; the same command continues the run");
    return stop_requested() == SIGTERM ? 128 + SIGTERM : (int)FAIL_STOPPED;
}

static int train_and_print(struct study *s, struct store *store, const struct run_env *env,
                           int format)
{
    struct plan_run *p = s->runs;
    struct run_report rep;
    struct lease lease;
    char took[32];

    int rc = lease_take(store, s->name, p->recipe.key, env->lease_s, &lease);
    if (rc == 0)
        return fail(FAIL_RUN, "another process is already training run %.8s", p->recipe.key);
    if (rc < 0)
        return -1;
    run_one(&rep, env, p, &lease);
    lease_free(&lease);
    progress_end();
    if (rep.fate == FATE_FAULT)
        return -1;
    if (rep.fate == FATE_STOPPED)
        return stopped();
    if (rep.fate == FATE_LOST)
        return fail(FAIL_RUN, "another process has taken over run %.8s", p->recipe.key);
    if (rep.state != STATE_DONE)
        return fail(rep.state == STATE_FAILED ? fail_code() : FAIL_RUN, "run %.8s %s: %s",
                    p->recipe.key, state_names[rep.state], rep.error);
    note("run %.8s done in %s", p->recipe.key, duration_text(took, rep.wall_s));
    return print_result(store, &p->recipe, format);
}

static int train_again(const struct run_env *env, const struct plan_run *p)
{
    long n = run_again(env, p);

    if (n < 0 && stop_requested())
        return stopped();
    return n > 0 ? (int)FAIL_RUN : (int)n;
}

/* How many examples train, choose, and are reported. */
static int note_data(const struct recipe *r)
{
    struct run_data d;

    if (data_all(&d, r) != 0)
        return -1;
    char *line = data_describe(&d, r);
    note("run %.8s: %s", r->key, line);
    free(line);
    return 0;
}

static int run_study_of_one(struct study *s, struct store *store, const struct study_flags *c)
{
    struct plan_run *p = s->runs;
    bool pending = true;
    int threads = c->threads > 0 ? (int)c->threads : cpu_info()->cores;
    int state = store_state(store, p->recipe.key);

    if (state < 0)
        return -1;
    if (state == (int)STATE_DONE && !c->again) {
        note("run %.8s is done already; this is its stored result", p->recipe.key);
        return print_result(store, &p->recipe, c->format);
    }
    if (state == (int)STATE_EXCLUDED)
        return fail(FAIL_RUN,
                    "run %.8s is excluded; 'lowrank show %.8s' says why, 'lowrank include "
                    "%.8s' takes it in again",
                    p->recipe.key, p->recipe.key, p->recipe.key);
    if (state == (int)STATE_DIVERGED && !c->again)
        return fail(FAIL_RUN, "run %.8s diverged; 'lowrank show %.8s' has the details",
                    p->recipe.key, p->recipe.key);
    if (state == (int)STATE_NEW && c->again && run_again_check(store, &p->recipe) != 0)
        return -1;
    if (note_data(&p->recipe) != 0 || memory_study(s, NULL, threads) != 0 ||
        memory_check(s, &pending, 1) != 0 || memory_check_limit(s, NULL, threads) != 0)
        return -1;
    detail("memory: about %.0f MB, of which the runs of a sweep would share %.0f MB",
           1e-6 * (double)(memory_shared(s, NULL) + p->rss), 1e-6 * (double)memory_shared(s, NULL));
    if (threads > cpu_info()->cores)
        warn("%d threads on %d core%s are not faster, and the results are the same", threads,
             cpu_info()->cores, cpu_info()->cores == 1 ? "" : "s");
    struct run_env env = { .store = store, .jobs = 1, .lease_s = run_one_lease_s(p) };
    env.pool = pool_new(threads);
    int rc = env.pool ? study_store_put(store, s) : -1;
    math_thread_init();
    if (rc == 0 && c->again && state == (int)STATE_DONE)
        rc = train_again(&env, p);
    else if (rc == 0 &&
             (state != (int)STATE_FAILED || store_requeue_run(store, p->recipe.key) >= 0))
        rc = train_and_print(s, store, &env, c->format);
    else
        rc = -1;
    if (env.pool)
        pool_free(env.pool);
    return rc;
}

static int run_work(void *cfg, int argc, char **argv)
{
    const struct study_flags *c = cfg;
    struct session ses;
    struct study s = { 0 };
    struct settings v = { 0 };
    struct store *store = NULL;

    session_init(&ses, c->home, c->data);
    int rc = read_words(&v, c->home, argc, argv) == 0 && study_of_one(&s, &ses, &v) == 0 &&
                     study_flags_store(&store, c->home, STORE_WRITE) == 0
                 ? run_study_of_one(&s, store, c)
                 : -1;
    store_close(store);
    study_free(&s);
    settings_free(&v);
    session_free(&ses);
    return rc;
}

static int run_main(int argc, char **argv)
{
    char *keys = keys_help(named_method(argc, argv));

    usage.detail = keys;
    int rc = opt_command(&usage, table, sizeof(struct study_flags), run_work, argc, argv);
    usage.detail = NULL;
    free(keys);
    return rc;
}

const struct cmd cmd_run = { "run", "run", "train one run", run_main };
