/* bench_forward.c - the time of one batch on one thread: the base model, the base model with an
 * update merged into its weights, and a model with adapters beside its weights. */
#include "experiments/bench/bench.h"
#include "experiments/bench/bench_needed.h"
#include "experiments/bench/bench_rate.h"
#include "experiments/bench/bench_sides.h"
#include "experiments/bench/bench_steps.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are made; a method without an update to merge is refused at once. */
enum { ADAPTERS, MERGED, BASE, N_SIDES };
enum { DEFAULT_SEQUENCES = 1, PROFILED_PASSES = 10, N_OWN_COLS = 13 };
enum { TURNS_TIME = 20 }; /* time for all turns, in units of --seconds */

static const char *const side_names[N_SIDES] = { "adapters", "merged", "base" };

struct forward {
    struct bench_sides sides;
    double share[N_SIDES][N_WORK + 1];
    int turns;
};

static int make_sides(struct bench_sides *s, const struct settings *v, const struct bench_cfg *c)
{
    static const enum bench_side_kind kinds[N_SIDES] = { BENCH_SIDE_ADAPTER, BENCH_SIDE_MERGED,
                                                         BENCH_SIDE_BASE };
    long sequences = c->sequences ? c->sequences : DEFAULT_SEQUENCES;
    long tokens = c->tokens ? c->tokens : BENCH_TOKENS;

    s->logits = true;
    for (int i = 0; i < N_SIDES; i++)
        if (bench_sides_add(s, kinds[i], c->session, v, sequences, tokens, ADAPTERS) != 0)
            return -1;
    const struct dataset *set = &s->model[ADAPTERS].set; /* batch= may have set its size */
    bench_sides_batch(s, set->n, set->max_tokens);
    return 0;
}

/* --- measured */

static int profile_side(double share[N_WORK + 1], struct bench_sides *s, int i)
{
    double work[N_WORK], start = now_mono();
    int rc = 0;

    if (prof_start() != 0)
        return -1;
    prof_begin(WORK_OTHER);
    for (int n = 0; n < PROFILED_PASSES && rc == 0; n++)
        rc = model_fwd(&s->model[i].m, &s->ws[i], &s->mb.b);
    prof_end();
    prof_stop();
    if (rc != 0)
        return -1;
    prof_read(work);
    bench_steps_shares(share, work, now_mono() - start, 1);
    return 0;
}

static int measure_sides(struct forward *f, double seconds)
{
    f->turns = bench_sides_time(&f->sides, seconds, 0);
    if (f->turns < 0)
        return -1;
    for (int i = 0; i < N_SIDES; i++)
        if (profile_side(f->share[i], &f->sides, i) != 0)
            return -1;
    return 0;
}

/* --- reported */

/* The largest difference between hidden states and those with adapters, relative to the largest
 * of the latter. */
static double difference(const struct bench_sides *s, int side)
{
    struct mat a = s->ws[ADAPTERS].hidden, b = s->ws[side].hidden;
    double diff = 0, largest = 0;

    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) {
            double d = fabs((double)mat_row(a, i)[j] - (double)mat_row(b, i)[j]);
            diff = d <= diff ? diff : d; /* a NaN stays */
            largest = fmax(largest, fabs((double)mat_row(a, i)[j]));
        }
    return diff / largest;
}

/* Sorts the times of the side. */
static void add_side(struct bench_table *t, struct forward *f, int i,
                     const double ratio[BENCH_N_QUARTILES], const char *model, double gemm)
{
    const struct bench_model *b = &f->sides.model[i];
    struct bench_side *timed = &f->sides.timed[i];
    struct bench_load load = bench_needed_load(&f->sides.set);
    int tokens = f->sides.set.max_tokens;
    char method[120], precision[16], shape[48];

    double ms = bench_stats_median(timed->ms, f->turns);
    double needed = 1e-6 * bench_needed(&b->m, &load, false) / ms;
    double x[N_OWN_COLS + N_WORK] = { load.sequences,
                                      tokens,
                                      ms,
                                      timed->ms[0],
                                      ratio[BENCH_MEDIAN],
                                      ratio[BENCH_Q1],
                                      ratio[BENCH_Q3],
                                      difference(&f->sides, i),
                                      1e3 * load.tokens / ms,
                                      needed,
                                      gemm,
                                      needed / gemm,
                                      (double)peak_rss_bytes() / 1e6 };
    memcpy(x + N_OWN_COLS, f->share[i], N_WORK * sizeof *x);
    snprintf(shape, sizeof shape, "%.0f x %d", load.sequences, tokens);
    bench_table_add(t,
                    (const char *[]){ side_names[i], model,
                                      bench_words_method(method, &f->sides.model[ADAPTERS].r),
                                      bench_words_precision(precision, &b->r, NULL), shape },
                    x);
}

static int report_sides(struct forward *f, const struct bench_cfg *c, const struct settings *v,
                        double gemm)
{
    static const char *const cols[] = {
        "weights",     "model",      "method",      "precision",      "shape",
        "sequences",   "tokens",     "ms_median",   "ms_best",        "to_base",
        "to_base_q1",  "to_base_q3", "difference",  "tokens_per_s",   "needed_gflops",
        "gemm_gflops", "ratio",      "peak_rss_mb", BENCH_SHARE_COLS, NULL
    };
    static const int order[N_SIDES] = { BASE, MERGED, ADAPTERS };
    const struct bench_side *timed = f->sides.timed;
    struct bench_table t;
    double ratio[N_SIDES][BENCH_N_QUARTILES];

    bench_table_init(&t, "forward", 5, cols);
    for (int i = 0; i < N_SIDES; i++) /* before their times are sorted */
        bench_turns_ratio(ratio[i], &timed[i], &timed[BASE], f->turns);
    for (int k = 0; k < N_SIDES; k++)
        add_side(&t, f, order[k], ratio[order[k]], bench_words_model(v), gemm);
    return bench_table_end(&t, c, v);
}

int bench_forward(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct forward *f = xalloc(1, sizeof *f);
    char precision[16];
    int rc = bench_words(&v, "model", n, words);

    if (rc == 0)
        rc = make_sides(&f->sides, &v, c);
    if (rc == 0) {
        const struct bench_model *b = &f->sides.model[BASE];
        bench_words_precision(precision, &b->r, NULL);
        double before = bench_rate_model(&b->d, precision, c->seconds, 1);
        rc = measure_sides(f, TURNS_TIME * c->seconds);
        double after = bench_rate_model(&b->d, precision, c->seconds, 1);
        if (rc == 0)
            rc = report_sides(f, c, &v, (before + after) / 2);
    }
    bench_sides_free(&f->sides);
    free(f);
    settings_free(&v);
    return rc;
}
