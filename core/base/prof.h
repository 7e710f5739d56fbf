/* prof.h - where the time of a step goes, by kind of work. Layer 0.
 *
 * Scopes nest: what an inner scope takes is taken off the outer one, so the kinds of a thread sum to
 * the time inside its outermost scopes, and no moment is counted twice. Each thread counts for
 * itself and adds to totals that forked children share with their parent, so the totals are those
 * of all threads and workers together. Off, a scope costs one branch that is always predicted. */
#ifndef PROF_H
#define PROF_H

#include "core/base/base.h"

enum work {
    WORK_FROZEN,    /* products with frozen weights, forward and input gradient */
    WORK_TRAINED,   /* products with trained matrices of the model, and their gradients */
    WORK_ADAPTER,   /* what the method adds */
    WORK_ATTENTION, /* scores, softmax, weighted sums, without the projections */
    WORK_NORM,      /* LayerNorm and the residual sum before it */
    WORK_ACT,       /* the MLP's activation */
    WORK_LOSS,      /* head and loss */
    WORK_OPTIM,     /* sum of gradients, norm, AdamW */
    WORK_DROPOUT,   /* masks, drawn and applied */
    WORK_OTHER,     /* all else inside a step: embeddings, copies, making batches */
    N_WORK
};
extern const char *const work_names[N_WORK + 1]; /* "frozen", ...; NULL-terminated */

extern bool prof_on; /* read-only: prof_start and prof_stop set it */

/* prof_start - zero the totals and count from now on; before threads and children that are to be
 * counted have work. Errors: FAIL_MEMORY. */
int prof_start(void);
void prof_stop(void);
/* prof_read - seconds of each kind since prof_start, summed over threads and children, of all
 * outermost scopes that have ended. */
void prof_read(double seconds[N_WORK]);

void prof_push(enum work kind);
void prof_pop(void);

/* A scope begins and ends on the same thread; begin and end see the same prof_on. */
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
