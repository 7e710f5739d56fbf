/* ckpt.h - training checkpoints: the state of an interrupted run, in a file. Layer 3.
 *
 * A training checkpoint holds theta, AdamW's moments, the best theta, the optimizer state of the
 * method, and struct ckpt; a hash (XXH3-128) covers all of it. Two generations exist, PATH and
 * PATH.old; the newest one that verifies is used. The order of examples and dropout need no state:
 * they are functions of (seed, step). */
#ifndef CKPT_H
#define CKPT_H

#include "core/data/task.h"
#include "core/math/mat.h"

struct ckpt {
    long step, examples; /* done */
    long loss_n;         /* terms in loss_sum: examples, or the targets' tokens */
    long has_best, best_step;
    long n_worse; /* evaluations since the best one */
    long has_own, own_step;
    double loss_sum; /* since the last report */
    double tokens, train_s, eval_s;
    double best[TASK_MAX_METRICS + 1]; /* of the best evaluation: the metrics and, last, the loss */
    double
        own[TASK_MAX_METRICS + 1]; /* where another split chooses: the reported split's own best */
};

/* ckpt_save - write C and the vectors VEC [N_VEC][N]. The file is written as PATH.tmp.PID, synced,
 * read back and verified; then PATH becomes PATH.old, the new file becomes PATH, and the folder is
 * synced. RUN_KEY is stored in it. Errors: FAIL_STORE; the older training checkpoint remains. */
int ckpt_save(const char *path, const char *run_key, const struct ckpt *c, const real *const *vec,
              int n_vec, size_t n);

/* ckpt_load - 1: loaded into C and VEC; 0: there is none, or none that verifies (a warning says
 * so), and C and VEC are unchanged. Errors: -1 after FAIL_INPUT if it belongs to another run or to
 * a build with other sizes. */
int ckpt_load(const char *path, const char *run_key, struct ckpt *c, real *const *vec, int n_vec,
              size_t n);

/* ckpt_remove - remove PATH, PATH.old and left-over temporary files, once the results of the run
 * are in the store. */
void ckpt_remove(const char *path);
#endif
