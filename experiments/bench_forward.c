/* bench_forward.c - the latency of one batch on one thread: the base model, the same with the update
 * merged into its weights, and with adapters beside them.
 *
 * The three take turns, so that what the machine does meanwhile meets all of them; a ratio is that
 * of two passes of one turn. */
#include "experiments/bench.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_BASE, SIDE_MERGED, SIDE_ADAPTERS, N_SIDES };
enum { FIRST_TURNS = 3, MOST_TURNS = 400, FEWEST_TURNS = 5, PROFILED = 10 };

static const char *const side_names[] = { "base", "merged", "adapters" };

struct side {
    struct bench_model b;
    struct lane lane;
    bool has_lane;
    double ms[MOST_TURNS], share[N_WORK + 1];
};
struct forward {
    struct side side[N_SIDES];
    struct microbatch mb;
    int turns;
};

/* A trained update is not zero. */
static void fill_update(struct model *m)
{
    struct rng r = rng_make(2, RNG_INIT, 0);

    for (int i = m->base->n_params; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (strstr(p->name, "classifier."))
            continue;
        for (size_t k = 0; k < (size_t)p->rows * (size_t)p->cols; k++)
            p->value[k] = (real)(0.02 * rng_normal(&r));
    }
}

static int prepare_side(struct forward *f, int i, const struct settings *v,
                        const struct bench_cfg *c, const struct model *update)
{
    struct side *s = &f->side[i];

    if (bench_model_init(&s->b, v, "minilm", c->sequences ? c->sequences : 1,
                         c->tokens ? c->tokens : 128, update) != 0)
        return -1;
    if (i == SIDE_ADAPTERS)
        fill_update(&s->b.m);
    if (lane_init(&s->lane, &s->b.m, false) != 0)
        return -1;
    s->lane.all_logits = s->b.base.arch->causal;
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
    settings_set(&plain, "method", "bitfit", "bench forward"); /* changes nothing yet */
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
    batch_fill(&f->mb, &adapted->set, idx, n, 0);
    free(idx);
    return 0;
}

static void release(struct forward *f)
{
    for (int i = 0; i < N_SIDES; i++) {
        if (f->side[i].has_lane)
            lane_free(&f->side[i].lane);
        bench_model_free(&f->side[i].b);
    }
    microbatch_free(&f->mb);
    free(f);
}

/* --- timed */

static int turn(struct forward *f, double ms[N_SIDES])
{
    for (int i = 0; i < N_SIDES; i++) {
        struct side *s = &f->side[i];
        double start = now_mono();
        if (model_fwd(&s->b.m, &s->lane, &f->mb.b) != 0)
            return -1;
        ms[i] = 1e3 * (now_mono() - start);
    }
    return stop_requested() ? fail(FAIL_STOPPED, "stopped") : 0;
}

static int time_turns(struct forward *f, double seconds)
{
    double ms[N_SIDES], end = 0;

    for (int n = -FIRST_TURNS; n < MOST_TURNS; n++) {
        if (n == 0)
            end = now_mono() + seconds;
        if (n >= FEWEST_TURNS && now_mono() > end)
            break;
        if (turn(f, ms) != 0)
            return -1;
        for (int i = 0; n >= 0 && i < N_SIDES; i++)
            f->side[i].ms[n] = ms[i];
        f->turns = n + 1;
    }
    return 0;
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
            rc = model_fwd(&s->b.m, &s->lane, &f->mb.b);
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
    struct mat a = f->side[SIDE_ADAPTERS].lane.hidden, b = f->side[side].lane.hidden;
    double diff = 0, largest = 0;

    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) {
            double d = fabs((double)mat_row(a, i)[j] - (double)mat_row(b, i)[j]);
            diff = d <= diff ? diff : d; /* a NaN stays */
            largest = fmax(largest, fabs((double)mat_row(a, i)[j]));
        }
    return diff / largest;
}

/* Median and quartiles of the ratio to the base of the same turn. */
static void to_base(double out[3], const struct forward *f, int side)
{
    double ratio[MOST_TURNS];
    int n = f->turns;

    for (int i = 0; i < n; i++)
        ratio[i] = f->side[side].ms[i] / f->side[SIDE_BASE].ms[i];
    out[0] = bench_median(ratio, n);
    out[1] = ratio[n / 4];
    out[2] = ratio[n - 1 - n / 4];
}

static void add_side(struct bench_table *t, struct forward *f, int i, const double ratio[3],
                     const char *model, double gemm)
{
    struct side *s = &f->side[i];
    struct bench_load load = bench_load_of(&s->b.set);
    char method[120], precision[16], shape[48];
    double x[13 + N_WORK];

    double ms = bench_median(s->ms, f->turns);
    double needed = 1e-6 * bench_needed(&s->b.m, &load, false) / ms;
    const double numbers[] = { load.sequences,
                               s->b.set.max_tokens,
                               ms,
                               s->ms[0],
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
        to_base(ratio[i], f, i);
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
