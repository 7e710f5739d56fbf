/* bench_scale.c - time and memory of a training step as the model, the length, the batch, the
 * rank, or the number of runs side by side grows.
 *
 * One of them varies at a time; the others are as the words and flags say. Each point is measured
 * in a process of its own, so that peak memory is that of the point. */
#include "experiments/bench/bench.h"
#include "core/math/mat.h"
#include "experiments/bench/bench_model.h"
#include "experiments/bench/bench_steps.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_RUNS = 64, DEFAULT_STEPS = 5, ERROR_SIZE = 400, N_OWN_COLS = 6 };

static const struct axis {
    const char *name, *values;
} axes[] = {
    /* as in BENCH_AXES, after "all" */
    { "model", "tiny minilm roberta-base gpt2-small" },
    { "length", "16 32 64 128 256 512" },
    { "batch", "1 4 16 64" },
    { "rank", "1 4 16 64 256" },
    { "runs", "1 2 4" },
    { NULL, NULL },
};

/* What a child process reports to its parent, in shared memory. */
struct child_report {
    struct bench_times times[MOST_RUNS];
    double base_mb; /* peak memory of the child before its runs began */
    double n_total, trainable;
    int code; /* 0, or the enum fail_code of a failure, which ERROR describes */
    char error[ERROR_SIZE];
};

struct point {
    const struct axis *axis;
    const char *value;
    const struct bench_cfg *c;
    struct settings v;
    long sequences, tokens, runs;
    struct child_report *report;
};

/* Reports a failure to the parent unless RC is 0; returns RC. */
static int note_failure(struct child_report *t, int rc)
{
    if (rc != 0) {
        t->code = (int)fail_code();
        snprintf(t->error, sizeof t->error, "%s", fail_text());
    }
    return rc;
}

/* Run I of a point, in this process. */
static int time_run(const struct point *p, struct bench_model *b, int i, int threads)
{
    struct bench_job j = { .r = &b->r,
                           .m = &b->m,
                           .data = { &b->task, { &b->set, &b->set, NULL } },
                           .threads = threads,
                           .steps = b->r.train.steps > 0 ? b->r.train.steps : DEFAULT_STEPS,
                           .rate_seconds = p->c->seconds };

    return bench_steps(&p->report->times[i], &j);
}

/* The exit status of a child, -1 after fail. */
static int wait_for_child(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail(FAIL_RUN, "cannot wait for a measuring process: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return fail(FAIL_RUN, "a measuring process was killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Several runs with one thread each that share the packed weights, as the workers of a sweep do. */
static int time_runs(const struct point *p, struct bench_model *b)
{
    pid_t pid[MOST_RUNS];
    int rc = 0;

    for (long i = 0; i < p->runs; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            verbosity = -1;
            math_thread_init();
            _exit(note_failure(p->report, time_run(p, b, (int)i, 1)) == 0 ? 0 : 1);
        }
        if (pid[i] < 0)
            return fail(FAIL_MEMORY, "cannot start a measuring process: %s", strerror(errno));
    }
    for (long i = 0; i < p->runs; i++)
        rc |= wait_for_child(pid[i]);
    return rc == 0 ? 0 : -1;
}

static int measure_in_child(const struct point *p)
{
    struct bench_model b;
    int rc = bench_model_init(&b, p->c->session, &p->v, p->sequences, p->tokens, NULL);

    if (rc != 0)
        return -1;
    p->report->n_total = (double)b.m.n_total;
    p->report->trainable = (double)b.m.n_train;
    p->report->base_mb = (double)peak_rss_bytes() / 1e6;
    rc = p->runs > 0 ? time_runs(p, &b) : time_run(p, &b, 0, (int)p->c->threads);
    bench_model_free(&b);
    return rc;
}

static int measure_point(const struct point *p)
{
    struct child_report *t = p->report;

    memset(t, 0, sizeof *t);
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0) {
        int rc = measure_in_child(p);
        if (rc != 0 && !t->code)
            note_failure(t, rc);
        _exit(rc == 0 ? 0 : 1);
    }
    if (pid < 0)
        return fail(FAIL_MEMORY, "cannot start a measuring process: %s", strerror(errno));
    int rc = wait_for_child(pid);
    if (stop_requested())
        return fail(FAIL_STOPPED, "stopped");
    if (rc > 0)
        return fail(t->code ? (enum fail_code)t->code : FAIL_RUN, "%s",
                    *t->error ? t->error : "a measurement failed");
    return rc;
}

/* Runs side by side: the sum of their speeds; the memory that they share counts once. */
static void join_runs(struct bench_times *all, const struct point *p)
{
    const struct child_report *t = p->report;

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

static void add_point(struct bench_table *table, const struct point *p)
{
    struct bench_times t;
    bool sized = strcmp(p->axis->name, "model") == 0;
    double x[N_OWN_COLS + BENCH_TIMES_N] = { sized ? 1e-6 * p->report->n_total : atof(p->value),
                                             p->runs ? (double)p->runs : (double)p->c->threads,
                                             (double)p->sequences,
                                             (double)p->tokens,
                                             1e-6 * p->report->n_total,
                                             p->report->trainable };

    join_runs(&t, p);
    bench_steps_values(x + N_OWN_COLS, &t);
    bench_table_add(table, (const char *[]){ p->axis->name, p->value }, x);
}

static void point_init(struct point *p, const struct bench_cfg *c, const struct settings *v)
{
    const struct setting *batch = settings_get(v, "batch");
    const char *axis = p->axis->name;

    p->sequences = c->sequences ? c->sequences : batch ? atol(batch->value) : BENCH_SEQUENCES;
    p->tokens = c->tokens ? c->tokens : BENCH_TOKENS;
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

/* All values of an axis, except those that this build does not allow. */
static int measure_axis(struct bench_table *t, const struct axis *a, const struct bench_cfg *c,
                        const struct settings *v, struct child_report *report)
{
    char *values = xstrdup(a->values), *save = NULL;
    int rc = 0;

    for (char *s = strtok_r(values, " ", &save); s && rc == 0; s = strtok_r(NULL, " ", &save)) {
        struct point p = { .axis = a, .value = s, .c = c, .report = report };
        point_init(&p, c, v);
        progress("%s %s", a->name, s);
        rc = measure_point(&p);
        if (rc == 0)
            add_point(t, &p);
        settings_free(&p.v);
        if (rc != 0 && fail_code() == FAIL_USAGE && t->rows.n_rows > 0) {
            /* an unknown architecture, a rank larger than the width, ... */
            note("left out: %s %s: %s", a->name, s, fail_text());
            rc = 0;
        }
    }
    free(values);
    return rc;
}

static int measure_axes(struct bench_table *t, const struct bench_cfg *c, const struct settings *v)
{
    struct child_report *report =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int rc = 0;

    if (report == MAP_FAILED)
        return fail(FAIL_MEMORY, "cannot map %zu bytes: %s", sizeof *report, strerror(errno));
    for (const struct axis *a = axes; a->name && rc == 0; a++)
        if (c->axis == BENCH_AXIS_ALL || c->axis == (int)(a - axes) + 1)
            rc = measure_axis(t, a, c, v, report);
    progress_end();
    munmap(report, sizeof *report);
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
        rc = measure_axes(&t, c, &v);
    if (rc == 0)
        rc = bench_table_end(&t, c, &v);
    else
        rows_free(&t.rows);
    settings_free(&v);
    return rc;
}
