/* bench_gemm.c - how fast the matrix products are. */
#include "experiments/bench.h"
#include "core/base/pool.h"
#include "experiments/listing.h"

#include <stdlib.h>

int bench_settings(struct settings *v, int n, char **words)
{
    for (int i = 0; i < n; i++)
        if (settings_word(v, words[i]) != 0)
            return -1;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return n == 0 ? 0 : n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* --- products */

struct product {
    int which, rows, in, out;
    double seconds;
    double *rate; /* [threads] */
};

static void one_rate(void *arg, int piece, int thread)
{
    const struct product *p = arg;

    (void)thread;
    math_thread_init();
    p->rate[piece] = mat_gemm_rate(p->which, p->rows, p->in, p->out, p->seconds);
}

double bench_rate(int which, int rows, int in, int out, double seconds, int threads)
{
    double *rate = xalloc((size_t)threads, sizeof *rate), sum = 0;
    struct product p = { which, rows, in, out, seconds, rate };
    struct pool *pool = pool_new(threads);

    CHECK(pool, "%d threads", threads);
    pool_run(pool, threads, one_rate, &p);
    for (int i = 0; i < threads; i++)
        sum += rate[i];
    pool_free(pool);
    free(rate);
    return sum;
}

/* The four products of a block: how large, and under which name. */
struct product_of {
    const char *name;
    int in, out;
};

static void products_of(struct product_of p[4], const struct dims *d)
{
    p[0] = (struct product_of){ "q, k, v", d->d_model, 3 * d->d_model };
    p[1] = (struct product_of){ "o", d->d_model, d->d_model };
    p[2] = (struct product_of){ "up", d->d_model, d->d_ffn };
    p[3] = (struct product_of){ "down", d->d_ffn, d->d_model };
}

double bench_model_rate(const struct dims *d, int rows, double seconds, int threads)
{
    struct product_of p[4];
    double work = 0, time = 0;

    products_of(p, d);
    for (int i = 0; i < 4; i++) {
        double flop = 2.0 * rows * p[i].in * p[i].out;
        work += flop;
        time += flop / bench_rate(1, rows, p[i].in, p[i].out, seconds / 4, threads);
    }
    return work / time;
}

static void add_product(struct rows *r, const struct bench_cfg *c, const struct product_of *p,
                        int rows, int threads)
{
    double blas = bench_rate(0, rows, p->in, p->out, c->seconds, threads);
    double packed = bench_rate(1, rows, p->in, p->out, c->seconds, threads);
    char shape[64], n[16], a[40], b[40], ratio[40];

    snprintf(shape, sizeof shape, "%d x %d x %d", rows, p->in, p->out);
    snprintf(n, sizeof n, "%d", threads);
    listing_add(r, (const char *[]){ p->name, shape, n, listing_number(a, blas, 4),
                                     listing_number(b, packed, 4),
                                     listing_number(ratio, packed / blas, 3) });
}

int bench_gemm(const struct bench_cfg *c, int n, char **words)
{
    static const char *const cols[] = {
        "product", "rows x in x out", "threads", "OpenBLAS_gflops", "packed_gflops", "ratio", NULL
    };
    static const struct dims minilm = { .d_model = 384, .d_ffn = 1536 };
    static const struct product_of large = { "large", 768, 3072 };
    struct product_of p[4];
    struct rows r;

    if (n > 0)
        return fail(FAIL_USAGE, "'lowrank bench gemm' does not know what to do with '%s'",
                    words[0]);
    note("OpenBLAS core %s; packed: %s", mat_blas_core(), packed_library());
    products_of(p, &minilm);
    listing_init(&r, cols);
    for (int t = 1; t <= (int)c->threads; t += (int)c->threads > 1 ? (int)c->threads - 1 : 1) {
        for (int i = 0; i < 4 && !stop_requested(); i++)
            add_product(&r, c, &p[i], (int)c->tokens, t);
        add_product(&r, c, &large, 1024, t);
    }
    return listing_print(&r, c->format);
}
