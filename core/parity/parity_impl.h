/* parity_impl.h - shared by the files of the parity checker. */
#ifndef PARITY_IMPL_H
#define PARITY_IMPL_H

#include "core/peft/peft.h"
#include "core/peft/peft_targets.h"
#include "core/peft/peft_tensors.h"
#include "core/parity/parity.h"

/* A file of expected numbers; done[i]: tensor i was an input or was compared. */
struct expected {
    struct safetensors st;
    bool *done;
    const char *label; /* before each name in the report */
};
struct parity {
    struct base_model *base;
    const struct parity_cfg *cfg;
    struct parity_result *r;
    double tol;
    bool rounded; /* our numbers, or inputs of the file, are F32 */
    char worst[96];
};

int expected_open(struct expected *e, const char *path, const char *label);
void expected_close(struct expected *e);
/* The tensor, marked as used; NULL: absent. */
const struct st_tensor *expected_take(struct expected *e, const char *name);
bool expected_has(const struct expected *e, const char *prefix); /* any name that begins so */

/* parity_compare - GOT against the tensor NAME (absent: nothing happens) as one line of the report.
 * GENERAL: the largest magnitude of all tensors of this kind, or 0. Where theory says that a tensor
 * is 0 (the gradient of the bias of keys: softmax does not see it) its magnitude is only noise, and
 * GENERAL takes its place. Errors: FAIL_INPUT when the tensor has another size. */
int parity_compare(struct parity *p, struct expected *e, const char *name, const double *got,
                   size_t count, double general);
int parity_compare_reals(struct parity *p, struct expected *e, const char *name, const real *got,
                         size_t count, double general);
double expected_largest(const struct expected *e, const char *prefix); /* magnitude */
void parity_line(struct parity *p, const char *label, const char *name, double diff, double rel,
                 double tol);
void parity_unknown(struct parity *p, const struct expected *e);

/* A batch from ids, lens (or mask), type_ids, labels, each name followed by SUFFIX. N_LABELS 0: of a
 * decoder, whose labels are tokens. */
struct feed {
    struct batch b;
    int width; /* T of ids */
    int *mem;
    real *target;
    int *next;
};
int feed_make(struct feed *f, struct expected *e, const char *suffix, const struct dims *d,
              int n_labels);
void feed_free(struct feed *f);

/* parity_trace - the layout of a training. */
int parity_trace(struct parity *p, struct expected *e);
#endif
