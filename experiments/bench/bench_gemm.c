/* bench_gemm.c - products of a geometry's shapes by library, precision, and operation. */
#include "experiments/bench/bench.h"
#include "experiments/bench/bench_model.h"
#include "experiments/bench/bench_rate.h"
#include "experiments/bench/bench_table.h"
#include "experiments/bench/bench_words.h"

#include <math.h>

enum { RANK = 8, GPT2_VOCAB = 50257, MOST_PRODUCTS = 8 };

struct product {
    const char *name;
    int in, out;
};

static int products_of(struct product p[MOST_PRODUCTS], const struct dims *d)
{
    const struct product all[] = {
        { "q,k,v", d->d_model, 3 * d->d_model },
        { "o", d->d_model, d->d_model },
        { "up", d->d_model, d->d_ffn },
        { "down", d->d_ffn, d->d_model },
        { "adapter A of q,v", d->d_model, 2 * RANK },
        { "adapter B", RANK, d->d_model },
        { "head", d->d_model, GPT2_VOCAB },
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        p[i] = all[i];
    return (int)ARRAY_LEN(all);
}

/* One product, operation, precision, and number of threads, by every library that has it. */
static void add_case(struct bench_table *t, const struct bench_cfg *c, const char *name,
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
        return; /* no library has it */
    snprintf(shape, sizeof shape, "%d x %d x %d", g.rows, g.in, g.out);
    bench_table_add(
        t, (const char *[]){ name, shape, gemm_op_names[g.op], g.bf16 ? "bf16" : "f32" }, x);
}

static void add_product(struct bench_table *t, const struct bench_cfg *c, const struct product *p,
                        int threads)
{
    int rows = (int)(c->tokens ? c->tokens : BENCH_TOKENS);

    for (int bf16 = 0; bf16 < 2; bf16++)
        for (int op = 0; op < N_GEMM_OP && !stop_requested(); op++) {
            struct gemm_case g = {
                .op = (enum gemm_op)op, .bf16 = bf16, .rows = rows, .in = p->in, .out = p->out
            };
            progress("%s, %s, %d thread%s", p->name, gemm_op_names[op], threads,
                     threads == 1 ? "" : "s");
            add_case(t, c, p->name, g, threads);
        }
}

int bench_gemm(const struct bench_cfg *c, int n, char **words)
{
    static const char *const cols[] = { "product", "rows_in_out", "operation", "precision",
                                        "threads", "gflops",      "OpenBLAS",  "oneDNN",
                                        "packed",  NULL };
    struct settings v = { 0 };
    struct product p[MOST_PRODUCTS];
    struct dims d;
    struct bench_table t;
    int rc = -1;

    if (bench_words(&v, "model", n, words) != 0 || bench_model_dims(&d, c->session, &v) != 0)
        goto out;
    if (v.n > 1 || (v.n == 1 && !settings_get(&v, "model"))) {
        fail(FAIL_USAGE, "'lowrank bench gemm' takes a geometry and flags, not '%s='",
             v.s[v.n - 1].key);
        goto out;
    }
    note("speeds in GFLOP/s; OpenBLAS uses its core %s, packed weights use %s", mat_blas_core(),
         packed_library());
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
    rc = bench_table_end(&t, c, &v);
out:
    settings_free(&v);
    return rc;
}
