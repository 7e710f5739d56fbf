/* bench_turns.c - forward passes of several models, timed in turns. */
#include "experiments/bench/bench_turns.h"
#include "core/base/rng.h"

enum { FEWEST_TURNS = 3 };

/* A pass that is not timed, then one that is. */
static int timed_pass(struct bench_side *s, const struct batch *b, int turn)
{
    if (model_fwd(s->m, s->ws, b) != 0)
        return -1;
    double start = now_mono();
    if (model_fwd(s->m, s->ws, b) != 0)
        return -1;
    s->ms[turn] = 1e3 * (now_mono() - start);
    return 0;
}

static int one_turn(struct bench_side *s, int n, const struct batch *b, int turn, struct rng *r)
{
    int order[BENCH_MOST_SIDES];

    for (int i = 0; i < n; i++)
        order[i] = i;
    rng_shuffle(r, order, n);
    for (int i = 0; i < n; i++) {
        s[order[i]].place[turn] = i;
        if (timed_pass(&s[order[i]], b, turn) != 0)
            return -1;
    }
    return stop_check();
}

int bench_turns(struct bench_side *s, int n, const struct batch *b, double seconds, uint32_t orders)
{
    struct rng r = rng_make(1, RNG_ORDER, orders);
    double end = now_mono() + seconds;
    int turns = 0;

    CHECK(n <= BENCH_MOST_SIDES, "%d sides", n);
    while (turns < BENCH_MOST_TURNS && (turns < FEWEST_TURNS || now_mono() < end))
        if (one_turn(s, n, b, turns++, &r) != 0)
            return -1;
    return turns;
}

void bench_turns_ratio(double out[BENCH_N_QUARTILES], const struct bench_side *s,
                       const struct bench_side *base, int turns)
{
    double ratio[BENCH_MOST_TURNS];

    for (int k = 0; k < turns; k++)
        ratio[k] = s->ms[k] / base->ms[k];
    bench_stats_quartiles(out, ratio, turns);
}
