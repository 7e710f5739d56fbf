/* parity_report.c - expected numbers, the comparison and its lines; batches from a file. */
#include "core/parity/parity_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int expected_open(struct expected *e, const char *path, const char *label)
{
    *e = (struct expected){ .label = label };
    if (st_open(&e->st, path) != 0)
        return -1;
    e->done = xalloc((size_t)e->st.n, sizeof *e->done);
    return 0;
}

void expected_close(struct expected *e)
{
    st_close(&e->st);
    free(e->done);
    *e = (struct expected){ 0 };
}

const struct st_tensor *expected_take(struct expected *e, const char *name)
{
    const struct st_tensor *t = st_find(&e->st, name);

    if (t)
        e->done[t - e->st.t] = true;
    return t;
}

bool expected_has(const struct expected *e, const char *prefix)
{
    for (int i = 0; i < e->st.n; i++)
        if (strncmp(e->st.t[i].name, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

double expected_largest(const struct expected *e, const char *prefix)
{
    double most = 0;

    for (int i = 0; i < e->st.n; i++) {
        const struct st_tensor *t = &e->st.t[i];
        if (strncmp(t->name, prefix, strlen(prefix)) != 0 || t->dtype < ST_F16)
            continue;
        double *x = xalloc(t->count, sizeof *x);
        if (st_doubles(x, &e->st, t, t->count) == 0)
            for (size_t k = 0; k < t->count; k++)
                if (isfinite(x[k]) && fabs(x[k]) > most)
                    most = fabs(x[k]);
        free(x);
    }
    return most;
}

void parity_line(struct parity *p, const char *label, const char *name, double diff, double rel,
                 double tol)
{
    bool ok = rel <= tol; /* a NaN is not */

    if (!ok)
        p->r->n_bad++;
    p->r->n_checked++;
    fprintf(p->cfg->out, "%10.2e  %10.2e  %-7s  %s%s\n", diff, rel, ok ? "ok" : "DIFFERS", label,
            st_escaped(name));
    if (rel > p->r->worst || !*p->worst) {
        p->r->worst = rel;
        snprintf(p->worst, sizeof p->worst, "%s%s", label, st_escaped(name));
    }
}

/* The largest |got - want| and |want|; what is not a number is infinitely far. */
static void distance(double *diff, double *scale, const double *got, const double *want, size_t n)
{
    *diff = *scale = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs(got[i] - want[i]), w = fabs(want[i]);
        if (!(d <= *diff)) /* not "d > *diff", which would lose a NaN */
            *diff = isnan(d) ? (double)INFINITY : d;
        if (isfinite(w) && w > *scale)
            *scale = w;
    }
}

int parity_compare(struct parity *p, struct expected *e, const char *name, const double *got,
                   size_t count, double general)
{
    const double noise = 1e-10;     /* of float64 sums that cancel, with a wide margin */
    const double rounding = 1.2e-7; /* of numbers that were written as F32: 2^-23 */
    const struct st_tensor *t = expected_take(e, name);
    double diff, scale;

    if (!t)
        return 0;
    double *want = xalloc(t->count, sizeof *want);
    int rc = st_doubles(want, &e->st, t, count);
    if (rc == 0) {
        distance(&diff, &scale, got, want, count);
        if (scale < noise * general)
            scale = general;
        parity_line(p, e->label, name, diff, diff == 0 ? 0 : diff / scale,
                    t->dtype == ST_F64 ? p->tol : fmax(p->tol, rounding));
    }
    free(want);
    return rc;
}

int parity_compare_reals(struct parity *p, struct expected *e, const char *name, const real *got,
                         size_t count, double general)
{
    double *x = xalloc(count, sizeof *x);

    for (size_t i = 0; i < count; i++)
        x[i] = (double)got[i];
    int rc = parity_compare(p, e, name, x, count, general);
    free(x);
    return rc;
}

void parity_unknown(struct parity *p, const struct expected *e)
{
    for (int i = 0; i < e->st.n; i++) {
        if (e->done[i])
            continue;
        p->r->n_unknown++;
        fprintf(p->cfg->out, "%10s  %10s  %-7s  %s%s\n", "-", "-", "not checked", e->label,
                st_escaped(e->st.t[i].name));
    }
}

/* --- batches */

/* An integer tensor NAME+SUFFIX, whose numbers lie in [lo, hi]; *count is set, or checked when it
 * is not 0. 1: absent. The caller frees. */
static int take_longs(long **out, size_t *count, struct expected *e, const char *name,
                      const char *suffix, long lo, long hi)
{
    char *full = xprintf("%s%s", name, suffix);
    const struct st_tensor *t = expected_take(e, full);
    int rc = t ? 0 : 1;

    *out = NULL;
    if (t) {
        *count = *count ? *count : t->count;
        *out = xalloc(*count, sizeof **out);
        rc = st_longs(*out, &e->st, t, *count);
        for (size_t i = 0; i < *count && rc == 0; i++)
            if ((*out)[i] < lo || (*out)[i] > hi)
                rc = fail(FAIL_INPUT,
                          "tensor '%s' of '%s' has %ld at index %zu; %ld to %ld are possible", full,
                          e->st.file.path, (*out)[i], i, lo, hi);
    }
    if (rc < 0) {
        free(*out);
        *out = NULL;
    }
    free(full);
    return rc;
}

/* Lengths from lens, else from a mask that is 1 up to the length. */
static int take_lens(long **lens, struct expected *e, const char *suffix, size_t n, size_t width)
{
    size_t count = n;
    long *mask = NULL;
    int rc = take_longs(lens, &count, e, "lens", suffix, 1, (long)width);

    if (rc != 1)
        return rc;
    count = n * width;
    rc = take_longs(&mask, &count, e, "mask", suffix, 0, 1);
    if (rc == 0) {
        *lens = xalloc(n, sizeof **lens);
        for (size_t i = 0; i < n * width; i++) {
            long *len = &(*lens)[i / width];
            if (mask[i] && *len != (long)(i % width))
                rc = -1;
            *len += mask[i];
        }
        for (size_t i = 0; i < n; i++)
            rc = (*lens)[i] ? rc : -1;
    }
    free(mask);
    if (rc != 0) {
        free(*lens);
        *lens = NULL;
        return fail(FAIL_INPUT, "'%s' needs lens%s [n] or a mask%s [n,T] that is 1 up to a length",
                    e->st.file.path, suffix, suffix);
    }
    return 0;
}

static int take_labels(struct feed *f, struct expected *e, const char *suffix, size_t n,
                       int n_labels)
{
    char *name = xprintf("labels%s", suffix);
    const struct st_tensor *t = expected_take(e, name);
    long *label = NULL;
    int rc = 0;

    free(name);
    if (t && t->dtype >= ST_F16) {
        f->target = xalloc(n, sizeof *f->target);
        f->b.target = f->target;
        return st_reals(f->target, &e->st, t, n);
    }
    if (t)
        rc = take_longs(&label, &n, e, "labels", suffix, 0, n_labels - 1);
    int *to = f->mem + 3 * f->b.n_tok + 2 * f->b.n_seq + 1;
    for (size_t i = 0; i < n && label; i++)
        to[i] = (int)label[i];
    f->b.label = label ? to : NULL;
    free(label);
    return rc;
}

/* A decoder's labels [n,T]: those of its ids, negative where there is no loss. The token that a
 * position predicts is the label of the next one of its sequence. */
static int take_next(struct feed *f, struct expected *e, const char *suffix, int vocab)
{
    size_t count = (size_t)f->b.n_seq * (size_t)f->width;
    long *label = NULL;
    int rc = take_longs(&label, &count, e, "labels", suffix, -100, vocab - 1);

    if (rc != 0)
        return rc > 0 ? 0 : -1;
    f->next = xalloc((size_t)f->b.n_tok, sizeof *f->next);
    for (int s = 0; s < f->b.n_seq; s++)
        for (int i = f->b.off[s]; i < f->b.off[s + 1]; i++) {
            long at = (long)s * f->width + (i - f->b.off[s]) + 1;
            f->next[i] = i + 1 < f->b.off[s + 1] && label[at] >= 0 ? (int)label[at] : -1;
        }
    f->b.next = f->next;
    free(label);
    return 0;
}

/* Tokens one after another: ids, pos, types [n_tok], off [n_seq+1], slot, label [n_seq]. */
static void pack(struct feed *f, const long *ids, const long *types, const long *lens, int n)
{
    int n_tok = 0, at = 0;

    for (int i = 0; i < n; i++) {
        n_tok += (int)lens[i];
        if (lens[i] > f->b.max_len)
            f->b.max_len = (int)lens[i];
    }
    f->b.n_seq = n;
    f->b.n_tok = n_tok;
    int *mem = f->mem = xalloc(3 * (size_t)n_tok + 3 * (size_t)n + 1, sizeof *mem);
    int *off = mem + 3 * n_tok, *slot = off + n + 1;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < lens[i]; k++, at++) {
            mem[at] = (int)ids[i * f->width + k];
            mem[n_tok + at] = k;
            mem[2 * n_tok + at] = types ? (int)types[i * f->width + k] : 0;
        }
        off[i + 1] = at;
        slot[i] = i;
    }
    f->b.ids = mem;
    f->b.pos = mem + n_tok;
    f->b.types = mem + 2 * n_tok;
    f->b.off = off;
    f->b.slot = slot;
}

int feed_make(struct feed *f, struct expected *e, const char *suffix, const struct dims *d,
              int n_labels)
{
    char *name = xprintf("ids%s", suffix);
    const struct st_tensor *t = expected_take(e, name);
    long *ids = NULL, *types = NULL, *lens = NULL;
    size_t count = 0;
    int rc = -1;

    *f = (struct feed){ 0 };
    if (!t || t->n_dims != 2 || t->count == 0 || t->shape[1] > (size_t)d->max_pos ||
        t->count > 1 << 24)
        fail(FAIL_INPUT, "'%s' needs %s [n,T] with T up to %d", e->st.file.path, name, d->max_pos);
    else if (take_longs(&ids, &count, e, "ids", suffix, 0, d->vocab - 1) == 0 &&
             take_longs(&types, &count, e, "type_ids", suffix, 0, d->n_types - 1) >= 0 &&
             take_lens(&lens, e, suffix, t->shape[0], t->shape[1]) == 0) {
        f->width = (int)t->shape[1];
        pack(f, ids, types, lens, (int)t->shape[0]);
        rc = n_labels > 0 ? take_labels(f, e, suffix, t->shape[0], n_labels)
                          : take_next(f, e, suffix, d->vocab);
    }
    free(lens);
    free(types);
    free(ids);
    free(name);
    if (rc != 0)
        feed_free(f);
    return rc;
}

void feed_free(struct feed *f)
{
    free(f->mem);
    free(f->target);
    free(f->next);
    *f = (struct feed){ 0 };
}
