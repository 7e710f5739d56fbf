/* gen_beam.c - beam search, with the rules of transformers 5 (generation/utils.py).
 *
 * Of all continuations of the live beams by one token, the best max(2, 1 + end tokens) times BEAMS
 * are candidates, in the order of their sums of log-probabilities. Those among the first BEAMS that
 * end, or reach the limit, are finished, with the score sum / lp(length), of which the BEAMS best
 * stay. The first BEAMS that do not end live on. The search ends when BEAMS are finished and
 *
 *   false   the best live sum / lp(its present length) is not above the worst finished score
 *   true    always
 *   never   the same as false, but with lp(limit) if alpha > 0: the score that it could still reach
 *
 * or when none lives on. */
#include "core/generate/gen_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
    double sum;
    int beam, id;
};

static int pool_size(const struct gen_search *q)
{
    int per_beam = q->n_end > 1 ? 1 + q->n_end : 2;

    return per_beam * (int)q->set->beams;
}

/* Insert a candidate that is better than the last one; earlier ones of the same sum stay before
 * it. */
static void pool_insert(struct gen_search *q, struct candidate c, int most)
{
    int at = q->n_pool < most ? q->n_pool++ : most - 1;

    for (; at > 0 && c.sum > q->pool[at - 1].sum; at--)
        q->pool[at] = q->pool[at - 1];
    q->pool[at] = c;
}

/* The candidates of one beam. Almost no token is above the worst candidate, so that one comparison
 * with a bound for its logit is nearly all that a token costs. */
static int add_candidates(struct gen_search *q, int beam, real *z, int most)
{
    double norm = gen_search_log_norm(z, q->vocab), base = q->live[beam].sum - norm;

    if (!isfinite(norm))
        return gen_search_not_numbers(q, &q->live[beam]);
    gen_search_ban(q, &q->live[beam], z);
    for (int id = 0; id < q->vocab; id++) {
        double sum = base + (double)z[id];
        if (sum > (q->n_pool < most ? -INFINITY : q->pool[most - 1].sum))
            pool_insert(q, (struct candidate){ sum, beam, id }, most);
    }
    return 0;
}

/* Can a live beam still be better than the worst finished one? */
static bool can_improve(const struct gen_search *q)
{
    const struct gen_settings *s = q->set;
    const struct hyp *best = &q->live[0];
    bool reach = s->early_stopping == EARLY_NEVER && s->length_penalty > 0;

    if (q->n_live == 0)
        return false;
    if (q->n_finished < (int)s->beams)
        return true;
    return s->early_stopping != EARLY_TRUE &&
           best->sum / gen_settings_lp(s, reach ? q->limit : best->n) > q->score[q->n_finished - 1];
}

int gen_beam(struct gen_search *q, struct mat z)
{
    int beams = (int)q->set->beams, most = pool_size(q), n = 0;

    if (!q->pool)
        q->pool = xalloc((size_t)most, sizeof *q->pool);
    q->n_pool = 0;
    for (int b = 0; b < q->n_live; b++)
        if (add_candidates(q, b, mat_row(z, b), most) != 0)
            return -1;
    for (int i = 0; i < q->n_pool; i++) {
        const struct candidate *c = &q->pool[i];
        const struct hyp *from = &q->live[c->beam];
        bool ends = gen_search_is_end(q, c->id) || from->n + 1 == q->limit;
        if (ends && i < beams)
            gen_search_finish(q, from, c->id, c->sum, beams);
        else if (!ends && n < beams)
            gen_search_put(&q->next[n++], from, c->id, c->sum);
    }
    if (n == 0 && q->n_finished == 0) { /* no token may follow: the best live one is cut */
        q->over = true;
        return 0;
    }
    struct hyp *old = q->live;
    q->live = q->next;
    q->next = old;
    q->n_live = n;
    q->over = !can_improve(q);
    return 0;
}
