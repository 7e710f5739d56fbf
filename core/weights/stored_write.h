/* stored_write.h - the parameters of a model as model.safetensors, in the layout of checkpoints.
 * Layer 2. */
#ifndef STORED_WRITE_H
#define STORED_WRITE_H

#include "core/format/safetensors.h"
#include "core/weights/stored.h"

/* Tensors that are being put together; a zeroed struct has none. */
struct stored_out {
    struct st_out *t;
    char **name;
    int n;
};

/* stored_add - add X, which is laid out as P, to the tensor of a checkpoint that holds P, maybe
 * together with others, under its name in models of transformers with a head; those without one
 * find it, too. stored_write - write the tensors to the file PATH as a whole or not at all. WHEN is
 * for the message: "after merging". stored_out_free - of a zeroed struct: nothing. Errors:
 * FAIL_INPUT: a value is not finite; FAIL_STORE. */
void stored_add(struct stored_out *o, const struct arch *a, const struct param *p, const real *x);
int stored_write(const struct stored_out *o, const char *path, const char *when);
void stored_out_free(struct stored_out *o);
#endif
