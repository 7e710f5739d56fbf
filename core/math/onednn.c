/* onednn.c - products through oneDNN 2.x (C API).
 *
 * A matmul primitive is made for a certain number of rows, which takes 0.1 ms or more. So
 * primitives are cached by their shape, and all weights of a shape share them. A call is split into
 * equal pieces of at most PIECE rows; this is as fast as one piece and limits the number of
 * different row counts. Several threads can execute a primitive at once, because each thread has
 * its own scratchpad (with the library's own scratchpad the results would be wrong, without an
 * error). Views with gaps between rows are copied to and from dense matrices, because oneDNN has
 * only a slow reference kernel for them. For bf16 the rows of x are rounded while they are copied,
 * PIECE rows at a time, so that the copy stays in the first-level cache. */
#include "core/math/onednn.h"
#include "core/math/bf16.h"

#if HAVE_ONEDNN

#include "core/math/onednn_impl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern void omp_set_num_threads(int n); /* libgomp */

enum { PIECE = 128, PROBE_ROWS = 64, MAX_CACHED = 4096, BUCKETS = 1024 };
enum { HAS_BIAS = 1, HAS_ADD = 2, IS_BF16 = 4, MAX_ARGS = 5 };
/* Flags of weights that are not packed: W [k, n] is stored by rows, or by columns. */
enum { PLAIN_ROWS = 64, PLAIN_COLS = 128 };
#define HUGE ((size_t)2 << 20)

/* A primitive and the descriptions of its arguments, an entry of the cache. */
struct product {
    int rows, k, n, flags;
    dnnl_primitive_t prim;
    dnnl_memory_desc_t x, w, bias, y, scratch;
    struct product *next;
    bool cached;
};

/* What belongs to a thread. */
enum buffer { SCRATCH, DENSE_X, DENSE_Y, N_BUFFERS };
struct thread {
    dnnl_stream_t stream;
    void *buf[N_BUFFERS];
    size_t size[N_BUFFERS];
};

dnnl_engine_t onednn_engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static const char *lack[N_PRECISION];
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct product *cache[BUCKETS];
static int n_cached;
static _Thread_local struct thread own;

/* --- Engine and threads */

static void thread_end(void *arg)
{
    struct thread *t = arg;

    dnnl_stream_destroy(t->stream);
    for (int i = 0; i < N_BUFFERS; i++)
        free(t->buf[i]);
    memset(t, 0, sizeof *t);
}

void *onednn_alloc(size_t bytes)
{
    size_t align = bytes >= HUGE ? HUGE : 64;
    void *p = NULL;

    if (posix_memalign(&p, align, (bytes + 63) / 64 * 64) != 0)
        return NULL;
    if (align == HUGE)
        madvise(p, bytes / HUGE * HUGE, MADV_HUGEPAGE);
    return p;
}

dnnl_stream_t onednn_stream(void)
{
    if (!own.stream) {
        omp_set_num_threads(1);
        dnnl_status_t st =
            dnnl_stream_create(&own.stream, onednn_engine, dnnl_stream_default_flags);
        CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
        pthread_setspecific(thread_key, &own);
    }
    return own.stream;
}

static void *thread_buffer(enum buffer which, size_t bytes)
{
    if (bytes > own.size[which]) {
        free(own.buf[which]);
        own.buf[which] = onednn_alloc(bytes);
        CHECK(own.buf[which], "not enough memory for a buffer of %zu bytes", bytes);
        own.size[which] = bytes;
    }
    return own.buf[which];
}

/* --- Descriptions */

static dnnl_data_type_t type_of(bool bf16)
{
    return bf16 ? dnnl_bf16 : dnnl_f32;
}

bool onednn_strided(dnnl_memory_desc_t *md, dnnl_data_type_t type, int rows, int cols, int row_step,
                    int col_step)
{
    dnnl_dims_t dims = { rows, cols }, steps = { row_step, col_step };

    return dnnl_memory_desc_init_by_strides(md, 2, dims, type, steps) == dnnl_success;
}

static bool dense_rows(dnnl_memory_desc_t *md, dnnl_data_type_t type, int rows, int cols)
{
    return onednn_strided(md, type, rows, cols, cols, 1);
}

static dnnl_primitive_attr_t new_attr(bool add)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    bool ok =
        dnnl_primitive_attr_create(&attr) == dnnl_success &&
        dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success;

    if (ok && add)
        ok = dnnl_post_ops_create(&ops) == dnnl_success &&
             dnnl_post_ops_append_sum(ops, 1) == dnnl_success &&
             dnnl_primitive_attr_set_post_ops(attr, ops) == dnnl_success;
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (!ok && attr) {
        dnnl_primitive_attr_destroy(attr);
        attr = NULL;
    }
    return attr;
}

/* The matmul of P with weights described by W ("any" lets oneDNN choose); NULL: there is none. */
static dnnl_primitive_desc_t describe_product(struct product *p, const dnnl_memory_desc_t *w)
{
    dnnl_matmul_desc_t op;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_t attr;
    dnnl_memory_desc_t *bias = p->flags & HAS_BIAS ? &p->bias : NULL;

    if (!dense_rows(&p->x, type_of(p->flags & IS_BF16), p->rows, p->k) ||
        !dense_rows(&p->y, dnnl_f32, p->rows, p->n) || !dense_rows(&p->bias, dnnl_f32, 1, p->n) ||
        dnnl_matmul_desc_init(&op, &p->x, w, bias, &p->y) != dnnl_success)
        return NULL;
    attr = new_attr(p->flags & HAS_ADD);
    if (!attr)
        return NULL;
    if (dnnl_primitive_desc_create(&pd, &op, attr, onednn_engine, NULL) != dnnl_success)
        pd = NULL;
    dnnl_primitive_attr_destroy(attr);
    return pd;
}

/* Is it a packed kernel for the type? On CPUs without instructions for bf16, oneDNN chooses other
 * kernels, which are slow. */
static bool good_kernel(const char *name, bool bf16)
{
    return strncmp(name, "brg:", 4) == 0 && (!bf16 || strstr(name, "bf16"));
}

bool onednn_layout(struct onednn *o)
{
    struct product p = { .rows = PROBE_ROWS, .k = o->k, .n = o->n, .flags = o->bf16 ? IS_BF16 : 0 };
    dnnl_dims_t dims = { o->k, o->n };
    dnnl_memory_desc_t any;
    const char *name = "";

    if (dnnl_memory_desc_init_by_tag(&any, 2, dims, type_of(o->bf16), dnnl_format_tag_any) !=
        dnnl_success)
        return false;
    dnnl_primitive_desc_t pd = describe_product(&p, &any);
    if (!pd)
        return false;
    o->md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    bool ok = dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
              good_kernel(name, o->bf16);
    snprintf(o->kernel, sizeof o->kernel, "%s", name);
    dnnl_primitive_desc_destroy(pd);
    return ok;
}

static void engine_start(void)
{
    const char *env = getenv("LOWRANK_ONEDNN");
    struct onednn f32 = { .k = 64, .n = 64 }, bf16 = { .k = 64, .n = 64, .bf16 = true };

    for (int p = 0; p < N_PRECISION; p++)
        lack[p] = sizeof(real) != sizeof(float)  ? "oneDNN has no double precision"
                  : env && strcmp(env, "0") == 0 ? "LOWRANK_ONEDNN=0 turns oneDNN off"
                                                 : NULL;
    if (lack[PRECISION_F32])
        return;
    omp_set_num_threads(1);
    if (dnnl_engine_create(&onednn_engine, dnnl_cpu, 0) != dnnl_success ||
        pthread_key_create(&thread_key, thread_end) != 0 || !onednn_layout(&f32))
        lack[PRECISION_F32] = "oneDNN has no packed kernels for this CPU";
    lack[PRECISION_BF16] = lack[PRECISION_F32];
    if (!lack[PRECISION_F32] && !onednn_layout(&bf16))
        lack[PRECISION_BF16] = "oneDNN has no packed bf16 kernels for this CPU";
}

const char *onednn_lack(enum precision p)
{
    pthread_once(&engine_once, engine_start);
    return lack[p];
}

const char *onednn_version(void)
{
    static char text[32];
    const dnnl_version_t *v = dnnl_version();

    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

/* --- The cache of primitives */

static struct product *product_new(const struct product *key, const dnnl_memory_desc_t *w)
{
    struct product *p = xalloc(1, sizeof *p);

    *p = *key;
    p->w = *w;
    dnnl_primitive_desc_t pd = describe_product(p, w);
    CHECK(pd, "no matmul for %d x %d x %d", p->rows, p->k, p->n);
    p->scratch = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    dnnl_status_t st = dnnl_primitive_create(&p->prim, pd);
    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
    dnnl_primitive_desc_destroy(pd);
    return p;
}

static void product_release(struct product *p)
{
    if (p->cached)
        return;
    dnnl_primitive_destroy(p->prim);
    free(p);
}

static unsigned bucket_of(const struct product *p)
{
    const int part[] = { p->rows, p->k, p->n, p->flags };
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        h = (h ^ (uint32_t)part[i]) * 16777619u;
    return (h ^ h >> 15) % BUCKETS;
}

static bool same_key(const struct product *a, const struct product *b)
{
    return a->rows == b->rows && a->k == b->k && a->n == b->n && a->flags == b->flags;
}

/* Entries are kept until the process ends. If the cache is full, the caller gets a primitive of its
 * own, which product_release frees. */
static struct product *product_get(const struct product *key, const dnnl_memory_desc_t *w)
{
    struct product **head = &cache[bucket_of(key)], *p;

    pthread_mutex_lock(&cache_lock);
    for (p = *head; p && !same_key(p, key); p = p->next)
        continue;
    if (!p) {
        p = product_new(key, w);
        p->cached = n_cached < MAX_CACHED;
        if (p->cached) {
            p->next = *head;
            *head = p;
            n_cached++;
        }
    }
    pthread_mutex_unlock(&cache_lock);
    CHECK(dnnl_memory_desc_equal(&p->w, w), "two layouts for %d x %d", p->k, p->n);
    return p;
}

/* --- The product */

static dnnl_memory_t new_memory(const dnnl_memory_desc_t *md, const void *data)
{
    dnnl_memory_t m = NULL;
    dnnl_status_t st = dnnl_memory_create(&m, md, onednn_engine, (void *)data);

    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
    return m;
}

/* Y without gaps, and X as the kernel needs it. */
static void mul_dense(const struct onednn *o, real *y, const void *x, int rows, const real *bias,
                      int flags)
{
    struct product key = { .rows = rows, .k = o->k, .n = o->n, .flags = flags };
    struct product *p = product_get(&key, &o->md);
    void *scratch = thread_buffer(SCRATCH, dnnl_memory_desc_get_size(&p->scratch));
    dnnl_stream_t stream = onednn_stream();
    dnnl_exec_arg_t args[MAX_ARGS];
    int n = 0;

    args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_SRC, new_memory(&p->x, x) };
    args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_DST, new_memory(&p->y, y) };
    args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_SCRATCHPAD, new_memory(&p->scratch, scratch) };
    if (flags & HAS_BIAS)
        args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_BIAS, new_memory(&p->bias, bias) };
    args[n] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, o->mem };
    dnnl_status_t st = dnnl_primitive_execute(p->prim, stream, n + 1, args);
    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
    st = dnnl_stream_wait(stream);
    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
    for (int i = 0; i < n; i++)
        dnnl_memory_destroy(args[i].memory);
    product_release(p);
}

/* M itself if its rows have no gaps, else a buffer of its shape. */
static struct mat dense_mat(struct mat m, enum buffer which)
{
    size_t bytes = (size_t)m.rows * (size_t)m.cols * sizeof(real);

    return m.ld == m.cols ? m : mat_make(thread_buffer(which, bytes), m.rows, m.cols);
}

static const void *dense_x(struct mat x, bool bf16)
{
    if (!bf16) {
        struct mat d = dense_mat(x, DENSE_X);
        if (d.x != x.x)
            mat_copy(d, x);
        return d.x;
    }
    size_t cols = (size_t)x.cols;
    uint16_t *to = thread_buffer(DENSE_X, (size_t)x.rows * cols * sizeof *to);
    for (int i = 0; i < x.rows; i++)
        bf16_from(to + (size_t)i * cols, mat_row(x, i), cols);
    return to;
}

static void mul_piece(const struct onednn *o, struct mat y, struct mat x, const real *bias,
                      int flags)
{
    struct mat dy = dense_mat(y, DENSE_Y);

    if (dy.x != y.x && (flags & HAS_ADD))
        mat_copy(dy, y);
    mul_dense(o, dy.x, dense_x(x, o->bf16), x.rows, bias, flags);
    if (dy.x != y.x)
        mat_copy(y, dy);
}

void onednn_mul(const struct onednn *o, struct mat y, struct mat x, const real *bias, bool add)
{
    int flags = (bias ? HAS_BIAS : 0) | (add ? HAS_ADD : 0) | (o->bf16 ? IS_BF16 : 0) | o->layout;
    int pieces = (x.rows + PIECE - 1) / PIECE, from = 0;

    for (int i = 0; i < pieces; i++) {
        int rows = (x.rows - from) / (pieces - i);

        mul_piece(o, mat_rows(y, from, rows), mat_rows(x, from, rows), bias, flags);
        from += rows;
    }
}

/* --- Plain operands */

void onednn_mul_plain(const real *w, enum trans t, struct mat y, struct mat x, const real *bias,
                      bool add)
{
    struct onednn o = { .k = x.cols, .n = y.cols, .layout = t == TRANS ? PLAIN_COLS : PLAIN_ROWS };
    dnnl_dims_t dims = { o.k, o.n }, rows = { o.n, 1 }, cols = { 1, o.k };
    dnnl_status_t st =
        dnnl_memory_desc_init_by_strides(&o.md, 2, dims, dnnl_f32, t == TRANS ? cols : rows);

    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
    o.mem = new_memory(&o.md, w);
    onednn_mul(&o, y, x, bias, add);
    dnnl_memory_destroy(o.mem);
}

void onednn_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                 enum trans tb, int inner)
{
#ifdef REAL_IS_FLOAT
    omp_set_num_threads(1); /* for this thread; sgemm does not use our engine */
    dnnl_status_t st = dnnl_sgemm(ta == TRANS ? 'T' : 'N', tb == TRANS ? 'T' : 'N', c.rows, c.cols,
                                  inner, alpha, a.x, a.ld, b.x, b.ld, beta, c.x, c.ld);
    CHECK(st == dnnl_success, "oneDNN status %d", (int)st);
#else
    (void)beta, (void)alpha, (void)a, (void)ta, (void)b, (void)tb;
    CHECK(0, "%d x %d x %d in double", c.rows, c.cols, inner);
#endif
}
#endif
