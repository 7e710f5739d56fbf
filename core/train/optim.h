/* optim.h - the settings of a training run, and the learning rate they make. Layer 3. */
#ifndef OPTIM_H
#define OPTIM_H

#include "core/opt/opt.h"
#include "core/data/task.h"
#include "core/math/ops.h"

enum schedule { SCHED_LINEAR, SCHED_CONSTANT, SCHED_COSINE };

/* The key "pooling": what the classifier reads, or that it depends on the model. */
enum pooling_choice { POOLING_AUTO, POOLING_CLS, POOLING_MEAN };
#define POOLING_CHOICES "auto|cls|mean"

/* pooling_of - the pooling that CHOICE (enum pooling_choice) names; OTHERWISE for auto. */
static inline enum pooling pooling_of(int choice, enum pooling otherwise)
{
    return choice == POOLING_CLS ? POOL_CLS : choice == POOLING_MEAN ? POOL_MEAN : otherwise;
}

/* The key "order": the order of the training examples in an epoch. */
enum order_choice { ORDER_RANDOM, ORDER_FILE };

/* The key "report": the split that a run's result is of. */
enum report_choice { REPORT_DEV, REPORT_TEST };

struct train_cfg {
    double lr, weight_decay, beta1, beta2, eps;
    double clip;                  /* largest norm of the gradient; 0: no clipping */
    double warmup;                /* below 1: share of the steps; else a number of steps */
    int schedule;                 /* enum schedule */
    long epochs, steps;           /* steps > 0 takes precedence over epochs */
    long batch, accumulate;       /* examples per batch; batches per step */
    long batch_tokens;            /* > 0: most tokens per batch; takes precedence over batch */
    long eval_every;              /* steps; 0: at the end of every epoch */
    long max_len, train_n, dev_n; /* 0: the task's limit; all examples */
    int pooling;                  /* enum pooling_choice */
    double pool_scale;
    double hidden_dropout, attn_dropout, classifier_dropout; /* -1: the model's */
    char *recompute; /* "false", "true" or a number of blocks: see train_recompute */
    char *select; /* "dev", or the share of the training examples that select: see train_select */
    int report;   /* enum report_choice */
    bool report_curve; /* test is scored at every evaluation */
    int order;         /* enum order_choice */
    long log_every;    /* steps between points of the training curve; 0: 10, or more in long runs */
    double label_smoothing; /* generation: core/math/lmhead.h */
    long patience;          /* evaluations without a better one before training stops; 0: off */
    char *best_by; /* the metric of the task, or "loss", that decides which evaluation is the best;
                        NULL or "": the task's first metric */
};
extern const struct opt train_opts[]; /* recipe keys of struct train_cfg */

/* train_cfg_check - check what the table of options cannot express: a dropout must be -1 or in
 * [0,1), a beta below 1, best_by a metric of T, select dev or a share, and a reported split must
 * exist. Errors: FAIL_USAGE. train_run calls it; a plan may
 * call it earlier. */
int train_cfg_check(const struct train_cfg *c, const struct task *t);

/* train_recompute - the number of blocks for activation checkpointing (head.recompute). For "true"
 * it is larger than the number of blocks of any model. Errors: FAIL_USAGE. */
int train_recompute(const struct train_cfg *c);

/* train_select - the share of the training examples that is the selection split, by which the best
 * evaluation is chosen; 0: there is none, the dev split chooses. train_apart - is the split that
 * chooses another one than the split that is reported? Errors: -1 after FAIL_USAGE. */
double train_select(const struct train_cfg *c);
bool train_apart(const struct train_cfg *c);
enum split train_reports(const struct train_cfg *c); /* the split that is reported */

/* train_lr - the learning rate of step s (from 0) of n. During the w steps of warm-up (a share
 * above 0 makes at least one) it is lr (s+1)/w, and afterwards
 *     linear      lr (n-s)/(n-w)
 *     constant    lr
 *     cosine      lr/2 (1 + cos(pi (s-w)/(n-w))) */
double train_lr(const struct train_cfg *c, long s, long n);
#endif
