/* bench_sweep.c - N short runs by 'lowrank sweep -j', against the same runs one after another by
 * 'lowrank run -t', each a process of its own, start-up included.
 *
 * Both write to a temporary home that sees the models and data of the real one. The sweep's workers
 * write their profile to a file (worker.h), so that its time can be shown by kind of work, too; waiting
 * is all that is no work of a step: start-up, tokens read, results stored, an idle worker. */
#include "experiments/bench/bench.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/data.h"
#include "experiments/run/worker.h"
#include "core/base/file.h"
#include "results/query/query.h"

#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_RUNS = 8, MOST_WORDS = 64 };

struct race {
    const struct bench_cfg *c;
    const struct settings *v;
    long runs, jobs;
    char *dir, *exe; /* temporary folder; this program */
    double sweep_s, one_s;
    double tokens;          /* trained on by all runs of the sweep */
    double evals[N_SPLITS]; /* passes over dev and test that they made */
    double share[N_WORK + 1];
};

/* --- the folder */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* HOME/NAME of the real home inside the folder NAME of the race. */
static int borrow(const struct race *r, const char *home, const char *name)
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

static int make_home(const struct race *r, const char *home)
{
    char *path = path_join(r->dir, home);
    int rc = make_dirs(path);

    free(path);
    if (rc != 0 || borrow(r, home, "models") != 0 || borrow(r, home, "data") != 0)
        return -1;
    return 0;
}

static int make_dir(struct race *r)
{
    const char *top = getenv("TMPDIR");
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    r->dir = xprintf("%s/lowrank-bench-XXXXXX", top && *top ? top : "/tmp");
    if (!mkdtemp(r->dir)) {
        fail(FAIL_STORE, "cannot make a folder in '%s'", top && *top ? top : "/tmp");
        r->dir[0] = 0;
        return -1;
    }
    if (n <= 0)
        return fail(FAIL_TOOL, "cannot find this program's file");
    exe[n] = 0;
    r->exe = xstrdup(exe);
    char *study = path_join(r->dir, "bench.yaml");
    static const char text[] = "study: bench\nbase: {}\nmetric: loss\n";
    int rc = file_write(study, text, strlen(text), FAIL_STORE);
    free(study);
    return rc != 0 || make_home(r, "sweep") != 0 || make_home(r, "one") != 0 ? -1 : 0;
}

static void remove_dir(struct race *r)
{
    if (r->dir && *r->dir)
        nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(r->dir);
    free(r->exe);
}

/* --- the two sides */

struct line {
    char *word[MOST_WORDS + 1];
    int n;
};

static void add(struct line *l, char *word)
{
    CHECK(l->n < MOST_WORDS, "%d words", l->n);
    l->word[l->n++] = word;
}

/* lowrank COMMAND ... --home, --data and the words. */
static struct line line_of(const struct race *r, const char *command, const char *home)
{
    struct line l = { 0 };

    add(&l, xstrdup(r->exe));
    add(&l, xstrdup(command));
    add(&l, xprintf("--home=%s/%s", r->dir, home));
    add(&l, xstrdup("--quiet"));
    if (r->c->data)
        add(&l, xprintf("--data=%s", r->c->data));
    return l;
}

static void add_settings(struct line *l, const struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        add(l, xprintf("%s=%s", v->s[i].key, v->s[i].value));
}

static int run_line(struct line *l)
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

/* Shares of the sweep's profile, lines of a kind and its seconds. */
static int read_shares(struct race *r, const char *path)
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
        return fail(FAIL_RUN, "the sweep left no profile in '%s'", path);
    bench_shares(r->share, s, r->sweep_s, (int)(r->jobs < r->runs ? r->jobs : r->runs));
    return 0;
}

static int by_sweep(struct race *r)
{
    char *profile = path_join(r->dir, "profile");
    double start = now_mono();
    struct line l = line_of(r, "sweep", "sweep");

    add(&l, xprintf("--jobs=%ld", r->jobs));
    add(&l, xprintf("--seeds=%ld", r->runs));
    add(&l, xprintf("%s/bench.yaml", r->dir));
    add_settings(&l, r->v);
    progress("%ld runs, %ld at a time", r->runs, r->jobs);
    setenv(PROFILE_ENV, profile, 1);
    int rc = run_line(&l);
    unsetenv(PROFILE_ENV);
    r->sweep_s = now_mono() - start;
    rc = rc == 0 ? read_shares(r, profile) : rc;
    free(profile);
    return rc;
}

static int one_by_one(struct race *r)
{
    double start = now_mono();
    int rc = 0;

    for (long seed = 1; seed <= r->runs && rc == 0; seed++) {
        struct line l = line_of(r, "run", "one");
        add(&l, xprintf("--threads=%ld", r->c->threads));
        add_settings(&l, r->v);
        add(&l, xprintf("seed=%ld", seed));
        progress("run %ld of %ld, alone", seed, r->runs);
        rc = run_line(&l);
    }
    r->one_s = now_mono() - start;
    return rc;
}

static double number_of(const struct rows *r, const char *col)
{
    const char *text = rows_get(r, 0, col);

    return text ? atof(text) : 0;
}

/* What the runs of the sweep did; all of them must have ended well. A test pass with the best numbers
 * is one of its own unless they are the last. */
static int count_work(struct race *r)
{
    char *path = xprintf("%s/sweep/lowrank.db", r->dir);
    struct store *s = NULL;
    struct rows rows = { 0 };
    int rc = store_open(&s, path, STORE_READ);

    if (rc == 0)
        rc = query_named(s, &rows, "cmd_work_done", NULL);
    if (rc == 0 && number_of(&rows, "n") != (double)r->runs)
        rc = fail(FAIL_RUN, "only %.0f of %ld runs are done", number_of(&rows, "n"), r->runs);
    if (rc == 0) {
        r->tokens = number_of(&rows, "tokens");
        r->evals[SPLIT_DEV] = number_of(&rows, "dev");
        r->evals[SPLIT_TEST] = number_of(&rows, "test");
    }
    rows_free(&rows);
    store_close(s);
    free(path);
    return rc;
}

/* --- what is done when the words do not say */

static void set_default(struct settings *v, const char *key, const char *value)
{
    if (!settings_get(v, key))
        settings_set(v, key, value, location_named("bench sweep"));
}

/* Needed operations of all runs, training and evaluation. */
static int needed(double *flop, const struct race *race, const struct recipe *r)
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
    struct bench_load load = bench_load_of(d.split[SPLIT_TRAIN]);
    *flop = race->tokens * bench_needed(&m, &load, true) / load.tokens;
    for (int s = SPLIT_DEV; s < N_SPLITS; s++) {
        if (!d.split[s])
            continue;
        load = bench_load_of(d.split[s]);
        *flop += race->evals[s] * bench_needed(&m, &load, false);
    }
    model_free(&m);
    return 0;
}

static int report(const struct race *r, const struct recipe *recipe, double gemm, double flop)
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
                                        "peak_rss_mb",  BENCH_WORK_COLS,
                                        "waiting_pct",  NULL };
    struct rusage u;
    struct bench_table t;
    char method[120], precision[16], shape[80];
    double rate = 1e-9 * flop / r->sweep_s;

    getrusage(RUSAGE_CHILDREN, &u);
    double x[14 + N_WORK + 1] = { (double)r->runs,
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
    memcpy(x + 14, r->share, sizeof r->share);
    snprintf(shape, sizeof shape, "%ld runs of %s steps -j %ld", r->runs,
             settings_get(r->v, "steps")->value, r->jobs);
    bench_table_init(&t, "sweep", 5, cols);
    bench_table_add(&t,
                    (const char *[]){ recipe->run.task, recipe->run.model,
                                      bench_method(method, recipe),
                                      bench_precision(precision, recipe, NULL), shape },
                    x);
    return bench_end(&t, r->c, r->v);
}

static int measure(struct race *r)
{
    struct recipe recipe = { 0 };
    char precision[16];
    double flop = 0;

    if (recipe_resolve(&recipe, r->c->session, r->v) !=
        0) /* makes the task's files, which is not timed */
        return -1;
    hash_save(r->c->session);
    const struct dims *d = &recipe.model->dims;
    bench_precision(precision, &recipe, NULL);
    double before = bench_model_rate(d, precision, r->c->seconds, (int)r->c->threads);
    int rc = make_dir(r);
    if (rc == 0)
        rc = by_sweep(r);
    if (rc == 0)
        rc = one_by_one(r);
    progress_end();
    double after = bench_model_rate(d, precision, r->c->seconds, (int)r->c->threads);
    if (rc == 0)
        rc = count_work(r);
    if (rc == 0)
        rc = needed(&flop, r, &recipe);
    if (rc == 0)
        rc = report(r, &recipe, (before + after) / 2, flop);
    recipe_free(&recipe);
    return rc;
}

int bench_sweep(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct race r = { .c = c,
                      .v = &v,
                      .runs = c->runs ? c->runs : DEFAULT_RUNS,
                      .jobs = c->jobs ? c->jobs : c->threads };
    int rc = bench_words(&v, "task", n, words);

    if (rc == 0 && settings_get(&v, "seed"))
        rc = fail(FAIL_USAGE, "the runs have the seeds 1 to N; --runs says how many");
    set_default(&v, "steps", "30");
    set_default(&v, "train_n", "1000");
    set_default(&v, "dev_n", "100");
    if (rc == 0)
        rc = measure(&r);
    remove_dir(&r);
    settings_free(&v);
    return rc;
}
