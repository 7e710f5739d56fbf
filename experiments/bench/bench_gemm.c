/* bench_gemm.c - products of a geometry's shapes by library, precision and operation. */
#include "experiments/bench/bench.h"

#include <math.h>

enum { RANK = 8, HEAD = 50257, MOST_PRODUCTS = 8 };

struct product_of {
    const char *name;
    int in, out;
};

static int products_of(struct product_of p[MOST_PRODUCTS], const struct dims *d)
{
    const struct product_of all[] = {
        { "q,k,v", d->d_model, 3 * d->d_model },
        { "o", d->d_model, d->d_model },
        { "up", d->d_model, d->d_ffn },
        { "down", d->d_ffn, d->d_model },
        { "adapter A of q,v", d->d_model, 2 * RANK },
        { "adapter B", RANK, d->d_model },
        { "head", d->d_model, HEAD },
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        p[i] = all[i];
    return (int)ARRAY_LEN(all);
}

/* One product, operation, precision and number of threads by every library; false: none has it. */
static bool add_case(struct bench_table *t, const struct bench_cfg *c, const char *name,
                     struct gemm_case g, int threads)
{
    double x[2 + N_GEMM_LIB] = { threads, 0 };
    char shape[48];

    for (int lib = 0; lib < N_GEMM_LIB && !stop_requested(); lib++) {
        g.lib = (enum gemm_lib)lib;
        double rate = bench_rate(&g, c->seconds, threads);
        x[1] = fmax(x[1], rate);
        x[2 + lib] = rate > 0 ? rate : NAN;
    }
    if (x[1] == 0)
        return false;
    snprintf(shape, sizeof shape, "%d x %d x %d", g.rows, g.in, g.out);
    bench_table_add(
        t, (const char *[]){ name, shape, gemm_op_names[g.op], g.bf16 ? "bf16" : "f32" }, x);
    return true;
}

static void add_product(struct bench_table *t, const struct bench_cfg *c,
                        const struct product_of *p, int threads)
{
    int rows = (int)(c->tokens ? c->tokens : 128);

    for (int bf16 = 0; bf16 < 2; bf16++)
        for (int op = 0; op < N_GEMM_OP && !stop_requested(); op++) {
            struct gemm_case g = {
                .op = (enum gemm_op)op, .bf16 = bf16, .rows = rows, .in = p->in, .out = p->out
            };
            progress("%s, %s, %d threads", p->name, gemm_op_names[op], threads);
            add_case(t, c, p->name, g, threads);
        }
}

int bench_gemm(const struct bench_cfg *c, int n, char **words)
{
    static const char *const cols[] = { "product", "rows_in_out", "operation", "precision",
                                        "threads", "gflops",      "OpenBLAS",  "oneDNN",
                                        "packed",  NULL };
    struct settings v = { 0 };
    struct product_of p[MOST_PRODUCTS];
    struct dims d;
    struct bench_table t;
    int rc = -1;

    if (bench_words(&v, "model", n, words) != 0 || bench_dims(&d, c->session, &v, "minilm") != 0)
        goto out;
    for (int i = 0; i < v.n; i++)
        if (!settings_get(&v, "model") || v.n > 1) {
            fail(FAIL_USAGE, "'lowrank bench gemm' knows a geometry and flags, not '%s='",
                 v.s[v.n - 1].key);
            goto out;
        }
    note("GFLOP/s; OpenBLAS core %s; packed: %s", mat_blas_core(), packed_library());
    bench_table_init(&t, "gemm", 4, cols);
    int n_products = products_of(p, &d), most = (int)c->threads;
    for (int threads = 1; threads <= most; threads += most > 1 ? most - 1 : 1)
        for (int i = 0; i < n_products; i++)
            add_product(&t, c, &p[i], threads);
    progress_end();
    if (stop_requested()) {
        rows_free(&t.rows);
        rc = fail(FAIL_STOPPED, "stopped");
        goto out;
    }
    rc = bench_end(&t, c, &v);
out:
    settings_free(&v);
    return rc;
}
