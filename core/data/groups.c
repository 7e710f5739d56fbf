/* groups.c - the inputs of a generation split. */
#include "core/data/groups.h"
#include "core/base/rng.h"

#include <stdlib.h>

/* Which inputs are taken. */
static bool *draw_groups(int n, int most, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_SUBSET, N_SPLITS); /* draw.c uses those below */
    bool *taken = xalloc((size_t)n, sizeof *taken);
    int *order = xalloc((size_t)n, sizeof *order);

    for (int i = 0; i < n; i++)
        order[i] = i;
    rng_shuffle(&r, order, n);
    for (int i = 0; i < most; i++)
        taken[order[i]] = true;
    free(order);
    return taken;
}

void groups_init(struct groups *g, const struct dataset *d, long most, uint64_t seed)
{
    int n = d->n_groups, take = most > 0 && most < n ? (int)most : n;
    bool *taken = draw_groups(n, take, seed);
    int *number = xalloc((size_t)n, sizeof *number); /* of those that are taken */

    CHECK(d->generates, "inputs of '%s'", d->path);
    *g = (struct groups){ .n = take };
    g->from = xalloc((size_t)take + 2, sizeof *g->from);
    g->example = xalloc((size_t)d->n, sizeof *g->example);
    for (int i = 0, k = 0; i < n; i++)
        if (taken[i])
            number[i] = k++;
    /* from[k + 1] is first the end of input k - 1, and moves on to that of input k */
    for (int i = 0; i < d->n; i++)
        if (taken[d->group[i]])
            g->from[number[d->group[i]] + 2]++;
    for (int k = 2; k <= take; k++)
        g->from[k] += g->from[k - 1];
    for (int i = 0; i < d->n; i++)
        if (taken[d->group[i]])
            g->example[g->from[number[d->group[i]] + 1]++] = i;
    free(number);
    free(taken);
}

void groups_free(struct groups *g)
{
    free(g->from);
    free(g->example);
    *g = (struct groups){ 0 };
}
