/* bench_turns.h - forward passes of several models, timed in turns.
 *
 * In each turn every model passes once, so that whatever the machine does meanwhile affects all
 * of them; models are compared by the ratio of two passes of the same turn. The order within a
 * turn is random, and a timed pass follows another pass of the same model, so that neither the
 * place in the turn nor what the model before it left in the caches counts. */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include "core/nn/model.h"
#include "experiments/bench/bench_stats.h"

enum { BENCH_MOST_TURNS = 400, BENCH_MOST_SIDES = 8 };
struct bench_side {
    const struct model *m;
    struct workspace *ws;
    double ms[BENCH_MOST_TURNS];
    int place[BENCH_MOST_TURNS]; /* in the turn, from 0 */
};
/* bench_turns - time N sides on the batch B, in as many turns as SECONDS allow, but in three at
 * least. ORDERS selects one of many sequences of random orders. Returns the number of turns, -1
 * after FAIL_MEMORY or FAIL_STOPPED. */
int bench_turns(struct bench_side *s, int n, const struct batch *b, double seconds,
                uint32_t orders);

/* bench_turns_ratio - quartiles of the time of S divided by that of BASE in the same turn. The
 * times must still be in the order of turns. */
void bench_turns_ratio(double out[BENCH_N_QUARTILES], const struct bench_side *s,
                       const struct bench_side *base, int turns);
#endif
