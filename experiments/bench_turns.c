/* bench_turns.c - forward passes of several models in turns. */
#include "experiments/bench.h"

enum { FIRST_TURNS = 3, FEWEST_TURNS = 5 };

static int turn(struct bench_side *s, int n, const struct batch *b, bool again, int to)
{
    for (int i = 0; i < n; i++) {
        if (again && model_fwd(s[i].m, s[i].lane, b) != 0)
            return -1;
        double start = now_mono();
        if (model_fwd(s[i].m, s[i].lane, b) != 0)
            return -1;
        s[i].ms[to] = 1e3 * (now_mono() - start);
    }
    return stop_requested() ? fail(FAIL_STOPPED, "stopped") : 0;
}

int bench_turns(struct bench_side *s, int n, const struct batch *b, double seconds, bool again)
{
    int turns = 0;

    for (int k = 0; k < FIRST_TURNS; k++)
        if (turn(s, n, b, again, 0) != 0)
            return -1;
    double end = now_mono() + seconds;
    while (turns < BENCH_MOST_TURNS && (turns < FEWEST_TURNS || now_mono() < end))
        if (turn(s, n, b, again, turns++) != 0)
            return -1;
    return turns;
}

void bench_to_base(double out[3], const struct bench_side *s, int i, int base, int turns)
{
    double ratio[BENCH_MOST_TURNS];

    for (int k = 0; k < turns; k++)
        ratio[k] = s[i].ms[k] / s[base].ms[k];
    out[0] = bench_median(ratio, turns);
    out[1] = ratio[turns / 4];
    out[2] = ratio[turns - 1 - turns / 4];
}
