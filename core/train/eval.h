/* eval.h - evaluation of a split: loss, the task's metrics, and the output for every example.
 * Layer 3. */
#ifndef EVAL_H
#define EVAL_H

#include "core/metric/metric.h"
#include "core/train/frozen_cache.h"
#include "core/train/job.h"
#include "core/train/workspaces.h"

/* eval_run - evaluate the model of JOB on split S. Reports the loss and the metrics to the sink as
 * points of STEP and, with PREDICTIONS, the outcome of every example. OUT[i] is metric i of the
 * task, *LOSS the mean loss of an example, or in generation of a target token. Errors: FAIL_MEMORY,
 * or the sink's. */
int eval_run(const struct run_job *job, enum split s, long step, bool predictions, double *loss,
             double out[TASK_MAX_METRICS]);

/* eval_split - the same with the workspaces and the frozen-prefix cache (may be NULL) of a run,
 * reported under NAME ("dev", "test_best") instead of the split's name. */
int eval_split(struct workspaces *spaces, const struct frozen_cache *cache,
               const struct run_job *job, enum split s, const char *name, long step,
               bool predictions, double *loss, double out[TASK_MAX_METRICS]);

/* The examples of a split, cut into micro-batches of about TOKENS_PER_MICROBATCH tokens, those with
 * the longest examples first, so that workspaces grow only once. Micro-batch i is
 * order[from[i]..from[i + 1]). */
struct eval_chunks {
    int *order, *from, n;
};
void eval_chunks_init(struct eval_chunks *c, const struct dataset *d);
void eval_chunks_free(struct eval_chunks *c);

/* eval_beats - is value A of a metric better than THAN? A number beats NaN, NaN beats nothing, and
 * equal values do not beat each other, so that of equal evaluations the earliest stays the best. */
bool eval_beats(double a, double than, enum metric_goal goal);
#endif
