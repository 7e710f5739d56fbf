/* step.h - the optimizer step: the sum of the gradient vectors, its norm, clipping, AdamW. Layer 3.
 *
 * Threads write gradients to several vectors as long as theta; the step adds them in order. The
 * work is cut into pieces of a fixed size, so that neither the sum nor the norm depends on the
 * number of threads. */
#ifndef STEP_H
#define STEP_H

#include "core/os/pool.h"
#include "core/nn/model.h"

/* A table in theta, N rows of COLS values from index AT, whose gradient is zero except in the rows
 * that step_touch names: the word embeddings. */
struct sparse_rows {
    size_t at;
    int n, cols;
};

/* The parameters of theta up to END, from where the range before ends, learn at FACTOR times the
 * learning rate. */
struct rate_range {
    size_t end;
    double factor;
};

struct optim_step {
    struct pool *pool;
    struct arena mem;
    size_t n;    /* trainable parameters */
    real **grad; /* [n_grads] gradient vectors [n]; zero between steps */
    int n_grads;
    real *m, *v;       /* [n] AdamW's first and second moments */
    double *piece_sum; /* [pieces] of squares, for the norm */
    struct sparse_rows rows;
    unsigned char *touched;   /* [n_grads][rows.n] the row has a gradient in this vector */
    unsigned char *row_state; /* [rows.n] */
    struct rate_range *rate;  /* [n_rates]; none: one rate for all parameters */
    struct adamw_coef *coef;  /* [n_rates], or one */
    int n_rates;
    int n_used;         /* the gradient vectors that this step's threads wrote to */
    real *theta, scale; /* arguments of step_apply */
};

/* step_init - gradients, moments and scratch memory for N parameters, all zero. ROWS may be NULL.
 * The caller frees S with step_free. Errors: FAIL_MEMORY. */
int step_init(struct optim_step *s, struct pool *pool, size_t n, int n_grads,
              const struct sparse_rows *rows);
void step_free(struct optim_step *s); /* of a zeroed one: nothing */

/* step_vectors - how many gradient vectors to use. More would keep more threads busy, but each is
 * as long as theta. */
int step_vectors(size_t n_train);

/* step_rates - read the factors on the learning rate (param.lr) of M's tensors; after step_init. */
void step_rates(struct optim_step *s, const struct model *m);

/* step_resumed - call it after the moments were set from outside. */
void step_resumed(struct optim_step *s);

/* step_touch - the N rows of the table that a gradient was added to in vector GRAD. Called by the
 * thread that owns the vector. */
void step_touch(struct optim_step *s, int grad, const int *row, int n);

/* step_norm - add the first N_USED gradient vectors into the first one, zero the others, and return
 * the norm of the sum. step_norm_again - the norm of the sum after the caller changed it. */
double step_norm(struct optim_step *s, int n_used);
double step_norm_again(struct optim_step *s);

/* step_apply - one step of AdamW on THETA [n] with SCALE times the sum, then zero the sum. A row
 * without a gradient is treated as torch.optim.AdamW treats a row of zeros. */
void step_apply(struct optim_step *s, real *theta, double scale, const struct adamw *opt);
#endif
