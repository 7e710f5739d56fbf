/* sink.h - where a run's numbers go. The core never learns that a database exists. Layer 3. */
#ifndef SINK_H
#define SINK_H

#include "core/base/base.h"

/* Called in order, from one thread. split: "train", "dev", "test"; name: "loss", "lr", "grad_norm",
 * a metric's name. value may be nan or infinite. Return -1 (after fail) to abort the run. */
struct sink {
    void *self;
    int (*point)(void *self, long step, const char *split, const char *name, double value);
    /* One example's outcome at the last (or best) evaluation: id is its line in the file. */
    int (*prediction)(void *self, const char *split, long example, double label, double output);
    /* Called between steps; returns nonzero to stop the run after a checkpoint (lease lost,
     * Ctrl-C). */
    int (*tick)(void *self, long step, long steps, double tokens);
};
#endif
