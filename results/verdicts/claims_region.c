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

/* Is the mean shown to be above AT (SIGN 1) or below it (-1)? */
static bool beyond(const struct claim_part *p, double at, int sign, double level)
{
    return (p->d.mean - at) * sign > 0 && stats_joint_p(&p->joint, p->d.mean, at) < level;
}

const char *claims_outcome(const struct claim *c, const struct claim_part *p, double level)
{
    if (c->kind > KIND_EQUAL) {
        double at = c->kind == KIND_CORRELATION ? c->bound : 0;
        return beyond(p, at, 1, level) ? "above" : beyond(p, at, -1, level) ? "below" : "undecided";
    }
    bool not_worse = beyond(p, -c->margin, 1, level), not_better = beyond(p, c->margin, -1, level);

    if (beyond(p, c->margin, 1, level))
        return "better";
    if (beyond(p, -c->margin, -1, level))
        return "worse";
    return not_worse && not_better ? "equivalent"
           : not_worse             ? "not worse"
           : not_better            ? "not better"
                                   : "undecided";
}
