/* tiny_check.h - checks of whole models: gradients against finite differences, micro-batches
 * against the whole batch, and values against recorded ones. */
#ifndef TINY_CHECK_H
#define TINY_CHECK_H

#include "core/format/safetensors.h"
#include "core/nn/model.h"

struct tiny_batch; /* tests/kit/tiny.h */

/* tiny_loss - the loss summed over B, with dropout from fixed counters, in a workspace without
 * gradient. tiny_grad - its gradient, into WS of workspace_init(ws, m, true), where it replaces the
 * old one. */
double tiny_loss(const struct model *m, const struct batch *b);
void tiny_grad(const struct model *m, struct workspace *ws, const struct batch *b);

/* tiny_check_gradients - assert that every trained tensor has the gradient of finite differences,
 * up to 1e-6, and that the comparison would notice an error of one in 10,000. Whatever the method's
 * gradient treats as a constant is held. Needs double precision: tiny_checks_gradients says whether
 * this build has it. */
void tiny_check_gradients(struct model *m, const struct batch *b);
bool tiny_checks_gradients(void);

/* tiny_add_up - the micro-batches of three cuts of T, their losses and gradients summed, against
 * the whole batch. Returns the largest difference, relative to the loss and to the largest
 * gradient. Also asserts that workspace_bytes is exact. */
double tiny_add_up(const struct model *m, const struct tiny_batch *t);

/* tiny_check_recompute - assert that with activation checkpointing of 1, 2, .. blocks the gradient
 * has the same bits, and that workspace_bytes is exact. */
void tiny_check_recompute(struct model *m, const struct batch *b);

/* tiny_max - the largest |a|. tiny_diff - the largest |a - b| / FLOOR. INFINITY when a value is
 * NaN. */
double tiny_max(const real *a, size_t n);
double tiny_diff(const real *a, const real *b, size_t n, double floor);

/* tiny_tensor - the N values of a recorded tensor; asserts that the file has it; the caller frees
 * them. tiny_away - the largest difference of X from that tensor, relative to its largest value or
 * to FLOOR. */
real *tiny_tensor(const struct st_file *s, const char *name, size_t n);
double tiny_away(const struct st_file *s, const char *name, const real *x, size_t n, double floor);

/* tiny_recorded - the recorded sequences of a file: PREFIX ids, which are padded to [n, T] or one
 * after another; PREFIX lens [n]; and with padded ids PREFIX labels, [n] for an encoder, or [n, T]
 * for a decoder, in which a token predicts the label of the next one. Without labels it predicts
 * the next id. */
void tiny_recorded(struct tiny_batch *t, const struct st_file *s, const char *prefix);
#endif
