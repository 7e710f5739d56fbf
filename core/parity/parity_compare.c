/* parity_compare.c - comparisons and their lines. */
#include "core/parity/parity_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void print_comparison(struct parity *p, const char *label, const char *name, double diff,
                             double rel, double tol)
{
    bool ok = rel <= tol; /* false for NaN */

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

/* What two arrays differ by: the largest |got - want| and its largest part beyond the slack,
 * infinite if they are NaN, and the largest |want|. */
struct distance {
    double diff, beyond, scale;
};

static void raise_to(double *most, double x)
{
    if (!(x <= *most)) /* not "x > *most", which is false for NaN */
        *most = isnan(x) ? (double)INFINITY : x;
}

static struct distance distance(const double *got, const double *want, const double *slack,
                                size_t n)
{
    struct distance d = { 0 };

    for (size_t i = 0; i < n; i++) {
        double x = fabs(got[i] - want[i]);
        raise_to(&d.diff, x);
        raise_to(&d.beyond, slack ? x - slack[i] : x);
        if (isfinite(want[i]))
            raise_to(&d.scale, fabs(want[i]));
    }
    return d;
}

static int compare(struct parity *p, struct expected *e, const char *name, const double *got,
                   size_t count, double general, const double *slack)
{
    const double noise = 1e-10;     /* of float64 sums that cancel, with a large margin */
    const double rounding = 1.2e-7; /* of values that were written as F32: 2^-23 */
    const struct st_tensor *t = expected_take(e, name);

    if (!t)
        return 0;
    double *want = xalloc(t->count, sizeof *want);
    int rc = st_doubles(want, t, count);
    if (rc == 0) {
        struct distance d = distance(got, want, slack, count);
        if (d.scale < noise * general)
            d.scale = general;
        p->diff = d.diff;
        print_comparison(p, e->label, name, d.diff, d.beyond == 0 ? 0 : d.beyond / d.scale,
                         t->dtype == ST_F64 ? p->tol : fmax(p->tol, rounding));
    }
    free(want);
    return rc;
}

int parity_compare(struct parity *p, struct expected *e, const char *name, const double *got,
                   size_t count, double general)
{
    return compare(p, e, name, got, count, general, NULL);
}

int parity_compare_reals(struct parity *p, struct expected *e, const char *name, const real *got,
                         size_t count, double general, const double *slack)
{
    double *x = xalloc(count, sizeof *x);

    for (size_t i = 0; i < count; i++)
        x[i] = (double)got[i];
    int rc = compare(p, e, name, x, count, general, slack);
    free(x);
    return rc;
}

void parity_step_slack(double *slack, const double *d, const real *v, size_t n,
                       const struct adamw *o)
{
    double unbias = 1 - pow(o->beta2, (double)o->t);

    for (size_t i = 0; i < n; i++) {
        double size = sqrt((double)v[i] / unbias);
        slack[i] += 2 * o->lr * (d[i] < size ? d[i] / size : 1);
    }
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
