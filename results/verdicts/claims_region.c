/* claims_region.c - where a claim's kind wants the mean difference to lie. */
#include "results/verdicts/claims_region.h"

#include <math.h>

void claims_region(const struct claim *c, double *lo, double *hi)
{
    *lo = -INFINITY, *hi = INFINITY;
    switch ((enum claim_kind)c->kind) {
    case KIND_BETTER: *lo = c->margin; break;
    case KIND_NOT_WORSE: *lo = -c->margin; break;
    case KIND_EQUAL: *lo = -c->margin, *hi = c->margin; break;
    case KIND_ABOVE: *lo = 0; break;
    case KIND_BELOW: *hi = 0; break;
    case KIND_CORRELATION: *(c->bound < 0 ? hi : lo) = c->bound; break;
    }
}

bool claims_inside(const struct claim *c, double x)
{
    double lo, hi;

    claims_region(c, &lo, &hi);
    return x > lo && x < hi;
}

double claims_boundary(const struct claim *c, double x)
{
    double lo, hi;

    claims_region(c, &lo, &hi);
    return fabs(x - lo) <= fabs(x - hi) ? lo : hi;
}

double claims_reference(const struct claim *c, double ref)
{
    if (c->kind == KIND_ABOVE)
        return isnan(ref) ? c->bound : fmax(c->bound, ref);
    return c->kind == KIND_BELOW ? c->bound : ref;
}
