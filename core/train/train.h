/* train.h - one run: examples in order, accumulate, clip, step, evaluate, report to the sink.
 * Layer 3. */
#ifndef TRAIN_H
#define TRAIN_H

#include "core/base/opt.h"
#include "core/base/pool.h"
#include "core/metric/metric.h"
#include "core/nn/model.h"
#include "core/data/dataset.h"
#include "core/train/sink.h"

enum schedule { SCHED_LINEAR, SCHED_CONSTANT, SCHED_COSINE };
struct train_cfg {
    double lr, weight_decay, beta1, beta2, eps, clip; /* clip 0: none */
    double warmup;                                    /* < 1: share of the steps; >= 1: steps */
    int schedule;
    long epochs, steps;           /* steps > 0 wins over epochs */
    long batch, accumulate;       /* examples a micro-step; micro-steps a step */
    long batch_tokens;            /* > 0 wins over batch: most tokens a micro-step */
    long eval_every;              /* steps; 0: at the end of every epoch */
    long max_len, train_n, dev_n; /* 0: the task's / all */
    int pooling;                  /* 0 auto, 1 cls, 2 mean */
    double pool_scale;
    double hidden_dropout, attn_dropout, classifier_dropout; /* -1: the model's */
    char *recompute; /* "false", "true" or so many blocks: struct head's recompute */
    char *best_by; /* metric of the task, or "loss", that picks the best evaluation; NULL or "": the
                      first */
};
extern const struct opt train_opts[]; /* recipe keys of struct train_cfg */
/* train_cfg_check - what the table cannot say: dropouts in (-1,0) and 1, betas of 1, best_by of
 * another task. Errors: FAIL_USAGE. train_run calls it; plans may call it early. */
int train_cfg_check(const struct train_cfg *c, const struct task *t);
/* train_recompute - blocks that C computes again; all: more than any model has. -1 after FAIL_USAGE.
 */
int train_recompute(const struct train_cfg *c);
/* train_steps - steps of a run on D: cfg->steps, or as many as cfg->epochs make, ceil(n / (batch *
 * accumulate)) each. With batch_tokens an epoch's steps depend on its order and so on SEED. */
long train_steps(const struct train_cfg *c, const struct dataset *d, uint64_t seed);

/* lr_at - learning rate of step s (0-based) of n, w steps of warm-up (a share > 0: at least one):
 * linear: lr * min((s+1)/w, (n-s)/(n-w));  cosine: lr/2 (1+cos(pi (s-w)/(n-w))) after warm-up;
 * constant: lr after warm-up. During warm-up all are lr (s+1)/w. */
double lr_at(const struct train_cfg *c, long s, long n);

struct run_data {
    const struct task *task;
    const struct dataset *split[N_SPLITS]; /* test may be NULL */
};

enum run_end { RUN_DONE, RUN_DIVERGED, RUN_STOPPED };
struct run_result {
    enum run_end end;
    long steps, best_step, examples;
    double tokens;          /* real tokens trained on */
    double train_s, eval_s; /* seconds in each */
    const char *why;        /* diverged: what was not finite; static */
    long diverged_step;
};

/* Reports of a run, in order, step = steps done: every 10 steps (fewer above 2,000) and at the last
 * ("train", loss: mean since the last report, lr, grad_norm before clipping); every evaluation
 * ("dev", loss and metrics); after the last step "dev" again unless it was just done, with
 * predictions; "test" with the last numbers, with predictions; "test_best" with those of the best
 * evaluation; then ("best", metric) at best_step and ("last", metric) at the last step. A diverged
 * run ends with its last "train" point. */
struct run_job {
    struct model *model;
    const struct train_cfg *cfg;
    struct run_data data;
    uint64_t seed, order_seed; /* of dropout; of the order of examples */
    struct pool *pool;         /* threads; the bits do not depend on their number */
    struct sink sink;
    const char *ckpt_path; /* NULL: no checkpoints; exact resume when the file is there */
    const char *run_key;   /* in the checkpoint: one of another run is refused */
    double ckpt_every_s;   /* 0: 60 */
    size_t cache_bytes;    /* memory for what the frozen part computes from each example; moves no
                              bit. 0: none */
    real *best_theta;      /* [n_train] or NULL: filled with the numbers of the best evaluation */
};
/* train_run - Errors: -1 for a fault of the world (disk, memory, sink). Divergence (loss or
 * gradient not finite) is a result, not an error. On RUN_STOPPED a checkpoint was written. theta
 * holds the last numbers. */
int train_run(struct run_job *job, struct run_result *r);

/* eval_run - loss and the task's metrics of the model on a split; reports point(step, split, ...)
 * and, when PREDICTIONS, every example. out[i] is metric i of the task, *loss the mean loss. */
int eval_run(const struct run_job *job, enum split s, long step, bool predictions, double *loss,
             double out[TASK_MAX_METRICS]);

/* train_need - what a run takes beside the base, as the batches of a part of an epoch make it.
 * bytes: trained numbers and those of the best evaluation, gradients, moments, the lanes of all
 * threads. rows: how many different numbers of rows it multiplies matrices with, in both directions,
 * only forward, only after attention in the last block; what is in one is not in the next. */
enum { ROWS_TRAINED, ROWS_EVALUATED, ROWS_FIRSTS, N_ROWS };
struct train_need {
    size_t bytes;
    int rows[N_ROWS];
};
struct train_need train_need(const struct model *m, const struct train_cfg *c,
                             const struct run_data *d, int threads);

/* train_frozen_cache_bytes - what the frozen part computes from all examples, which a run keeps where memory
 * allows; 0 where it cannot: nothing is frozen, or dropout acts. */
size_t train_frozen_cache_bytes(const struct model *m, const struct run_data *d);

/* --- checkpoints (ckpt.c): theta, moments, best theta, and this; XXH3 over all of it; two
 * generations kept (PATH, PATH.old), the newest that verifies is used. Order and dropout are
 * functions of (seed, step). */
struct ckpt {
    long step, examples; /* done */
    long loss_n;         /* examples in loss_sum */
    long has_best, best_step;
    double loss_sum; /* since the last report */
    double tokens, train_s, eval_s;
    double best[TASK_MAX_METRICS + 1]; /* metrics and, last, loss of the best evaluation */
};
/* Written to PATH.tmp.PID, synced, read back and verified, then renamed, the folder synced.
 * Errors: FAIL_STORE; the older checkpoint stays. */
int ckpt_save(const char *path, const char *run_key, const struct ckpt *c, const real *const *vec,
              int n_vec, size_t n);
/* 1: loaded; 0: there is none (or none that verifies: a warning says so); -1: of another run or
 * another build (FAIL_INPUT). VEC and C are only changed when 1. */
int ckpt_load(const char *path, const char *run_key, struct ckpt *c, real *const *vec, int n_vec,
              size_t n);
/* ckpt_remove - PATH, PATH.old and left-over temporaries, after the run's numbers are in the store.
 */
void ckpt_remove(const char *path);
#endif
