/* parity_compare.h - a parity check in progress: comparisons, and the lines that report them.
 * Private to core/parity. Layer 3. */
#ifndef PARITY_COMPARE_H
#define PARITY_COMPARE_H

#include "core/parity/expected.h"
#include "core/math/ops.h"
#include "core/parity/parity.h"

struct parity {
    struct base_model *base;
    const struct parity_cfg *cfg;
    struct parity_result *r;
    double tol;
    bool rounded;   /* our values, or inputs in the file, are F32 */
    char worst[96]; /* name of the tensor with the largest relative difference */
    double diff;    /* the largest absolute difference of the last comparison */
};

/* parity_compare - compare GOT [COUNT] with the tensor NAME and print one line; if E does not have
 * the tensor, do nothing. GENERAL is the largest magnitude of all tensors of this kind, or 0: where
 * a tensor is 0 in theory (the gradient of the bias of keys, which softmax cancels), its magnitude
 * is rounding noise, and the difference counts relative to GENERAL instead. parity_compare_reals -
 * the same for an array of reals. With SLACK [count], which may be NULL, value i may differ by as
 * much more: only what is beyond that counts. Errors: FAIL_INPUT if the tensor has another size. */
int parity_compare(struct parity *p, struct expected *e, const char *name, const double *got,
                   size_t count, double general);
int parity_compare_reals(struct parity *p, struct expected *e, const char *name, const real *got,
                         size_t count, double general, const double *slack);

/* parity_step_slack - add how far a step of AdamW can move each value away from where exact
 * arithmetic would: the step lr m / (sqrt(v) + eps) divides a gradient by its own size, so that an
 * error D of the gradient becomes about lr D / sqrt(v), and at most 2 lr where the gradient is
 * nothing but such errors. V [n] is not yet divided by 1 - beta2^t. */
void parity_step_slack(double *slack, const double *d, const real *v, size_t n,
                       const struct adamw *o);

/* parity_unknown - print and count the tensors of E that were neither inputs nor compared. */
void parity_unknown(struct parity *p, const struct expected *e);
#endif
