/* packed.c - products with frozen weights, through oneDNN where it has packed kernels, else through
 * OpenBLAS on a plain copy. */
#include "core/math/packed.h"
#include "core/math/bf16.h"
#include "core/math/onednn.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct packed {
    int in, out;
    bool backward;
    enum precision precision;
    struct onednn *fwd, *bwd; /* BWD only with BACKWARD; if NULL, PLAIN is used */
    real *plain;              /* [out, in], or, with TRANS, [in, out] */
    enum trans t;
    struct packed_source source[PACKED_SOURCES]; /* or there are these */
    int n_sources;
};

const char *precision_name(enum precision p)
{
    static const char *const names[N_PRECISION] = { NULL, "bf16", "q8_0", "q4_1", "nf4" };

    return names[p] ? names[p] : sizeof(real) == sizeof(float) ? "f32" : "f64";
}

enum precision precision_find(const char *name)
{
    int p = 0;

    while (p < N_PRECISION && strcmp(name, precision_name((enum precision)p)) != 0)
        p++;
    return (enum precision)p;
}

/* The plain copy as a matrix. */
static struct mat plain_mat(const struct packed *p)
{
    return p->t == TRANS ? mat_make(p->plain, p->in, p->out) : mat_make(p->plain, p->out, p->in);
}

/* Copy the parts, one below the other, or side by side if transposed. NULL: there is no memory. */
static real *stack_parts(struct packed *p, const struct mat *parts, int n_parts)
{
    p->plain = malloc((size_t)p->out * (size_t)p->in * sizeof *p->plain);
    struct mat to = plain_mat(p);

    for (int i = 0, at = 0; p->plain && i < n_parts; i++) {
        int n = p->t == TRANS ? parts[i].cols : parts[i].rows;
        mat_copy(p->t == TRANS ? mat_cols(to, at, n) : mat_rows(to, at, n), parts[i]);
        at += n;
    }
    return p->plain;
}

/* False: there is no packed kernel, or no memory. */
static bool pack_with_onednn(struct packed *p, struct mat w)
{
    int by_out = p->t == TRANS ? 1 : w.ld, by_in = p->t == TRANS ? w.ld : 1;

    p->fwd = onednn_pack(w.x, p->in, p->out, by_in, by_out, p->precision);
    if (p->fwd && p->backward)
        p->bwd = onednn_pack(w.x, p->out, p->in, by_out, by_in, p->precision);
    if (p->fwd && (p->bwd || !p->backward))
        return true;
    onednn_free(p->fwd);
    p->fwd = NULL;
    return false;
}

struct packed *packed_new(const struct mat *parts, int n_parts, enum trans t, bool backward,
                          enum precision precision)
{
    struct packed *p = xalloc(1, sizeof *p);

    CHECK(n_parts > 0, "%d parts", n_parts);
    CHECK(!precision_is_blocks(precision), "%s has packed_from_sources", precision_name(precision));
    *p = (struct packed){ .backward = backward, .precision = precision, .t = t };
    p->in = t == TRANS ? parts[0].rows : parts[0].cols;
    for (int i = 0; i < n_parts; i++) {
        int in = t == TRANS ? parts[i].rows : parts[i].cols;
        CHECK(in == p->in, "part %d has %d inputs, not %d", i, in, p->in);
        p->out += t == TRANS ? parts[i].cols : parts[i].rows;
    }
    if (n_parts == 1 && pack_with_onednn(p, parts[0]))
        return p;
    if (!stack_parts(p, parts, n_parts)) {
        fail(FAIL_MEMORY, "not enough memory for a weight of %d x %d", p->out, p->in);
        free(p);
        return NULL;
    }
    if (n_parts > 1 && pack_with_onednn(p, plain_mat(p))) {
        free(p->plain);
        p->plain = NULL;
    }
    if (p->plain && precision == PRECISION_BF16)
        bf16_round(p->plain, p->plain, (size_t)p->out * (size_t)p->in);
    return p;
}

void packed_free(struct packed *p)
{
    if (!p)
        return;
    onednn_free(p->fwd);
    onednn_free(p->bwd);
    free(p->plain);
    for (int i = 0; i < p->n_sources; i++)
        p->source[i].free(p->source[i].state);
    free(p);
}

bool packed_export(struct packed_image *to, const struct packed *p)
{
    const struct onednn *of[PACKED_DIRECTIONS] = { p->fwd, p->bwd };

    *to = (struct packed_image){
        .in = p->in, .out = p->out, .backward = p->backward, .precision = p->precision
    };
    for (int i = 0; i < PACKED_DIRECTIONS && of[i]; i++) {
        to->data[i] = onednn_data(of[i]);
        to->bytes[i] = onednn_bytes(of[i]);
        to->tag[i] = onednn_tag(of[i]);
    }
    return p->fwd != NULL;
}

struct packed *packed_import(const struct packed_image *from)
{
    struct packed *p = xalloc(1, sizeof *p);

    *p = (struct packed){
        .in = from->in, .out = from->out, .backward = from->backward, .precision = from->precision
    };
    p->fwd =
        onednn_import(from->data[0], from->bytes[0], from->tag[0], p->in, p->out, p->precision);
    if (p->fwd && p->backward)
        p->bwd =
            onednn_import(from->data[1], from->bytes[1], from->tag[1], p->out, p->in, p->precision);
    if (p->fwd && (p->bwd || !p->backward))
        return p;
    packed_free(p);
    return NULL;
}

bool packed_rows_alike(const struct packed *p)
{
    return p->fwd || (p->n_sources > 0 && plain_rows_alike());
}

size_t packed_bytes(const struct packed *p)
{
    size_t plain = p->plain ? (size_t)p->out * (size_t)p->in * sizeof(real) : 0;

    for (int i = 0; i < p->n_sources; i++)
        plain += p->source[i].bytes;
    return sizeof *p + plain + onednn_bytes(p->fwd) + onednn_bytes(p->bwd);
}

const char *packed_kernel(const struct packed *p)
{
    return p->fwd ? onednn_kernel(p->fwd) : p->n_sources ? "panels of blocks" : "OpenBLAS";
}

size_t packed_size(int out, int in, bool backward, enum precision p)
{
    size_t fwd = onednn_size(in, out, p), bwd = backward ? onednn_size(out, in, p) : 0;

    return fwd && (bwd || !backward) ? fwd + bwd : (size_t)out * (size_t)in * sizeof(real);
}

size_t packed_code_size(void)
{
    return onednn_usable(PRECISION_F32) ? ONEDNN_CODE_SIZE : 0;
}

/* X as the product with the plain copy needs it: in bf16 a rounded copy in *OWN, which the caller
 * frees. */
static struct mat plain_input(const struct packed *p, struct mat x, real **own)
{
    *own = NULL;
    if (p->precision == PRECISION_F32)
        return x;
    struct mat r = mat_make(xalloc((size_t)x.rows * (size_t)x.cols, sizeof(real)), x.rows, x.cols);
    for (int i = 0; i < x.rows; i++)
        bf16_round(mat_row(r, i), mat_row(x, i), (size_t)x.cols);
    *own = r.x;
    return r;
}

/* --- weights that are decoded panel by panel */

/* Values of a panel: it stays in the outer cache of a core between decoding and the product. */
enum { PANEL = 1 << 17, PANEL_ROWS = 16 };

static pthread_key_t panel_key;
static pthread_once_t panel_once = PTHREAD_ONCE_INIT;

static void panel_make_key(void)
{
    CHECK(pthread_key_create(&panel_key, free) == 0, "pthread_key_create");
}

/* The thread's memory for a panel; it only grows. */
static real *panel_memory(size_t n)
{
    static _Thread_local real *mem;
    static _Thread_local size_t size;

    pthread_once(&panel_once, panel_make_key);
    if (n > size) {
        free(mem);
        mem = aligned_alloc(64, (n * sizeof *mem + 63) / 64 * 64);
        CHECK(mem, "not enough memory for a panel of %zu values", n);
        pthread_setspecific(panel_key, mem);
        size = n;
    }
    return mem;
}

static int panel_rows(const struct packed *p)
{
    int n = PANEL / p->in / PANEL_ROWS * PANEL_ROWS;

    return n > PANEL_ROWS ? n : PANEL_ROWS;
}

/* Call USE with each panel [n, in] and the output that its first row computes. */
static void each_panel(const struct packed *p, void (*use)(void *arg, struct mat w, int at),
                       void *arg)
{
    int most = panel_rows(p), at = 0;
    real *x = panel_memory((size_t)most * (size_t)p->in);

    for (int i = 0; i < p->n_sources; i++) {
        const struct packed_source *s = &p->source[i];
        for (int from = 0, n; from < s->out; from += n, at += n) {
            n = s->out - from < most ? s->out - from : most;
            s->read(s->state, from, n, x);
            use(arg, mat_make(x, n, p->in), at);
        }
    }
}

struct panel_product {
    struct mat y, x;  /* forward: output and input; backward: gradients of these */
    const real *bias; /* forward, or NULL */
    bool add;         /* backward */
};

static void panel_fwd(void *arg, struct mat w, int at)
{
    const struct panel_product *a = arg;

    plain_fwd(w, mat_cols(a->y, at, w.rows), a->x, a->bias ? a->bias + at : NULL);
}

static void panel_bwd(void *arg, struct mat w, int at)
{
    const struct panel_product *a = arg;

    plain_bwd(w, a->x, mat_cols(a->y, at, w.rows), a->add || at > 0);
}

struct packed *packed_from_sources(const struct packed_source *from, int n)
{
    struct packed *p = xalloc(1, sizeof *p);

    CHECK(n > 0 && n <= PACKED_SOURCES, "%d sources", n);
    *p = (struct packed){ .in = from[0].in, .backward = true, .n_sources = n };
    for (int i = 0; i < n; i++) {
        CHECK(from[i].in == p->in, "source %d has %d inputs, not %d", i, from[i].in, p->in);
        p->out += from[i].out;
        p->source[i] = from[i];
    }
    return p;
}

/* --- products */

void packed_fwd(const struct packed *p, struct mat y, struct mat x, const real *bias)
{
    CHECK(y.rows == x.rows && x.cols == p->in && y.cols == p->out,
          "%dx%d from %dx%d through %d -> %d", y.rows, y.cols, x.rows, x.cols, p->in, p->out);
    if (p->fwd) {
        onednn_mul(p->fwd, y, x, bias, false);
        return;
    }
    if (p->n_sources) {
        each_panel(p, panel_fwd, &(struct panel_product){ .y = y, .x = x, .bias = bias });
        return;
    }
    real *own;
    mat_gemm(y, 0, 1, plain_input(p, x, &own), NOTRANS, plain_mat(p),
             p->t == TRANS ? NOTRANS : TRANS);
    free(own);
    if (bias)
        mat_add_row(y, bias);
}

void packed_bwd(const struct packed *p, struct mat dx, struct mat dy, bool add)
{
    CHECK(p->backward, "weight %d -> %d was packed for forward products only", p->in, p->out);
    CHECK(dx.rows == dy.rows && dx.cols == p->in && dy.cols == p->out,
          "%dx%d from %dx%d through %d -> %d", dx.rows, dx.cols, dy.rows, dy.cols, p->out, p->in);
    if (p->bwd) {
        onednn_mul(p->bwd, dx, dy, NULL, add);
        return;
    }
    if (p->n_sources) {
        each_panel(p, panel_bwd, &(struct panel_product){ .y = dy, .x = dx, .add = add });
        return;
    }
    real *own;
    mat_gemm(dx, add, 1, plain_input(p, dy, &own), NOTRANS, plain_mat(p), p->t);
    free(own);
}

static void check_plain(struct mat w, struct mat in, struct mat out)
{
    CHECK(in.rows == out.rows && in.cols == w.cols && out.cols == w.rows && w.ld == w.cols,
          "%dx%d and %dx%d through %dx%d, ld %d", in.rows, in.cols, out.rows, out.cols, w.rows,
          w.cols, w.ld);
}

bool plain_rows_alike(void)
{
    return onednn_usable(PRECISION_F32);
}

void plain_fwd(struct mat w, struct mat y, struct mat x, const real *bias)
{
    check_plain(w, x, y);
    if (onednn_usable(PRECISION_F32)) {
        onednn_mul_plain(w.x, TRANS, y, x, bias, false);
        return;
    }
    mat_gemm(y, 0, 1, x, NOTRANS, w, TRANS);
    if (bias)
        mat_add_row(y, bias);
}

void plain_bwd(struct mat w, struct mat dx, struct mat dy, bool add)
{
    check_plain(w, dx, dy);
    if (onednn_usable(PRECISION_F32))
        onednn_mul_plain(w.x, NOTRANS, dx, dy, NULL, add);
    else
        mat_gemm(dx, add, 1, dy, NOTRANS, w, NOTRANS);
}

bool packed_built_in(void)
{
    return HAVE_ONEDNN;
}

const char *packed_lack(void)
{
    return onednn_lack(PRECISION_F32);
}

const char *packed_isa(void)
{
    const char *new_name = getenv("ONEDNN_MAX_CPU_ISA"), *old_name = getenv("DNNL_MAX_CPU_ISA");

    return packed_lack() ? NULL : new_name ? new_name : old_name;
}

const char *packed_library(void)
{
    static char text[48];

    if (packed_lack())
        return "none";
    snprintf(text, sizeof text, "oneDNN %s", onednn_version());
    return text;
}
