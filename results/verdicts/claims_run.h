/* claims_run.h - adding runs where they decide most. */
#ifndef CLAIMS_RUN_H
#define CLAIMS_RUN_H

#include "results/verdicts/claims.h"

/* More seeds for a study: the next planned look of one of its undecided claims. */
struct claims_step {
    const char *study;
    long seeds;
    double gain;    /* how many verdicts it will probably decide: the sum of claims_power */
    double seconds; /* of one worker, as its runs have taken so far */
};

/* claims_best_step - the step with the largest gain per second that takes at most BUDGET_S seconds,
 * among the WANTED claims, whose verdicts C holds. A claim that has too few units to be tested
 * counts as half a verdict. Never more units than a claim plans. Returns false when no study has a
 * step that would gain a twentieth of a verdict. A study without runs has no measured time, so it
 * has no step. */
bool claims_best_step(struct claims_step *best, const struct claims *c, const bool *wanted,
                      double budget_s);

/* claims_take_step - run the commands that produce the runs and analyses of the step, one after the
 * other, in HOME (NULL: the default). Their output goes to standard error. Errors: FAIL_RUN when
 * one of them fails, FAIL_STOPPED. */
int claims_take_step(const struct claims_step *step, const struct claims *c, const bool *wanted,
                     const char *home);
#endif
