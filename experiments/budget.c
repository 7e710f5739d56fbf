/* budget.c - the rank that spends a number of trained parameters (Hu et al. 2021, Table 5). */
#include "experiments/plan.h"

static long count_at(struct recipe *r, const struct opt *rank, const struct dims *d, long value)
{
    long *at = (long *)(void *)((char *)r->method_cfg + rank->at);
    long old = *at;

    *at = value;
    long n = adapt_count(r->method, r->method_cfg, d);
    *at = old;
    return n;
}

int budget_solve(struct recipe *r, const struct dims *d, long params)
{
    const struct opt *rank = r->method->opts ? opt_find(r->method->opts, "rank") : NULL;
    long lo = 1, hi = d->d_model < d->d_ffn ? d->d_model : d->d_ffn;

    if (!rank || rank->type != OPT_INT)
        return fail(FAIL_USAGE, "a budget is spent on 'rank', which the method '%s' does not have",
                    r->method->name);
    if (rank->max > 0 && (double)hi > rank->max)
        hi = (long)rank->max;
    if (count_at(r, rank, d, 1) > params)
        return fail(FAIL_USAGE, "a budget of %ld numbers is too small: rank 1 trains %ld", params,
                    count_at(r, rank, d, 1));
    while (lo < hi) { /* count is increasing in the rank */
        long mid = lo + (hi - lo + 1) / 2;
        if (count_at(r, rank, d, mid) <= params)
            lo = mid;
        else
            hi = mid - 1;
    }
    *(long *)(void *)((char *)r->method_cfg + rank->at) = lo;
    return 0;
}
