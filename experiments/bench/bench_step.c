/* bench_step.c - training steps of a geometry with random weights on random examples. */
#include "experiments/bench/bench.h"

int bench_step(const struct bench_cfg *c, int n, char **words)
{
    static const char *const cols[] = { "model",          "method",    "precision", "shape",
                                        "threads",        "sequences", "tokens",    "trainable",
                                        BENCH_TIMES_COLS, NULL };
    struct settings v = { 0 };
    struct bench_model b = { 0 };
    struct bench_times times;
    struct bench_table t;
    char method[120], precision[16], shape[64];
    double x[4 + BENCH_TIMES_N];
    int rc = -1;

    if (bench_words(&v, "model", n, words) != 0 ||
        bench_model_init(&b, c->session, &v, "minilm", c->sequences ? c->sequences : 8,
                         c->tokens ? c->tokens : 128, NULL) != 0)
        goto out;
    struct bench_job j = { .c = c,
                           .r = &b.r,
                           .m = &b.m,
                           .data = { &b.task, { &b.set, &b.set, NULL } },
                           .threads = (int)c->threads,
                           .steps = b.r.train.steps };
    if (bench_time(&times, &j) != 0)
        goto out;
    const struct setting *model = settings_get(&v, "model");
    snprintf(shape, sizeof shape, "%d x %d -t %ld", b.set.n, b.set.max_tokens, c->threads);
    x[0] = (double)c->threads;
    x[1] = b.set.n;
    x[2] = b.set.max_tokens;
    x[3] = (double)b.m.n_train;
    bench_times_numbers(x + 4, &times);
    bench_table_init(&t, "step", 4, cols);
    bench_table_add(&t,
                    (const char *[]){ model ? model->value : "minilm", bench_method(method, &b.r),
                                      bench_precision(precision, &b.r, &b.m), shape },
                    x);
    rc = bench_end(&t, c, &v);
out:
    bench_model_free(&b);
    settings_free(&v);
    return rc;
}
