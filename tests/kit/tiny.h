/* tiny.h - a small random BERT of odd shape in a temporary folder, batches for it, and gradient
 * checks of whole models by signed differences. */
#ifndef TINY_H
#define TINY_H

#include "core/adapt/adapt.h"

enum { TINY_SEQS = 5, TINY_TOKS = 64 };

/* tiny_write - 3 layers, d 60, 5 heads, d_ffn 100, 113 words, 33 positions; returns the folder,
 * which tiny_remove deletes. */
const char *tiny_write(void);
void tiny_config(int n_layers, int d_model); /* write config.json again with these */
void tiny_remove(void);

/* Five sequences of 9, 1, 17, 4 and 12 tokens with types, labels (3 classes), targets, and for
 * decoders next tokens, of which every fifth is ignored. */
struct tiny_batch {
    struct batch b;
    int ids[TINY_TOKS], pos[TINY_TOKS], types[TINY_TOKS], next[TINY_TOKS];
    int off[TINY_SEQS + 1], slot[TINY_SEQS], label[TINY_SEQS];
    real target[TINY_SEQS];
};
void tiny_batch(struct tiny_batch *t, const struct dims *d);
/* Sequences [from, from + n) of T as a micro-batch of its own, with their slots. */
void tiny_cut(struct tiny_batch *out, const struct tiny_batch *t, int from, int n);

/* A head with every dropout at P. */
struct head tiny_head(enum pooling pooling, bool regression, double p);
/* The method's defaults with one key set to a value (NULL: none); freed with opt_free(a->opts,
 * cfg). */
void *tiny_cfg(const struct adapt *a, const char *key, const char *value);

/* tiny_loss - summed loss with dropout at fixed counters, by a lane without gradient. */
double tiny_loss(const struct model *m, const struct batch *b);
/* tiny_grad - its gradient into l->grad (zeroed before); the lane is made by workspace_init(l, m,
 * true). */
void tiny_grad(const struct model *m, struct workspace *ws, const struct batch *b);
/* tiny_add_up - the micro-batches of three cuts of T: losses and gradients summed against those of the
 * whole; the largest difference, relative to the loss and to the largest gradient. */
double tiny_add_up(const struct model *m, const struct tiny_batch *t);
/* tiny_gradient_error - the largest |numeric - analytic| over all trained tensors and two random
 * directions of each, relative to the norm of the tensor's gradient; the tensor's name in *worst.
 * SPOIL multiplies the analytic gradient: 1, or another number to see that the check works. Double
 * build only. */
double tiny_gradient_error(struct model *m, const struct batch *b, double spoil,
                           const char **worst);

/* max |a - b| / floor, INFINITY when any is not a number. */
double tiny_diff(const real *a, const real *b, size_t n, double floor);
double tiny_max(const real *a, size_t n);
#endif
