/* gen_walk.c - one token after another: the most likely one, or one that is drawn.
 *
 * A draw divides logits by the temperature, keeps the top_k largest, then of these the fewest that
 * together have the probability top_p, both with all that are as likely as the last one, and takes
 * the first token, by its id, at which the sum of probabilities exceeds a uniform number. */
#include "core/generate/gen_search.h"

#include "core/base/rng.h"
#include "core/math/logit_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int argmax(const real *z, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (z[i] > z[best])
            best = i;
    return best;
}

static int descending(const void *a, const void *b)
{
    real x = *(const real *)a, y = *(const real *)b;

    return (x < y) - (x > y);
}

/* The K-th largest of the N values of X, whose order changes (Hoare's selection). */
static real kth_largest(real *x, int n, int k)
{
    int lo = 0, hi = n - 1, at = k - 1;

    while (lo < hi) {
        real mid = x[lo + (hi - lo) / 2];
        int i = lo, j = hi;
        while (i <= j) {
            for (; x[i] > mid; i++)
                ;
            for (; x[j] < mid; j--)
                ;
            if (i <= j) {
                real t = x[i];
                x[i++] = x[j];
                x[j--] = t;
            }
        }
        if (at <= j)
            hi = j;
        else if (at >= i)
            lo = i;
        else
            break;
    }
    return x[at];
}

static real *sort_memory(struct gen_search *q)
{
    if (!q->sorted)
        q->sorted = xalloc((size_t)q->vocab, sizeof *q->sorted);
    return q->sorted;
}

/* The values of X that are at least LEAST, in descending order, in q->sorted; returns how many. */
static int sort_above(struct gen_search *q, const real *x, real least)
{
    int n = 0;

    sort_memory(q);
    for (int i = 0; i < q->vocab; i++)
        if (x[i] >= least)
            q->sorted[n++] = x[i];
    qsort(q->sorted, (size_t)n, sizeof *q->sorted, descending);
    return n;
}

/* Values of Z below the K-th largest become -infinity. */
static void keep_top_k(struct gen_search *q, real *z, int k)
{
    if (k >= q->vocab)
        return;
    memcpy(sort_memory(q), z, (size_t)q->vocab * sizeof *z);
    real least = kth_largest(q->sorted, q->vocab, k);
    for (int i = 0; i < q->vocab; i++)
        if (z[i] < least)
            z[i] = -INFINITY;
}

/* The least probability that stays with top_p. Probabilities below (1 - top_p) / vocab never stay,
 * as together they are not more than what is left out. */
static real least_of_top_p(struct gen_search *q, const real *p, double sum)
{
    double want = q->set->top_p * sum, have = 0;
    int n = sort_above(q, p, (real)((sum - want) / q->vocab)), i = 0;

    for (; i < n && have < want; i++)
        have += (double)q->sorted[i];
    return i > 0 ? q->sorted[i - 1] : 0;
}

/* Draw a token; Z becomes probabilities up to a factor. */
static int draw(struct gen_search *q, real *z)
{
    const struct gen_settings *s = q->set;
    struct rng r = rng_make((uint64_t)s->seed, RNG_GENERATE, q->in->number);
    int last = 0;

    r.at = 2 * (uint64_t)q->live[0].n; /* a uniform number takes two */
    if (s->temperature != 1)
        for (int i = 0; i < q->vocab; i++)
            z[i] = (real)((double)z[i] / s->temperature);
    if (s->top_k > 0)
        keep_top_k(q, z, (int)s->top_k);
    double sum = row_exp_sum(z, z, q->vocab, row_max(z, q->vocab)), have = 0;
    real least = s->top_p < 1 ? least_of_top_p(q, z, sum) : 0;
    if (s->top_p < 1) {
        sum = 0;
        for (int i = 0; i < q->vocab; i++)
            sum += z[i] >= least ? (double)z[i] : 0;
    }
    double want = rng_uniform(&r) * sum;
    for (int i = 0; i < q->vocab; i++) {
        if (z[i] < least || z[i] <= 0)
            continue;
        last = i;
        have += (double)z[i];
        if (have > want)
            break;
    }
    return last;
}

int gen_walk(struct gen_search *q, struct mat z)
{
    struct hyp *h = &q->live[0];
    real *x = z.x;
    double norm = gen_search_log_norm(x, q->vocab);

    if (!isfinite(norm))
        return gen_search_not_numbers(q, h);
    real *own = q->set->sample ? xalloc((size_t)q->vocab, sizeof *own) : NULL;
    gen_search_ban(q, h, x);
    if (row_max(x, q->vocab) == -INFINITY) { /* no token may follow */
        free(own);
        q->over = true;
        return 0;
    }
    if (own)
        memcpy(own, x, (size_t)q->vocab * sizeof *own);
    int id = own ? draw(q, own) : argmax(x, q->vocab);
    double sum = h->sum + (double)x[id] - norm;
    free(own);
    if (gen_search_is_end(q, id) || h->n + 1 == q->limit) {
        gen_search_finish(q, h, id, sum, 1);
        q->n_live = 0;
        q->over = true;
        return 0;
    }
    h->ids[h->n++] = id;
    h->sum = sum;
    return 0;
}
