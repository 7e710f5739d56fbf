/* train.h - one training run, from its first step or from a training checkpoint to its results.
 * Layer 3. */
#ifndef TRAIN_H
#define TRAIN_H

#include "core/data/microbatch.h"
#include "core/data/token_cache.h"
#include "core/train/ckpt.h"
#include "core/train/eval.h"
#include "core/train/frozen_cache.h"
#include "core/train/job.h"
#include "core/train/need.h"
#include "core/train/optim.h"
#include "core/train/order.h"
#include "core/train/sink.h"

enum run_end { RUN_DONE, RUN_DIVERGED, RUN_STOPPED };
struct run_result {
    enum run_end end;
    long steps, best_step, examples;
    double tokens;          /* trained on, without padding or inserted rows */
    double train_s, eval_s; /* seconds of training and of evaluation */
    const char *why;        /* diverged: what was not finite; static */
    long diverged_step;
};

/* train_run - train JOB->model. A result that diverged (the loss or the gradient is not finite) is
 * not an error. After RUN_STOPPED a training checkpoint was written. Theta holds the parameters of
 * the last step. Errors: FAIL_USAGE for the settings, FAIL_INPUT for a training checkpoint of
 * another run, FAIL_MEMORY, FAIL_STORE, or the sink's.
 *
 * The sink gets these points, in this order; a step is the number of steps done:
 *   "train"      every log_every steps (0: 10, less often above 2,000) and at the last step: loss,
 *                the mean since the previous report; lr; grad_norm, before clipping
 *   "dev"        at every evaluation: loss and metrics; the last step is always evaluated, and then
 *                there are predictions
 * By default the evaluation of dev that is the best by best_by is chosen, and then:
 *   "test"       with the parameters of the last step: loss, metrics, predictions
 *   "test_best"  with those of the best evaluation: loss and metrics
 *   "best"       at the step of the best evaluation: its metrics
 *   "last"       at the last step: its metrics
 * Where the split that chooses is not the one that is reported (train_apart):
 *   "select"     or "dev", at every evaluation: loss and metrics of the split that chooses
 *   "dev"        or with report_curve "test", at every evaluation: those of the reported split
 *   "select_best", "select_last"    of the split that chooses, at the chosen and at the last step
 *   "best", "last"                  of the reported split, if it was scored at every evaluation: at
 *                the step where it is the best itself, and at the last step
 *   "chosen"     of the reported split, with the parameters of the chosen evaluation: metrics; its
 *                loss and predictions go to the split's own name
 * With patience, a run may end before its last step.
 * A run that diverged ends with its last "train" point. */
int train_run(struct run_job *job, struct run_result *r);
#endif
