/* onednn_none.c - replaces onednn.c in a program that is built without oneDNN. */
#include "core/math/onednn.h"

#if !HAVE_ONEDNN
const char *onednn_lack(enum precision p)
{
    (void)p;
    return "oneDNN is not built in";
}

const char *onednn_version(void)
{
    return NULL;
}

struct onednn *onednn_pack(const real *w, int k, int n, int row_step, int col_step,
                           enum precision p)
{
    (void)w, (void)k, (void)n, (void)row_step, (void)col_step, (void)p;
    return NULL;
}

void onednn_free(struct onednn *o)
{
    CHECK(!o, "a packed matrix in a program without oneDNN");
}

size_t onednn_bytes(const struct onednn *o)
{
    (void)o;
    return 0;
}

size_t onednn_size(int k, int n, enum precision p)
{
    (void)k, (void)n, (void)p;
    return 0;
}

struct onednn *onednn_import(const void *data, size_t bytes, uint64_t tag, int k, int n,
                             enum precision p)
{
    (void)data, (void)bytes, (void)tag, (void)k, (void)n, (void)p;
    return NULL;
}

/* The functions below are called only if onednn_lack() is NULL, so never. */

const char *onednn_kernel(const struct onednn *o)
{
    CHECK(0, "%p", (const void *)o);
}

const void *onednn_data(const struct onednn *o)
{
    CHECK(0, "%p", (const void *)o);
}

uint64_t onednn_tag(const struct onednn *o)
{
    CHECK(0, "%p", (const void *)o);
}

void onednn_mul(const struct onednn *o, struct mat y, struct mat x, const real *bias, bool add)
{
    (void)o, (void)bias, (void)add;
    CHECK(0, "%d x %d from %d x %d", y.rows, y.cols, x.rows, x.cols);
}

void onednn_mul_plain(const real *w, enum trans t, struct mat y, struct mat x, const real *bias,
                      bool add)
{
    (void)w, (void)t, (void)bias, (void)add;
    CHECK(0, "%d x %d from %d x %d", y.rows, y.cols, x.rows, x.cols);
}

void onednn_gemm(struct mat c, real beta, real alpha, struct mat a, enum trans ta, struct mat b,
                 enum trans tb, int inner)
{
    (void)beta, (void)alpha, (void)a, (void)ta, (void)b, (void)tb;
    CHECK(0, "%d x %d x %d", c.rows, c.cols, inner);
}
#endif
