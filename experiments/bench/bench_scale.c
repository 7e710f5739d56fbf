/* bench_scale.c - time and memory of a training step against the size of the model, length, batch,
 * rank and the number of runs side by side.
 *
 * One thing varies at a time; the others are as the words and flags say. Each point is a process of
 * its own, so that peak memory is that of the point. */
#include "experiments/bench/bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_RUNS = 64, DEFAULT_STEPS = 5, MOST_TEXT = 400 };

static const struct axis {
    const char *name, *values;
} axes[] = {
    /* in the order of BENCH_AXES */
    { "model", "tiny minilm roberta-base gpt2-small" },
    { "length", "16 32 64 128 256 512" },
    { "batch", "1 4 16 64" },
    { "rank", "1 4 16 64 256" },
    { "runs", "1 2 4" },
    { NULL, NULL },
};

/* What a child tells its parent; in shared pages. */
struct told {
    struct bench_times times[MOST_RUNS];
    double base_mb; /* of the process that the runs came from, before they began */
    double n_total, trainable;
    int done, code; /* runs that ended well; of a failure */
    char error[MOST_TEXT];
};

struct point {
    const struct axis *axis;
    const char *value;
    const struct bench_cfg *c;
    struct settings v;
    long sequences, tokens, runs;
    struct told *told;
};

static int tell(struct told *t, int rc)
{
    if (rc != 0) {
        t->code = (int)fail_code();
        snprintf(t->error, sizeof t->error, "%s", fail_text());
    }
    return rc;
}

/* Run I of a point in this process. */
static int one_run(const struct point *p, struct bench_model *b, int i, int threads)
{
    struct bench_job j = { .c = p->c,
                           .r = &b->r,
                           .m = &b->m,
                           .data = { &b->task, { &b->set, &b->set, NULL } },
                           .threads = threads,
                           .steps = b->r.train.steps > 0 ? b->r.train.steps : DEFAULT_STEPS };

    return bench_time(&p->told->times[i], &j);
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail(FAIL_RUN, "cannot wait for a process: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return fail(FAIL_RUN, "a process was killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Several runs of one thread that share the packed weights, as the workers of a sweep do. */
static int many_runs(const struct point *p, struct bench_model *b)
{
    pid_t pid[MOST_RUNS];
    int rc = 0;

    for (long i = 0; i < p->runs; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            verbosity = -1;
            math_thread_init();
            _exit(tell(p->told, one_run(p, b, (int)i, 1)) == 0 ? 0 : 1);
        }
        if (pid[i] < 0)
            return fail(FAIL_MEMORY, "cannot start a process: %s", strerror(errno));
    }
    for (long i = 0; i < p->runs; i++)
        rc |= wait_for(pid[i]);
    return rc == 0 ? 0 : -1;
}

static int in_child(const struct point *p)
{
    struct bench_model b;
    int rc = bench_model_init(&b, p->c->session, &p->v, "minilm", p->sequences, p->tokens, NULL);

    if (rc != 0)
        return -1;
    p->told->n_total = (double)b.m.n_total;
    p->told->trainable = (double)b.m.n_train;
    p->told->base_mb = (double)peak_rss_bytes() / 1e6;
    rc = p->runs > 0 ? many_runs(p, &b) : one_run(p, &b, 0, (int)p->c->threads);
    bench_model_free(&b);
    return rc;
}

static int measure(const struct point *p)
{
    struct told *t = p->told;

    memset(t, 0, sizeof *t);
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0) {
        int rc = in_child(p);
        if (rc != 0 && !t->code)
            tell(t, rc);
        _exit(rc == 0 ? 0 : 1);
    }
    if (pid < 0)
        return fail(FAIL_MEMORY, "cannot start a process: %s", strerror(errno));
    int rc = wait_for(pid);
    if (stop_requested())
        return fail(FAIL_STOPPED, "stopped");
    if (rc > 0)
        return fail(t->code ? (enum fail_code)t->code : FAIL_RUN, "%s",
                    *t->error ? t->error : "a measurement failed");
    return rc;
}

/* Runs side by side: tokens of all, memory that they share once. */
static void join(struct bench_times *all, const struct point *p)
{
    const struct told *t = p->told;

    *all = t->times[0];
    if (p->runs == 0)
        return;
    all->peak_rss_mb = t->base_mb;
    all->tokens_per_s = all->examples_per_s = all->needed = all->ms_median = 0;
    all->gemm_before = all->gemm_after = 0;
    for (long i = 0; i < p->runs; i++) {
        const struct bench_times *one = &t->times[i];
        all->peak_rss_mb += one->own_mb;
        all->tokens_per_s += one->tokens_per_s;
        all->examples_per_s += one->examples_per_s;
        all->needed += one->needed;
        all->gemm_before += one->gemm_before;
        all->gemm_after += one->gemm_after;
        all->ms_median += one->ms_median / (double)p->runs;
        all->ms_best = fmin(all->ms_best, one->ms_best);
    }
}

static void add(struct bench_table *table, const struct point *p)
{
    struct bench_times t;
    bool sized = strcmp(p->axis->name, "model") == 0;
    double x[6 + BENCH_TIMES_N] = { sized ? 1e-6 * p->told->n_total : atof(p->value),
                                    p->runs ? (double)p->runs : (double)p->c->threads,
                                    (double)p->sequences,
                                    (double)p->tokens,
                                    1e-6 * p->told->n_total,
                                    p->told->trainable };

    join(&t, p);
    bench_times_numbers(x + 6, &t);
    bench_table_add(table, (const char *[]){ p->axis->name, p->value }, x);
}

static void set_point(struct point *p, const struct bench_cfg *c, const struct settings *v)
{
    const struct setting *batch = settings_get(v, "batch");
    const char *axis = p->axis->name;

    p->sequences = c->sequences ? c->sequences : batch ? atol(batch->value) : 8;
    p->tokens = c->tokens ? c->tokens : 128;
    settings_copy(&p->v, v);
    if (strcmp(axis, "model") == 0)
        settings_set(&p->v, "model", p->value, location_named("axis"));
    else if (strcmp(axis, "rank") == 0)
        settings_set(&p->v, "rank", p->value, location_named("axis"));
    else if (strcmp(axis, "length") == 0)
        p->tokens = atol(p->value);
    else if (strcmp(axis, "batch") == 0)
        p->sequences = atol(p->value);
    else
        p->runs = atol(p->value);
    char text[24];
    snprintf(text, sizeof text, "%ld", p->sequences);
    settings_set(&p->v, "batch", text, location_named("axis"));
}

/* Values of an axis, or those that the machine and this build have. */
static int run_axis(struct bench_table *t, const struct axis *a, const struct bench_cfg *c,
                    const struct settings *v, struct told *told)
{
    char *values = xstrdup(a->values), *save = NULL;
    int rc = 0;

    for (char *s = strtok_r(values, " ", &save); s && rc == 0; s = strtok_r(NULL, " ", &save)) {
        struct point p = { .axis = a, .value = s, .c = c, .told = told };
        set_point(&p, c, v);
        progress("%s %s", a->name, s);
        rc = measure(&p);
        if (rc == 0)
            add(t, &p);
        settings_free(&p.v);
        if (rc != 0 && fail_code() == FAIL_USAGE && t->rows.n_rows > 0) {
            /* an architecture that this build has not, a rank above the width, ... */
            note("left out: %s %s: %s", a->name, s, fail_text());
            rc = 0;
        }
    }
    free(values);
    return rc;
}

static int run_axes(struct bench_table *t, const struct bench_cfg *c, const struct settings *v)
{
    struct told *told =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int rc = 0;

    if (told == MAP_FAILED)
        return fail(FAIL_MEMORY, "cannot map %zu bytes: %s", sizeof *told, strerror(errno));
    for (const struct axis *a = axes; a->name && rc == 0; a++)
        if (c->axis == 0 || c->axis == (int)(a - axes) + 1)
            rc = run_axis(t, a, c, v, told);
    progress_end();
    munmap(told, sizeof *told);
    return rc;
}

int bench_scale(const struct bench_cfg *c, int n, char **words)
{
    static const char *const cols[] = {
        "axis",   "value",           "x",         "threads",        "sequences",
        "tokens", "million_numbers", "trainable", BENCH_TIMES_COLS, NULL
    };
    static const char *const show[] = { "axis",  "value",       "ms_median", "tokens_per_s",
                                        "ratio", "peak_rss_mb", NULL };
    struct settings v = { 0 };
    struct bench_table t;
    int rc = bench_words(&v, "model", n, words);

    bench_table_init(&t, "scale", 2, cols);
    t.show = show;
    if (rc == 0)
        rc = run_axes(&t, c, &v);
    if (rc == 0)
        rc = bench_end(&t, c, &v);
    else
        rows_free(&t.rows);
    settings_free(&v);
    return rc;
}
