/* bench_sides.h - models of one geometry, compared by the time of a forward pass: the base model,
 * the base model with an update merged into its weights, and models with adapters beside their
 * weights.
 *
 * Weights are random: time does not depend on their values. Every side has weights of its own,
 * because shared ones would be found in the caches more often. One thread computes. */
#ifndef BENCH_SIDES_H
#define BENCH_SIDES_H

#include "core/data/dataset.h"
#include "experiments/bench/bench_model.h"
#include "experiments/bench/bench_turns.h"

enum bench_side_kind { BENCH_SIDE_BASE, BENCH_SIDE_MERGED, BENCH_SIDE_ADAPTER };

/* A zeroed struct has no sides. Side I of the first N is model[i], ws[i], and timed[i]. */
struct bench_sides {
    bool logits; /* in: decoders compute the logits of all tokens, too */
    int n;
    struct bench_model model[BENCH_MOST_SIDES];
    struct workspace ws[BENCH_MOST_SIDES];
    struct bench_side timed[BENCH_MOST_SIDES];
    struct dataset set; /* the batch */
    struct microbatch mb;
};
/* bench_sides_add - one more side, with a batch of SEQUENCES and TOKENS (bench_model_init).
 * ADAPTER: the method of V. BASE: the same geometry without it. MERGED: the same with the update
 * of the side FROM, an adapter. Errors: as bench_model_init; FAIL_USAGE when the update of FROM
 * cannot be merged. */
int bench_sides_add(struct bench_sides *s, enum bench_side_kind kind, struct session *ses,
                    const struct settings *v, long sequences, long tokens, int from);

/* bench_sides_batch - SEQUENCES random examples of TOKENS tokens become the batch of all sides. */
void bench_sides_batch(struct bench_sides *s, int sequences, int tokens);

/* bench_sides_time - bench_turns of all sides on the batch. Returns as bench_turns. */
int bench_sides_time(struct bench_sides *s, double seconds, uint32_t orders);

/* bench_sides_free - all sides and the batch; S becomes empty. */
void bench_sides_free(struct bench_sides *s);
#endif
