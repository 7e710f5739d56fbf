/* feed.h - a batch of the model's inputs, read from a file of expected results. Private to
 * core/parity. Layer 3. */
#ifndef FEED_H
#define FEED_H

#include "core/nn/model.h"
#include "core/parity/expected.h"

struct feed {
    struct batch b; /* points into the arrays below */
    int width;      /* T of the tensor ids [n,T] */
    int *mem;
    real *target;
    int *next;
};
/* feed_make - the batch of the tensors ids, lens (or mask), type_ids and labels (or prompt), each
 * name followed by SUFFIX. Ids [T] are one sequence and need no lens. N_LABELS is the number of
 * classes, or 0 for a decoder, whose labels are tokens; labels that are floats are the targets of a
 * regression. The caller frees F with feed_free. Errors: FAIL_INPUT. */
int feed_make(struct feed *f, struct expected *e, const char *suffix, const struct dims *d,
              int n_labels);
void feed_free(struct feed *f);
#endif
