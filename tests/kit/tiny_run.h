/* tiny_run.h - for tests of training: a random two-layer BERT in a temporary folder, data for it,
 * and a sink that records everything. */
#ifndef TINY_RUN_H
#define TINY_RUN_H

#include "core/adapt/adapt.h"
#include "core/train/train.h"
#include "tests/kit/temp.h"

/* write_vocab - DIR/vocab.txt: the special tokens, letters and a few words. */
void write_vocab(const char *dir);

struct log_point {
    long step;
    char split[12], name[16];
    double value;
};
struct log {
    struct log_point point[3000];
    int n, n_predictions;
    long stop_at;   /* in: tick stops the run at this step; 0: never */
    long leave_at;  /* in: tick abandons the run at this step; 0: never */
    long signal_at; /* in: tick sends SIGUSR1 at this step; 0: never */
    long refuse_at; /* in: point fails at this step; 0: never */
    double output[400], label[400];
    long line[400];
};
/* log_find - the value of a point, NaN if there is none; *COUNT (may be NULL) is the number of such
 * points. */
double log_find(const struct log *l, long step, const char *split, const char *name, int *count);

/* log_same - are the points of B those of A from number FROM on, bit by bit? */
bool log_same(const struct log *a, int from, const struct log *b);

struct tiny {
    char dir[64];
    struct base_model base;
    struct model model;
    struct task task;
    struct dataset set[N_SPLITS];
    struct train_cfg cfg;
    struct run_job job;
    struct pool *pool;
    struct run_result result;
    real *best;
};
/* tiny_init - a model and N training examples. The label says whether most token ids are even; with
 * REGRESSION the target is the share of even ones. METHOD ("lora", "ft", ...) has its default
 * options; dropout is 0.1 everywhere. The caller frees T with tiny_free. */
void tiny_init(struct tiny *t, int n, bool regression, const char *method, int threads);
/* tiny_again - reset the model, for another run with the same or a changed t->cfg. */
void tiny_again(struct tiny *t, int threads);
int tiny_run(struct tiny *t, struct log *log);
void tiny_free(struct tiny *t);
real *tiny_keep(const real *x, size_t n); /* the caller frees it */
bool tiny_same_bits(const real *x, const real *y, size_t n);
#endif
