/* order.h - the order in which a run takes its examples. Layer 3.
 *
 * Every epoch is a permutation that depends on (seed, RNG_ORDER, epoch), or with ORDER_FILE the
 * order of the dataset, cut into steps. The examples of a step are thus a function of the step
 * alone, and a resumed run takes the same ones. */
#ifndef ORDER_H
#define ORDER_H

#include "core/data/dataset.h"
#include "core/train/optim.h"

struct order {
    const struct train_cfg *cfg;
    const struct dataset *d;
    uint64_t seed;
    int *idx;            /* [n] the examples, in the order of this epoch */
    int *from;           /* [n_steps + 1] where each step begins in idx */
    long epoch, n_steps; /* the epoch, and its number of steps */
    long first;          /* the run's step at which this epoch begins */
};
void order_init(struct order *o, const struct train_cfg *c, const struct dataset *d, uint64_t seed);
void order_free(struct order *o);

/* order_step - the *N examples of step S (from 0), owned by O until the next call. Afterwards O is
 * in the epoch of S. */
const int *order_step(struct order *o, long s, long *n);

/* order_batch - how many of the examples IDX[0..n) make the next batch: C->batch of them, or with
 * batch_tokens as many as have at most that many tokens together, but at least one. */
long order_batch(const struct train_cfg *c, const struct dataset *d, const int *idx, long n);

/* train_steps - the number of steps of a run on D: C->steps, or those of C->epochs epochs, which
 * are ceil(n / (batch * accumulate)) each. With batch_tokens the steps of an epoch depend on its
 * order, and so on SEED. */
long train_steps(const struct train_cfg *c, const struct dataset *d, uint64_t seed);

/* train_epochs_steps - the step at which EPOCHS epochs of such a run end. */
long train_epochs_steps(const struct train_cfg *c, const struct dataset *d, uint64_t seed,
                        long epochs);
#endif
