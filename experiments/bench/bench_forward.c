/* bench_forward.c - the latency of one batch on one thread: the base model, the same with the update
 * merged into its weights, and with adapters beside them. */
#include "experiments/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_BASE, SIDE_MERGED, SIDE_ADAPTERS, N_SIDES };
enum { PROFILED = 10 };

static const char *const side_names[] = { "base", "merged", "adapters" };

struct side {
    struct bench_model b;
    struct workspace ws;
    bool has_lane;
    double share[N_WORK + 1];
};
struct forward {
    struct side side[N_SIDES];
    struct bench_side timed[N_SIDES];
    struct microbatch mb;
    int turns;
};

static int prepare_side(struct forward *f, int i, const struct settings *v,
                        const struct bench_cfg *c, const struct model *update)
{
    struct side *s = &f->side[i];

    if (bench_model_init(&s->b, c->session, v, "minilm", c->sequences ? c->sequences : 1,
                         c->tokens ? c->tokens : 128, update) != 0)
        return -1;
    if (i == SIDE_ADAPTERS)
        bench_model_fill(&s->b.m);
    if (workspace_init(&s->ws, &s->b.m, false) != 0)
        return -1;
    s->ws.all_logits = s->b.base.arch->causal;
    s->has_lane = true;
    return 0;
}

static int prepare(struct forward *f, const struct settings *v, const struct bench_cfg *c)
{
    struct settings plain = { 0 };
    int rc = prepare_side(f, SIDE_ADAPTERS, v, c, NULL);
    const struct bench_model *adapted = &f->side[SIDE_ADAPTERS].b;

    if (rc == 0 && !adapted->m.adapt->merge)
        rc = fail(FAIL_USAGE, "the method '%s' has no update that can be merged",
                  adapted->m.adapt->name);
    settings_copy(&plain, v);
    settings_set(&plain, "method", "bitfit",
                 location_named("bench forward")); /* changes nothing yet */
    if (rc == 0)
        rc = prepare_side(f, SIDE_BASE, &plain, c, NULL);
    if (rc == 0)
        rc = prepare_side(f, SIDE_MERGED, &plain, c, &adapted->m);
    settings_free(&plain);
    if (rc != 0)
        return -1;
    int n = adapted->set.n, *idx = xalloc((size_t)n, sizeof *idx);
    for (int i = 0; i < n; i++)
        idx[i] = i;
    microbatch_fill(&f->mb, &adapted->set, idx, n, 0);
    free(idx);
    return 0;
}

static void release(struct forward *f)
{
    for (int i = 0; i < N_SIDES; i++) {
        if (f->side[i].has_lane)
            workspace_free(&f->side[i].ws);
        bench_model_free(&f->side[i].b);
    }
    microbatch_free(&f->mb);
    free(f);
}

/* --- timed */

static int time_turns(struct forward *f, double seconds)
{
    for (int i = 0; i < N_SIDES; i++) {
        f->timed[i].m = &f->side[i].b.m;
        f->timed[i].ws = &f->side[i].ws;
    }
    f->turns = bench_turns(f->timed, N_SIDES, &f->mb.b, seconds, 0);
    return f->turns < 0 ? -1 : 0;
}

static int profile(struct forward *f)
{
    double work[N_WORK];

    for (int i = 0; i < N_SIDES; i++) {
        struct side *s = &f->side[i];
        double start = now_mono();
        if (prof_start() != 0)
            return -1;
        int rc = 0;
        prof_begin(WORK_OTHER);
        for (int n = 0; n < PROFILED && rc == 0; n++)
            rc = model_fwd(&s->b.m, &s->ws, &f->mb.b);
        prof_end();
        prof_stop();
        if (rc != 0)
            return -1;
        prof_read(work);
        bench_shares(s->share, work, now_mono() - start, 1);
    }
    return 0;
}

/* --- reported */

/* Largest difference of hidden states to those with adapters, relative to the largest of these. */
static double difference(const struct forward *f, int side)
{
    struct mat a = f->side[SIDE_ADAPTERS].ws.hidden, b = f->side[side].ws.hidden;
    double diff = 0, largest = 0;

    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) {
            double d = fabs((double)mat_row(a, i)[j] - (double)mat_row(b, i)[j]);
            diff = d <= diff ? diff : d; /* a NaN stays */
            largest = fmax(largest, fabs((double)mat_row(a, i)[j]));
        }
    return diff / largest;
}

static void add_side(struct bench_table *t, struct forward *f, int i, const double ratio[3],
                     const char *model, double gemm)
{
    struct side *s = &f->side[i];
    struct bench_load load = bench_load_of(&s->b.set);
    char method[120], precision[16], shape[48];
    double x[13 + N_WORK];

    double ms = bench_median(f->timed[i].ms, f->turns);
    double needed = 1e-6 * bench_needed(&s->b.m, &load, false) / ms;
    const double numbers[] = { load.sequences,
                               s->b.set.max_tokens,
                               ms,
                               f->timed[i].ms[0],
                               ratio[0],
                               ratio[1],
                               ratio[2],
                               difference(f, i),
                               1e3 * load.tokens / ms,
                               needed,
                               gemm,
                               needed / gemm,
                               (double)peak_rss_bytes() / 1e6 };
    memcpy(x, numbers, sizeof numbers);
    memcpy(x + ARRAY_LEN(numbers), s->share, N_WORK * sizeof *x);
    snprintf(shape, sizeof shape, "%.0f x %d", load.sequences, s->b.set.max_tokens);
    bench_table_add(t,
                    (const char *[]){ side_names[i], model,
                                      bench_method(method, &f->side[SIDE_ADAPTERS].b.r),
                                      bench_precision(precision, &s->b.r, NULL), shape },
                    x);
}

static int report(struct forward *f, const struct bench_cfg *c, const struct settings *v,
                  double gemm)
{
    static const char *const cols[] = {
        "weights",     "model",      "method",      "precision",     "shape",
        "sequences",   "tokens",     "ms_median",   "ms_best",       "to_base",
        "to_base_q1",  "to_base_q3", "difference",  "tokens_per_s",  "needed_gflops",
        "gemm_gflops", "ratio",      "peak_rss_mb", BENCH_WORK_COLS, NULL
    };
    const struct setting *model = settings_get(v, "model");
    struct bench_table t;
    double ratio[N_SIDES][3];

    bench_table_init(&t, "forward", 5, cols);
    for (int i = 0; i < N_SIDES; i++) /* before times are sorted */
        bench_to_base(ratio[i], &f->timed[i], &f->timed[SIDE_BASE], f->turns);
    for (int i = 0; i < N_SIDES; i++)
        add_side(&t, f, i, ratio[i], model ? model->value : "minilm", gemm);
    return bench_end(&t, c, v);
}

int bench_forward(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct forward *f = xalloc(1, sizeof *f);
    char precision[16];
    int rc = bench_words(&v, "model", n, words);

    if (rc == 0)
        rc = prepare(f, &v, c);
    if (rc == 0) {
        const struct bench_model *b = &f->side[SIDE_BASE].b;
        bench_precision(precision, &b->r, NULL);
        double before = bench_model_rate(&b->d, precision, c->seconds, 1);
        rc = time_turns(f, 20 * c->seconds);
        if (rc == 0)
            rc = profile(f);
        double after = bench_model_rate(&b->d, precision, c->seconds, 1);
        if (rc == 0)
            rc = report(f, c, &v, (before + after) / 2);
    }
    release(f);
    settings_free(&v);
    return rc;
}
