/* prof.h - where the time of a training step goes, by kind of work.
 *
 * Scopes nest. The time of an inner scope does not count for the outer one, so the kinds of a
 * thread sum to the time inside its outermost scopes, and no moment is counted twice. Each thread
 * counts on its own and adds to totals that forked processes share with their parent, so the totals
 * are those of all threads and processes together. While profiling is off, a scope costs one branch
 * that is predicted correctly. */
#ifndef PROF_H
#define PROF_H

#include "core/base/base.h"

enum work {
    WORK_FROZEN,    /* products with frozen weights: forward, and the gradient of the input */
    WORK_TRAINED,   /* products with trainable matrices of the model, and their gradients */
    WORK_ADAPTER,   /* what the method adds to the model */
    WORK_ATTENTION, /* scores, softmax, and weighted sums, without the projections */
    WORK_NORM,      /* LayerNorm and the residual sum before it */
    WORK_ACT,       /* the activation of the MLP */
    WORK_LOSS,      /* classifier and loss */
    WORK_OPTIM,     /* sum of gradients, their norm, AdamW */
    WORK_DROPOUT,   /* drawing masks and applying them */
    WORK_OTHER,     /* everything else in a step: embeddings, copies, making batches */
    N_WORK
};
extern const char *const work_names[N_WORK + 1]; /* "frozen", ...; NULL-terminated */

extern bool prof_on; /* read-only: prof_start and prof_stop set it */

/* prof_start - clear the totals and begin to count; to be called before the threads and child
 * processes that are to be counted start to work. Errors: FAIL_MEMORY. prof_stop - count no
 * more. */
int prof_start(void);
void prof_stop(void);

/* prof_read - the seconds of each kind since prof_start, summed over threads and child processes,
 * of all outermost scopes that have ended. */
void prof_read(double seconds[N_WORK]);

/* prof_begin, prof_end - around a scope, on one thread, without prof_start or prof_stop in between.
 * prof_push, prof_pop - what they do while profiling is on. */
void prof_push(enum work kind);
void prof_pop(void);

static inline void prof_begin(enum work kind)
{
    if (__builtin_expect(prof_on, 0))
        prof_push(kind);
}
static inline void prof_end(void)
{
    if (__builtin_expect(prof_on, 0))
        prof_pop();
}
#endif
