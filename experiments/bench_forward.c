/* bench_forward.c - the time of one forward pass of a model on one thread. */
#include "experiments/bench.h"
#include "core/adapt/adapt.h"
#include "core/base/rng.h"
#include "experiments/listing.h"

#include <stdlib.h>

enum { MOST_PASSES = 400, FIRST_PASSES = 3 };

/* Made-up ids: time does not depend on which. */
static void fill(struct batch *b, int *mem, const struct bench_cfg *c, const struct dims *d)
{
    int n = (int)(c->tokens * c->sequences), len = (int)c->tokens;
    int *ids = mem, *pos = ids + n, *types = pos + n, *off = types + n,
        *slot = off + c->sequences + 1;
    struct rng r = rng_make(1, RNG_ORDER, 0);

    for (int i = 0; i < n; i++) {
        ids[i] = (int)rng_below(&r, (uint32_t)d->vocab);
        pos[i] = i % len;
        types[i] = 0;
    }
    for (int s = 0; s < (int)c->sequences; s++) {
        slot[s] = s;
        off[s + 1] = (s + 1) * len;
    }
    off[0] = 0;
    *b = (struct batch){ .n_seq = (int)c->sequences,
                         .n_tok = n,
                         .max_len = len,
                         .ids = ids,
                         .pos = pos,
                         .types = types,
                         .off = off,
                         .slot = slot };
}

static int time_forward(double *ms, int *n, const struct model *m, const struct batch *b,
                        double seconds)
{
    struct lane l;
    double end = 0;
    int rc = lane_init(&l, m, false);

    for (*n = -FIRST_PASSES; rc == 0 && *n < MOST_PASSES && !stop_requested(); ++*n) {
        double start = now_mono();
        if (*n == 0)
            end = start + seconds;
        if (*n > 0 && start > end)
            break;
        rc = model_fwd(m, &l, b);
        if (*n >= 0)
            ms[*n] = 1e3 * (now_mono() - start);
    }
    lane_free(&l);
    return rc;
}

/* Multiplications and additions of a forward pass: linear layers and attention. */
static double forward_flop(const struct dims *d, const struct batch *b)
{
    double width = (double)d->n_layers * d->d_model;

    return 2 * width * (4.0 * d->d_model + 2.0 * d->d_ffn) * b->n_tok +
           4 * width * (double)b->n_tok * b->max_len;
}

static int report(const struct model *m, const struct batch *b, double *ms, int n,
                  const struct bench_cfg *c)
{
    static const char *const cols[] = { "sequences",    "tokens", "ms_median",   "ms_best",
                                        "tokens_per_s", "gflops", "gemm_gflops", "ratio",
                                        "peak_rss_mb",  NULL };
    double med = bench_median(ms, n), rate = forward_flop(&m->base->dims, b) / med * 1e-6;
    double gemm = bench_model_rate(&m->base->dims, b->n_tok, c->seconds, 1);
    const double x[] = { b->n_seq,
                         b->n_tok,
                         med,
                         ms[0],
                         1e3 * b->n_tok / med,
                         rate,
                         gemm,
                         rate / gemm,
                         (double)peak_rss_bytes() / 1e6 };
    const char *cells[ARRAY_LEN(x)];
    char text[ARRAY_LEN(x)][40];
    struct rows r;

    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        cells[i] = listing_number(text[i], x[i], 4);
    listing_init(&r, cols);
    listing_add(&r, cells);
    return listing_print(&r, c->format);
}

static int measure(const struct model *m, const struct bench_cfg *c)
{
    size_t n_tok = (size_t)(c->tokens * c->sequences), n_seq = (size_t)c->sequences;
    int *mem = xalloc(3 * n_tok + 2 * n_seq + 1, sizeof *mem), n = 0;
    double ms[MOST_PASSES];
    struct batch b;

    fill(&b, mem, c, &m->base->dims);
    int rc = time_forward(ms, &n, m, &b, 10 * c->seconds);
    if (rc == 0 && n <= 0)
        rc = fail(FAIL_STOPPED, "stopped");
    if (rc == 0)
        rc = report(m, &b, ms, n, c);
    free(mem);
    return rc;
}

int bench_forward(const struct bench_cfg *c, int n, char **words)
{
    struct settings v = { 0 };
    struct model m = { 0 };
    struct recipe r = { 0 };
    struct inputs *in;
    int rc = -1;

    if (bench_settings(&v, n, words) != 0 || recipe_parse(&r, &v) != 0 ||
        !(in = inputs_get(r.run.model)))
        goto out;
    if (c->tokens > in->base.dims.max_pos) {
        fail(FAIL_USAGE, "--tokens is %ld, but the model has %d positions", c->tokens,
             in->base.dims.max_pos);
        goto out;
    }
    struct head head = { .n_labels = 2, .pooling = POOL_MEAN, .pool_scale = 1 };
    rc = model_init(&m, &in->base, &head, r.method, r.method_cfg, 1, false);
    if (rc == 0)
        rc = measure(&m, c);
out:
    model_free(&m);
    recipe_free(&r);
    settings_free(&v);
    return rc;
}
