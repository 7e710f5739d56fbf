/* parts.h - the pieces of a training run that train.c puts together. Private to core/train.
 * Layer 3. */
#ifndef PARTS_H
#define PARTS_H

#include "core/train/train.h"

/* Tokens of a micro-batch. The activations of a lane of this size stay in a core's L2 cache from a
 * layer's forward product to the next, its products are already large enough for full speed, and a
 * step of 16 short examples still cuts into enough pieces for a few threads. A change changes bits,
 * not results. */
enum { TOKENS_PER_MICROBATCH = 128, MAX_MICROBATCHES = 256 };

/* microbatch_tokens - what to aim at for a batch of N_TOK tokens. Where matrices train, every lane streams
 * all of them and a gradient as long through the caches, so there are as few lanes as two threads
 * allow: half of the batch each, within bounds. A function of model and batch, never of threads. */
enum { MOST_TOKENS_PER_MICROBATCH = 512 };
int microbatch_tokens(size_t n_train, long n_tok);
/* train_split - the micro-batches of a step of M on examples IDX[0..n): batch_split with what M asks
 * for. MB has MAX_MICROBATCHES. */
int train_split(struct microbatch *mb, const struct model *m, const struct dataset *d,
                const int *idx, int n, int first_slot);

/* --- Order: every epoch is a permutation from (seed, epoch), cut into steps. A function of the step
 * alone, so that a resumed run takes the same examples. */
struct order {
    const struct train_cfg *cfg;
    const struct dataset *d;
    uint64_t seed;
    int *idx;            /* [n] examples in the order of this epoch */
    int *from;           /* [n_steps + 1] in idx */
    long epoch, n_steps; /* of this epoch */
    long first;          /* step of the run at which it begins */
};
void order_init(struct order *o, const struct train_cfg *c, const struct dataset *d, uint64_t seed);
void order_free(struct order *o);
/* order_step - the examples of step S, *n of them; O is then at the epoch of S. */
const int *order_step(struct order *o, long s, long *n);
/* batch_take - how many of the examples IDX[0..n) make the next batch: cfg->batch, or with
 * batch_tokens as many as have no more tokens than that together, at least one. */
long batch_take(const struct train_cfg *c, const struct dataset *d, const int *idx, long n);

/* --- Lanes: one a thread, made when the thread first works, used for training and evaluation.
 * Gradients are not theirs: a thread points ws->grad at the vector of the piece that it works on.
 */
struct workspaces {
    const struct model *model;
    struct workspace *ws; /* [threads] */
    bool *ready;
    int n;
};
void workspaces_init(struct workspaces *ws, const struct model *m, int threads);
void workspaces_free(struct workspaces *ws);
/* workspaces_get - the lane of this thread, GRAD set. NULL: FAIL_MEMORY. */
struct workspace *workspaces_get(struct workspaces *ws, int thread, real *grad);

/* --- Kept: rows at the border of the frozen part (ws->frozen) of every example, written in its
 * first pass and read in all later ones. The bits are the same without, so how much fits into
 * BUDGET bytes moves only time. Nothing is kept where nothing is frozen, where dropout acts in the
 * frozen part (said at -v), or where rows depend on their neighbours (OpenBLAS). */
struct frozen_cache_split {
    real *data, **row; /* NULL: of this split nothing is kept */
    bool *known;
};
struct frozen_cache {
    struct frozen_cache_split split[N_SPLITS];
};
void frozen_cache_init(struct frozen_cache *k, const struct model *m, const struct run_data *d,
                       size_t budget);
void frozen_cache_free(struct frozen_cache *k);
size_t frozen_cache_bytes(const struct model *m, const struct dataset *d); /* of one split */
/* frozen_cache_fwd - model_fwd with what is kept; K may be NULL. Errors: FAIL_MEMORY. */
int frozen_cache_fwd(const struct frozen_cache_split *k, const struct model *m,
                     struct workspace *ws, const struct microbatch *mb);

/* --- Evaluation of a split under the name NAME ("dev", "test_best"): points and, when asked,
 * predictions. K may be NULL. */
int evaluate(struct workspaces *ws, const struct frozen_cache *k, const struct run_job *job,
             enum split s, const char *name, long step, bool predictions, double *loss,
             double out[TASK_MAX_METRICS]);

/* chunks_cut - examples of an evaluation in chunks of about TOKENS_PER_MICROBATCH tokens, longest first, so
 * that memory grows at the first chunk only. Chunk i: order[from[i] .. from[i + 1]). */
struct chunks {
    int *order, *from, n;
};
void chunks_cut(struct chunks *k, const struct dataset *d);
void chunks_free(struct chunks *k);

/* beats - is a value of a metric better than another? NaN never beats a number, a number beats NaN,
 * equals beat nothing (the earlier evaluation stays the best). */
bool beats(double a, double than, enum metric_goal goal);

/* The sink's functions; an absent one is a sink that does not care. */
int sink_point(const struct sink *s, long step, const char *split, const char *name, double value);

/* --- The update: gradients of all slots summed in order into the first, its norm, clipping, AdamW.
 * Work is cut into pieces of a fixed size, so that neither the sum nor the norm depends on the
 * threads. */

/* A table in theta, N rows of COLS numbers from index AT: its gradient is zero but for the rows that
 * update_touch names. */
struct sparse_rows {
    size_t at;
    int n, cols;
};
/* Numbers up to END of theta (from where the range before ends) learn with FACTOR times the rate. */
struct rate_range {
    size_t end;
    double factor;
};
struct update {
    struct pool *pool;
    struct arena mem;
    size_t n;    /* numbers */
    real **grad; /* [n_grads] vectors of n, zero between steps */
    int n_grads;
    real *m, *v;  /* moments */
    double *part; /* [pieces] of the squared norm */
    struct sparse_rows rows;
    unsigned char *touched; /* [n_grads][rows.n] by a slot in this step */
    unsigned char *state;   /* [rows.n] */
    real *theta;            /* the rest: for update_apply */
    int used;               /* slots that got a gradient in this step */
    real scale;
    struct rate_range *rate; /* [n_rates] to the end of theta; n_rates 0: one rate for all */
    struct adamw_coef *opt;  /* [n_rates], one without ranges */
    int n_rates;
};
/* update_init - ROWS may be NULL. Errors: FAIL_MEMORY. */
int update_init(struct update *u, struct pool *pool, size_t n, int n_grads,
                const struct sparse_rows *rows);
void update_free(struct update *u);
/* update_touch - rows of the table that SLOT's gradient reached; from the thread that has the slot.
 */
void update_touch(struct update *u, int slot, const int *row, int n);
/* update_resumed - the moments were set from outside. */
void update_resumed(struct update *u);
double update_norm(struct update *u, int used); /* sums; returns the norm */
double update_norm_again(struct update *u);     /* of the sum, after somebody changed it */
/* update_rates - the ranges of rates that the tensors of M have; after update_init. */
void update_rates(struct update *u, const struct model *m);
void update_apply(struct update *u, real *theta, double scale, const struct adamw *opt);
/* Slots of gradients: more would let more threads work, but each is as long as theta. */
int update_slots(size_t n_train);
#endif
