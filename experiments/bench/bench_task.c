/* bench_task.c - training steps of a recipe on its task's real, shuffled batches. */
#include "experiments/bench/bench.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/bench/bench_steps.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"
#include "experiments/recipe/data.h"

enum { N_OWN_COLS = 3 };

static int report_task(const struct bench_cfg *c, const struct bench_job *j,
                       const struct bench_times *times, const struct settings *v)
{
    static const char *const cols[] = { "task",    "model", "method",    "precision",      "shape",
                                        "threads", "batch", "trainable", BENCH_TIMES_COLS, NULL };
    const struct recipe *r = j->r;
    struct bench_table t;
    char method[120], precision[16], shape[64];
    double x[N_OWN_COLS + BENCH_TIMES_N] = { j->threads, (double)r->train.batch,
                                             (double)j->m->n_train };

    snprintf(shape, sizeof shape, "batch %ld -t %d", r->train.batch * r->train.accumulate,
             j->threads);
    bench_steps_values(x + N_OWN_COLS, times);
    bench_table_init(&t, "task", 5, cols);
    bench_table_add(&t,
                    (const char *[]){ r->run.task, r->run.model, bench_words_method(method, r),
                                      bench_words_precision(precision, r, j->m), shape },
                    x);
    return bench_table_end(&t, c, v);
}

static int measure_task(const struct recipe *r, const struct bench_cfg *c, const struct settings *v)
{
    struct model m = { 0 };
    struct bench_job j = {
        .r = r,
        .m = &m,
        .threads = (int)c->threads,
        .steps = r->train.steps,
        .rate_seconds = c->seconds,
    };
    struct bench_times t;
    struct loaded_model *in = loaded_model(r->session, r->model);
    int rc = -1;

    if (!in || data_all(&j.data, r) != 0)
        return -1;
    j.data.split[SPLIT_TEST] = NULL;
    struct head head = recipe_head(r, j.data.task);
    if (model_init(&m, &in->base, &head, r->method, r->method_cfg, (uint64_t)r->run.seed, false) ==
            0 &&
        bench_steps(&t, &j) == 0)
        rc = report_task(c, &j, &t, v);
    model_free(&m);
    return rc;
}

int bench_task(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct recipe r = { 0 };
    int rc = bench_words(&v, "task", n, words);

    if (rc == 0)
        rc = recipe_resolve(&r, c->session, &v);
    if (rc == 0)
        rc = measure_task(&r, c, &v);
    recipe_free(&r);
    settings_free(&v);
    return rc;
}
