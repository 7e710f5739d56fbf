/* choice.h - the evaluations of a run, and which of them is chosen. Layer 3. */
#ifndef CHOICE_H
#define CHOICE_H

#include "core/train/ckpt.h"
#include "core/train/eval.h"

struct choice {
    const struct run_job *job;
    struct workspaces *spaces;
    const struct frozen_cache *cache;
    struct ckpt *st; /* step, best, and own */
    real *best;      /* [n_train] theta of the chosen evaluation; NULL: not needed */
    real *spare;     /* [n_train] overwritten by choice_finish */
    const char *why; /* what is not finite, or NULL */
};

/* choice_apart - does another split choose than the one that is reported? */
bool choice_apart(const struct run_job *job);

/* choice_evaluate - evaluate the parameters after st->step, and keep them if they are the best so
 * far. choice_finish - evaluate those of the last step, then report the final numbers that train.h
 * lists; theta is unchanged. After either, WHY is set if a loss is not finite. Errors: as
 * eval_split. choice_stops - has there been no better evaluation for as many as "patience"? */
int choice_evaluate(struct choice *c);
int choice_finish(struct choice *c);
bool choice_stops(const struct choice *c);
#endif
