/* sink.h - where a run reports to. Training does not know that a database exists. Layer 3. */
#ifndef SINK_H
#define SINK_H

#include "core/base/base.h"

/* What the run does after a tick. */
enum {
    TICK_GO_ON,
    TICK_STOP,   /* stop after writing a training checkpoint: the user pressed Ctrl-C */
    TICK_ABANDON /* stop and write nothing: the lease was lost, and the run is another worker's */
};

/* A run calls these functions in order, from one thread. Each returns -1, after fail(), to abort
 * the run. A function that is NULL is not called. */
struct sink {
    void *self;
    /* The value of a metric at a step. SPLIT: "train", "dev", "test"; NAME: "loss", "lr",
     * "grad_norm", or a metric of the task. VALUE may be NaN or infinite. */
    int (*point)(void *self, long step, const char *split, const char *name, double value);
    /* The outcome of one example in the last evaluation; EXAMPLE is its line in the file. Of
     * generation without labels: the number of its target's tokens and the sum of their -log p;
     * EXAMPLE is the number of its row. */
    int (*prediction)(void *self, const char *split, long example, double label, double output);
    /* Called between steps. Returns one of TICK_GO_ON, ... */
    int (*tick)(void *self, long step, long steps, double tokens);
    /* Called before a training checkpoint is written: a run that resumes from it does not report
     * the points before it again, so that they must not be lost from now on. */
    int (*settle)(void *self);
};

/* sink_point - call S->point if there is one. */
static inline int sink_point(const struct sink *s, long step, const char *split, const char *name,
                             double value)
{
    return s->point ? s->point(s->self, step, split, name, value) : 0;
}
#endif
