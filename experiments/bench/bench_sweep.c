/* bench_sweep.c - short runs by one 'lowrank sweep -j', compared with the same runs one after
 * another by 'lowrank run -t'; the start of the program counts in both.
 *
 * Both write to temporary homes, which link to the models and data of the real one. The sweep
 * writes the profile of its workers to a file (sweep.h), so that its time is known by kind of
 * work too. Waiting is everything outside the steps: starting up, reading tokens, storing
 * results, and idle workers. */
#include "experiments/bench/bench.h"
#include "core/os/file.h"
#include "core/os/tree.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/bench/bench_needed.h"
#include "experiments/bench/bench_rate.h"
#include "experiments/bench/bench_steps.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"
#include "experiments/recipe/data.h"
#include "experiments/run/sweep.h"
#include "results/query/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_RUNS = 8, MOST_WORDS = 64, N_OWN_COLS = 14 };

struct comparison {
    const struct bench_cfg *c;
    const struct settings *v;
    long runs, jobs;
    char *dir, *exe;        /* temporary folder; this program */
    double sweep_s, one_s;  /* of the sweep; of the runs one after another */
    double tokens;          /* that all runs of the sweep trained on */
    double evals[N_SPLITS]; /* how often they evaluated dev and test */
    double share[N_WORK + 1];
};

/* --- the temporary folder */

/* Links NAME of the temporary HOME to that of the real home, if that exists. */
static int link_to_home(const struct comparison *r, const char *home, const char *name)
{
    char *real_path = home_path(r->c->home, name), *full = realpath(real_path, NULL);
    char *link = xprintf("%s/%s/%s", r->dir, home, name);
    int rc = 0;

    if (full && symlink(full, link) != 0)
        rc = fail(FAIL_STORE, "cannot write '%s'", link);
    free(link);
    free(full);
    free(real_path);
    return rc;
}

static int make_home(const struct comparison *r, const char *home)
{
    char *path = path_join(r->dir, home);
    int rc = make_dirs(path);

    free(path);
    if (rc != 0 || link_to_home(r, home, "models") != 0 || link_to_home(r, home, "data") != 0)
        return -1;
    return 0;
}

static int make_folder(struct comparison *r)
{
    const char *top = getenv("TMPDIR");
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    r->dir = xprintf("%s/lowrank-bench-XXXXXX", top && *top ? top : "/tmp");
    if (!mkdtemp(r->dir)) {
        fail(FAIL_STORE, "cannot create a folder in '%s'", top && *top ? top : "/tmp");
        r->dir[0] = 0;
        return -1;
    }
    if (n <= 0)
        return fail(FAIL_TOOL, "cannot find the file of this program");
    exe[n] = 0;
    r->exe = xstrdup(exe);
    char *study = path_join(r->dir, "bench.yaml");
    static const char text[] = "study: bench\nbase: {}\nmetric: loss\n";
    int rc = file_write(study, text, strlen(text), FAIL_STORE);
    free(study);
    return rc != 0 || make_home(r, "sweep") != 0 || make_home(r, "one") != 0 ? -1 : 0;
}

static void remove_folder(struct comparison *r)
{
    if (r->dir && *r->dir)
        tree_remove(r->dir);
    free(r->dir);
    free(r->exe);
}

/* --- the two ways */

struct command_line {
    char *word[MOST_WORDS + 1];
    int n;
};

static void line_add(struct command_line *l, char *word)
{
    CHECK(l->n < MOST_WORDS, "%d words", l->n);
    l->word[l->n++] = word;
}

/* lowrank COMMAND --home=... --quiet --data=... */
static struct command_line line_begin(const struct comparison *r, const char *command,
                                      const char *home)
{
    struct command_line l = { 0 };

    line_add(&l, xstrdup(r->exe));
    line_add(&l, xstrdup(command));
    line_add(&l, xprintf("--home=%s/%s", r->dir, home));
    line_add(&l, xstrdup("--quiet"));
    if (r->c->data)
        line_add(&l, xprintf("--data=%s", r->c->data));
    return l;
}

static void line_add_settings(struct command_line *l, const struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        line_add(l, xprintf("%s=%s", v->s[i].key, v->s[i].value));
}

/* Runs the command and frees its words. */
static int line_run(struct command_line *l)
{
    char out[2048];
    int rc = spawn_wait(l->word, out, sizeof out, 0);

    if (stop_requested())
        rc = fail(FAIL_STOPPED, "stopped");
    else if (rc > 0) {
        out[strcspn(out, "\n")] = 0;
        rc = fail(FAIL_RUN, "'lowrank %s' ended with %d: %.400s", l->word[1], rc, out);
    }
    for (int i = 0; i < l->n; i++)
        free(l->word[i]);
    return rc;
}

/* The profile of the sweep: a line for each kind of work, with its seconds. */
static int read_shares(struct comparison *r, const char *path)
{
    double s[N_WORK];
    FILE *f = fopen(path, "re");
    int n = 0;

    for (char kind[32]; f && n < N_WORK && fscanf(f, "%31s %lf", kind, &s[n]) == 2; n++)
        if (strcmp(kind, work_names[n]) != 0)
            break;
    if (f)
        fclose(f);
    if (n < N_WORK)
        return fail(FAIL_RUN, "the sweep did not write its profile to '%s'", path);
    bench_steps_shares(r->share, s, r->sweep_s, (int)(r->jobs < r->runs ? r->jobs : r->runs));
    return 0;
}

static int time_sweep(struct comparison *r)
{
    char *profile = path_join(r->dir, "profile");
    double start = now_mono();
    struct command_line l = line_begin(r, "sweep", "sweep");

    line_add(&l, xprintf("--jobs=%ld", r->jobs));
    line_add(&l, xprintf("--seeds=%ld", r->runs));
    line_add(&l, xprintf("%s/bench.yaml", r->dir));
    line_add_settings(&l, r->v);
    progress("%ld runs, %ld at a time", r->runs, r->jobs);
    setenv(SWEEP_PROFILE_ENV, profile, 1);
    int rc = line_run(&l);
    unsetenv(SWEEP_PROFILE_ENV);
    r->sweep_s = now_mono() - start;
    rc = rc == 0 ? read_shares(r, profile) : rc;
    free(profile);
    return rc;
}

static int time_one_by_one(struct comparison *r)
{
    double start = now_mono();
    int rc = 0;

    for (long seed = 1; seed <= r->runs && rc == 0; seed++) {
        struct command_line l = line_begin(r, "run", "one");
        line_add(&l, xprintf("--threads=%ld", r->c->threads));
        line_add_settings(&l, r->v);
        line_add(&l, xprintf("seed=%ld", seed));
        progress("run %ld of %ld by itself", seed, r->runs);
        rc = line_run(&l);
    }
    r->one_s = now_mono() - start;
    return rc;
}

static double rows_value(const struct rows *r, const char *col)
{
    const char *text = rows_get(r, 0, col);

    return text ? atof(text) : 0;
}

/* What the runs of the sweep did. They evaluate the test split once, or twice when the best
 * evaluation was not the last. */
static int count_work(struct comparison *r)
{
    char *path = xprintf("%s/sweep/lowrank.db", r->dir);
    struct store *s = NULL;
    struct rows rows = { 0 };
    int rc = store_open(&s, path, STORE_READ);

    if (rc == 0)
        rc = query_named(s, &rows, "cmd_work_done", NULL);
    if (rc == 0 && rows_value(&rows, "n") != (double)r->runs)
        rc = fail(FAIL_RUN, "only %.0f of %ld runs of the sweep are done", rows_value(&rows, "n"),
                  r->runs);
    if (rc == 0) {
        r->tokens = rows_value(&rows, "tokens");
        r->evals[SPLIT_DEV] = rows_value(&rows, "dev");
        r->evals[SPLIT_TEST] = rows_value(&rows, "test");
    }
    rows_free(&rows);
    store_close(s);
    free(path);
    return rc;
}

/* --- reported */

/* The operations that all runs need, for training and evaluation. */
static int needed_by_runs(double *flop, const struct comparison *c, const struct recipe *r)
{
    struct run_data d;
    struct model m = { 0 };
    struct loaded_model *in = data_all(&d, r) == 0 ? loaded_model(r->session, r->model) : NULL;
    struct head head;

    if (!in)
        return -1;
    head = recipe_head(r, d.task);
    if (model_init(&m, &in->base, &head, r->method, r->method_cfg, 1, false) != 0)
        return -1;
    struct bench_load load = bench_needed_load(d.split[SPLIT_TRAIN]);
    *flop = c->tokens * bench_needed(&m, &load, true) / load.tokens;
    for (int s = SPLIT_DEV; s < N_SPLITS; s++) {
        if (!d.split[s])
            continue;
        load = bench_needed_load(d.split[s]);
        *flop += c->evals[s] * bench_needed(&m, &load, false);
    }
    model_free(&m);
    return 0;
}

static int report_comparison(const struct comparison *r, const struct recipe *recipe, double gemm,
                             double flop)
{
    static const char *const cols[] = { "task",         "model",
                                        "method",       "precision",
                                        "shape",        "runs",
                                        "jobs",         "threads",
                                        "wall_s",       "runs_per_hour",
                                        "one_by_one_s", "one_by_one_per_hour",
                                        "speedup",      "ms_run",
                                        "tokens_per_s", "needed_gflops",
                                        "gemm_gflops",  "ratio",
                                        "peak_rss_mb",  BENCH_SHARE_COLS,
                                        "waiting_pct",  NULL };
    struct rusage u;
    struct bench_table t;
    char method[120], precision[16], shape[80];
    double rate = 1e-9 * flop / r->sweep_s;

    getrusage(RUSAGE_CHILDREN, &u);
    double x[N_OWN_COLS + N_WORK + 1] = { (double)r->runs,
                                          (double)r->jobs,
                                          (double)r->c->threads,
                                          r->sweep_s,
                                          3600 * (double)r->runs / r->sweep_s,
                                          r->one_s,
                                          3600 * (double)r->runs / r->one_s,
                                          r->one_s / r->sweep_s,
                                          1e3 * r->sweep_s / (double)r->runs,
                                          r->tokens / r->sweep_s,
                                          rate,
                                          gemm,
                                          rate / gemm,
                                          1024e-6 * (double)u.ru_maxrss };
    memcpy(x + N_OWN_COLS, r->share, sizeof r->share);
    snprintf(shape, sizeof shape, "%ld runs of %s steps -j %ld", r->runs,
             settings_get(r->v, "steps")->value, r->jobs);
    bench_table_init(&t, "sweep", 5, cols);
    bench_table_add(&t,
                    (const char *[]){ recipe->run.task, recipe->run.model,
                                      bench_words_method(method, recipe),
                                      bench_words_precision(precision, recipe, NULL), shape },
                    x);
    return bench_table_end(&t, r->c, r->v);
}

static int compare(struct comparison *r)
{
    struct recipe recipe = { 0 };
    char precision[16];
    double flop = 0;

    /* May create the task's files, which does not count. */
    if (recipe_resolve(&recipe, r->c->session, r->v) != 0)
        return -1;
    hash_save(r->c->session);
    const struct dims *d = &recipe.model->dims;
    bench_words_precision(precision, &recipe, NULL);
    double before = bench_rate_model(d, precision, r->c->seconds, (int)r->c->threads);
    int rc = make_folder(r);
    if (rc == 0)
        rc = time_sweep(r);
    if (rc == 0)
        rc = time_one_by_one(r);
    progress_end();
    double after = bench_rate_model(d, precision, r->c->seconds, (int)r->c->threads);
    if (rc == 0)
        rc = count_work(r);
    if (rc == 0)
        rc = needed_by_runs(&flop, r, &recipe);
    if (rc == 0)
        rc = report_comparison(r, &recipe, (before + after) / 2, flop);
    recipe_free(&recipe);
    return rc;
}

static void set_default(struct settings *v, const char *key, const char *value)
{
    if (!settings_get(v, key))
        settings_set(v, key, value, location_named("bench sweep"));
}

int bench_sweep(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct comparison r = { .c = c,
                            .v = &v,
                            .runs = c->runs ? c->runs : DEFAULT_RUNS,
                            .jobs = c->jobs ? c->jobs : c->threads };
    int rc = bench_words(&v, "task", n, words);

    if (rc == 0 && settings_get(&v, "seed"))
        rc = fail(FAIL_USAGE,
                  "the runs have seeds 1 to N, so 'seed' cannot be given; --runs says how many");
    set_default(&v, "steps", "30");
    set_default(&v, "train_n", "1000");
    set_default(&v, "dev_n", "100");
    if (rc == 0)
        rc = compare(&r);
    remove_folder(&r);
    settings_free(&v);
    return rc;
}
