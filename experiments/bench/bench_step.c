/* bench_step.c - training steps of a geometry with random weights on random examples. */
#include "experiments/bench/bench.h"
#include "experiments/bench/bench_model.h"
#include "experiments/bench/bench_steps.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"

enum { N_OWN_COLS = 4 };

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
    double x[N_OWN_COLS + BENCH_TIMES_N];
    int rc = -1;

    if (bench_words(&v, "model", n, words) != 0 ||
        bench_model_init(&b, c->session, &v, c->sequences ? c->sequences : BENCH_SEQUENCES,
                         c->tokens ? c->tokens : BENCH_TOKENS, NULL) != 0)
        goto out;
    struct bench_job j = { .r = &b.r,
                           .m = &b.m,
                           .data = { &b.task, { &b.set, &b.set, NULL } },
                           .threads = (int)c->threads,
                           .steps = b.r.train.steps,
                           .rate_seconds = c->seconds };
    if (bench_steps(&times, &j) != 0)
        goto out;
    snprintf(shape, sizeof shape, "%d x %d -t %ld", b.set.n, b.set.max_tokens, c->threads);
    x[0] = (double)c->threads;
    x[1] = b.set.n;
    x[2] = b.set.max_tokens;
    x[3] = (double)b.m.n_train;
    bench_steps_values(x + N_OWN_COLS, &times);
    bench_table_init(&t, "step", 4, cols);
    bench_table_add(&t,
                    (const char *[]){ bench_words_model(&v), bench_words_method(method, &b.r),
                                      bench_words_precision(precision, &b.r, &b.m), shape },
                    x);
    rc = bench_table_end(&t, c, &v);
out:
    bench_model_free(&b);
    settings_free(&v);
    return rc;
}
