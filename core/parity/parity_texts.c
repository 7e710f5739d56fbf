/* parity_texts.c - log-probabilities and the largest logits of texts. */
#include "core/parity/parity_texts.h"
#include "core/adapt/adapt.h"
#include "core/nn/method.h"
#include "core/parity/feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* log p(t) = z_t - max z - log sum exp(z - max z), in double precision. */
static double logprob(const real *z, int n, int target)
{
    double most = z[0], sum = 0;

    for (int i = 1; i < n; i++)
        most = fmax(most, z[i]);
    for (int i = 0; i < n; i++)
        sum += exp(z[i] - most);
    return z[target] - most - log(sum);
}

void parity_logprobs(double *x, struct mat logits, const int *next, int n_tok)
{
    for (int i = 0; i < n_tok; i++)
        if (next[i] >= 0)
            *x++ = logprob(mat_row(logits, i), logits.cols, next[i]);
}

static int by_size(const void *a, const void *b)
{
    real x = *(const real *)a, y = *(const real *)b;

    return (x < y) - (x > y);
}

/* top.i has the indices of the largest logits of each token, toplogit.i the logits. What counts is
 * the logit of such an index or ours of the same rank, whichever is farther from the expected one:
 * if both agree, so do the indices, except where two logits are equal within the tolerance. */
static int compare_top(struct parity *p, struct expected *e, const char *suffix, struct mat logits)
{
    char *names[2] = { xprintf("top%s", suffix), xprintf("toplogit%s", suffix) };
    const struct st_tensor *top = expected_take(e, names[0]), *want = st_find(&e->st, names[1]);
    size_t n = top ? top->count : 0, rows = (size_t)logits.rows, cols = (size_t)logits.cols;
    long *index = xalloc(n + 1, sizeof *index);
    double *expected = xalloc(n + 1, sizeof *expected), *got = xalloc(n + 1, sizeof *got);
    real *sorted = xalloc(cols, sizeof *sorted);
    int rc = 0;

    if (top && (!want || n % rows != 0 || n / rows > cols))
        rc = fail(FAIL_INPUT, "'%s' needs %s and %s [T,k] of the same shape", e->st.file.path,
                  names[0], names[1]);
    else if (top && (st_longs(index, top, n) != 0 || st_doubles(expected, want, n) != 0))
        rc = -1;
    for (size_t i = 0, k = n / rows; i < n && rc == 0; i++) {
        const real *z = mat_row(logits, (int)(i / k));
        if (index[i] < 0 || (size_t)index[i] >= cols) {
            rc = fail(FAIL_INPUT, "tensor '%s' of '%s' has %ld at index %zu", names[0],
                      e->st.file.path, index[i], i);
            break;
        }
        if (i % k == 0) {
            memcpy(sorted, z, cols * sizeof *sorted);
            qsort(sorted, cols, sizeof *sorted, by_size);
        }
        double own = z[index[i]], ranked = sorted[i % k];
        got[i] = fabs(own - expected[i]) >= fabs(ranked - expected[i]) ? own : ranked;
    }
    if (rc == 0 && top)
        rc = parity_compare(p, e, names[1], got, n, 0);
    free(sorted);
    free(got);
    free(expected);
    free(index);
    free(names[0]);
    free(names[1]);
    return rc;
}

static int check_text(struct parity *p, struct expected *e, struct model *m, const char *suffix)
{
    char *name = xprintf("logprob%s", suffix);
    struct workspace ws = { 0 };
    struct feed f;
    double *x;
    int *next, rc = feed_make(&f, e, suffix, &p->base->dims, 0);

    if (rc == 0 && workspace_init(&ws, m, false) != 0)
        rc = -1;
    if (rc == 0) {
        ws.all_logits = true;
        ws.batch_slots = f.b.n_seq;
        rc = model_fwd(m, &ws, &f.b);
    }
    if (rc == 0) {
        int n = f.b.n_tok;
        x = xalloc((size_t)n, sizeof *x);
        next = xalloc((size_t)n, sizeof *next);
        for (int i = 0; i < n; i++)
            next[i] = i + 1 < n ? f.b.ids[i + 1] : -1;
        parity_logprobs(x, ws.logits, next, n);
        rc = parity_compare(p, e, name, x, (size_t)n - 1, 0);
        free(next);
        free(x);
    }
    if (rc == 0)
        rc = compare_top(p, e, suffix, ws.logits);
    workspace_free(&ws);
    feed_free(&f);
    free(name);
    return rc;
}

int parity_texts(struct parity *p, struct expected *e)
{
    struct head h = { .pooling = POOL_NONE, .precision = p->cfg->precision };
    struct model m;
    char suffix[16] = ".0", ids[24] = "ids.0";
    int rc = 0;

    if (!p->base->arch->causal)
        return fail(FAIL_INPUT, "'%s' has log-probabilities, but '%s' is no decoder",
                    e->st.file.path, p->base->dir);
    if (model_init(&m, p->base, &h, adapt_nothing, NULL, 0, true) != 0)
        return -1;
    for (int i = 0; rc == 0 && i < 1000000 && st_find(&e->st, ids); i++) {
        rc = check_text(p, e, &m, suffix);
        snprintf(suffix, sizeof suffix, ".%d", i + 1);
        snprintf(ids, sizeof ids, "ids.%d", i + 1);
    }
    if (rc == 0)
        parity_unknown(p, e);
    model_free(&m);
    return rc;
}
