/* bench_rate.c - how fast this machine multiplies, on several threads at once. */
#include "experiments/bench/bench_rate.h"
#include "core/os/pool.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 128 }; /* as many tokens as a micro-batch in training has */

/* The same product on every thread. */
struct rates {
    const struct gemm_case *c;
    double seconds;
    double *rate; /* [threads] */
};

static void rate_of_thread(void *arg, int piece, int thread)
{
    const struct rates *r = arg;

    (void)thread;
    math_thread_init();
    r->rate[piece] = gemm_rate(r->c, r->seconds, NULL);
}

double bench_rate(const struct gemm_case *c, double seconds, int threads)
{
    double *rate = xalloc((size_t)threads, sizeof *rate), sum = 0;
    struct rates r = { c, seconds, rate };
    struct pool *pool = pool_new(threads);

    CHECK(pool, "cannot start %d threads", threads);
    pool_run(pool, threads, rate_of_thread, &r);
    for (int i = 0; i < threads; i++)
        sum += rate[i];
    pool_free(pool);
    free(rate);
    return sum;
}

double bench_rate_model(const struct dims *d, const char *precision, double seconds, int threads)
{
    const int shape[][2] = { { d->d_model, 3 * d->d_model },
                             { d->d_model, d->d_model },
                             { d->d_model, d->d_ffn },
                             { d->d_ffn, d->d_model } };
    double work = 0, time = 0;

    for (size_t i = 0; i < ARRAY_LEN(shape); i++) {
        struct gemm_case c = { .lib = GEMM_PACKED,
                               .bf16 = strcmp(precision, "bf16") == 0,
                               .rows = BLOCK_ROWS,
                               .in = shape[i][0],
                               .out = shape[i][1] };
        double flop = 2.0 * c.rows * c.in * c.out;
        work += flop;
        time += flop / bench_rate(&c, seconds / ARRAY_LEN(shape), threads);
    }
    return work / time;
}
